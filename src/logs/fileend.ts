/** Where a log ends: its size, and how much of it belongs to a line without its newline yet. */
import { unendedAfter } from '../core/rotation.js';
import { unendedSince } from './shift.js';

export class FileEnd {
  size = 0;
  #unended = 0;
  /** How many bytes at the end came without a look at them: `#unended` is of what is before. */
  #unseen = 0;

  /** Bytes of the unfinished line. What came unseen is looked at now, through `path`. */
  unended(path: string): number {
    if (this.#unseen > 0) {
      this.#unended = unendedSince(path, this.size - this.#unseen, this.size, this.#unended);
      this.#unseen = 0;
    }
    return this.#unended;
  }

  set(size: number, unended = 0): void {
    this.size = size;
    this.#unended = unended;
    this.#unseen = 0;
  }

  /** `buffer[start, end)` has been added. */
  add(buffer: Uint8Array, start: number, end: number): void {
    const count = end - start;
    this.size += count;
    const unended = unendedAfter(buffer, start, end, this.#unended);
    const hasNewline = unended < count;
    if (hasNewline || this.#unseen === 0) {
      this.#unended = unended;
      this.#unseen = 0;
    } else this.#unseen += count;
  }

  addUnseen(count: number): void {
    this.size += count;
    this.#unseen += count;
  }
}
