/** One log file of a program, or of the daemon: everything that writes, rotates, reopens or clears one is here. */
import fs from 'node:fs';
import type { RotationPolicy } from '../core/rotation.js';
import { Backlog } from './backlog.js';
import { type Counts, DiskFile, inWords, type Splice } from './diskfile.js';
import { type Files, plainFiles } from './files.js';
import type { Growth } from './growth.js';
import { Outlet } from './outlet.js';

export interface LogFileOptions extends RotationPolicy {
  /** Of a file that is made; default 0666 less the umask. */
  readonly mode?: number;
  /** Owner of a file that is made; both or none. */
  readonly uid?: number;
  readonly gid?: number;
  /** How files are opened and renamed; default: with supd's own rights. */
  readonly files?: Files;
  /** Told when it can't be written any more, when it can again, and what came of it. */
  readonly told?: (level: 'error' | 'warn' | 'info', line: string) => void;
}

/** After a write, until the file is looked for. */
const LOOK_MS = 1000;
/** Between two tries of one that can't be written. */
const RETRY_MS = 200;
/** It was well for so long before it counts as healed, so that a disk that is full now and then is told once. */
const HEALED_MS = 2000;

/**
 * A log that is appended to, in whole chunks and synchronously. Files rotate at line ends and never hold more
 * than `maxBytes`; a line that is longer is cut. A pipe, a terminal or another device is written as it is.
 *
 * A file that can't be written is tried again by itself; meanwhile 1 MiB waits and the rest is lost, and told. One
 * that was removed is made again, with what was written since. Another process's rename is noticed by `reopen`
 * only, as with supervisord.
 */
