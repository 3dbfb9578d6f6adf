/** The copy of a run that is changed in place for the length of one event; outside, runs never change. */
import { formatDuration } from './durations.js';
import type { StepRecord } from './job.js';
import type { JobsEffect, StepEffect } from './job-events.js';
import type { Verdict } from './judge.js';
import type { Now } from './program.js';
import { type Phase, type Run, recordOf, type UnitState } from './run.js';

export interface RunStep {
  readonly run: Run;
  readonly effects: readonly JobsEffect[];
}

export interface Work {
  run: Run;
  readonly now: Now;
  readonly effects: JobsEffect[];
}

type WithoutTag<T> = T extends StepEffect ? Omit<T, 'run' | 'step'> : never;

/** Runs `act` on a copy. A changed record is remembered and told before any other effect. */
export function play(
  run: Run,
  now: Now,
  act: (work: Work) => void,
  told: 'runStarted' | 'runChanged' = 'runChanged',
): RunStep {
  const work: Work = { run, now, effects: [] };
  act(work);
  const changed = told === 'runStarted' || work.run.states.some((s, i) => s.record !== run.states[i]!.record);
  if (!changed) return { run: work.run, effects: work.effects };
  const record = recordOf(work.run);
  const first: JobsEffect[] = [
    { type: 'remember', record },
    { type: told, run: record },
  ];
  return { run: work.run, effects: [...first, ...work.effects] };
}

/** Enters a phase. */
export function go(work: Work, phase: Phase): void {
  work.run = { ...work.run, phase };
}

/** Changes what is known of a unit. */
export function update(work: Work, index: number, patch: Partial<UnitState>): void {
  const states = work.run.states.with(index, { ...work.run.states[index]!, ...patch });
  work.run = { ...work.run, states };
}

/** Changes what is kept of a unit. A reason lasts only until the next change of the outcome. */
export function record(work: Work, index: number, patch: Partial<StepRecord>): void {
  const { reason, ...before } = work.run.states[index]!.record;
  const kept = reason === undefined || patch.outcome !== undefined ? {} : { reason };
  update(work, index, { record: { ...before, ...kept, ...patch } });
}

export function send(work: Work, index: number, effect: WithoutTag<StepEffect>): void {
  const tag = { run: work.run.request.id, step: work.run.units[index]!.name };
  work.effects.push({ ...tag, ...effect });
}

export function tell(work: Work, level: 'info' | 'warn' | 'error', text: string): void {
  work.effects.push({ type: 'tell', level, text: `${work.run.job}: ${text}` });
}

/** How a unit ended, for the log. */
export function tellEnd(work: Work, index: number, { outcome, reason }: Verdict): void {
  const { startTime, units, states } = work.run;
  const began = states[index]!.record.startTime ?? startTime;
  const what = index === 0 ? outcome : `"${units[index]!.name}" ${outcome}`;
  const took = outcome === 'skipped' ? '' : ` after ${formatDuration(work.now.wall - began)}`;
  const soft = index > 0 && units[index]!.spec.onFailure === 'degrade';
  const level = outcome === 'ok' ? 'info' : outcome === 'failed' && !soft ? 'error' : 'warn';
  tell(work, level, `${what}${took}${reason === undefined ? '' : `: ${reason}`}`);
}
