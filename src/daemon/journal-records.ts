/** The shapes of what the journal keeps. */
import type { RunRecord, StepRecord } from '../core/job.js';
import type { LastDue } from '../core/job-events.js';
import type { Millis } from '../core/program.js';

const OUTCOMES = new Set(['running', 'ok', 'degraded', 'failed', 'skipped', 'cancelled']);

export function isSchedule(value: unknown): value is Readonly<Record<string, LastDue>> {
  return isObject(value) && !Array.isArray(value) && Object.values(value).every(isLastDue);
}

/** As much as is relied on: a file written by a newer supd may have more. */
export function isRunRecord(value: unknown): value is RunRecord {
  if (!isObject(value)) return false;
  const { id, job, outcome, trigger, dueTime, startTime, steps } = value;
  if (typeof id !== 'string' || typeof job !== 'string' || typeof trigger !== 'string') return false;
  if (typeof outcome !== 'string' || !OUTCOMES.has(outcome)) return false;
  if (typeof dueTime !== 'number' || typeof startTime !== 'number') return false;
  return Array.isArray(steps) && steps.every(isStepRecord);
}

/** A run whose daemon is gone: it failed, and so did the step that was under way; the rest was not run. */
export function closeAbandoned(record: RunRecord, reason: string, wall: Millis): RunRecord {
  const steps = record.steps.map((step): StepRecord => {
    if (step.outcome === 'running') return { ...step, outcome: 'failed', reason, endTime: wall };
    return step.outcome === 'waiting' ? { ...step, outcome: 'skipped', reason } : step;
  });
  return { ...record, outcome: 'failed', reason, endTime: wall, steps };
}

function isStepRecord(value: unknown): value is StepRecord {
  if (!isObject(value)) return false;
  const { name, outcome, attempts, output, outputBytes } = value;
  if (typeof name !== 'string' || typeof output !== 'string') return false;
  if (typeof outcome !== 'string' || !(OUTCOMES.has(outcome) || outcome === 'waiting')) return false;
  return typeof attempts === 'number' && typeof outputBytes === 'number';
}

function isLastDue(value: unknown): value is LastDue {
  return isObject(value) && typeof value.due === 'number' && typeof value.schedule === 'string';
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null;
}
