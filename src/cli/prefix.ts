/** Bytes of several logs on one screen: whole lines, each behind the name of its log. */

/** Most that is held back for a line end: a log without any must not grow supctl. */
const heldBytes = 64 * 1024;
const lineEnd = 0x0a;

export class LinePrefixer {
  readonly #prefix: Uint8Array;
  #held: Buffer = Buffer.alloc(0);

  /** `prefix` is put before each line as it is. */
  constructor(prefix: string) {
    this.#prefix = Buffer.from(prefix);
  }

  /** The whole lines that `content` completes. */
  add(content: Uint8Array): Buffer {
    this.#held = Buffer.concat([this.#held, content]);
    const parts: Uint8Array[] = [];
    let from = 0;
    for (let end = this.#held.indexOf(lineEnd); end >= 0; end = this.#held.indexOf(lineEnd, from)) {
      parts.push(this.#prefix, this.#held.subarray(from, end + 1));
      from = end + 1;
    }
    this.#held = this.#held.subarray(from);
    if (this.#held.length > heldBytes) parts.push(this.rest());
    return Buffer.concat(parts);
  }

  /** What is left without a line end, as a line; empty when nothing is. */
  rest(): Buffer {
    if (this.#held.length === 0) return this.#held;
    const line = Buffer.concat([this.#prefix, this.#held, Buffer.of(lineEnd)]);
    this.#held = Buffer.alloc(0);
    return line;
  }
}

/** The last `count` lines of `content`. */
export function lastLines(content: Uint8Array, count: number): Uint8Array {
  if (count === 0) return content.subarray(content.length);
  const bytes = Buffer.from(content.buffer, content.byteOffset, content.length);
  let at = bytes.length;
  // A line end at the very end belongs to the last line.
  if (bytes[at - 1] === lineEnd) at -= 1;
  for (let left = count; left > 0; left -= 1) {
    if (at <= 0) return content;
    at = bytes.lastIndexOf(lineEnd, at - 1);
    if (at < 0) return content;
  }
  return content.subarray(at + 1);
}
