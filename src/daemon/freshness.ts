/** Keeps when each job last did well, on disk, and looks every minute for those for which that is too long ago. */
import path from 'node:path';
import {
  type Fresh,
  type Freshness,
  freshenedBy,
  freshnessOfJobs,
  goodOf,
  overdueAt,
  overdueReason,
} from '../core/freshness.js';
import type { JobSpec, RunRecord } from '../core/job.js';
import type { Notice } from '../core/notice.js';
import type { Millis } from '../core/program.js';
import { readJson, tryWriting, writeWhole } from './durable.js';

export interface KeeperParts {
  /** The directory of the journal. */
  readonly dir: string;
  readonly jobs: () => readonly JobSpec[];
  /** Kept runs of a job, newest first: what is known before this file was ever written. */
  readonly runs: (job: string) => readonly RunRecord[];
  readonly raise: (notice: Notice) => void;
  readonly log: { warn(text: string): void; error(text: string): void };
}

const LOOK_MS: Millis = 60_000;
const LEAST_MS: Millis = 500;

/** Opened with the daemon. */
export class FreshnessKeeper {
  readonly #parts: KeeperParts;
  readonly #file: string;
  #fresh: Freshness;
  /** Those that were told of. */
  readonly #overdue = new Set<string>();
  #timer: NodeJS.Timeout | undefined;

  constructor(parts: KeeperParts) {
    this.#parts = parts;
    this.#file = path.join(parts.dir, 'freshness.json');
    const read = readJson(this.#file, isFreshness);
    if (read.kind === 'broken')
      parts.log.warn(`${read.why}; last good runs are taken from the runs that are kept`);
    this.#fresh = read.kind === 'read' ? read.value : {};
  }

  /** The jobs may be others now. */
  configured(): void {
    const known = new Set(Object.keys(this.#fresh));
    let fresh = freshnessOfJobs(this.#fresh, this.#parts.jobs(), Date.now());
    for (const { name } of this.#parts.jobs().filter((job) => !known.has(job.name)))
      for (const run of this.#parts.runs(name)) fresh = freshenedBy(fresh, goodOf(run), Date.now());
    this.#keep(fresh);
    this.#look();
  }

  runChanged(run: RunRecord): void {
    const before = this.#fresh;
    const good = goodOf(run);
    this.#keep(freshenedBy(before, good, Date.now()));
    if (this.#fresh === before) return;
    for (const name of good.keys()) {
      this.#overdue.delete(name);
      // The run as a whole is told of at its end.
      if (name === run.job || this.#specOf(name)?.maxAgeMs === undefined) continue;
      const reason = `as a step of run ${run.id} it went well`;
      this.#raise(name, 'recovered', reason);
    }
  }

  /** Of one job: begin of its last good run, and why it is overdue. */
  of(job: string): { readonly lastGood?: Millis; readonly overdue?: string } {
    const spec = this.#specOf(job);
    const fresh = this.#freshOf(job);
    const why = spec && overdueReason(spec, fresh, Date.now());
    return {
      ...(fresh?.good === undefined ? {} : { lastGood: fresh.good }),
      ...(why === undefined ? {} : { overdue: why }),
    };
  }

  /** What is overdue, in sentences. */
  conditions(): readonly string[] {
    return this.#parts.jobs().flatMap(({ name }) => {
      const { overdue } = this.of(name);
      return overdue === undefined ? [] : [`job ${name} is overdue: ${overdue}`];
    });
  }

  close(): void {
    clearTimeout(this.#timer);
  }

  #look(): void {
    clearTimeout(this.#timer);
    const now = Date.now();
    const dues = this.#parts
      .jobs()
      .map((spec) => overdueAt(spec, this.#freshOf(spec.name), now) ?? Number.NEGATIVE_INFINITY);
    const next = Math.min(...dues.filter((due) => due >= now).map((due) => due + 1 - now), LOOK_MS);
    this.#timer = setTimeout(() => this.#look(), Math.max(next, LEAST_MS)).unref();
    for (const { name } of this.#parts.jobs()) {
      const { overdue } = this.of(name);
      if (overdue === undefined) this.#overdue.delete(name);
      else if (!this.#overdue.has(name)) {
        this.#overdue.add(name);
        this.#parts.log.warn(`${name}: overdue: ${overdue}`);
        this.#raise(name, 'overdue', overdue);
      }
    }
  }

  #raise(name: string, word: 'overdue' | 'recovered', reason: string): void {
    this.#parts.raise({ word, kind: 'job', name, time: Date.now(), reason, look: `job runs ${name}` });
  }

  #specOf(job: string): JobSpec | undefined {
    return this.#parts.jobs().find(({ name }) => name === job);
  }

  #freshOf(job: string): Fresh | undefined {
    return Object.hasOwn(this.#fresh, job) ? this.#fresh[job] : undefined;
  }

  #keep(fresh: Freshness): void {
    if (fresh === this.#fresh) return;
    this.#fresh = fresh;
    const failure = tryWriting(this.#file, () => writeWhole(this.#file, `${JSON.stringify(fresh)}\n`));
    if (failure !== undefined) this.#parts.log.error(failure);
  }
}

function isFreshness(value: unknown): value is Freshness {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return false;
  return Object.values(value).every((one: unknown) => {
    const { since, good } = (one ?? {}) as Partial<Record<'since' | 'good', unknown>>;
    return typeof since === 'number' && (good === undefined || typeof good === 'number');
  });
}
