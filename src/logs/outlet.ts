/** Log targets that can't be sought in: /dev/stdout, a pipe, a terminal. Never rotated, never waited for. */
import fs from 'node:fs';

const { O_WRONLY, O_APPEND, O_NONBLOCK, O_NOCTTY } = fs.constants;

/** What a slow reader may have outstanding before bytes are dropped. */
const PENDING_MAX_BYTES = 1024 * 1024;
const RETRY_MS = 10;

/** The daemon's own streams, by the names that containers use for them. */
const OWN_STREAM = /^(?:\/dev\/(?:fd\/)?|\/proc\/self\/fd\/)(?:(stdout|1)|(stderr|2))$/;

/** Which of the daemon's own streams the path names. */
export function ownStreamOf(path: string): 1 | 2 | undefined {
  const own = OWN_STREAM.exec(path) ?? OWN_STREAM.exec(linkText(path));
  if (!own) return undefined;
  return own[1] ? 1 : 2;
}

export class Outlet {
  readonly #path: string;
  #fd: number | undefined;
  /** Which of the daemon's own streams this is. */
  readonly #ownFd: 1 | 2 | undefined;
  #lastError: unknown;
  #pending: Buffer[] = [];
  #pendingBytes = 0;
  #timer: NodeJS.Timeout | undefined;
  written = 0;
  dropped = 0;
  failure: string | undefined;

  /**
   * An outlet for `path` if that is anything but a regular file (or nothing yet).
   * @throws the system's error when there is something and it can't be opened: EACCES, ENXIO of a socket
   */
  static openIfDevice(path: string): Outlet | undefined {
    const own = ownStreamOf(path);
    if (own) return Outlet.#ownStream(path, own);
    const stat = fs.statSync(path, { throwIfNoEntry: false });
    if (!stat || stat.isFile() || stat.isDirectory()) return undefined;
    const outlet = new Outlet(path);
    // A FIFO without a reader can't be opened yet: each write tries again.
    if (!outlet.#reopen() && !stat.isFIFO()) throw outlet.#lastError;
    return outlet;
  }

  /**
   * A pipe or terminal is opened anew, so that O_NONBLOCK is ours and not the shell's. A file is written through
   * the descriptor itself, which shares its position; a socket can't be opened at all.
   */
  static #ownStream(path: string, fd: 1 | 2): Outlet {
    const stat = fs.fstatSync(fd);
    if (stat.isFIFO() || stat.isCharacterDevice()) {
      const outlet = new Outlet(`/proc/self/fd/${fd}`, undefined, fd);
      // Made by another user, before privileges were dropped: then the descriptor still serves.
      if (outlet.#reopen()) return outlet;
    }
    return new Outlet(path, fd, fd);
  }

  private constructor(path: string, fd?: number, ownFd?: 1 | 2) {
    this.#path = path;
    this.#fd = fd;
    this.#ownFd = ownFd;
  }

  /** One of the daemon's own streams: it stays what it is. */
  get isOwnStream(): boolean {
    return this.#ownFd !== undefined;
  }

  get isOwnStdout(): boolean {
    return this.#ownFd === 1;
  }

  /** Bytes wait for the reader. */
  get congested(): boolean {
    return this.#pendingBytes > 0;
  }

  /** Writes what is taken at once, keeps the rest up to a bound and drops what is beyond it. */
  write(buffer: Uint8Array, offset: number, length: number): void {
    const taken = this.#pendingBytes > 0 ? 0 : this.#push(buffer, offset, length);
    if (taken < length) this.#keep(buffer, offset + taken, length - taken);
  }

  close(): void {
    this.#flush();
    clearTimeout(this.#timer);
    this.dropped += this.#pendingBytes;
    this.#pending = [];
    this.#pendingBytes = 0;
    // The descriptor itself is not ours to close.
    if (this.#fd !== undefined && this.#fd !== this.#ownFd) fs.closeSync(this.#fd);
    this.#fd = undefined;
  }

  /** Bytes disposed of: written, or lost to an error that waiting doesn't mend. */
  #push(buffer: Uint8Array, offset: number, length: number): number {
    let at = 0;
    if (this.#fd !== undefined || this.#reopen()) {
      try {
        while (at < length) at += fs.writeSync(this.#fd as number, buffer, offset + at, length - at);
        this.failure = undefined;
      } catch (error) {
        this.#note(error);
      }
    }
    this.written += at;
    if (at === length || codeOf(this.#lastError) === 'EAGAIN') return at;
    this.dropped += length - at;
    return length;
  }

  #reopen(): boolean {
    try {
      this.#fd = fs.openSync(this.#path, O_WRONLY | O_APPEND | O_NONBLOCK | O_NOCTTY);
      return true;
    } catch (error) {
      this.#note(error);
      return false;
    }
  }

  #note(error: unknown): void {
    this.#lastError = error;
    if (codeOf(error) === 'EAGAIN') return;
    this.failure = `${this.#path}: cannot be written: ${codeOf(error) ?? String(error)}`;
  }

  #keep(buffer: Uint8Array, offset: number, length: number): void {
    const kept = Math.min(length, PENDING_MAX_BYTES - this.#pendingBytes);
    this.dropped += length - kept;
    if (kept > 0) {
      this.#pending.push(Buffer.from(buffer.subarray(offset, offset + kept)));
      this.#pendingBytes += kept;
    }
    this.#timer ??= setTimeout(() => {
      this.#timer = undefined;
      this.#flush();
      if (this.#pendingBytes > 0) this.#keep(Buffer.alloc(0), 0, 0);
    }, RETRY_MS).unref();
  }

  #flush(): void {
    while (this.#pending.length > 0) {
      const first = this.#pending[0] as Buffer;
      const taken = this.#push(first, 0, first.length);
      this.#pendingBytes -= taken;
      if (taken < first.length) {
        this.#pending[0] = first.subarray(taken);
        return;
      }
      this.#pending.shift();
    }
  }
}

function codeOf(error: unknown): string | undefined {
  return (error as NodeJS.ErrnoException).code;
}

function linkText(path: string): string {
  try {
    return fs.readlinkSync(path);
  } catch {
    return path;
  }
}
