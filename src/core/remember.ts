/** What is kept of a process's past: starts, ends, failures, restarts. */
import type { Now, ProcessEffect, ProcessEvent, ProcessState } from './program.js';
import type { Process } from './world.js';

/** The process after an event, with what users ask of its past. */
export function remember(
  process: Process,
  event: ProcessEvent,
  state: ProcessState,
  effects: readonly ProcessEffect[],
  now: Now,
): Process {
  const next = { ...process, state };
  if (event.type === 'spawned') {
    const { spawnError: _, spawnFailure: __, ...rest } = next;
    return { ...rest, started: now };
  }
  if (event.type === 'spawnFailed') {
    return { ...next, spawnError: event.why, spawnFailure: event.code, stopped: now.wall };
  }
  const spawns = effects.some((effect) => effect.type === 'spawn');
  const restarts = !spawns ? next.restarts : event.type === 'start' ? 0 : next.restarts + 1;
  if (event.type !== 'exited') return { ...next, restarts };
  const tooQuick = effects.some((effect) => effect.type === 'announce' && effect.change.to === 'BACKOFF');
  const why = tooQuick ? { spawnError: 'Exited too quickly (process log may have details)' } : {};
  return { ...next, ...why, restarts, stopped: now.wall, exit: event.exit };
}
