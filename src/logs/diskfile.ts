/** A log as one file on disk: what appends to it, rotates it and notices that it was removed is here. */
import fs from 'node:fs';
import { type Cut, cutForRotation, type RotationPolicy } from '../core/rotation.js';
import { FileEnd } from './fileend.js';
import type { Files } from './files.js';
import { readRange, shiftFiles, unendedOf } from './shift.js';

export interface DiskFileOptions extends RotationPolicy {
  /** Of a file that is made. */
  readonly mode: number;
  /** Owner of a file that is made; both or none. */
  readonly uid?: number;
  readonly gid?: number;
  readonly files: Files;
}

/** What outlives one open file: counted by all that are opened for one log. */
export interface Counts {
  /** Bytes written. */
  written: number;
  /** How often the file has been emptied in place. */
  truncations: number;
}

export interface Appended {
  /** Up to here the bytes are in the file. */
  readonly at: number;
  /** What was wrong, in words. With `at` at the end nothing is missing: only a rotation failed. */
  readonly failure: string | undefined;
}

/** How bytes get from a pipe to a file unseen. `file` is open alone by us. */
export interface Splice {
  /** Lets every write go to the file's end, wherever that is then; a move needs it off. @returns whether that could be set */
  setAppending(file: number, isAppending: boolean): boolean;
  /**
   * Moves at most `maxBytes` from the pipe to the file's end, if that is at `size`.
   * @returns bytes moved; -1: nothing to move, or the end is elsewhere; -2: this file takes nothing in this way
   */
  moveToEnd(pipe: number, file: number, size: number, maxBytes: number): number;
}

const { O_WRONLY, O_APPEND, O_CREAT, O_NONBLOCK, O_NOCTTY } = fs.constants;
/** Of a removed file, what is written again elsewhere at most. */
const RESCUED_MAX_BYTES = 64 * 1024 * 1024;
const RESCUED_PIECE_BYTES = 1024 * 1024;
/** Most that is moved at once. */
const MOVE_MAX_BYTES = 256 * 1024;

export class DiskFile {
  readonly #path: string;
  readonly #options: DiskFileOptions;
  readonly #counts: Counts;
  readonly #end = new FileEnd();
  #isUnmovable = false;
  /** Takes the file back to appending, off which the last move took it: before every write, but not between moves. */
  #appendAgain: (() => void) | undefined;
  #fd: number;
  /** The size when it was last seen to have a name. */
  #seen = 0;

  /**
   * Opens `path` for appending; makes it if need be.
   * @throws the system's error
   */
  constructor(path: string, options: DiskFileOptions, counts: Counts) {
    this.#path = path;
    this.#options = options;
    this.#counts = counts;
    this.#fd = this.#open();
  }

  get size(): number {
    return this.#end.size;
  }

  /** Writes all of it, or as much as can be. Never throws. */
  append(buffer: Uint8Array, start: number, end: number): Appended {
    let at = start;
    try {
      while (at < end) {
        const cut = this.#cut(buffer, at, end);
        const stop = at + cut.keep;
        while (at < stop) at += this.#write(buffer, at, stop);
        const failure = cut.rotate ? this.#rotate(cut.carry) : undefined;
        if (failure === undefined) continue;
        // A rotation that fails leaves the file growing: better too long a log than a gap.
        while (at < end) at += this.#write(buffer, at, end);
        return { at, failure };
      }
      return { at, failure: undefined };
    } catch (error) {
      return { at, failure: inWords('cannot be written', error) };
    }
  }

