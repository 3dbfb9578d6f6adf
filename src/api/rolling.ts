/** Restarts one after the other: the request, and how each process fares. It goes on when the client leaves. */
import { holdsOn, stopsOn } from '../core/holds.js';
import type { Rolling, RollingPlan } from '../core/rolling.js';
import { waitsOfRolling } from '../core/rolling.js';
import { nameOf, phaseOf, whyOf } from '../core/rolling-words.js';
import type { World } from '../core/world.js';
import type { Daemon } from '../daemon/daemon.js';
import type { Api, Asked, RollingProgress } from './api.js';
import { type Channel, openChannel } from './channel.js';
import { refuseIfClosing } from './closing.js';
import { SupdError } from './errors.js';
import { noteAsked } from './history.js';
import { describeHold } from './holds.js';
import { findTargets } from './targets.js';
import { describeCaller, printable, tellAsked } from './told.js';

export type RollingControl = Pick<Api, 'roll' | 'cancelRolling'>;

export function makeRolling(daemon: Daemon): RollingControl {
  return {
    roll(targets, maxUnavailable, asked) {
      refuseIfClosing(daemon);
      if (maxUnavailable < 0)
        throw new SupdError('BAD_ARGUMENT', `${maxUnavailable} at a time can't be; right is 1 or more`, {
          field: 'max_unavailable',
        });
      const { world } = daemon.engine;
      // A group means all of it: restarts one after the other are of those who do the same work.
      const meant = targets.map((target) => (world.groups.has(target) ? `${target}:*` : target));
      const { found, unknown } = findTargets(world, meant);
      const [first] = unknown;
      if (first)
        throw new SupdError('BAD_NAME', `nothing was restarted: ${first.message}`, { field: 'targets' });
      const ids = inOrder(daemon, new Set(found.map(({ process }) => process.spec.id)));
      if (ids.length === 0)
        throw new SupdError('BAD_ARGUMENT', 'name what is to be restarted', { field: 'targets' });
      refuseSecond(daemon);
      refuseHeld(daemon, ids, asked);
      tellAsked(daemon, 'rolling restart', targets, asked);
      const plan: RollingPlan = {
        kind: 'request',
        ids,
        // All at once would be no rolling restart.
        maxUnavailable: Math.max(1, Math.min(maxUnavailable, ids.length - 1)),
        force: asked.force === true,
        by: printable(describeCaller(asked.caller)),
        reason: printable(asked.reason ?? ''),
      };
      return begin(daemon, plan, asked);
    },
    cancelRolling(asked) {
      refuseIfClosing(daemon);
      const { rolling } = daemon.engine.world;
      if (rolling?.kind !== 'request') throw new SupdError('NOT_RUNNING', 'no rolling restart is under way');
      tellAsked(daemon, 'end of the rolling restart', [], asked);
      const named = (...steps: readonly string[]) =>
        rolling.members.filter(({ step }) => steps.includes(step.name)).map(({ id }) => nameOf(id));
      daemon.rollings.cancel();
      return { finishing: named('restarting'), untouched: named('pending', 'asking') };
    },
  };
}

/** The order in which they are started. */
function inOrder(daemon: Daemon, wanted: ReadonlySet<string>): readonly string[] {
  return [...daemon.engine.world.processes.keys()].filter((id) => wanted.has(id));
}

/** One that supd does for the memory of a single program is waited for. @throws SupdError */
function refuseSecond({ engine }: Daemon): void {
  const { rolling } = engine.world;
  if (rolling?.kind !== 'request') return;
  const names = rolling.members.map(({ id }) => nameOf(id)).join(', ');
  throw new SupdError(
    'ALREADY_RUNNING',
    `a rolling restart of ${names} is under way, asked for by ${rolling.by}; wait for its end, or end it (restart --cancel)`,
  );
}

/** One that is not to wait begins only where nobody holds any of them. @throws SupdError */
function refuseHeld(daemon: Daemon, ids: readonly string[], asked: Asked): void {
  if (!asked.noWait || asked.force) return;
  const { world } = daemon.engine;
  const [hold] = [...holdsOn(world, ids), ...stopsOn(world, ids)];
  if (!hold) return;
  throw new SupdError(
    'STILL_RUNNING',
    `nothing was restarted: ${nameOf(hold.id)} is ${describeHold(hold)}; wait for its end, or go on with --force`,
  );
}

function begin(daemon: Daemon, plan: RollingPlan, asked: Asked): AsyncIterable<RollingProgress> {
  const channel = openChannel<RollingProgress>();
  let refused: unknown;
  const beginNow = () => {
    noteAsked(daemon, 'rolling restart', plan.ids, asked);
    beginTelling(daemon, plan, channel);
  };
  if (daemon.engine.world.rolling === undefined) beginNow();
  else {
    const isFree = () => daemon.engine.world.rolling === undefined;
    void daemon.engine
      .until(({ mode }) => isFree() || mode !== 'running')
      .then(() => {
        refuseIfClosing(daemon);
        refuseSecond(daemon);
        beginNow();
      })
      .catch((error) => {
        refused = error;
        channel.end();
      });
  }
  return follow(channel, asked, () => refused);
}

async function* follow(
  channel: Channel<RollingProgress>,
  { noWait, signal }: Asked,
  refused: () => unknown,
): AsyncGenerator<RollingProgress> {
  if (noWait) return;
  yield* channel.values(signal, () => {});
  if (refused() !== undefined) throw refused();
}

function beginTelling(daemon: Daemon, plan: RollingPlan, channel: Channel<RollingProgress>): void {
  const told = new Map<string, string>();
  const tell = (rolling: Rolling) => tellNews(rolling, daemon.engine.world, told, channel.push);
  const offChange = daemon.engine.onChange(() => {
    const { rolling } = daemon.engine.world;
    if (rolling) tell(rolling);
  });
  const offOver = daemon.rollings.onOver((rolling) => {
    offChange();
    offOver();
    tell(rolling);
    channel.end();
  });
  daemon.rollings.begin(plan);
}

/** What has changed since it was told. */
function tellNews(
  rolling: Rolling,
  world: World,
  told: Map<string, string>,
  push: (news: RollingProgress) => void,
): void {
  const waits = waitsOfRolling(rolling, world);
  for (const member of rolling.members) {
    const [group = '', name = ''] = member.id.split(':');
    const phase = phaseOf(member, world.processes.get(member.id));
    const isNext = phase === 'waiting' && waits?.includes(member.id);
    const message = isNext ? `waits for ${waits}` : whyOf(member);
    const news = `${phase} ${message}`;
    if (told.get(member.id) === news) continue;
    told.set(member.id, news);
    push({ name, group, phase, message });
  }
}
