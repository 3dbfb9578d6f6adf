/** The state of one run. Types, and what can be read off a run. */
import type { JobSpec, RunRecord, StepRecord } from './job.js';
import { succeeded, type Verdict } from './judge.js';
import { findStep, isBefore, isWithin, needsOf, planRun, type Unit } from './plan.js';
import type { Exit, Millis } from './program.js';

/** Why and when a run is made; also what a queue remembers. */
export interface RunRequest {
  readonly id: string;
  readonly trigger: RunRecord['trigger'];
  readonly requestedBy?: string;
  readonly dueTime: Millis;
  readonly from?: string;
}

/** Where a run stands: at most one thing of it is under way at any time. `unit` is an index into the plan. */
export type Phase =
  | { readonly name: 'LOCKING'; readonly unit: number }
  | { readonly name: 'STOPPING_PROGRAMS'; readonly unit: number }
  | { readonly name: 'SPAWNING'; readonly unit: number }
  | { readonly name: 'RUNNING'; readonly unit: number; readonly pid: number; readonly deadline?: Millis }
  /** Signalled. `timeout`: it took too long; without it, the abort of the run says why. */
  | {
      readonly name: 'KILLING';
      readonly unit: number;
      readonly pid: number;
      readonly timeout?: Verdict;
      readonly signal: number;
      readonly deadline: Millis;
    }
  /** Its process is gone, something that it started is not. */
  | {
      readonly name: 'SWEEPING';
      readonly unit: number;
      readonly pid: number;
      readonly verdict: Verdict;
      readonly exit: Exit | undefined;
      readonly deadline: Millis;
    }
  /** Before another attempt. */
  | { readonly name: 'PAUSING'; readonly unit: number; readonly deadline: Millis }
  | { readonly name: 'STARTING_PROGRAMS'; readonly unit: number }
  | { readonly name: 'ENDED' };

/** What is known of one unit of the plan while the run goes on. */
export interface UnitState {
  readonly record: StepRecord;
  /** Before the step that the run was resumed at: not run, counted as succeeded. */
  readonly resumed: boolean;
  /** Not done because a lock is held: skipped, counted as failed. */
  readonly blocked: boolean;
  readonly locked: boolean;
  /** Of the last attempt's process: proc(5)'s start time. */
  readonly startTicks?: number;
  /** Ids of programs to start again. */
  readonly stopped: readonly string[];
  /** Of a sequence, monotonic, while its steps run. */
  readonly deadline?: Millis;
  /** What the body came to, while the programs are started again. */
  readonly verdict?: Verdict;
}

/** Everything within `unit` ends and nothing more of it begins. */
export interface Abort {
  readonly unit: number;
  readonly verdict: Verdict;
}

export interface Run {
  readonly request: RunRequest;
  readonly job: string;
  readonly startTime: Millis;
  readonly units: readonly Unit[];
  readonly states: readonly UnitState[];
  readonly phase: Phase;
  readonly abort?: Abort;
  /** supd shuts down: programs are not started again. */
  readonly closing: boolean;
}

/** A run of `job` that has not begun. `specs` holds every job by name. */
export function newRun(
  job: JobSpec,
  specs: ReadonlyMap<string, JobSpec>,
  request: RunRequest,
  wall: Millis,
): Run {
  const plan = planRun(job, specs);
  const from = request.from === undefined ? 0 : findStep(plan, request.from);
  const lost = { broken: `it has no step "${request.from}" to resume at` };
  const units = from === undefined ? plan.map((unit, i) => (i === 0 ? { ...unit, ...lost } : unit)) : plan;
  const states = units.map((unit, i) => newState(unit, isBefore(units, i, from ?? 0), request.from));
  const phase: Phase = { name: 'ENDED' };
  return { request, job: job.name, startTime: wall, units, states, phase, closing: false };
}

/** The run as it is kept and shown. */
export function recordOf(run: Run): RunRecord {
  const { id, trigger, requestedBy, dueTime } = run.request;
  const root = run.states[0]!.record;
  const steps = run.units[0]!.spec.action.kind === 'command' ? run.states : run.states.slice(1);
  return {
    id,
    job: run.job,
    // The root is never `waiting` once the run exists.
    outcome: root.outcome === 'waiting' ? 'running' : root.outcome,
    ...(root.reason === undefined ? {} : { reason: root.reason }),
    trigger,
    ...(requestedBy === undefined ? {} : { requestedBy }),
    dueTime,
    startTime: run.startTime,
    ...(root.endTime === undefined ? {} : { endTime: root.endTime }),
    steps: steps.map((state) => state.record),
  };
}

/** A run that never began: `reason` says why. */
export function recordUnrun(
  job: string,
  request: RunRequest,
  outcome: 'skipped' | 'cancelled',
  reason: string,
  wall: Millis,
  missed = false,
): RunRecord {
  const { id, trigger, requestedBy, dueTime } = request;
  const who = requestedBy === undefined ? {} : { requestedBy };
  const late = missed ? { missed: true as const } : {};
  return {
    id,
    job,
    outcome,
    reason,
    trigger,
    ...late,
    ...who,
    dueTime,
    startTime: wall,
    endTime: wall,
    steps: [],
  };
}

/** A run that waits for its turn. */
export function recordWaiting(job: string, request: RunRequest, reason: string, wall: Millis): RunRecord {
  const { endTime: _, ...record } = recordUnrun(job, request, 'skipped', reason, wall);
  return { ...record, outcome: 'running' };
}

/** The nearest monotonic deadline of a run, or undefined. */
export function runDeadline(run: Run): Millis | undefined {
  const deadlines = run.states.flatMap((state) => (state.deadline === undefined ? [] : [state.deadline]));
  if ('deadline' in run.phase && run.phase.deadline !== undefined) deadlines.push(run.phase.deadline);
  return deadlines.length === 0 ? undefined : Math.min(...deadlines);
}

/** Why a step may not begin, or undefined: all that it needs has succeeded. */
export function unmet(run: Run, index: number): string | undefined {
  for (const need of needsOf(run.units, index)) {
    if (typeof need === 'string') return `needs ${need}, which is not a step before it`;
    const { record, resumed } = run.states[need]!;
    if (resumed || succeeded(record.outcome)) continue;
    const { name } = run.units[need]!.spec;
    return `needs ${name}, which ${record.outcome === 'failed' ? 'failed' : `was ${record.outcome}`}`;
  }
  return undefined;
}

/** Does what contains the unit need the same lock? Then it holds it, or the unit would not begin. */
export function isHeldOutside(run: Run, index: number): boolean {
  const { lock } = run.units[index]!.spec;
  return run.units.some(
    (outer, i) => i !== index && isWithin(run.units, index, i) && outer.spec.lock === lock,
  );
}

function newState(unit: Unit, resumed: boolean, from: string | undefined): UnitState {
  const known = { name: unit.name, attempts: 0, outputBytes: 0, output: '' };
  const record: StepRecord = resumed
    ? { ...known, outcome: 'skipped', reason: `resumed at ${from}` }
    : { ...known, outcome: 'waiting' };
  return { record, resumed, blocked: false, locked: false, stopped: [] };
}
