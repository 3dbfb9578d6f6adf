/**
 * Output that its file doesn't take just now, kept in memory so that no program ever waits for a disk. It is bounded:
 * what comes beyond the bound is lost, in whole lines, so that the log goes on at the beginning of one.
 */

/** Kept for one log, and for all of them. */
const MOST_BYTES = 1024 * 1024;
const MOST_IN_ALL_BYTES = 32 * 1024 * 1024;
/** What has no line end so far on is no text. */
const LONGEST_LINE_BYTES = 64 * 1024;
const NEWLINE = 10;

let inAllBytes = 0;

export class Backlog {
  #pieces: Buffer[] = [];
  #bytes = 0;
  /** Something is lost: until the next line begins, the rest of that one is, too. */
  #lostBytesOfLine: number | undefined;
  /** Bytes that were lost since that was last asked for. */
  lost = 0;

  get isEmpty(): boolean {
    return this.#bytes === 0;
  }

  /** Nothing waits, and the next bytes are to be written as they come. */
  get isIdle(): boolean {
    return this.#bytes === 0 && this.#lostBytesOfLine === undefined;
  }

  /** What comes first, until it is given to `taken`. */
  get first(): Buffer | undefined {
    return this.#pieces[0];
  }

  /** Keeps `buffer[start, end)`, or loses it. */
  keep(buffer: Uint8Array, start: number, end: number): void {
    if (this.#lostBytesOfLine !== undefined) {
      this.lost += end - start;
      return;
    }
    const room = Math.max(0, Math.min(MOST_BYTES - this.#bytes, MOST_IN_ALL_BYTES - inAllBytes));
    const kept = Math.min(end - start, room);
    if (kept > 0) this.#add(Buffer.from(buffer.subarray(start, start + kept)));
    if (kept === end - start) return;
    this.lost += end - start - kept;
    this.#lostBytesOfLine = 0;
    this.#cutLine();
  }

  /** The first `count` bytes have found their place. */
  taken(count: number): void {
    const first = this.#pieces[0];
    if (!first) return;
    this.#count(-count);
    if (count < first.length) this.#pieces[0] = first.subarray(count);
    else this.#pieces.shift();
  }

  /** Where in `buffer[start, end)` the log goes on: after a loss, with the next line. */
  resume(buffer: Uint8Array, start: number, end: number): number {
    if (this.#lostBytesOfLine === undefined) return start;
    const newline = buffer.subarray(start, end).indexOf(NEWLINE);
    const next = newline >= 0 ? start + newline + 1 : end;
    this.lost += next - start;
    this.#lostBytesOfLine += next - start;
    if (newline >= 0 || this.#lostBytesOfLine > LONGEST_LINE_BYTES) this.#lostBytesOfLine = undefined;
    return next;
  }

  /** Loses all that it keeps. */
  clear(): void {
    this.lost += this.#bytes;
    this.#count(-this.#bytes);
    this.#pieces = [];
  }

  /** Begins to count anew. @returns bytes that were lost until now */
  takeLost(): number {
    const { lost } = this;
    this.lost = 0;
    return lost;
  }

  /** The beginning of a line whose end is lost goes, unless it is all there is. */
  #cutLine(): void {
    const newline = this.#pieces.findLastIndex((piece) => piece.includes(NEWLINE));
    if (newline < 0) return;
    for (const piece of this.#pieces.splice(newline + 1)) this.#lose(piece.length);
    const last = this.#pieces[newline] as Buffer;
    const end = last.lastIndexOf(NEWLINE) + 1;
    this.#lose(last.length - end);
    this.#pieces[newline] = last.subarray(0, end);
  }

  #lose(bytes: number): void {
    this.#count(-bytes);
    this.lost += bytes;
  }

  #add(piece: Buffer): void {
    this.#pieces.push(piece);
    this.#count(piece.length);
  }

  #count(bytes: number): void {
    this.#bytes += bytes;
    inAllBytes += bytes;
  }
}
