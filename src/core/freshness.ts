/**
 * When each job last did well, and whether that is too long ago (`max_age`). A job does well as a run of its own or as
 * a step of another's, when it ends ok or degraded; what counts is when it began, since it saved what was there then.
 * One that never did is measured from when it was first configured: so it is overdue also if nothing ever ran it.
 */
import { REWOUND_MS } from './agenda.js';
import { formatDuration, formatStamp } from './durations.js';
import type { JobSpec, RunRecord } from './job.js';
import { succeeded } from './judge.js';
import type { Millis } from './program.js';

export interface Fresh {
  /** First configured. */
  readonly since: Millis;
  /** Begin of the newest good run. */
  readonly good?: Millis;
}

/** By job. */
export type Freshness = Readonly<Record<string, Fresh>>;

/** Takes in the jobs of a configuration; those that it no longer has are forgotten. */
export function freshnessOfJobs(before: Freshness, jobs: readonly JobSpec[], now: Millis): Freshness {
  const known = (name: string) => (Object.hasOwn(before, name) ? before[name] : undefined);
  const all = jobs.map(({ name }): [string, Fresh] => [name, known(name) ?? { since: now }]);
  const added = all.some(([name]) => known(name) === undefined);
  return added || all.length < Object.keys(before).length ? Object.fromEntries(all) : before;
}

/** The jobs that did well in a run, with when they began. A run that goes on has good steps already. */
export function goodOf(run: RunRecord): ReadonlyMap<string, Millis> {
  const good = new Map<string, Millis>();
  for (const { name, outcome, startTime } of run.steps) {
    const job = jobOfStep(name);
    if (succeeded(outcome) && startTime !== undefined) good.set(job, startTime);
  }
  if (run.outcome !== 'running' && succeeded(run.outcome)) good.set(run.job, run.startTime);
  return good;
}

/** The step `outer/inner#2` is a run of the job inner. */
export function jobOfStep(name: string): string {
  return name.slice(name.lastIndexOf('/') + 1).replace(/#\d+$/, '');
}

/** Takes in what went well. */
export function freshenedBy(before: Freshness, good: ReadonlyMap<string, Millis>, now: Millis): Freshness {
  const next: Record<string, Fresh> = { ...before };
  let changed = false;
  for (const [job, time] of good) {
    const fresh = Object.hasOwn(next, job) ? next[job] : undefined;
    if (fresh === undefined || time <= (usable(fresh.good, now) ?? Number.NEGATIVE_INFINITY)) continue;
    next[job] = { ...fresh, good: time };
    changed = true;
  }
  return changed ? next : before;
}

/** When a job becomes overdue, or has; undefined: never. */
export function overdueAt(spec: JobSpec, fresh: Fresh | undefined, now: Millis): Millis | undefined {
  if (spec.maxAgeMs === undefined || fresh === undefined) return undefined;
  return (usable(fresh.good, now) ?? usable(fresh.since, now) ?? now) + spec.maxAgeMs;
}

/** Why a job is overdue, or undefined: it is not. */
export function overdueReason(spec: JobSpec, fresh: Fresh | undefined, now: Millis): string | undefined {
  const { maxAgeMs } = spec;
  const at = overdueAt(spec, fresh, now);
  if (maxAgeMs === undefined || at === undefined || now <= at) return undefined;
  const good = usable(fresh?.good, now);
  const age = now - at + maxAgeMs;
  const limit = `max_age is ${formatDuration(maxAgeMs)}`;
  if (good === undefined) return `no good run since it was configured ${formatDuration(age)} ago; ${limit}`;
  return `its last good run began at ${formatStamp(good)}, ${formatDuration(age)} ago; ${limit}`;
}

/** A stamp from far ahead is of a clock that was wrong. */
function usable(time: Millis | undefined, now: Millis): Millis | undefined {
  return time !== undefined && time <= now + REWOUND_MS ? time : undefined;
}
