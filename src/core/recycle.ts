/**
 * Which program supd restarts because it is not well. Here alone that is decided, so that there is one owner of such
 * restarts: one at a time among those that do the same work, not while a job holds it, nor while what it depends on is
 * away, and the longer between two the more often it was of no use.
 */
import { blockersOf } from './dependencies.js';
import { formatDuration } from './durations.js';
import { holdsOn } from './holds.js';
import { isMate } from './mates.js';
import type { Millis, Now } from './program.js';
import type { Process, World } from './world.js';

/** What is kept of restarts of this kind. */
export interface Recycled {
  readonly why: string;
  readonly at: Now;
  /** In a row: none was far from the one before. */
  readonly count: number;
}

const FIRST_PAUSE_MS = 60_000;
const LONGEST_PAUSE_MS = 3_600_000;
/** As long after a restart, the next one is the first of a row again. */
const ROW_MS = 2 * LONGEST_PAUSE_MS;

/** The first process that is to be restarted now, and why. */
export function recyclable(
  world: World,
  now: Now,
): { readonly id: string; readonly why: string } | undefined {
  if (world.mode !== 'running') return undefined;
  for (const process of world.processes.values()) {
    const why = reasonOf(process);
    if (why !== undefined && mayRecycle(world, process, now)) return { id: process.spec.id, why };
  }
  return undefined;
}

/** What is kept after another one. */
export function afterRecycle(before: Recycled | undefined, why: string, at: Now): Recycled {
  const inRow = before !== undefined && at.mono - before.at.mono < ROW_MS;
  return { why, at, count: inRow ? before.count + 1 : 1 };
}

/** Not before (monotonic). */
function pauseUntil({ at, count }: Recycled): Millis {
  return at.mono + Math.min(FIRST_PAUSE_MS * 2 ** Math.min(count - 1, 10), LONGEST_PAUSE_MS);
}

/** Why it has to be restarted; undefined: it has not. */
export function reasonOf({ state, spec }: Process): string | undefined {
  if (state.name !== 'RUNNING' || state.health?.status !== 'unhealthy') return undefined;
  if (spec.autorestart === 'never') return undefined;
  const { failures, why = '' } = state.health;
  return `unhealthy: ${why}${failures > 1 ? `, ${failures} times in a row` : ''}`;
}

/** Why a restart that is due does not take place yet, in words; undefined: nothing keeps it. */
export function recycleObstacle(world: World, process: Process, now: Now): string | undefined {
  const { spec, recycled } = process;
  const [hold] = holdsOn(world, [spec.id]);
  if (hold) return `held by ${hold.job} (run ${hold.run})`;
  if (blockersOf(spec, world.processes).length > 0) return 'what it depends on is not there';
  if (world.plans.some(({ waves }) => waves.some((ids) => ids.includes(spec.id))))
    return 'it is to be stopped';
  const rest = recycled === undefined ? 0 : pauseUntil(recycled) - now.mono;
  if (rest > 0)
    return `it was restarted for that not long ago, and rests for another ${formatDuration(rest)}`;
  if (world.rolling !== undefined) return 'a rolling restart is under way';
  const other = [...world.processes.values()].find(
    (one) => isMate(one.spec, spec) && IN_BETWEEN.includes(one.state.name),
  );
  return other && `${other.spec.name} is being started or stopped`;
}

const IN_BETWEEN: readonly string[] = ['WAITING', 'SPAWNING', 'STARTING', 'BACKOFF', 'STOPPING', 'SWEEPING'];

function mayRecycle(world: World, process: Process, now: Now): boolean {
  return recycleObstacle(world, process, now) === undefined;
}
