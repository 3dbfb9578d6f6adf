/** Tells of a program that is not well, or is well again: in the main log, to those who watch, to people. */
import type { ProcessEffect, ProcessSpec } from '../core/program.js';
import type { Daemon } from './daemon.js';
import type { SupervisorEvents } from './supervisor-events.js';

type Change = Extract<ProcessEffect, { type: 'health' }>;

export function tellHealth(
  { parts, watch }: Pick<Daemon, 'parts' | 'watch'>,
  spec: ProcessSpec | undefined,
  { from, to, why = '' }: Change,
  events: Pick<SupervisorEvents, 'tellHealth'>,
): void {
  if (!spec) return;
  const level = to === 'healthy' ? 'info' : 'warn';
  if (from !== 'starting' || to !== 'healthy')
    parts.log[level](`${spec.name} is ${to}${why === '' ? '' : `: ${why}`}`);
  events.tellHealth(spec, { from, to, ...(why === '' ? {} : { why }) });
  if (to !== 'unhealthy' && from !== 'unhealthy') return;
  const word = to === 'unhealthy' ? 'unhealthy' : 'recovered';
  const reason = to === 'unhealthy' ? `it is unhealthy: ${why}` : 'it is healthy again';
  const look = `why ${spec.id}`;
  watch.notifier.raise({ word, kind: 'program', name: spec.id, time: Date.now(), reason, look });
}
