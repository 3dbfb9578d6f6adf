/**
 * Small files whose own disk takes none just now: kept in memory, and in another directory so that they outlive supd,
 * until they can go home. The run directory is another file system as a rule.
 */
import {
  chownSync,
  copyFileSync,
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  statfsSync,
  statSync,
} from 'node:fs';
import path from 'node:path';
import { tryWriting, writeWhole } from './durable.js';

const RETRY_MS = 2000;
/** What a directory must have left for output to be begun in it. */
const ROOM_BYTES = 64 * 1024;

export class Shelter {
  readonly #home: string;
  readonly #dir: string;
  readonly #told: (why: string | undefined) => void;
  /** Texts that wait, by where they belong. */
  readonly #texts = new Map<string, string>();
  /** Of output that is here: may it go home, or is it still written? */
  readonly #mayMove: (file: string) => boolean;
  #timer: NodeJS.Timeout | undefined;
  /** Something is here, or was. */
  #isUsed = false;
  #failure: string | undefined;

  /**
   * @param home  where all files belong
   * @param dir   where they wait; what waits there from an earlier life is taken over
   * @param told  why something waits, in words; undefined: nothing does any more
   */
  constructor(
    home: string,
    dir: string,
    told: (why: string | undefined) => void,
    mayMove: (file: string) => boolean,
  ) {
    this.#home = home;
    this.#dir = dir;
    this.#told = told;
    this.#mayMove = mayMove;
    for (const file of this.#sheltered()) {
      this.#isUsed = true;
      if (file.endsWith('.json')) this.#texts.set(this.#homeOf(file), readFileSync(file, 'utf8'));
    }
    if (this.#isUsed) this.#timer = this.#tryLater();
  }

  /** Replaces a file whole, at home or here. @returns why not at home */
  write(file: string, text: string): string | undefined {
    const why = tryWriting(file, () => {
      mkdirSync(path.dirname(file), { recursive: true, mode: 0o700 });
      writeWhole(file, text);
    });
    if (why === undefined) {
      this.#forget(file);
      return undefined;
    }
    this.#isUsed = true;
    this.#texts.set(file, text);
    const here = this.#shelterOf(file);
    const neither = tryWriting(here, () => {
      mkdirSync(path.dirname(here), { recursive: true, mode: 0o700 });
      writeWhole(here, text);
    });
    this.#fail(neither === undefined ? `${why}; kept in ${this.#dir}` : `${why}; ${neither}; kept in memory`);
    return why;
  }

  /** The text of a file that waits. */
  textOf(file: string): string | undefined {
    return this.#texts.get(file);
  }

  /** Names of files that wait and belong into `dir`. */
  namesIn(dir: string): readonly string[] {
    return [...this.#texts.keys()].flatMap((file) =>
      path.dirname(file) === dir ? [path.basename(file)] : [],
    );
  }

  /** Names of directories below `dir` that have something that waits. */
  directoriesIn(dir: string): readonly string[] {
    const below = [...this.#texts.keys()].flatMap((file) => {
      const relative = path.relative(dir, file).split(path.sep);
      return relative.length > 1 && relative[0] !== '..' ? [relative[0] ?? ''] : [];
    });
    return [...new Set(below)];
  }

  /** Where output that belongs to `file` is, or may begin: its directory is made. */
  outputPath(file: string): string {
    const here = this.#shelterOf(file);
    for (const one of [here, file]) if (existsSync(one)) return one;
    if (makeWithRoom(path.dirname(file)) || !makeWithRoom(path.dirname(here))) return file;
    this.#isUsed = true;
    return here;
  }

  /** Takes away what belongs to `file`, or below it. */
  remove(file: string): void {
    this.#forget(file);
    tryWriting(file, () => {
      for (const one of [this.#shelterOf(file), file]) rmSync(one, { recursive: true, force: true });
    });
  }

  /** Takes home what can go. What can't, waits on. */
  bringHome(): void {
    if (!this.#isUsed) return;
    for (const [file, text] of [...this.#texts]) if (this.write(file, text) !== undefined) return;
    for (const here of this.#sheltered()) {
      const file = this.#homeOf(here);
      if (!this.#mayMove(file)) continue;
      const why = tryWriting(file, () => moveTo(here, file));
      if (why === undefined) continue;
      return this.#fail(`${why}; kept in ${this.#dir}`);
    }
    this.#failure = undefined;
    this.#told(undefined);
  }

  close(): void {
    clearTimeout(this.#timer);
  }

  /** Told once, whatever else doesn't work until all does again. */
  #fail(why: string): void {
    this.#timer ??= this.#tryLater();
    this.#failure ??= why;
    this.#told(this.#failure);
  }

  #tryLater(): NodeJS.Timeout {
    return setTimeout(() => {
      this.#timer = undefined;
      this.bringHome();
    }, RETRY_MS).unref();
  }

  #forget(file: string): void {
    if (!this.#texts.delete(file)) return;
    const here = this.#shelterOf(file);
    tryWriting(here, () => rmSync(here, { force: true }));
    if (this.#texts.size === 0) this.#timer ??= this.#tryLater();
  }

  #sheltered(): readonly string[] {
    if (!existsSync(this.#dir)) return [];
    return readdirSync(this.#dir, { recursive: true, withFileTypes: true }).flatMap((entry) =>
      entry.isFile() && !entry.name.endsWith('.new') ? [path.join(entry.parentPath, entry.name)] : [],
    );
  }

  #shelterOf(file: string): string {
    return path.join(this.#dir, path.relative(this.#home, file));
  }

  #homeOf(here: string): string {
    return path.join(this.#home, path.relative(this.#dir, here));
  }
}

function makeWithRoom(dir: string): boolean {
  const why = tryWriting(dir, () => mkdirSync(dir, { recursive: true, mode: 0o700 }));
  if (why !== undefined) return false;
  const { bavail, bfree, bsize, files, ffree } = statfsSync(dir);
  const blocks = process.geteuid?.() === 0 ? bfree : bavail;
  return blocks * bsize >= ROOM_BYTES && (files === 0 || ffree > 0);
}

function moveTo(from: string, to: string): void {
  mkdirSync(path.dirname(to), { recursive: true, mode: 0o700 });
  const { uid, gid } = statSync(from);
  copyFileSync(from, `${to}.new`);
  if (process.geteuid?.() === 0) chownSync(`${to}.new`, uid, gid);
  renameSync(`${to}.new`, to);
  rmSync(from);
}
