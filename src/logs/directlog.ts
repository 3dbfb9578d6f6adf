/**
 * A log that its program writes itself: the child's descriptors are the file, opened for appending, and no byte passes
 * supd. It is looked at now and then, and when it has grown beyond its bound its head is moved to `.1`.
 */
import fs from 'node:fs';
import { type Files, plainFiles } from './files.js';
import type { Growth } from './growth.js';
import { finishMove, type Heads, headOf, moveHead } from './heads.js';
import type { LogFileOptions } from './logfile.js';
import { ownStreamOf } from './outlet.js';
import { lookEvery } from './wake.js';

export interface DirectLogOptions extends LogFileOptions {
  readonly heads: Heads;
}

/** What it costs is an fstat(2): 100 logs take 0.2 ms a second. */
const LOOK_MS = 1000;
/** One that grows fast is looked at when it should have reached its bound; never more often than this. */
const SOONEST_MS = 20;
/** While somebody follows it. */
const FOLLOWED_MS = 50;

const { O_RDWR, O_WRONLY, O_APPEND, O_CREAT, O_NONBLOCK, O_NOCTTY } = fs.constants;

/** This file can't be written directly and rotated, and why: the caller has another way. */
export class NotDirect extends Error {}

/** One at a time, whatever the log: a disk is shared. */
let last: Promise<unknown> = Promise.resolve();

export class DirectLog implements Growth {
  readonly path: string;
  readonly #options: DirectLogOptions;
  readonly #files: Files;
  readonly #listeners = new Set<() => void>();
  readonly #leave: () => void;
  #fd: number;
  #block: number;
  #size = 0;
  #seen = performance.now();
  #soon: NodeJS.Timeout | undefined;
  #followed: NodeJS.Timeout | undefined;
  #moving: Promise<void> | undefined;
  #isClosed = false;
  #isToBeCleared = false;
  /** A child writes to a file that is not at the path any more. */
  #isLost = false;
  #failure: string | undefined;
  truncations = 0;
  cuts = 0;
  takenBytes = 0;
  isCutting = false;

  /**
   * Opens `path`; makes it if need be. What a supd that was killed began to move is moved.
   * @throws NotDirect when no child can be given it; the system's error, with its `code`
   */
  static open(path: string, options: DirectLogOptions): DirectLog {
    return new DirectLog(path, options);
  }

