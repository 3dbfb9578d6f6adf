/**
 * Stops and restarts of programs that a job holds. They wait for the end of the job, refuse when they are not to wait,
 * or go on with `force`. What waits goes on when the client leaves, and ends when supd does.
 */
import { formatDuration } from '../core/durations.js';
import { type Hold, holdsOn } from '../core/holds.js';
import type { Daemon } from '../daemon/daemon.js';
import type { Asked, HoldView } from './api.js';
import { openChannel } from './channel.js';

/** In words: "held by nightly (backup, run 20261123T030000Z-nightly) for 2m 3s". */
export function describeHold({ job, step, run, since }: Hold): string {
  const what = step === job ? '' : `${step}, `;
  return `held by ${job} (${what}run ${run}) for ${formatDuration(Date.now() - since)}`;
}

/** In words, of who needs it down: "kept stopped by restore (restore-data, run 20261123T030000Z-restore) for 2m 3s". */
export function describeStop(stop: Hold): string {
  return `kept stopped ${describeHold(stop).replace(/^held /, '')}; wait for its end, or supctl job cancel ${stop.job}`;
}

/** The holds that keep this change waiting; none with `force`. */
export function holdsAgainst(daemon: Daemon, ids: readonly string[], asked: Asked): readonly Hold[] {
  return asked.force ? [] : holdsOn(daemon.engine.world, ids);
}

/** Does `work` once nobody holds these processes, at once if nobody does. */
export function whenFree<T>(
  daemon: Daemon,
  ids: readonly string[],
  asked: Asked,
  work: (asked: Asked) => AsyncIterable<T>,
): AsyncIterable<T> {
  const held = holdsAgainst(daemon, ids, asked);
  return held.length === 0 ? work(asked) : workLater(daemon, ids, asked, held, work);
}

async function* workLater<T>(
  daemon: Daemon,
  ids: readonly string[],
  asked: Asked,
  held: readonly Hold[],
  work: (asked: Asked) => AsyncIterable<T>,
): AsyncGenerator<T> {
  const channel = openChannel<T>();
  const { signal: _, ...unbound } = asked;
  for (const hold of held) {
    daemon.parts.log.info(`${hold.id} is ${describeHold(hold)}; the change that was asked for waits`);
    asked.onHold?.(viewOf(hold));
  }
  const go = async () => {
    await untilFree(daemon, ids, asked);
    if (daemon.engine.world.mode !== 'running') return;
    for await (const one of work(unbound)) channel.push(one);
  };
  go()
    .catch((error) => daemon.parts.log.error(`after a hold: ${String(error)}`))
    .finally(() => channel.end());
  yield* channel.values(asked.signal, () => {});
}

/** Tells of those who come to hold meanwhile, too. */
async function untilFree(daemon: Daemon, ids: readonly string[], asked: Asked): Promise<void> {
  const told = new Set(holdsOn(daemon.engine.world, ids).map(keyOf));
  await daemon.engine.until((world) => {
    const holds = world.mode === 'running' ? holdsOn(world, ids) : [];
    for (const hold of holds.filter((one) => !told.has(keyOf(one)))) {
      told.add(keyOf(hold));
      asked.onHold?.(viewOf(hold));
    }
    return holds.length === 0;
  });
}

function keyOf({ id, run, step }: Hold): string {
  return `${id} ${run} ${step}`;
}

function viewOf({ id, ...hold }: Hold): HoldView {
  const [group = '', name = ''] = id.split(':');
  return { name, group, ...hold };
}
