/** Takes what stands between two tags out of a stream, wherever the reads happen to split them. */

const BEGIN = Buffer.from('<!--XSUPERVISOR:BEGIN-->');
const END = Buffer.from('<!--XSUPERVISOR:END-->');

/** Each takes its bytes before it returns. */
export interface CaptureSinks {
  /** Outside the tags. */
  readonly log: (bytes: Buffer) => void;
  /** All between two tags, or the last `maxBytes` of it. */
  readonly capture: (bytes: Buffer) => void;
  /** Inside the tags, as it comes; what `capture` gives in the end. */
  readonly inside?: (bytes: Buffer) => void;
}

/** One stream's. Nothing is held back but what may be the begin of a tag. */
export class Capture {
  readonly #kept: Tail;
  readonly #sinks: CaptureSinks;
  #isInside = false;
  #held: Buffer = Buffer.alloc(0);

  constructor(maxBytes: number, sinks: CaptureSinks) {
    this.#kept = new Tail(maxBytes);
    this.#sinks = sinks;
  }

  take(piece: Buffer): void {
    let rest = this.#held.length > 0 ? Buffer.concat([this.#held, piece]) : piece;
    for (;;) {
      const tag = this.#isInside ? END : BEGIN;
      const at = rest.indexOf(tag);
      if (at < 0) break;
      this.#give(rest.subarray(0, at));
      rest = rest.subarray(at + tag.length);
      if (this.#isInside) this.#sinks.capture(this.#kept.take());
      this.#isInside = !this.#isInside;
    }
    const held = prefixAtEnd(rest, this.#isInside ? END : BEGIN);
    this.#give(rest.subarray(0, rest.length - held));
    this.#held = Buffer.from(rest.subarray(rest.length - held));
  }

  /** The writer is gone: what was held back, and what a missing tag would have ended, belongs in the log. */
  end(): void {
    this.#give(this.#held);
    this.#held = Buffer.alloc(0);
    if (!this.#isInside) return;
    this.#isInside = false;
    this.#sinks.log(this.#kept.take());
  }

  #give(bytes: Buffer): void {
    if (bytes.length === 0) return;
    if (!this.#isInside) return this.#sinks.log(bytes);
    this.#sinks.inside?.(bytes);
    this.#kept.add(bytes);
  }
}

/** The last bytes of what it was given: at most twice the bound in memory. */
class Tail {
  readonly #maxBytes: number;
  #memory = Buffer.alloc(0);
  #length = 0;

  constructor(maxBytes: number) {
    this.#maxBytes = maxBytes;
  }

  add(bytes: Buffer): void {
    const piece = bytes.length > this.#maxBytes ? bytes.subarray(bytes.length - this.#maxBytes) : bytes;
    if (this.#length + piece.length > 2 * this.#maxBytes) {
      this.#memory.copyWithin(0, this.#length - this.#maxBytes, this.#length);
      this.#length = this.#maxBytes;
    }
    this.#reserve(this.#length + piece.length);
    piece.copy(this.#memory, this.#length);
    this.#length += piece.length;
  }

  take(): Buffer {
    const all = this.#memory.subarray(Math.max(0, this.#length - this.#maxBytes), this.#length);
    this.#memory = Buffer.alloc(0);
    this.#length = 0;
    return all;
  }

  #reserve(length: number): void {
    if (length <= this.#memory.length) return;
    const larger = Buffer.alloc(Math.min(2 * this.#maxBytes, Math.max(length, 2 * this.#memory.length)));
    this.#memory.copy(larger, 0, 0, this.#length);
    this.#memory = larger;
  }
}

/** How many bytes at the end of `bytes` may begin `tag`. */
function prefixAtEnd(bytes: Buffer, tag: Buffer): number {
  for (let count = Math.min(tag.length - 1, bytes.length); count > 0; count -= 1) {
    if (bytes.compare(tag, 0, count, bytes.length - count) === 0) return count;
  }
  return 0;
}
