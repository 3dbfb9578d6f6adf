/**
 * From a pipe to a file without passing the daemon's memory, by splice(2): a third less of its time. splice refuses
 * files opened for appending, so this writes at a place of its own choosing: the end, if nobody else has moved it.
 */
import fs from 'node:fs';

/**
 * Moves at most `maxBytes` from the pipe to the file's end, if that is at `size`.
 * @returns bytes moved; -1: nothing to move, or the end is elsewhere; -2: this file takes nothing in this way
 */
export type Splice = (pipe: number, file: number, size: number, maxBytes: number) => number;

const { O_WRONLY, O_NONBLOCK, O_NOCTTY } = fs.constants;

export class Mover {
  #fd: number | undefined;
  #isRefused = false;

  /**
   * @param file  a descriptor of the log, open for appending
   * @returns bytes moved to its end; 0 or less: none, and reading will tell why
   */
  move(pipe: number, file: number, size: number, maxBytes: number, splice: Splice): number {
    if (this.#isRefused) return -1;
    try {
      this.#fd ??= fs.openSync(`/proc/self/fd/${file}`, O_WRONLY | O_NONBLOCK | O_NOCTTY);
    } catch {
      this.#isRefused = true;
      return -1;
    }
    const count = splice(pipe, this.#fd, size, maxBytes);
    if (count === -2) this.#isRefused = true;
    return count;
  }

  /** The log is another file from here on, or none. */
  close(): void {
    if (this.#fd !== undefined) fs.closeSync(this.#fd);
    this.#fd = undefined;
    this.#isRefused = false;
  }
}
