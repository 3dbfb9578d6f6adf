/** Starts, and what a client hears of each process: once it is RUNNING, or there is nothing to wait for any more. */
import { blockersOf, describeBlocker, isStuck } from '../core/dependencies.js';
import { stopsOn } from '../core/holds.js';
import type { StateChange } from '../core/program.js';
import { isStopUnderWay } from '../core/waves.js';
import { isActive, type Process, type World } from '../core/world.js';
import { checkCommand } from '../daemon/commands.js';
import type { Daemon } from '../daemon/daemon.js';
import type { Asked, ProcessResult, ResultCode } from './api.js';
import { openChannel } from './channel.js';
import { describeStop } from './holds.js';
import { chain, result } from './result.js';
import type { Target } from './targets.js';

export function startAll(
  daemon: Daemon,
  targets: readonly Target[],
  asked: Asked,
): AsyncIterable<ProcessResult> {
  const refused: ProcessResult[] = [];
  const wanted: Process[] = [];
  for (const { process, single } of targets) {
    // One that is to be stopped, and whose turn has not come, is kept.
    const isUp = isActive(process.state) && !isStopUnderWay(daemon.engine.world, process.spec.id);
    if (isUp && !single) continue;
    const [keeper] = isUp ? [] : stopsOn(daemon.engine.world, [process.spec.id]);
    if (keeper) {
      refused.push(result(process, 'FAILED', describeStop(keeper)));
      continue;
    }
    // First, as supervisord: what waits for its next try in vain hears why.
    const wrong = checkCommand(process.spec, daemon.parts.environment.PATH);
    if (wrong) refused.push(result(process, wrong.code, wrong.why));
    else if (isUp) refused.push(result(process, 'ALREADY_STARTED', 'it is running already'));
    else wanted.push(process);
  }
  const outcomes = watchStarts(daemon, wanted, asked);
  daemon.engine.dispatch({ type: 'start', ids: wanted.map(({ spec }) => spec.id) });
  return chain(refused, outcomes());
}

/** Listens from before the start on, since a process may have come and gone when the start returns. */
function watchStarts(
  daemon: Daemon,
  processes: readonly Process[],
  asked: Asked,
): () => AsyncGenerator<ProcessResult> {
  const channel = openChannel<ProcessResult>();
  const waiting = new Map(processes.map((process) => [process.spec.id, process]));
  const settle = (id: string, code: ResultCode, message: string) => {
    const process = waiting.get(id);
    if (!process) return;
    waiting.delete(id);
    channel.push(result(process, code, message));
    if (waiting.size === 0) finish();
  };
  const offChange = daemon.onStateChange((id, change) => {
    const outcome = startOutcome(change);
    if (outcome) settle(id, outcome, change.why ?? '');
  });
  const offEngine = daemon.engine.onChange(() => {
    for (const id of [...waiting.keys()]) {
      const { world } = daemon.engine;
      if (world.processes.get(id)?.state.name === 'RUNNING') settle(id, 'STARTED', '');
      const given = givenUp(world, id);
      if (given) settle(id, given.code, given.message);
    }
  });
  const finish = () => {
    offChange();
    offEngine();
    channel.end();
  };
  if (waiting.size === 0) finish();
  return async function* () {
    if (asked.noWait) {
      // What could not even be spawned is known already.
      for (const { spec } of processes) settle(spec.id, 'STARTED', 'starting');
      finish();
    }
    yield* channel.values(asked.signal, finish);
  };
}

/** Why there is nothing to wait for any more before it is RUNNING. */
function givenUp({ processes }: World, id: string): Pick<ProcessResult, 'code' | 'message'> | undefined {
  const process = processes.get(id);
  if (!process || !isActive(process.state))
    return { code: 'ABNORMAL_TERMINATION', message: 'it was stopped before it was running' };
  if (!isStuck(id, processes)) return undefined;
  const waitsFor = blockersOf(process.spec, processes).map(describeBlocker).join(', ');
  return { code: 'FAILED', message: `it waits for ${waitsFor}, and is started then` };
}

function startOutcome(change: StateChange): ResultCode | undefined {
  if (change.to === 'RUNNING') return 'STARTED';
  return change.to === 'BACKOFF' || change.to === 'FATAL' ? 'SPAWN_ERROR' : undefined;
}
