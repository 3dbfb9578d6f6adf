/**
 * What outlives this process: the file `<statedir>/state`, appended to before each effect that changes what runs, and
 * written anew when it has grown. When it can't be written there, it is `<rundir>/state` until it can: that one counts
 * wherever there are both. Nothing is synced: the death of a daemon loses nothing that write(2) has taken, and
 * the death of the machine makes all of it void. Of mode 0600: it holds the programs' environments.
 */
import {
  closeSync,
  existsSync,
  fstatSync,
  mkdirSync,
  openSync,
  readFileSync,
  renameSync,
  rmSync,
  writeSync,
} from 'node:fs';
import path from 'node:path';
import { noPoolsSaved, type SavedPools } from '../core/pool-saved.js';
import type { Now } from '../core/program.js';
import { type Change, changesBetween, replay, type Saved, type SavedLogs } from '../core/saved.js';
import { changeLines, headLine, readLines } from '../core/saved-lines.js';
import { emptyWorld, type World } from '../core/world.js';
import { readBootId } from '../os/proc.js';
import { readNow } from './clock.js';
import { tryWriting } from './durable.js';

/** It may grow to this many bytes, or to four times what it was when it was written whole. */
const LEAST_BYTES = 1 << 20;
/** After a failure, until it is tried again without need. */
const RETRY_MS = 2000;

export type ReadState =
  /** No supd has died here since the machine was booted. */
  | { readonly kind: 'none' }
  /** `others`: another version wrote it. */
  | { readonly kind: 'saved'; readonly saved: Saved; readonly others: boolean }
  /** Kept as `state.broken`. */
  | { readonly kind: 'damaged'; readonly why: string };

/** The runs that are to go on: their records are not to be closed. */
export function runsLeft(state: ReadState): ReadonlySet<string> {
  if (state.kind !== 'saved') return new Set();
  return new Set([...state.saved.runs.keys(), ...[...state.saved.queued.values()].map(({ id }) => id)]);
}

/** Event listeners that one can go on talking to, if it ended by itself. */
export function poolsLeft(state: ReadState): SavedPools {
  return state.kind === 'saved' ? state.saved.pools : noPoolsSaved;
}

/** Names of AUTO logs that are still written, by slot; undefined: nobody knows. */
export function logsLeft(state: ReadState): ReadonlyMap<string, SavedLogs> | undefined {
  if (state.kind === 'damaged') return undefined;
  return state.kind === 'saved' ? state.saved.logs : new Map();
}

export interface StatePlaces {
  readonly statedir: string;
  readonly rundir: string;
}

/** Why this supd could not take over what runs, for `--check`; undefined: it could, or there is nothing to take over. */
export function checkState({ statedir, rundir }: StatePlaces): string | undefined {
  const file = [rundir, statedir].map((dir) => path.join(dir, 'state')).find((one) => existsSync(one));
  if (file === undefined) return undefined;
  try {
    const found = readLines(readFileSync(file, 'utf8'), readBootId());
    return found.ok || found.why === 'otherBoot' ? undefined : `${file}: ${found.where}`;
  } catch {
    return undefined;
  }
}

export class StateFile {
  /** Where it belongs, and where it is when it can't be there. */
  readonly #home: string;
  readonly #spare: string;
  readonly #head: string;
  readonly #failed: (why: string | undefined) => void;
  readonly #logs = new Map<string, SavedLogs>();
  #fd: number | undefined;
  #world: World = emptyWorld;
  #bytes = 0;
  #bound = LEAST_BYTES;
  /** Ended runs, kept until their records are on disk: those are written by the effects of the same step. */
  #later: Change[] = [];
  #flush: NodeJS.Immediate | undefined;
  #retry: NodeJS.Timeout | undefined;

  /** @param failed  told why it can't be written just now; undefined: it can again */
  constructor({ statedir, rundir }: StatePlaces, version: string, failed: (why: string | undefined) => void) {
    this.#home = path.join(statedir, 'state');
    this.#spare = path.join(rundir, 'state');
    this.#head = headLine(readBootId(), version);
    this.#failed = failed;
  }