export class LogFile implements Growth {
  readonly path: string;
  readonly #options: LogFileOptions;
  readonly #files: Files;
  readonly #listeners = new Set<() => void>();
  readonly #counts: Counts = { written: 0, truncations: 0 };
  readonly #backlog = new Backlog();
  #disk: DiskFile | undefined;
  #outlet: Outlet | undefined;
  #closed = false;
  #dropped = 0;
  #failure: string | undefined;
  #failedAt = 0;
  /** Failures that were told since it was well. */
  readonly #told = new Set<string>();
  #timer: NodeJS.Timeout | undefined;

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
    return this.#counts.written + (this.#outlet?.written ?? 0);
  }

  /** Bytes in the current file; 0 for a device or pipe. */
  get size(): number {
    return this.#disk?.size ?? 0;
  }

  /** Why it can't be written or rotated just now, and what that has cost; undefined once it was well for a while. */
  get failure(): string | undefined {
    if (this.#outlet) return this.#outlet.failure;
    if (this.#failure === undefined) return undefined;
    const { lost } = this.#backlog;
    return `${this.path}: ${this.#failure}${lost > 0 ? `; ${lost} bytes of output are lost` : ''}`;
  }

  /** Bytes that could not be written. */
  get dropped(): number {
    return this.#backlog.lost + this.#dropped + (this.#outlet?.dropped ?? 0);
  }

  get truncations(): number {
    return this.#counts.truncations;
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
   * Adds `length` bytes of `buffer` from `offset`. Has them written, kept or counted in `dropped` when it returns.
   * Never throws: see `failure`.
   */
  append(buffer: Uint8Array, offset = 0, length = buffer.length - offset): void {
    if (length === 0 || this.#closed) return;
    const end = offset + length;
    if (this.#outlet) this.#outlet.write(buffer, offset, length);
    else {
      if (this.#disk && this.#backlog.isEmpty) this.#write(this.#disk, buffer, offset, end);
      else this.#backlog.keep(buffer, offset, end);
      this.#timer ??= this.#lookLater();
    }
    this.#notify();
  }

  /**
   * Adds what is in a pipe, unseen, as far as the file has room before it rotates.
   * @param least  room with which it is worth it, in bytes
   * @returns bytes moved; 0 or less: none, they are to be read and appended
   */
  moveFrom(pipe: number, splice: Splice, least = 1): number {
    if (!this.#disk || this.#failure !== undefined || !this.#backlog.isIdle) return -1;
    const count = this.#disk.moveFrom(pipe, splice, least);
    if (count <= 0) return count;
    this.#timer ??= this.#lookLater();
    this.#notify();
    return count;
  }

  /** Closes the file and opens what is at the path now. Never throws: see `failure`. */
  reopen(): void {
    if (this.#closed || this.#outlet?.isOwnStream) return;
    this.#close();
    this.#openAgain('cannot be opened');
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
    this.#backlog.clear();
    this.#takeLost();
    this.#open();
    this.#notify();
  }

  /** Ends it; later appends are ignored. */
  close(): void {
    if (this.#disk) this.#flush(this.#disk);
    this.#backlog.clear();
    const lost = this.#takeLost();
    if (lost > 0) this.#tell('error', `closed; ${lost} bytes of output are lost`);
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
    const options = { ...this.#options, mode: this.#options.mode ?? 0o666, files: this.#files };
    this.#disk = new DiskFile(this.path, options, this.#counts);
  }

  /** @returns whether it is there */
  #openAgain(what: string): boolean {
    try {
      this.#open();
    } catch (error) {
      this.#fail(inWords(what, error));
      return false;
    }
    if (this.#disk) this.#flush(this.#disk);
    return true;
  }

  #close(): void {
    clearTimeout(this.#timer);
    this.#timer = undefined;
    this.#outlet?.close();
    if (this.#outlet) {
      this.#counts.written += this.#outlet.written;
      this.#dropped += this.#outlet.dropped;
    }
    this.#outlet = undefined;
    this.#disk?.close();
    this.#disk = undefined;
  }

  #write(disk: DiskFile, buffer: Uint8Array, start: number, end: number): void {
    const { at, failure } = disk.append(buffer, this.#backlog.resume(buffer, start, end), end);
    if (at < end) this.#backlog.keep(buffer, at, end);
    if (failure !== undefined) this.#fail(failure);
  }

  /** Writes what has waited. */
  #flush(disk: DiskFile): void {
    for (let piece = this.#backlog.first; piece; piece = this.#backlog.first) {
      const { at, failure } = disk.append(piece, 0, piece.length);
      this.#backlog.taken(at);
      if (failure !== undefined) this.#fail(failure);
      if (at < piece.length) return;
    }
  }

  #lookLater(): NodeJS.Timeout {
    const wait = this.#failure === undefined ? LOOK_MS : RETRY_MS;
    return setTimeout(() => this.#look(), wait).unref();
  }

  /** Is it still there, and can it be written again? */
  #look(): void {
    this.#timer = undefined;
    if (this.#disk) this.#seekRemoved(this.#disk);
    else this.#openAgain('cannot be opened');
    if (this.#disk && this.#failure !== undefined) {
      this.#flush(this.#disk);
      const failure = this.#disk.catchUp();
      if (failure !== undefined) this.#fail(failure);
    }
    if (this.#failure === undefined) return;
    if (this.#backlog.isEmpty && performance.now() - this.#failedAt >= HEALED_MS) this.#heal();
    else this.#timer ??= this.#lookLater();
    this.#notify();
  }

  /** A file that was removed is made again. Until it can be, it is written on: nothing is lost as long as it is open. */
  #seekRemoved(removed: DiskFile): void {
    try {
      if (!removed.isRemoved()) return;
      this.#disk = undefined;
      this.#open();
    } catch (error) {
      this.#disk = removed;
      return this.#fail(inWords('was removed and cannot be made again', error));
    }
    this.#tell('warn', 'was removed; made it again');
    const missing = removed.rescue((piece) => this.append(piece));
    removed.close();
    if (missing > 0) this.#tell('warn', `${missing} bytes of output are lost`);
  }

  #fail(failure: string): void {
    this.#failedAt = performance.now();
    this.#failure = failure;
    const isNews = !this.#told.has(failure);
    this.#told.add(failure);
    if (isNews) this.#tell('error', failure);
    this.#timer ??= this.#lookLater();
  }

  #heal(): void {
    const lost = this.#takeLost();
    this.#told.clear();
    this.#tell('info', `can be written again${lost > 0 ? `; ${lost} bytes of output are lost` : ''}`);
    this.#failure = undefined;
  }

  #takeLost(): number {
    const lost = this.#backlog.takeLost();
    this.#dropped += lost;
    return lost;
  }

  #tell(level: 'error' | 'warn' | 'info', line: string): void {
    this.#options.told?.(level, `${this.path}: ${line}`);
  }

  #notify(): void {
    for (const listener of this.#listeners) listener();
  }
}
