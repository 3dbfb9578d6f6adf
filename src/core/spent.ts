/** What steps and runs took of the processor and of memory. What is unknown is left out, never 0. */
import type { RunRecord, StepRecord } from './job.js';

type Spent = Pick<StepRecord, 'cpuMs' | 'peakBytes'>;

/** A step's, when another attempt of it has ended. */
export function spentWith(before: StepRecord, attempt: Spent): Spent {
  // Without an exit there was no attempt before that ran.
  const earlier = before.exit === undefined ? 0 : before.cpuMs;
  const cpuMs = earlier === undefined || attempt.cpuMs === undefined ? undefined : earlier + attempt.cpuMs;
  return { cpuMs, peakBytes: largest([before.peakBytes, attempt.peakBytes]) };
}

/** A run's: the time of all its steps, if it is known of each that ran, and the memory of the largest. */
export function spentBy(run: RunRecord): Spent {
  const ran = run.steps.filter((step) => step.exit !== undefined);
  const times = ran.flatMap(({ cpuMs }) => cpuMs ?? []);
  const isKnown = ran.length > 0 && times.length === ran.length;
  return {
    ...(isKnown ? { cpuMs: times.reduce((sum, time) => sum + time, 0) } : {}),
    peakBytes: largest(ran.map(({ peakBytes }) => peakBytes)),
  };
}

function largest(peaks: readonly (number | undefined)[]): number | undefined {
  const known = peaks.flatMap((peak) => peak ?? []);
  return known.length === 0 ? undefined : Math.max(...known);
}
