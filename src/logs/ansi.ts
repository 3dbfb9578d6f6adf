/** Takes terminal control sequences out of output, wherever the reads happen to split them. */

const ESC = 0x1b;
const NEWLINE = 0x0a;
/** A string sequence that goes on for longer is text that began with a stray escape. */
const STRING_MAX_BYTES = 8192;

type State = 'text' | 'escape' | 'csi' | 'charset' | 'string' | 'stringEscape';

/** What comes out fits into what went in; one for all filters, since a result is used before the next call. */
let scratch = Buffer.alloc(0);

/**
 * One stream's filter. CSI (colours, cursor), OSC and the other string sequences (titles, links), character sets
 * and two-byte escapes go; everything else stays byte by byte.
 * @see ECMA-48, console_codes(4)
 */
export class AnsiFilter {
  #state: State = 'text';
  #stringBytes = 0;

  /**
   * `buffer[start, end)` without sequences.
   * @returns a view, of `buffer` or of memory that the next call of any filter overwrites
   */
  filter(buffer: Buffer, start = 0, end = buffer.length): Buffer {
    const input = buffer.subarray(start, end);
    let next = input.indexOf(ESC);
    if (this.#state === 'text' && next < 0) return input;
    if (scratch.length < input.length) scratch = Buffer.allocUnsafeSlow(Math.max(input.length, 65536));
    let out = 0;
    let at = 0;
    while (at < input.length) {
      if (this.#state !== 'text') {
        // A byte that can't be part of the sequence ends it and is text.
        if (this.#take(input[at] as number)) at += 1;
        continue;
      }
      if (next < at) next = input.indexOf(ESC, at);
      const stop = next < 0 ? input.length : next;
      out += input.copy(scratch, out, at, stop);
      at = stop;
      if (at < input.length) {
        this.#state = 'escape';
        at += 1;
      } else break;
    }
    return scratch.subarray(0, out);
  }

  /** @returns whether the byte belongs to the sequence */
  #take(byte: number): boolean {
    switch (this.#state) {
      case 'escape':
        return this.#afterEscape(byte);
      case 'csi':
        return this.#untilFinal(byte, 0x20, 0x3f, 0x40);
      case 'charset':
        return this.#untilFinal(byte, 0x20, 0x2f, 0x30);
      case 'string':
        return this.#inString(byte);
      case 'stringEscape':
        this.#state = byte === 0x5c ? 'text' : 'escape';
        return byte === 0x5c;
      case 'text':
        return false;
      default:
        return this.#state satisfies never;
    }
  }

  #afterEscape(byte: number): boolean {
    if (byte === ESC) return true;
    if (byte === 0x5b) this.#state = 'csi';
    else if (isStringStart(byte)) {
      this.#state = 'string';
      this.#stringBytes = 0;
    } else if (byte >= 0x20 && byte <= 0x2f) this.#state = 'charset';
    else {
      this.#state = 'text';
      return byte >= 0x30 && byte <= 0x7e;
    }
    return true;
  }

  #untilFinal(byte: number, low: number, high: number, final: number): boolean {
    if (byte >= low && byte <= high) return true;
    this.#state = 'text';
    return byte >= final && byte <= 0x7e;
  }

  #inString(byte: number): boolean {
    this.#stringBytes += 1;
    if (byte === ESC) this.#state = 'stringEscape';
    else if (byte === 0x07 || byte === 0x18 || byte === 0x1a) this.#state = 'text';
    else if (byte === NEWLINE || this.#stringBytes > STRING_MAX_BYTES) {
      this.#state = 'text';
      return false;
    }
    return true;
  }
}

/** OSC, DCS, SOS, PM, APC: they end with BEL or ESC \. */
function isStringStart(byte: number): boolean {
  return byte === 0x5d || byte === 0x50 || byte === 0x58 || byte === 0x5e || byte === 0x5f;
}
