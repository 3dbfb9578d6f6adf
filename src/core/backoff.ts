/**
 * How long a program that failed rests, and when it is given up. supervisord's rule: one second more after each start
 * that failed, no rest after an end while RUNNING, FATAL after startretries. With a backoff of its own each end that
 * nobody asked for counts, until it has been up for long enough.
 */
import type { Millis, Now, ProcessSpec } from './program.js';

export interface BackoffSpec {
  /** Before the first try; then twice as long each time. undefined: supervisord's rule. */
  readonly delay?: { readonly firstMs: Millis; readonly longestMs: Millis };
  /**
   * Up this long, it has recovered: failures before count no more. More than startretries without that are FATAL;
   * undefined: it is tried for as long as it takes.
   */
  readonly windowMs?: Millis;
}

/** Without restart_window. */
const STABLE_MS = 60_000;
/** A rest is shorter than its full length by up to this share, so that what failed together does not try together. */
const JITTER = 0.25;
/** Beyond it a rest is as long as it gets. */
const DOUBLINGS_MAX = 30;

/** The rest after so many failures. What is random about it comes from who it is and when. */
export function restMs(failures: number, { id, backoff }: ProcessSpec, { wall }: Now): Millis {
  if (!backoff?.delay) return failures * 1000;
  const { firstMs, longestMs } = backoff.delay;
  const full = Math.min(firstMs * 2 ** Math.min(failures - 1, DOUBLINGS_MAX), longestMs);
  return Math.round(full * (1 - JITTER * fraction(`${id} ${failures} ${wall}`)));
}

/** Were these failures the last that are borne? */
export function isTooMany(failures: number, spec: ProcessSpec): boolean {
  return !isTriedForEver(spec) && failures > spec.startRetries;
}

/** Is it never given up? */
export function isTriedForEver({ backoff }: ProcessSpec): boolean {
  return backoff !== undefined && backoff.windowMs === undefined;
}

/** Failures in a row, with that of a process which was up so long after as many tries. */
export function failuresAfter(upMs: Millis, attempt: number, { backoff }: ProcessSpec): number {
  return upMs >= (backoff?.windowMs ?? STABLE_MS) ? 1 : attempt;
}

/** Evenly between 0 and 1, always the same for the same text: FNV-1a. */
function fraction(text: string): number {
  let hash = 0x811c9dc5;
  for (let i = 0; i < text.length; i += 1) hash = Math.imul(hash ^ text.charCodeAt(i), 0x01000193);
  return (hash >>> 0) / 0x1_0000_0000;
}
