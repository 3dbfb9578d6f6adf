/** The shape of what the black box keeps. */
import type { Death } from '../core/death.js';

const CAUSES = ['own', 'request', 'job', 'shutdown', 'probe', 'memory', 'refused', 'outOfMemory', 'unseen'];

/** As much as is relied on: what a newer supd wrote may have more. */
export function isDeath(value: unknown): value is Death {
  if (!isObject(value)) return false;
  const { time, pid, exit, cause, output, environment } = value;
  if (typeof time !== 'number' || typeof pid !== 'number' || typeof environment !== 'string') return false;
  if (typeof output !== 'string' || !isObject(exit) || !isObject(cause)) return false;
  const isExit = 'unknown' in exit || typeof exit.code === 'number' || typeof exit.signal === 'number';
  return isExit && typeof cause.kind === 'string' && CAUSES.includes(cause.kind);
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null;
}
