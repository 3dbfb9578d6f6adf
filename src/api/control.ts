/** Starts, stops, restarts and signals: admit, ask the core, tell each process's outcome as it settles. */
import { stopsOn } from '../core/holds.js';
import { isReturning, type Returning } from '../core/returns.js';
import { signalName, signalNumber } from '../core/signals.js';
import { pidOf } from '../core/transition.js';
import { isStopUnderWay } from '../core/waves.js';
import { isActive, type Process } from '../core/world.js';
import type { Daemon } from '../daemon/daemon.js';
import { signalProcess } from '../os/tree.js';
import type { Api, Asked, ProcessResult } from './api.js';
import { nextAsker } from './asker.js';
import { openChannel } from './channel.js';
import { refuseIfClosing } from './closing.js';
import { SupdError } from './errors.js';
import { noteAsked } from './history.js';
import { describeHold, describeStop, holdsAgainst, whenFree } from './holds.js';
import { chain, result } from './result.js';
import { startAll } from './starts.js';
import { findProcess, findTargets, type Target } from './targets.js';
import { tellAsked } from './told.js';

export type Control = Pick<Api, 'start' | 'stop' | 'restart' | 'signal' | 'writeStdin'>;

/** A client that waits for a stop is told in the log, as supervisord does. */
const STILL_WAITING_MS = 2000;
/** pipe(7): a write of this many bytes is whole or not at all. */
const PIPE_BUF = 4096;

export function makeControl(daemon: Daemon): Control {
  return {
    start(targets, asked) {
      refuseIfClosing(daemon);
      tellAsked(daemon, 'start', targets, asked);
      const { found, unknown } = findTargets(daemon.engine.world, targets);
      noteAsked(daemon, 'start', idsOf(found), asked);
      return chain(unknown, startAll(daemon, found, asked));
    },
    stop(targets, asked) {
      refuseIfClosing(daemon);
      tellAsked(daemon, 'stop', targets, asked);
      const { found, unknown } = findTargets(daemon.engine.world, targets);
      noteAsked(daemon, 'stop', idsOf(found), asked);
      return chain(unknown, unlessHeld(daemon, found, asked, stopAll));
    },
    restart(targets, asked) {
      refuseIfClosing(daemon);
      tellAsked(daemon, 'restart', targets, asked);
      const { found, unknown } = findTargets(daemon.engine.world, targets);
      noteAsked(daemon, 'restart', idsOf(found), asked);
      return chain(unknown, unlessHeld(daemon, found, asked, restartAll));
    },
    signal(targets, name, asked) {
      refuseIfClosing(daemon);
      tellAsked(daemon, `signal ${name}`, targets, asked);
      const number = signalNumber(name);
      const { found, unknown } = findTargets(daemon.engine.world, targets);
      if (number === undefined) {
        return found.map(({ process }) => result(process, 'BAD_SIGNAL', `"${name}" is not a signal`));
      }
      noteAsked(daemon, `signal ${signalName(number)}`, idsOf(found), asked);
      return [...unknown, ...found.flatMap((target) => signalOne(target, number))];
    },
    writeStdin(name, chars, asked) {
      refuseIfClosing(daemon);
      const process = findProcess(daemon.engine.world, name);
      tellAsked(daemon, 'write to', [process.spec.id], asked);
      if (pidOf(process.state) === 0) throw new SupdError('NOT_RUNNING', `${name} is not running`);
      if (process.spec.socket)
        throw new SupdError(
          'NO_FILE',
          `${name} has its FastCGI socket as standard input: nothing can be written`,
        );
      for (let at = 0; at < chars.length; at += PIPE_BUF) {
        if (daemon.streamsOf(process.spec.id)?.writeStdin(chars.subarray(at, at + PIPE_BUF))) continue;
        throw new SupdError('FAILED', `${name} does not read its standard input: its pipe is full`);
      }
    },
  };
}

function idsOf(targets: readonly Target[]): readonly string[] {
  return targets.map(({ process }) => process.spec.id);
}

/** Waits for the end of holds; with noWait or ifFree those that are held are refused. */
function unlessHeld(
  daemon: Daemon,
  targets: readonly Target[],
  asked: Asked,
  work: (daemon: Daemon, targets: readonly Target[], asked: Asked) => AsyncIterable<ProcessResult>,
): AsyncIterable<ProcessResult> {
  const ids = targets.filter(({ process }) => isActive(process.state)).map(({ process }) => process.spec.id);
  if (!asked.noWait && !asked.ifFree) {
    return whenFree(daemon, ids, asked, (now) => work(daemon, asTheyAre(daemon, targets), now));
  }
  const holds = new Map(holdsAgainst(daemon, ids, asked).map((hold) => [hold.id, hold]));
  const refused = targets.flatMap(({ process }) => {
    const hold = holds.get(process.spec.id);
    return hold === undefined ? [] : [result(process, 'FAILED', describeHold(hold))];
  });
  const free = targets.filter(({ process }) => !holds.has(process.spec.id));
  return free.length === 0 ? chain(refused, []) : chain(refused, work(daemon, free, asked));
}

/** The same processes now; those that were removed meanwhile are left out. */
function asTheyAre(daemon: Daemon, targets: readonly Target[]): readonly Target[] {
  return targets.flatMap(({ process, single }) => {
    const current = daemon.engine.world.processes.get(process.spec.id);
    return current ? [{ process: current, single }] : [];
  });
}

