/** One log file of a program, or of the daemon: everything that writes, rotates, reopens or clears one is here. */
import fs from 'node:fs';
import { type Cut, cutForRotation, type RotationPolicy } from '../core/rotation.js';
import { FileEnd } from './fileend.js';
import { type Files, plainFiles } from './files.js';
import type { Growth } from './growth.js';
import { Mover, type Splice } from './mover.js';
import { Outlet } from './outlet.js';
import { readRange, shiftFiles, unendedOf } from './shift.js';

export interface LogFileOptions extends RotationPolicy {
  /** Of a file that is made; default 0666 less the umask. */
  readonly mode?: number;
  /** Owner of a file that is made; both or none. */
  readonly uid?: number;
  readonly gid?: number;
  /** How files are opened and renamed; default: with supd's own rights. */
  readonly files?: Files;
}

const { O_WRONLY, O_APPEND, O_CREAT, O_NONBLOCK, O_NOCTTY } = fs.constants;

/** Most that is moved at once, and the least that is worth it. */
const MOVE_MAX_BYTES = 256 * 1024;
const MOVE_MIN_BYTES = 64 * 1024;

/**
 * A log that is appended to, in whole chunks and synchronously. Files rotate at line ends and never hold more
 * than `maxBytes`; a line that is longer is cut. A pipe, a terminal or another device is written as it is.
 *
 * Another process's rename or deletion is noticed by `reopen` only, as with supervisord.
 */
export class LogFile implements Growth {
  readonly path: string;
  readonly #options: LogFileOptions;
  readonly #files: Files;
  readonly #listeners = new Set<() => void>();
  #fd: number | undefined;
  #outlet: Outlet | undefined;
  #closed = false;
  readonly #end = new FileEnd();
  readonly #mover = new Mover();
  #written = 0;
  #dropped = 0;
  #failure: string | undefined;
  #truncations = 0;

  /**
   * Opens `path` for appending; makes it if need be.
   * @throws the system's error (EISDIR, EACCES, ENOENT of the directory) with its `code`
   */
  static open(path: string, options: LogFileOptions): LogFile {
    const log = new LogFile(path, options);
    log.#open();
    return log;
  }

  private constructor(path: string, options: LogFileOptions) {
    this.path = path;
    this.#options = options;
    this.#files = options.files ?? plainFiles;
  }

  /** Bytes ever written through this object; never falls. */
  get written(): number {
    return this.#written + (this.#outlet?.written ?? 0);
  }

  /** Bytes in the current file; 0 for a device or pipe. */
  get size(): number {
    return this.#end.size;
  }

  /** Why the last write or rotation failed; undefined once one has worked again. */
  get failure(): string | undefined {
    return this.#outlet ? this.#outlet.failure : this.#failure;
  }

  /** Bytes that could not be written. */
  get dropped(): number {
    return this.#dropped + (this.#outlet?.dropped ?? 0);
  }

  get truncations(): number {
    return this.#truncations;
  }

  /** A pipe's or terminal's reader lags: who can hold back should. Never true of a file. */
  get congested(): boolean {
    return this.#outlet?.congested ?? false;
  }

  /** It goes to what the daemon's stdout goes to. */
  get isOwnStdout(): boolean {
    return this.#outlet?.isOwnStdout ?? false;
  }

