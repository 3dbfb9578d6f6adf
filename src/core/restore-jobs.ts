/**
 * The runs that were under way when another supd died. What was asked of the shell and not answered is asked again,
 * except for a start: a command that may have run is not run twice.
 */
import { admit } from './admission.js';
import { scheduleText } from './agenda.js';
import type { JobSpec, RunRecord } from './job.js';
import type { JobsEffect, StepEffect } from './job-events.js';
import { type Jobs, noJobs, runOf, type Turn } from './jobs-table.js';
import type { Now } from './program.js';
import { type Run, recordOf, recordUnrun } from './run.js';
import type { Saved } from './saved.js';

const TERM = 15;

/** @param ended  runs that are on record as ended, by id: nobody may have been told of those that were live before */
export function restoreJobs(
  saved: Saved,
  specs: readonly JobSpec[],
  ended: ReadonlyMap<string, RunRecord>,
  now: Now,
): { readonly jobs: Jobs; readonly effects: readonly JobsEffect[] } {
  const runs = [...saved.runs].filter(([id]) => !ended.has(id));
  const turn: Turn = { jobs: { ...noJobs, runs: new Map(runs) }, now, effects: [] };
  for (const id of saved.runs.keys()) {
    const record = ended.get(id);
    if (record) turn.effects.push({ type: 'runEnded', run: record });
  }
  for (const [, run] of runs) turn.effects.push(...remembered(run), ...resume(run, saved.isDone));
  const byName = new Map(specs.map((spec) => [spec.name, spec]));
  for (const spec of specs) {
    const queued = saved.queued.get(spec.name);
    if (queued === undefined || ended.has(queued.id)) continue;
    const entries = new Map(turn.jobs.entries).set(spec.name, { spec });
    turn.jobs = { ...turn.jobs, entries };
    // Behind its run, or at once when that has just ended.
    if (runOf(turn.jobs, spec.name)) entries.set(spec.name, { spec, queued });
    else if (!turn.jobs.runs.has(queued.id)) admit(turn, spec, queued);
  }
  for (const [job, request] of saved.queued) {
    if (byName.has(job) || ended.has(request.id)) continue;
    const record = recordUnrun(job, request, 'skipped', 'the job was removed', now.wall);
    turn.effects.push({ type: 'remember', record });
  }
  return { jobs: turn.jobs, effects: turn.effects };
}

/** The record and the due time, which death may have kept from the disk. */
function remembered(run: Run): readonly JobsEffect[] {
  const { trigger, dueTime } = run.request;
  const spec = run.units[0]?.spec;
  const kept: JobsEffect[] = [{ type: 'remember', record: recordOf(run) }];
  if (trigger === 'request' || spec?.schedule === undefined) return kept;
  return [...kept, { type: 'rememberDue', job: run.job, due: dueTime, schedule: scheduleText(spec) }];
}

/** First what runs: the locks may be held by it alone. */
function resume(run: Run, isDone: boolean): readonly StepEffect[] {
  const of = (unit: number) => ({ run: run.request.id, step: run.units[unit]?.name ?? run.job });
  const locks = run.states.flatMap((state, unit): readonly StepEffect[] => {
    const path = run.units[unit]?.spec.lock;
    return state.locked && path !== undefined ? [{ ...of(unit), type: 'retakeLock', path }] : [];
  });
  return [...resumePhase(run, of, isDone), ...locks];
}

function resumePhase(
  run: Run,
  of: (unit: number) => { run: string; step: string },
  isDone: boolean,
): readonly StepEffect[] {
  const { phase } = run;
  if (phase.name === 'ENDED') return [];
  const step = of(phase.unit);
  const state = run.states[phase.unit];
  switch (phase.name) {
    case 'LOCKING': {
      const spec = run.units[phase.unit]?.spec;
      return spec?.lock === undefined ? [] : [{ ...step, type: 'takeLock', path: spec.lock }];
    }
    case 'SPAWNING':
      return [{ ...step, type: 'seekStep', attempt: state?.record.attempts ?? 0 }];
    case 'RUNNING':
    case 'KILLING': {
      const { pid } = phase;
      const outputBytes = state?.record.outputBytes ?? 0;
      const adopt = { ...step, type: 'adoptStep', pid, startTicks: state?.startTicks, outputBytes } as const;
      return phase.name === 'RUNNING' || isDone
        ? [adopt]
        : [adopt, { ...step, type: 'killStep', pid, signal: phase.signal }];
    }
    case 'SWEEPING':
      return [{ ...step, type: 'sweepStep', pid: phase.pid, signal: TERM }];
    // Of these the world and the timer know.
    case 'STOPPING_PROGRAMS':
    case 'STARTING_PROGRAMS':
    case 'PAUSING':
      return [];
    default:
      return phase satisfies never;
  }
}
