/**
 * What is kept on disk of jobs: their runs, the output of each step, and the due times dealt with.
 *
 *     <statedir>/schedule.json                  newest due time per job
 *     <statedir>/runs/<job>/<id>.json           one run
 *     <statedir>/runs/<job>/<id>/<step>.log     what a step wrote, all attempts
 *
 * Every write is whole or not at all (temporary file, fsync, rename, fsync of the directory). What can't be written
 * waits in a shelter. A file that can't be read back is set aside as `.broken`; it never keeps the daemon from starting.
 */
import { existsSync, mkdirSync, readdirSync, rmSync } from 'node:fs';
import path from 'node:path';
import type { RunRecord } from '../core/job.js';
import type { LastDue } from '../core/job-events.js';
import type { Millis } from '../core/program.js';
import { parse, type Read, readJson, tryWriting } from './durable.js';
import { closeAbandoned, isRunRecord, isSchedule } from './journal-records.js';
import { Shelter } from './shelter.js';

/** Runs kept of a job that isn't configured. */
const KEEP = 100;
const ABANDONED = 'supd ended during the run';

/** What a journal is opened with; by default: now, nothing goes on, and a shelter within it. */
export interface JournalOptions {
  /** The end of runs that a daemon left running when it died, epoch ms. */
  readonly wall?: Millis;
  /** Ids of runs that go on all the same. */
  readonly kept?: ReadonlySet<string>;
  /** Where waits what its disk doesn't take. */
  readonly shelter?: string;
  /** Why something waits; undefined: nothing does any more. */
  readonly told?: (why: string | undefined) => void;
}

export class Journal {
  /** Of the opening, for the log: what was set aside or could not be written. */
  readonly warnings: readonly string[];
  /** Runs that were closed by the opening: their supd died. */
  readonly abandoned: readonly RunRecord[];
  private readonly dir: string;
  private readonly schedule: Map<string, LastDue>;
  /** Runs kept, by job. */
  private limits: ReadonlyMap<string, number> = new Map();
  /** Ids per job, oldest first. */
  private readonly ids = new Map<string, readonly string[]>();
  private readonly shelter: Shelter;
  /** Directories of output that is still written. */
  private readonly live = new Set<string>();

  private constructor(dir: string, options: JournalOptions) {
    const {
      wall = Date.now(),
      kept = new Set(),
      shelter = path.join(dir, 'waits'),
      told = () => {},
    } = options;
    const warnings: string[] = [];
    this.dir = dir;
    this.warnings = warnings;
    const abandoned: RunRecord[] = [];
    this.abandoned = abandoned;
    const runsDir = path.join(dir, 'runs');
    mkdirSync(runsDir, { recursive: true, mode: 0o700 });
    this.shelter = new Shelter(dir, shelter, told, (file) => !this.live.has(path.dirname(file)));
    const saved = this.read(path.join(dir, 'schedule.json'), isSchedule);
    if (saved.kind === 'broken') warnings.push(`${saved.why}; runs missed until now can't be told`);
    this.schedule = new Map(saved.kind === 'read' ? Object.entries(saved.value) : []);
    const names = readdirSync(runsDir, { withFileTypes: true }).flatMap((one) =>
      one.isDirectory() ? [one.name] : [],
    );
    for (const name of new Set([...names, ...this.shelter.directoriesIn(runsDir)])) {
      const job = unsafe(name);
      if (job !== undefined) this.load(job, wall, kept, abandoned, warnings);
    }
  }

  /**
   * Opens the journal in `dir` (statedir), making what is missing. Runs that a daemon left running when it died are
   * closed as failed.
   * @throws Error of the system if the directories can't be made or read
   */
  static open(dir: string, options: JournalOptions = {}): Journal {
    return new Journal(dir, options);
  }

  close(): void {
    this.shelter.close();
  }

  /** How many runs of each job are kept from now on; what is more goes. */
  limit(limits: ReadonlyMap<string, number>): void {
    this.limits = limits;
    for (const job of this.ids.keys()) this.prune(job);
  }

  /** Keeps a run as it is now. Gives why its place takes it not, such as a full disk; it is kept all the same. */
  writeRun(record: RunRecord): string | undefined {
    const output = path.join(this.jobDir(record.job), safe(record.id));
    if (record.outcome === 'running') this.live.add(output);
    else this.live.delete(output);
    const why = this.shelter.write(this.recordPath(record.job, record.id), `${JSON.stringify(record)}\n`);
    const ids = this.ids.get(record.job) ?? [];
    if (!ids.includes(record.id)) this.ids.set(record.job, [...ids, record.id].sort());
    if (record.outcome === 'running') return why;
    this.shelter.bringHome();
    this.prune(record.job, record.id);
    return why;
  }