  /**
   * Adds `length` bytes of `buffer` from `offset`. Has them written, or counted in `dropped`, when it returns
   * (a lagging pipe: or copied). Never throws: see `failure`. The next call tries again.
   */
  append(buffer: Uint8Array, offset = 0, length = buffer.length - offset): void {
    if (length === 0 || this.#closed) return;
    if (this.#outlet) this.#outlet.write(buffer, offset, length);
    else this.#appendToFile(buffer, offset, offset + length);
    this.#notify();
  }

  /**
   * Adds what is in a pipe, unseen, as far as the file has room before it rotates.
   * @returns bytes moved; 0 or less: none, they are to be read and appended
   */
  moveFrom(pipe: number, splice: Splice): number {
    const { maxBytes } = this.#options;
    const room = maxBytes > 0 ? Math.min(maxBytes - this.#end.size, MOVE_MAX_BYTES) : MOVE_MAX_BYTES;
    if (this.#fd === undefined || this.#failure !== undefined || room < MOVE_MIN_BYTES) return -1;
    const count = this.#mover.move(pipe, this.#fd, this.#end.size, room, splice);
    if (count <= 0) return count;
    this.#end.addUnseen(count);
    this.#written += count;
    this.#notify();
    return count;
  }

  /** Closes the file and opens what is at the path now. Never throws: see `failure`. */
  reopen(): void {
    if (this.#closed || this.#outlet?.isOwnStream) return;
    this.#close();
    try {
      this.#open();
    } catch (error) {
      this.#fail('cannot be opened', error);
    }
    this.#notify();
  }

  /**
   * Deletes the file and starts a new one; rotated files stay. Nothing to do for a device or pipe.
   * @throws the system's error when it can't be deleted or made anew
   */
  clear(): void {
    if (this.#outlet || this.#closed) return;
    this.#files.at(this.path, () => fs.rmSync(this.path, { force: true }));
    this.#close();
    this.#open();
    this.#notify();
  }

  /** Ends it; later appends are ignored. */
  close(): void {
    this.#closed = true;
    this.#close();
    this.#notify();
    this.#listeners.clear();
  }

  onGrowth(listener: () => void): () => void {
    this.#listeners.add(listener);
    return () => {
      this.#listeners.delete(listener);
    };
  }

  #open(): void {
    this.#outlet = this.#files.at(this.path, () => Outlet.openIfDevice(this.path));
    if (this.#outlet) return;
    const { mode = 0o666, uid, gid } = this.#options;
    const flags = O_WRONLY | O_APPEND | O_NONBLOCK | O_NOCTTY;
    const isNew = !fs.existsSync(this.path);
    const fd = this.#files.open(this.path, flags | O_CREAT, mode);
    try {
      if (isNew && uid !== undefined && gid !== undefined) fs.fchownSync(fd, uid, gid);
      const { size } = fs.fstatSync(fd);
      this.#end.set(size, size > 0 && this.#options.maxBytes > 0 ? this.#unendedOf(size) : 0);
    } catch (error) {
      fs.closeSync(fd);
      throw error;
    }
    this.#fd = fd;
    this.#failure = undefined;
  }

  #unendedOf(size: number): number {
    return this.#files.at(this.path, () => unendedOf(this.path, size));
  }

  #close(): void {
    this.#outlet?.close();
    if (this.#outlet) {
      this.#written += this.#outlet.written;
      this.#dropped += this.#outlet.dropped;
    }
    this.#outlet = undefined;
    if (this.#fd !== undefined) fs.closeSync(this.#fd);
    this.#mover.close();
    this.#fd = undefined;
    this.#end.set(0);
  }

  #appendToFile(buffer: Uint8Array, start: number, end: number): void {
    let at = start;
    try {
      if (this.#fd === undefined) this.#open();
      while (at < end) {
        const cut = this.#cut(buffer, at, end);
        const stop = at + cut.keep;
        while (at < stop) at += this.#write(buffer, at, stop);
        // A rotation that fails leaves the file growing: better too long a log than a gap.
        if (cut.rotate && !this.#rotate(cut.carry)) {
          while (at < end) at += this.#write(buffer, at, end);
          return;
        }
      }
      this.#failure = undefined;
    } catch (error) {
      this.#dropped += end - at;
      this.#fail('cannot be written', error);
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
    const count = fs.writeSync(this.#fd as number, buffer, start, end - start);
    this.#written += count;
    this.#end.add(buffer, start, start + count);
    return count;
  }

  /**
   * Moves the file to `.1` (or empties it) and starts the next with the last `carry` bytes of this one.
   * They are in the new file before they leave the old: a kill in between may show them twice, but loses none.
   * @returns whether it was done; false with `failure` set
   */
  #rotate(carry: number): boolean {
    const old = this.#fd as number;
    this.#mover.close();
    try {
      // Somebody else may have shortened it (copytruncate): then there is room again.
      const { size } = fs.fstatSync(old);
      if (size < this.#end.size) {
        this.#end.set(size);
        if (size < this.#options.maxBytes) return true;
      }
      const tail =
        carry > 0 && size === this.#end.size
          ? readRange(`/proc/self/fd/${old}`, size - carry, carry)
          : undefined;
      if (this.#options.backups === 0) {
        fs.ftruncateSync(old, 0);
        this.#truncations += 1;
        this.#startWith(tail);
        return true;
      }
      // Missing: shifted by an earlier try that could not open the next file, or deleted.
      this.#files.at(this.path, () => {
        if (fs.existsSync(this.path)) shiftFiles(this.path, this.#options.backups);
      });
      this.#fd = undefined;
      this.#open();
      this.#startWith(tail);
      if (tail) fs.ftruncateSync(old, size - tail.length);
      fs.closeSync(old);
      return true;
    } catch (error) {
      this.#fd ??= old;
      if (this.#fd !== old) fs.closeSync(old);
      this.#fail('cannot be rotated and grows on', error);
      return false;
    }
  }

  #startWith(tail: Buffer | undefined): void {
    let size = 0;
    while (tail && size < tail.length) {
      size += fs.writeSync(this.#fd as number, tail, size, tail.length - size);
    }
    this.#end.set(size, size);
  }

  #fail(what: string, error: unknown): void {
    this.#failure = `${this.path}: ${what}: ${codeOf(error) ?? String(error)}`;
  }

  #notify(): void {
    for (const listener of this.#listeners) listener();
  }
}

function codeOf(error: unknown): string | undefined {
  return (error as NodeJS.ErrnoException).code;
}
