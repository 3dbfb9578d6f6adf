/** How long a job and its steps usually take: the median of the newest runs that went well. */
import type { RunRecord } from './job.js';
import { succeeded } from './judge.js';
import type { Millis } from './program.js';

const RUNS = 10;

/** By name; the job's own is that of the whole run. What never went well is not in it. */
export function usualDurations(job: string, newestFirst: readonly RunRecord[]): ReadonlyMap<string, Millis> {
  const times = new Map<string, Millis[]>();
  const note = (name: string, start: Millis | undefined, end: Millis | undefined) => {
    const known = times.get(name) ?? [];
    if (start !== undefined && end !== undefined && known.length < RUNS)
      times.set(name, [...known, end - start]);
  };
  for (const run of newestFirst) {
    for (const { name, outcome, startTime, endTime } of run.steps)
      if (succeeded(outcome) && name !== job) note(name, startTime, endTime);
    if (succeeded(run.outcome)) note(job, run.startTime, run.endTime);
  }
  return new Map([...times].map(([name, all]) => [name, median(all)]));
}

function median(values: readonly number[]): number {
  const sorted = [...values].sort((a, b) => a - b);
  const middle = sorted.length / 2;
  const [low = 0, high = low] = [sorted[Math.ceil(middle) - 1], sorted[Math.floor(middle)]];
  return Math.round((low + high) / 2);
}