async function* stopAll(
  daemon: Daemon,
  targets: readonly Target[],
  asked: Asked,
  returns?: Returning,
): AsyncGenerator<ProcessResult> {
  const wanted = targets.filter(({ process }) => isActive(process.state)).map(({ process }) => process);
  for (const { process, single } of targets) {
    if (!single || wanted.includes(process)) continue;
    // "Not running" would be believed, and it would come up at the end of the run.
    const [keeper] = returns ? [] : stopsOn(daemon.engine.world, [process.spec.id]);
    yield keeper
      ? result(process, 'FAILED', describeStop(keeper))
      : result(process, 'NOT_RUNNING', 'it is not running');
  }
  const stops = stopEach(daemon, wanted, returns);
  if (asked.noWait) {
    stops.leave();
    for (const process of wanted) yield result(process, 'STOPPED', 'stopping');
    return;
  }
  const waiting = new Set(wanted);
  const told = setInterval(() => {
    for (const { spec } of waiting) daemon.parts.log.info(`waiting for ${spec.name} to stop`);
  }, STILL_WAITING_MS);
  try {
    for await (const process of stops.stopped(asked.signal)) {
      waiting.delete(process);
      const state = daemon.engine.world.processes.get(process.spec.id)?.state;
      const isKept = state && pidOf(state) !== 0 && pidOf(state) === pidOf(process.state);
      if (isKept && state.name !== 'UNKNOWN') {
        yield result(process, 'FAILED', 'it goes on: somebody had it started meanwhile');
        continue;
      }
      yield state?.name === 'UNKNOWN'
        ? result(process, 'FAILED', `${process.spec.name} (pid ${state.pid}) can't be stopped: ${state.why}`)
        : result(process, 'STOPPED', '');
    }
  } finally {
    clearInterval(told);
  }
}

/**
 * Asks these processes to stop. `stopped` gives each one once it has, also when somebody else has it started again
 * in the same moment, or before it was its turn; either that or `leave` must be called.
 * @param returns  those of them that the caller starts again, and then says `returned`
 */
export function stopEach(
  daemon: Daemon,
  processes: readonly Process[],
  returns?: Returning,
): { readonly stopped: (signal?: AbortSignal) => AsyncGenerator<Process>; readonly leave: () => void } {
  const channel = openChannel<Process>();
  const waiting = new Map(processes.map((process) => [process.spec.id, process]));
  const settle = (id: string) => {
    const process = waiting.get(id);
    if (!process) return;
    waiting.delete(id);
    channel.push(process);
    if (waiting.size === 0) leave();
  };
  const offChange = daemon.onStateChange((id, change) => {
    if (change.from === 'STOPPING') settle(id);
  });
  const offEngine = daemon.engine.onChange(() => {
    for (const id of [...waiting.keys()]) if (!isStopping(daemon, id)) settle(id);
  });
  const leave = () => {
    offChange();
    offEngine();
    channel.end();
  };
  daemon.engine.dispatch({ type: 'stop', ids: [...waiting.keys()], ...(returns ? { returns } : {}) });
  if (waiting.size === 0) leave();
  return { stopped: (signal) => channel.values(signal, leave), leave };
}

/** Not yet down, and to be: where somebody had it started before its turn came, nobody stops it any more. */
function isStopping({ engine }: Daemon, id: string): boolean {
  const state = engine.world.processes.get(id)?.state;
  return state !== undefined && isActive(state) && isStopUnderWay(engine.world, id);
}

/** A complete stop of all, then a complete start; it goes on to its end when the client leaves. */
async function* restartAll(
  daemon: Daemon,
  targets: readonly Target[],
  asked: Asked,
): AsyncGenerator<ProcessResult> {
  const channel = openChannel<ProcessResult>();
  const { signal: _, ...unbound } = asked;
  const all = targets.map(({ process }) => ({ process, single: true }));
  const returns: Returning = { ids: idsOf(targets), by: nextAsker() };
  const returned = () => daemon.engine.dispatch({ type: 'returned', by: returns.by });
  const work = async () => {
    for await (const one of stopAll(daemon, targets, { ...unbound, noWait: false }, returns))
      channel.push(one);
    const { world } = daemon.engine;
    const isTakenBack = ({ process: { spec, state } }: Target) =>
      !isActive(state) && !isReturning(world, spec.id);
    const now = asTheyAre(daemon, all);
    const starts = startAll(
      daemon,
      now.filter((one) => !isTakenBack(one)),
      unbound,
    );
    returned();
    for (const { process } of now.filter(isTakenBack))
      channel.push(result(process, 'FAILED', 'somebody else stopped it meanwhile'));
    for await (const one of starts) channel.push(one);
  };
  work()
    .catch((error) => {
      returned();
      daemon.parts.log.error(`restart: ${String(error)}`);
    })
    .finally(() => channel.end());
  if (asked.noWait) {
    for (const { process } of targets) yield result(process, 'STARTED', 'restarting');
    return;
  }
  yield* channel.values(asked.signal, () => {});
}

function signalOne({ process, single }: Target, signal: number): readonly ProcessResult[] {
  const { name } = process.state;
  if (name !== 'STARTING' && name !== 'RUNNING' && name !== 'STOPPING') {
    return single ? [result(process, 'NOT_RUNNING', 'it is not running')] : [];
  }
  const failed = signalProcess(pidOf(process.state), signal);
  return [
    failed
      ? result(process, 'FAILED', `${signalName(signal)}: ${failed}`)
      : result(process, 'SIGNALLED', signalName(signal)),
  ];
}