  /** What another supd left. Changes nothing but the name of a file that can't be read. */
  read(): ReadState {
    const file = existsSync(this.#spare) ? this.#spare : this.#home;
    let text: string;
    try {
      text = readFileSync(file, 'utf8');
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code === 'ENOENT') return { kind: 'none' };
      return { kind: 'damaged', why: (error as Error).message };
    }
    const head = JSON.parse(this.#head) as { readonly boot: string; readonly version: string };
    const found = readLines(text, head.boot);
    if (found.ok)
      return { kind: 'saved', saved: replay(found.changes), others: found.version !== head.version };
    if (found.why === 'otherBoot') return { kind: 'none' };
    const kept = tryWriting(file, () => renameSync(file, `${file}.broken`));
    return { kind: 'damaged', why: `${file}: ${found.where}; ${kept ?? 'kept as state.broken'}` };
  }

  /** Keeps what has changed. Called before the effects of the change are done. */
  note(before: World, after: World, now: Now): void {
    this.#world = after;
    const changes = changesBetween(before, after, now);
    const due = changes.filter(({ what }) => what !== 'noRun');
    if (due.length > 0) this.#append([...this.#later.splice(0), ...due]);
    this.#later.push(...changes.filter(({ what }) => what === 'noRun'));
    if (this.#later.length > 0) this.#flush ??= setImmediate(() => this.#flushLater());
  }

  /** Keeps the names of AUTO logs, which are made up anew otherwise. */
  noteLogs(id: string, logs: SavedLogs): void {
    if (Object.keys(logs).length === 0) return;
    this.#logs.set(id, logs);
    this.#append([{ what: 'logs', id, logs }]);
  }

  /** This supd ends by itself, and has done all that it decided. */
  noteDone(pools: SavedPools): void {
    // Not if it ends before it has begun: what is there is another's.
    if (this.#fd === undefined) return;
    this.#flushLater();
    this.#append([{ what: 'mode', mode: this.#world.mode, isDone: true, pools }]);
  }

  /** Nothing is left to take back. */
  clear(): void {
    this.close();
    for (const file of [this.#home, this.#spare]) tryWriting(file, () => rmSync(file, { force: true }));
  }

  close(): void {
    clearImmediate(this.#flush);
    clearTimeout(this.#retry);
    this.#closeFile();
  }

  #flushLater(): void {
    this.#flush = undefined;
    this.#append(this.#later.splice(0));
  }

  #append(changes: readonly Change[]): void {
    if (changes.length === 0) return;
    const goesOn = this.#fd !== undefined && this.#bytes <= this.#bound && !isSweptAway(this.#fd);
    const why = goesOn ? tryWriting(this.#home, () => this.#write(changeLines(changes))) : 'anew';
    if (why !== undefined) this.#writeWhole();
  }

  /** What is out of date is worse than nothing: without a file, processes are found by what they carry. */
  #writeWhole(): void {
    const why = this.#moveTo(this.#home);
    if (why === undefined) return this.#settle();
    const worse = this.#moveTo(this.#spare);
    const outdated = worse === undefined ? [this.#home] : [this.#home, this.#spare];
    for (const file of outdated) tryWriting(file, () => rmSync(file, { force: true }));
    if (worse !== undefined) this.#closeFile();
    const kept =
      worse === undefined
        ? `kept in ${this.#spare}`
        : `${worse}; a restart of supd would not know what it runs`;
    this.#failed(`${why}; ${kept}`);
    this.#retryLater();
  }

  /** It is where it belongs. */
  #settle(): void {
    clearTimeout(this.#retry);
    tryWriting(this.#spare, () => rmSync(this.#spare, { force: true }));
    this.#failed(undefined);
  }

  #retryLater(): void {
    clearTimeout(this.#retry);
    this.#retry = setTimeout(() => {
      if (this.#fd === undefined) return this.#writeWhole();
      if (this.#moveTo(this.#home) === undefined) this.#settle();
      else this.#retryLater();
    }, RETRY_MS).unref();
  }

  /** Writes all of it to `file` and goes on there. @returns why it can't; then what was before is as it was */
  #moveTo(file: string): string | undefined {
    const temporary = `${file}.new`;
    const [fd, bytes] = [this.#fd, this.#bytes];
    const why = tryWriting(file, () => {
      mkdirSync(path.dirname(file), { recursive: true, mode: 0o750 });
      this.#fd = openSync(temporary, 'w', 0o600);
      this.#bytes = 0;
      const ofLogs = [...this.#logs].flatMap(([id, logs]): Change[] =>
        this.#world.processes.has(id) ? [{ what: 'logs', id, logs }] : [],
      );
      const changes = changesBetween(emptyWorld, this.#world, readNow());
      this.#write(this.#head + changeLines([...changes, ...ofLogs, ...this.#later]));
      renameSync(temporary, file);
    });
    if (why === undefined) {
      if (fd !== undefined) closeSync(fd);
      this.#later = [];
      this.#bound = Math.max(LEAST_BYTES, 4 * this.#bytes);
      return undefined;
    }
    if (this.#fd !== fd) {
      this.#closeFile();
      tryWriting(temporary, () => rmSync(temporary, { force: true }));
    }
    [this.#fd, this.#bytes] = [fd, bytes];
    return why;
  }

  #write(text: string): void {
    const bytes = Buffer.from(text);
    // A file takes all of it or has no room; there is no waiting for more.
    const taken = writeSync(this.#fd as number, bytes);
    if (taken !== bytes.length) throw new Error('ENOSPC: no space left on device, write');
    this.#bytes += taken;
  }

  #closeFile(): void {
    if (this.#fd !== undefined) closeSync(this.#fd);
    this.#fd = undefined;
  }
}

/** Somebody has removed the file: what is written to it now is lost. */
function isSweptAway(fd: number): boolean {
  return fstatSync(fd).nlink === 0;
}
