/** The table of jobs and live runs. Types, and what the steps of one event share. */
import type { Agenda } from './agenda.js';
import type { JobSpec } from './job.js';
import type { JobsEffect } from './job-events.js';
import type { Now } from './program.js';
import type { Run, RunRequest } from './run.js';

export interface Jobs {
  /** Has the first configuration come? Only then can due times have been missed. */
  readonly configured: boolean;
  readonly closing: boolean;
  readonly entries: ReadonlyMap<string, Entry>;
  /** Live runs by id. A job that was removed meanwhile is here until its run ends. */
  readonly runs: ReadonlyMap<string, Run>;
}

export interface Entry {
  readonly spec: JobSpec;
  /** undefined: no schedule. */
  readonly agenda?: Agenda;
  /** Begins when the live run ends. */
  readonly queued?: RunRequest;
}

export const noJobs: Jobs = { configured: false, closing: false, entries: new Map(), runs: new Map() };

/** The live run of a job, or undefined. */
export function runOf(jobs: Jobs, job: string): Run | undefined {
  for (const run of jobs.runs.values()) if (run.job === job) return run;
  return undefined;
}

/** Every job by name. */
export function specsOf(jobs: Jobs): ReadonlyMap<string, JobSpec> {
  return new Map([...jobs.entries].map(([name, { spec }]) => [name, spec]));
}

/** The jobs while one event is dealt with. */
export interface Turn {
  jobs: Jobs;
  readonly now: Now;
  readonly effects: JobsEffect[];
}

export function setEntry(turn: Turn, entry: Entry): void {
  turn.jobs = { ...turn.jobs, entries: new Map(turn.jobs.entries).set(entry.spec.name, entry) };
}

export function tell(turn: Turn, level: 'info' | 'warn', text: string): void {
  turn.effects.push({ type: 'tell', level, text });
}
