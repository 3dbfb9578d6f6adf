/** What is kept of a process's past: starts, ends, failures, restarts. */
import type { Exit, Now, ProcessEffect, ProcessEvent, ProcessState } from './program.js';
import { afterRecycle } from './recycle.js';
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
    const { spawnError: _, spawnFailure: __, startTicks: ___, ...rest } = next;
    const { startTicks } = event;
    return { ...rest, started: now, ...(startTicks === undefined ? {} : { startTicks }) };
  }
  if (event.type === 'spawnFailed') {
    return { ...next, spawnError: event.why, spawnFailure: event.code, started: now };
  }
  if (event.type === 'recycle') return { ...next, recycled: afterRecycle(process.recycled, event.why, now) };
  if (event.type === 'identityWrong') return { ...next, spawnError: event.why, spawnFailure: 'IDENTITY' };
  // What waits has been started, as far as its user is concerned.
  const waits = state.name === 'WAITING' && process.state.name !== 'WAITING';
  const spawns = waits || (event.type !== 'cleared' && effects.some(({ type }) => type === 'spawn'));
  const { isAsked, ...kept } = next;
  const isWish = event.type === 'start' ? event.isOwn !== true : event.type !== 'stop' && isAsked === true;
  const restarts = !spawns ? kept.restarts : isWish ? 0 : kept.restarts + 1;
  const wish = isWish && !spawns ? { isAsked: true as const } : {};
  if (event.type !== 'exited') return { ...kept, ...wish, restarts };
  const why = whyEnded(effects, event.exit);
  return {
    ...kept,
    ...wish,
    ...(why === undefined ? {} : { spawnError: why }),
    restarts,
    stopped: now.wall,
    exit: event.exit,
  };
}

/** What supervisord's clients find as spawnerr. A death by a signal has the code -1 there. */
function whyEnded(effects: readonly ProcessEffect[], exit: Exit): string | undefined {
  for (const effect of effects) {
    if (effect.type !== 'announce') continue;
    if (effect.change.to === 'BACKOFF') return effect.change.why;
    if (effect.change.to === 'EXITED' && effect.change.expected === false)
      return `Bad exit code ${'code' in exit ? exit.code : -1}`;
  }
  return undefined;
}