  private constructor(path: string, options: DirectLogOptions) {
    this.path = path;
    this.#options = options;
    this.#files = options.files ?? plainFiles;
    [this.#fd, this.#block] = this.#open();
    this.#leave = lookEvery(LOOK_MS, () => this.#look());
    this.#look();
  }

  get failure(): string | undefined {
    if (this.#isLost)
      return `${this.path}: was moved or removed; its program writes on to the old file until it is started again`;
    return this.#failure;
  }

  /**
   * A descriptor of the file that is at the path, for a child; the caller closes it.
   * @throws as `open`
   */
  openForChild(): number {
    if (!this.#isAtPath()) this.#openAnew();
    this.#isLost = false;
    return fs.openSync(`/proc/self/fd/${this.#fd}`, O_WRONLY | O_APPEND | O_NOCTTY);
  }

  /** Empties the file, which is right for those that append to it. Rotated files stay. @throws the system's error */
  clear(): void {
    if (!this.#isAtPath()) this.#openAnew();
    if (this.isCutting) this.#isToBeCleared = true;
    else this.#empty();
  }

  /** Looks at what is at the path now. Nobody can make a child do that. Never throws: see `failure`. */
  reopen(): void {
    if (this.#isClosed || this.#isAtPath()) return;
    try {
      this.#openAnew();
    } catch (error) {
      this.#failure = `${this.path}: cannot be opened: ${codeOf(error)}`;
    }
  }

  close(): void {
    if (this.#isClosed) return;
    this.#isClosed = true;
    this.#leave();
    clearTimeout(this.#soon);
    clearInterval(this.#followed);
    this.#closeLater(this.#fd);
    this.#notify();
    this.#listeners.clear();
  }

  onGrowth(listener: () => void): () => void {
    this.#listeners.add(listener);
    this.#followed ??= setInterval(() => this.#look(), FOLLOWED_MS);
    return () => {
      this.#listeners.delete(listener);
      if (this.#listeners.size > 0) return;
      clearInterval(this.#followed);
      this.#followed = undefined;
    };
  }

  #open(): [fd: number, block: number] {
    const { mode = 0o666, maxBytes, backups, heads } = this.#options;
    if (!this.#files.at(this.path, () => isFileOrNothing(this.path)))
      throw new NotDirect('it is not a regular file');
    const fd = this.#files.open(this.path, O_RDWR | O_CREAT | O_NONBLOCK | O_NOCTTY, mode);
    try {
      const whyNot = maxBytes > 0 ? heads.whyNot(fd) : undefined;
      if (whyNot !== undefined) throw new NotDirect(whyNot);
      finishMove({ path: this.path, fd, files: this.#files, heads, backups });
      return [fd, fs.statfsSync(`/proc/self/fd/${fd}`).bsize];
    } catch (error) {
      fs.closeSync(fd);
      throw error;
    }
  }

  #openAnew(): void {
    const [fd, block] = this.#open();
    this.#closeLater(this.#fd);
    [this.#fd, this.#block] = [fd, block];
    this.#isLost = true;
    this.#notify();
  }

  #closeLater(fd: number): void {
    if (this.#moving) void this.#moving.then(() => fs.closeSync(fd));
    else fs.closeSync(fd);
  }

  #isAtPath(): boolean {
    const found = this.#files.at(this.path, () => fs.statSync(this.path, { throwIfNoEntry: false }));
    const own = fs.fstatSync(this.#fd);
    return found?.ino === own.ino && found.dev === own.dev;
  }

  #empty(): void {
    fs.ftruncateSync(this.#fd, 0);
    this.truncations += 1;
    this.#size = 0;
    this.#notify();
  }

  /** One look: has it grown, is it too large, when is it to be looked at again? */
  #look(): void {
    clearTimeout(this.#soon);
    if (this.#isClosed || this.isCutting) return;
    const { size, nlink } = fs.fstatSync(this.#fd);
    if (nlink === 0) this.#isLost = true;
    const now = performance.now();
    const grown = size - this.#size;
    const bytesPerMs = grown / Math.max(1, now - this.#seen);
    this.#size = size;
    this.#seen = now;
    if (grown !== 0) this.#notify();
    const { maxBytes } = this.#options;
    if (maxBytes === 0) return;
    if (size > maxBytes && size > this.#block) return this.#moveSoon();
    const ms = (maxBytes - size) / bytesPerMs;
    if (bytesPerMs > 0 && ms < LOOK_MS)
      this.#soon = setTimeout(() => this.#look(), Math.max(SOONEST_MS, ms)).unref();
  }

  #moveSoon(): void {
    if (this.#moving) return;
    const turn = last.then(() => (this.#isClosed ? undefined : this.#move()));
    last = turn;
    this.#moving = turn.finally(() => {
      this.#moving = undefined;
    });
  }

  /** Never fails: what is wrong is in `failure`, and the next look tries again. */
  async #move(): Promise<void> {
    const { maxBytes, backups, heads } = this.#options;
    const fd = this.#fd;
    const { truncations } = this;
    try {
      const bytes = headOf(fd, fs.fstatSync(fd).size, maxBytes, this.#block);
      if (bytes === 0) return;
      const parts = { path: this.path, fd, files: this.#files, heads, backups };
      const isStill = () => !this.#isClosed && truncations === this.truncations && fd === this.#fd;
      await moveHead(parts, bytes, {
        may: () => isStill() && fs.fstatSync(fd).size > bytes,
        begins: () => {
          this.isCutting = true;
        },
        ends: (isMoved) => this.#moved(isMoved && fd === this.#fd ? bytes : 0),
      });
      this.#failure = undefined;
    } catch (error) {
      this.#failure = `${this.path}: cannot be rotated and grows on: ${codeOf(error)}`;
      return;
    }
    // There may be more than one file's worth of it.
    setImmediate(() => this.#look());
  }

  #moved(bytes: number): void {
    this.isCutting = false;
    this.cuts += bytes > 0 ? 1 : 0;
    this.takenBytes += bytes;
    this.#size -= bytes;
    if (this.#isToBeCleared) this.#empty();
    this.#isToBeCleared = false;
    this.#notify();
  }

  #notify(): void {
    for (const listener of this.#listeners) listener();
  }
}

/** A file that the daemon's own output goes to is not one of a program. */
function isFileOrNothing(path: string): boolean {
  if (ownStreamOf(path) !== undefined) return false;
  const stat = fs.statSync(path, { throwIfNoEntry: false });
  return stat === undefined || stat.isFile();
}

function codeOf(error: unknown): string {
  return (error as NodeJS.ErrnoException).code ?? String(error);
}