  /**
   * Adds what is in a pipe, unseen, as far as the file has room before it rotates.
   * @param least  room with which it is worth it, in bytes
   * @returns bytes moved; 0 or less: none, they are to be read and appended
   */
  moveFrom(pipe: number, splice: Splice, least: number): number {
    const { maxBytes } = this.#options;
    const room = maxBytes > 0 ? Math.min(maxBytes - this.#end.size, MOVE_MAX_BYTES) : MOVE_MAX_BYTES;
    if (room < least || this.#isUnmovable) return -1;
    const fd = this.#fd;
    if (!this.#appendAgain) {
      this.#isUnmovable = !splice.setAppending(fd, false);
      if (this.#isUnmovable) return -2;
      this.#appendAgain = () => splice.setAppending(fd, true);
    }
    const count = splice.moveToEnd(pipe, fd, this.#end.size, room);
    if (count === -2) this.#isUnmovable = true;
    if (count <= 0) return count;
    this.#end.addUnseen(count);
    this.#counts.written += count;
    return count;
  }

  /** Rotates what should have been before. @returns why that is still not possible */
  catchUp(): string | undefined {
    const { maxBytes } = this.#options;
    if (maxBytes === 0 || this.#end.size <= maxBytes) return undefined;
    const unended = this.#end.unended(`/proc/self/fd/${this.#fd}`);
    return this.#rotate(unended < maxBytes ? unended : 0);
  }

  /** Has it still a name? If so, all that is in it counts as seen. @throws the system's error */
  isRemoved(): boolean {
    const { nlink, size } = fs.fstatSync(this.#fd);
    if (nlink > 0) this.#seen = Math.min(size, this.#end.size);
    return nlink === 0;
  }

  /** Gives what was appended since it was last seen, piece by piece. @returns bytes that were too many */
  rescue(take: (piece: Buffer) => void): number {
    const file = `/proc/self/fd/${this.#fd}`;
    const { size } = this.#end;
    const begin = Math.max(this.#seen, size - RESCUED_MAX_BYTES);
    for (let at = begin; at < size; ) {
      const piece = readRange(file, at, Math.min(RESCUED_PIECE_BYTES, size - at));
      if (piece.length === 0) break;
      take(piece);
      at += piece.length;
    }
    return begin - this.#seen;
  }

  close(): void {
    fs.closeSync(this.#fd);
  }

  #open(): number {
    const { mode, uid, gid, files, maxBytes } = this.#options;
    const isNew = !fs.existsSync(this.#path);
    const flags = O_WRONLY | O_APPEND | O_NONBLOCK | O_NOCTTY | O_CREAT;
    const fd = files.open(this.#path, flags, mode);
    try {
      if (isNew && uid !== undefined && gid !== undefined) fs.fchownSync(fd, uid, gid);
      const { size } = fs.fstatSync(fd);
      const isLooked = size > 0 && maxBytes > 0;
      this.#end.set(size, isLooked ? files.at(this.#path, () => unendedOf(this.#path, size)) : 0);
      this.#seen = size;
      return fd;
    } catch (error) {
      fs.closeSync(fd);
      throw error;
    }
  }

  #cut(buffer: Uint8Array, start: number, end: number): Cut {
    const { maxBytes } = this.#options;
    const { size } = this.#end;
    const fits = maxBytes === 0 || end - start <= maxBytes - size;
    if (fits) return { keep: end - start, rotate: false, carry: 0 };
    const unended = this.#end.unended(`/proc/self/fd/${this.#fd}`);
    return cutForRotation(buffer, start, end, size, unended, maxBytes);
  }

  /** One write(2); how many bytes it took. */
  #write(buffer: Uint8Array, start: number, end: number): number {
    this.#beAppending();
    const count = fs.writeSync(this.#fd, buffer, start, end - start);
    this.#counts.written += count;
    this.#end.add(buffer, start, start + count);
    return count;
  }

  #beAppending(): void {
    this.#appendAgain?.();
    this.#appendAgain = undefined;
  }

  /**
   * Moves the file to `.1` (or empties it) and starts the next with the last `carry` bytes of this one.
   * They are in the new file before they leave the old: a kill in between may show them twice, but loses none.
   * @returns why it was not done
   */
  #rotate(carry: number): string | undefined {
    this.#beAppending();
    const old = this.#fd;
    const { backups, maxBytes, files } = this.#options;
    try {
      // Somebody else may have shortened it (copytruncate): then there is room again.
      const { size, nlink } = fs.fstatSync(old);
      if (nlink === 0) return 'was removed and grows on until it is made again';
      if (size < this.#end.size) {
        this.#end.set(size);
        if (size < maxBytes) return undefined;
      }
      const tail =
        carry > 0 && size === this.#end.size
          ? readRange(`/proc/self/fd/${old}`, size - carry, carry)
          : undefined;
      if (backups === 0) {
        fs.ftruncateSync(old, 0);
        this.#counts.truncations += 1;
        this.#startWith(tail);
        return undefined;
      }
      // Missing: shifted by an earlier try that could not open the next file, or deleted.
      files.at(this.#path, () => {
        if (fs.existsSync(this.#path)) shiftFiles(this.#path, backups);
      });
      this.#fd = this.#open();
      this.#startWith(tail);
      if (tail) fs.ftruncateSync(old, size - tail.length);
      fs.closeSync(old);
      return undefined;
    } catch (error) {
      if (this.#fd !== old) fs.closeSync(old);
      return inWords('cannot be rotated and grows on', error);
    }
  }

  #startWith(tail: Buffer | undefined): void {
    let size = 0;
    while (tail && size < tail.length) size += fs.writeSync(this.#fd, tail, size, tail.length - size);
    this.#end.set(size, size);
    this.#seen = 0;
  }
}

/** What can't be done and why. */
export function inWords(what: string, error: unknown): string {
  return `${what}: ${(error as NodeJS.ErrnoException).code ?? String(error)}`;
}
