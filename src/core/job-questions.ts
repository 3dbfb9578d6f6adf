/** What can be asked about jobs without changing anything. */
import { jitterOf } from './agenda.js';
import { type Jobs, runOf, specsOf } from './jobs-table.js';
import { findStep, isBefore, needsOf, planRun } from './plan.js';
import type { Millis } from './program.js';
import { runDeadline } from './run.js';

/** The codes are the api's. */
export interface Refusal {
  readonly code: 'BAD_NAME' | 'BAD_ARGUMENT' | 'ALREADY_RUNNING' | 'SHUTTING_DOWN';
  readonly why: string;
}

/** Why a run can't be asked for now, or undefined: it can. With overlap=queue it may have to wait for its turn. */
export function refuseRequest(jobs: Jobs, job: string, from?: string): Refusal | undefined {
  const entry = jobs.entries.get(job);
  if (entry === undefined) return { code: 'BAD_NAME', why: `there is no job "${job}"` };
  if (jobs.closing) return { code: 'SHUTTING_DOWN', why: 'supd is shutting down' };
  const units = planRun(entry.spec, specsOf(jobs));
  if (from !== undefined && findStep(units, from) === undefined) {
    const steps = units.slice(1).map((unit) => unit.name);
    const known = steps.length === 0 ? 'it is a single command' : `its steps are ${steps.join(', ')}`;
    return { code: 'BAD_ARGUMENT', why: `${job} has no step "${from}": ${known}` };
  }
  const live = runOf(jobs, job);
  if (live === undefined || (entry.spec.overlap === 'queue' && entry.queued === undefined)) return undefined;
  const waits = entry.queued === undefined ? '' : `, and ${entry.queued.id} waits for it`;
  return { code: 'ALREADY_RUNNING', why: `${job} is running (${live.request.id})${waits}` };
}

/** One step of a run that is only shown. */
export interface PreviewStep {
  readonly name: string;
  /** undefined: a sequence, whose steps follow. */
  readonly command?: string;
  readonly user?: string;
  /** Names of the steps that must have succeeded. */
  readonly needs: readonly string[];
  readonly onFailure: 'fail' | 'degrade';
  readonly lock?: string;
  readonly requiresStopped: readonly string[];
  readonly holds: readonly string[];
  /** Why it would not be run at all. */
  readonly leftOut?: string;
}

/** The steps of a run of `job`, in order, without running them; none if there is no such job. */
export function previewRun(jobs: Jobs, job: string, from?: string): readonly PreviewStep[] {
  const entry = jobs.entries.get(job);
  if (entry === undefined) return [];
  const units = planRun(entry.spec, specsOf(jobs));
  const start = from === undefined ? 0 : (findStep(units, from) ?? 0);
  const steps = units.map(({ name, spec, broken }, index): PreviewStep => {
    const { action, lock, onFailure, requiresStopped, holds } = spec;
    const command = action.kind === 'command' ? { command: action.launch.command } : {};
    const user =
      action.kind === 'command' && action.launch.user !== undefined ? { user: action.launch.user } : {};
    const needs = needsOf(units, index).map((need) => (typeof need === 'string' ? need : units[need]!.name));
    const leftOut = isBefore(units, index, start) ? `resumed at ${from}` : broken;
    return {
      name,
      ...command,
      ...user,
      needs,
      onFailure,
      ...(lock === undefined ? {} : { lock }),
      requiresStopped,
      holds,
      ...(leftOut === undefined ? {} : { leftOut }),
    };
  });
  return entry.spec.action.kind === 'command' ? steps : steps.slice(1);
}

/** The nearest deadline by each clock, for the one timer of the world. */
export function jobsWake(jobs: Jobs): { readonly mono?: Millis; readonly wall?: Millis } {
  const mono = [...jobs.runs.values()].flatMap((run) => runDeadline(run) ?? []);
  const wall = [...jobs.entries.values()].flatMap(({ spec, agenda }) =>
    agenda?.nextDue === undefined || jobs.closing ? [] : [agenda.nextDue + jitterOf(spec, agenda.nextDue)],
  );
  return {
    ...(mono.length === 0 ? {} : { mono: Math.min(...mono) }),
    ...(wall.length === 0 ? {} : { wall: Math.min(...wall) }),
  };
}
