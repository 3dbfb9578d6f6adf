/** Jobs and their runs: to the contract from the api's records, from it to what the client gives. */
import { constants } from 'node:os';
import type { JobAnswer, RunAnswer, StepAnswer } from '../../api/answers.js';
import type { DueTime, JobView, RunView, StepView } from '../../api/api.js';
import type { Outcome } from '../../core/job.js';
import { spentBy } from '../../core/spent.js';
import type { supd } from '../contract.js';
import { outcome } from './names.js';
import { present, timeFromWire, timeToWire } from './time.js';

/** A job as the contract says it. */
export function jobToWire(view: JobView): supd.v1.Job.$Properties {
  const { spec } = view;
  return {
    name: spec.name,
    schedule: spec.schedule ?? '',
    timezone: spec.timezone ?? '',
    steps: spec.action.kind === 'sequence' ? [...spec.action.steps] : [],
    command: spec.action.kind === 'command' ? spec.action.launch.command : '',
    nextRun: timeToWire(view.nextRun),
    lastRun: view.lastRun && runToWire(view.lastRun),
    overdue: view.overdue,
    lastGood: timeToWire(view.lastGood),
    overdueReason: view.overdueReason,
  };
}

/** A job as the client gives it. */
export function jobFromWire(wire: supd.v1.Job.$Properties): JobAnswer {
  return {
    name: wire.name ?? '',
    schedule: wire.schedule ?? '',
    timezone: wire.timezone ?? '',
    steps: wire.steps ?? [],
    command: wire.command ?? '',
    ...present('nextRun', timeFromWire(wire.nextRun)),
    ...present('lastRun', wire.lastRun && runFromWire(wire.lastRun)),
    overdue: wire.overdue ?? false,
    ...present('lastGood', timeFromWire(wire.lastGood)),
    overdueReason: wire.overdueReason ?? '',
  };
}

/** A run as the contract says it. */
export function runToWire(run: RunView): supd.v1.JobRun.$Properties {
  const { cpuMs, peakBytes } = spentBy(run);
  return {
    id: run.id,
    job: run.job,
    outcome: outcome.toWire(run.outcome),
    reason: run.reason ?? '',
    trigger: run.trigger,
    requestedBy: run.requestedBy ?? '',
    dueTime: timeToWire(run.dueTime),
    startTime: timeToWire(run.startTime),
    endTime: timeToWire(run.endTime),
    steps: run.steps.map(stepToWire),
    cpuMs,
    peakMemoryBytes: peakBytes,
    missed: run.missed === true,
    usualMs: run.usualMs,
  };
}

/** A run as the client gives it. */
export function runFromWire(wire: supd.v1.JobRun.$Properties | null | undefined): RunAnswer {
  return {
    id: wire?.id ?? '',
    job: wire?.job ?? '',
    // A run as a whole is never `waiting`: only a step has a turn.
    outcome: outcome.fromWire(wire?.outcome) as Outcome,
    reason: wire?.reason ?? '',
    trigger: wire?.trigger ?? '',
    requestedBy: wire?.requestedBy ?? '',
    ...present('dueTime', timeFromWire(wire?.dueTime)),
    ...present('startTime', timeFromWire(wire?.startTime)),
    ...present('endTime', timeFromWire(wire?.endTime)),
    steps: (wire?.steps ?? []).map(stepFromWire),
    ...present('cpuMs', wire?.cpuMs),
    ...present('peakBytes', wire?.peakMemoryBytes),
    ...present('usualMs', wire?.usualMs),
    missed: wire?.missed ?? false,
  };
}

/** A due time as the contract says it. */
export function dueToWire(due: DueTime): supd.v1.DueTime.$Properties {
  return { ...due, time: timeToWire(due.time) };
}

/** A due time as the api says it. */
export function dueFromWire(wire: supd.v1.DueTime.$Properties): DueTime {
  return {
    job: wire.job ?? '',
    time: timeFromWire(wire.time) ?? 0,
    local: wire.local ?? '',
    note: wire.note ?? '',
  };
}

function stepToWire(step: StepView): supd.v1.RunStep.$Properties {
  const { exit } = step;
  return {
    name: step.name,
    outcome: outcome.toWire(step.outcome),
    reason: step.reason ?? '',
    exitStatus: exit && 'code' in exit ? exit.code : undefined,
    exitSignal: exit && 'signal' in exit ? signalName(exit.signal) : '',
    attempts: step.attempts,
    startTime: timeToWire(step.startTime),
    endTime: timeToWire(step.endTime),
    output: step.output,
    outputBytes: step.outputBytes,
    cpuMs: step.cpuMs,
    peakMemoryBytes: step.peakBytes,
    usualMs: step.usualMs,
  };
}

function stepFromWire(wire: supd.v1.RunStep.$Properties): StepAnswer {
  return {
    name: wire.name ?? '',
    outcome: outcome.fromWire(wire.outcome),
    reason: wire.reason ?? '',
    ...present('exitStatus', wire.exitStatus),
    exitSignal: wire.exitSignal ?? '',
    attempts: wire.attempts ?? 0,
    ...present('startTime', timeFromWire(wire.startTime)),
    ...present('endTime', timeFromWire(wire.endTime)),
    output: wire.output ?? '',
    outputBytes: wire.outputBytes ?? 0,
    ...present('cpuMs', wire.cpuMs),
    ...present('peakBytes', wire.peakMemoryBytes),
    ...present('usualMs', wire.usualMs),
  };
}

/** "SIGKILL"; a real-time signal has only its number. */
function signalName(signal: number): string {
  const found = Object.entries(constants.signals).find(([, number]) => number === signal);
  return found?.[0] ?? String(signal);
}