  /** The newest runs of a job, newest first. */
  runs(job: string, limit: number): readonly RunRecord[] {
    const found: RunRecord[] = [];
    for (const id of (this.ids.get(job) ?? []).toReversed()) {
      if (found.length >= limit) break;
      const record = this.readRun(job, id);
      if (record !== undefined) found.push(record);
    }
    return found;
  }

  /** One run, or undefined: there is none of that id, or it can't be read. */
  readRun(job: string, id: string): RunRecord | undefined {
    const read = this.read(this.recordPath(job, id), isRunRecord);
    return read.kind === 'read' ? read.value : undefined;
  }

  /** The file for what a step writes; its directory is made if that is possible. */
  outputPath(job: string, id: string, step: string): string {
    return this.shelter.outputPath(path.join(this.jobDir(job), safe(id), `${safe(step)}.log`));
  }

  /** The newest due time of each job that was ever due. */
  lastDue(): Readonly<Record<string, LastDue>> {
    return Object.fromEntries(this.schedule);
  }

  /** Keeps the newest due time of a job. Gives why its place takes it not. */
  rememberDue(job: string, lastDue: LastDue): string | undefined {
    this.schedule.set(job, { due: lastDue.due, schedule: lastDue.schedule });
    return this.shelter.write(path.join(this.dir, 'schedule.json'), `${JSON.stringify(this.lastDue())}\n`);
  }

  /** What waits is newer than what is in its place. */
  private read<T>(file: string, isRight: (value: unknown) => value is T): Read<T> {
    const value = parse(this.shelter.textOf(file) ?? '');
    return isRight(value) ? { kind: 'read', value } : readJson(file, isRight);
  }

  private load(
    job: string,
    wall: Millis,
    kept: ReadonlySet<string>,
    abandoned: RunRecord[],
    warnings: string[],
  ): void {
    const ids: string[] = [];
    const dir = this.jobDir(job);
    const names = existsSync(dir) ? readdirSync(dir) : [];
    for (const name of new Set([...names, ...this.shelter.namesIn(dir)])) {
      const file = path.join(dir, name);
      // What a crash left of a write.
      if (name.endsWith('.new')) tryWriting(file, () => rmSync(file, { force: true }));
      if (!name.endsWith('.json')) continue;
      const id = unsafe(name.slice(0, -'.json'.length));
      if (id === undefined) continue;
      const read = this.read(this.recordPath(job, id), isRunRecord);
      if (read.kind === 'broken') warnings.push(read.why);
      if (read.kind !== 'read') continue;
      ids.push(id);
      if (read.value.outcome !== 'running') continue;
      if (kept.has(read.value.id)) {
        this.live.add(path.join(dir, safe(id)));
        continue;
      }
      const closed = closeAbandoned(read.value, ABANDONED, wall);
      abandoned.push(closed);
      const why = this.writeRun(closed);
      if (why !== undefined) warnings.push(why);
    }
    this.ids.set(job, ids.sort());
  }

  /** Takes away the oldest runs beyond the job's limit with their output, never `spared`. */
  private prune(job: string, spared?: string): void {
    const ids = this.ids.get(job) ?? [];
    const old = ids
      .slice(0, Math.max(0, ids.length - (this.limits.get(job) ?? KEEP)))
      .filter((id) => id !== spared);
    if (old.length === 0) return;
    for (const id of old) {
      // A file that can't be removed now is found again by the next open.
      this.shelter.remove(path.join(this.jobDir(job), safe(id)));
      this.shelter.remove(this.recordPath(job, id));
    }
    this.ids.set(
      job,
      ids.filter((id) => !old.includes(id)),
    );
  }

  private jobDir(job: string): string {
    return path.join(this.dir, 'runs', safe(job));
  }

  private recordPath(job: string, id: string): string {
    return path.join(this.jobDir(job), `${safe(id)}.json`);
  }
}

/** A name as one file name: `outer/inner` is `outer%2Finner`, and no name leads out of its directory. */
function safe(name: string): string {
  if (name === '') return '%00';
  return encodeURIComponent(name.replace(/\p{Surrogate}/gu, '\uFFFD'))
    .replace(/^\.+/, (dots) => '%2E'.repeat(dots.length))
    .replaceAll('*', '%2A');
}

function unsafe(name: string): string | undefined {
  try {
    return decodeURIComponent(name);
  } catch {
    return undefined;
  }
}
