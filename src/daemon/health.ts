/** Tells of a program that is not well, or is well again: in the main log, to those who watch, to people. */
import { formatDuration } from '../core/durations.js';
import { shortName } from '../core/names.js';
import type { ProcessEffect, ProcessSpec } from '../core/program.js';
import type { Daemon } from './daemon.js';
import type { SupervisorEvents } from './supervisor-events.js';

type Change = Extract<ProcessEffect, { type: 'health' }>;

export function tellHealth(
  { parts, watch }: Pick<Daemon, 'parts' | 'watch'>,
  spec: ProcessSpec | undefined,
  { from, to, why = '', busyMs }: Change,
  events: Pick<SupervisorEvents, 'tellHealth'>,
): void {
  if (!spec) return;
  const level = to === 'healthy' ? 'info' : 'warn';
  const what = busyMs === undefined ? to : `${to} for ${formatDuration(busyMs)} now, and goes on`;
  if (from !== 'starting' || to !== 'healthy')
    parts.log[level](`${spec.name} is ${what}${why === '' ? '' : `: ${why}`}`);
  const details: Record<string, string> = { from, to, ...(why === '' ? {} : { why }) };
  events.tellHealth(spec, busyMs === undefined ? details : { ...details, busyMs: String(busyMs) });
  const isSick = to === 'unhealthy' || busyMs !== undefined;
  const isMended = to === 'healthy' && from !== 'starting';
  if (!isSick && !isMended && from !== 'unhealthy') return;
  const word = isSick ? 'unhealthy' : 'recovered';
  const reason = isSick ? `it is ${what}: ${why}` : 'it is healthy again';
  const look = `why ${shortName(spec.id)}`;
  watch.notifier.raise({ word, kind: 'program', name: spec.id, time: Date.now(), reason, look });
}
