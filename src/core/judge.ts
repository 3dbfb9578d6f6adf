/** What an exit, a step and a run come to. A success has to be seen: what is unknown, cut short or noisy isn't one. */
import type { JobSpec, Outcome, StepRecord } from './job.js';
import { shortName } from './names.js';
import type { Exit, Millis } from './program.js';
import { describeExit } from './transition.js';

export interface Verdict {
  readonly outcome: Exclude<Outcome, 'running'>;
  readonly reason?: string;
}

/** What one attempt of a command came to. `outputBytes`: what this attempt wrote. */
export function judgeExit(exit: Exit, outputBytes: number, spec: JobSpec): Verdict {
  const reason = describeExit(exit);
  if ('unknown' in exit)
    return { outcome: 'failed', reason: `${reason}: it ended while supd was not running` };
  if (!('code' in exit)) return { outcome: 'failed', reason };
  const warned = spec.warnExitCodes.includes(exit.code);
  if (!warned && !spec.exitCodes.includes(exit.code)) return { outcome: 'failed', reason };
  if (spec.failOnOutput && outputBytes > 0)
    return { outcome: 'failed', reason: `${reason}, but it printed something (fail_on_output)` };
  return warned ? { outcome: 'degraded', reason: `${reason}, a warning` } : { outcome: 'ok' };
}

/**
 * The pause before the next attempt of a failed one, or undefined: no further attempt.
 * @param attempts  attempts made so far
 * @param exit      undefined: it did not get as far as an exit of its own (not started, timed out)
 */
export function retryDelay(spec: JobSpec, attempts: number, exit: Exit | undefined): Millis | undefined {
  if (attempts > spec.retries) return undefined;
  if (spec.retryExitCodes !== undefined) {
    if (exit === undefined || !('code' in exit) || !spec.retryExitCodes.includes(exit.code)) return undefined;
  }
  const delays = spec.retryDelaysMs;
  return delays[Math.min(attempts, delays.length) - 1] ?? 0;
}

/** How one step of a sequence ended, and what its failure makes of the sequence. */
export interface Ended {
  readonly name: string;
  readonly outcome: StepRecord['outcome'];
  readonly reason?: string;
  /** It could not be done (a lock is held): recorded as skipped, counted as failed. */
  readonly blocked: boolean;
  readonly onFailure: JobSpec['onFailure'];
}

/** Did a step do what those that need it rely on? */
export function succeeded(outcome: StepRecord['outcome']): boolean {
  return outcome === 'ok' || outcome === 'degraded';
}

/** What a sequence came to by its steps. A skipped step alone doesn't worsen it: what kept it from running does. */
export function judgeSteps(steps: readonly Ended[]): Verdict {
  const bad = steps.filter((s) => s.outcome === 'failed' || s.blocked);
  const failed = bad.filter((s) => s.onFailure === 'fail');
  if (failed.length > 0) return { outcome: 'failed', reason: bad.map(tellStep).join('; ') };
  const degraded = steps.filter((s) => bad.includes(s) || s.outcome === 'degraded');
  if (degraded.length > 0) return { outcome: 'degraded', reason: degraded.map(tellStep).join('; ') };
  return { outcome: 'ok' };
}

/** Programs that did not come up again spoil a success. */
export function withUnstarted(verdict: Verdict = { outcome: 'ok' }, failed: readonly string[]): Verdict {
  if (failed.length === 0) return verdict;
  const said = verdict.reason === undefined ? '' : `${verdict.reason}; `;
  const reason = `${said}${failed.map(shortName).join(', ')} did not start again`;
  return { outcome: verdict.outcome === 'ok' ? 'degraded' : verdict.outcome, reason };
}

function tellStep({ name, outcome, reason }: Ended): string {
  return `"${name}" ${outcome}${reason === undefined ? '' : `: ${reason}`}`;
}
