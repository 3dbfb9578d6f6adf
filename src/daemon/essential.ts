/** Programs without which there is nothing to supervise: as in a container, where the status of one is the status of all. */
import type { Exit } from '../core/program.js';
import { signalNumber } from '../core/signals.js';
import { describeExit, pidOf } from '../core/transition.js';
import type { Process } from '../core/world.js';
import { signalProcess } from '../os/tree.js';
import type { Daemon } from './daemon.js';

/** A shell's way to tell a death by a signal. */
const SIGNALLED = 128;
const FAILED = 1;

/**
 * Ends supd, with the program's exit status, when an essential one has ended for good by itself. One that somebody stops
 * is not meant.
 * @returns ends the watch
 */
export function watchEssential(daemon: Daemon): () => void {
  return daemon.onStateChange((id, change) => {
    const process = daemon.engine.world.processes.get(id);
    if (!process?.spec.essential || daemon.engine.world.mode !== 'running') return;
    // EXITED and FATAL are passed through on the way to a restart: what counts is where it has come to.
    if (change.to !== process.state.name || !isOver(process)) return;
    const status = statusOf(process);
    const how = process.exit ? describeExit(process.exit) : (process.spawnError ?? '');
    daemon.parts.log.warn(
      `${process.spec.name} is essential and has ended for good (${how}): supd ends with ${status}`,
    );
    globalThis.process.exitCode = status;
    daemon.stop('shutdown');
  });
}

/** A signal that the first process of a container has no use for itself is meant for what the container is there for. */
export function passOnSignal(daemon: Daemon, signal: NodeJS.Signals): void {
  const number = signalNumber(signal);
  if (number === undefined) return;
  const live = [...daemon.engine.world.processes.values()].filter(({ spec }) => spec.essential);
  const names = live.filter(({ state }) => pidOf(state) > 0 && !signalProcess(pidOf(state), number));
  const whom = names.map(({ spec }) => spec.name).join(', ');
  daemon.parts.log.info(whom === '' ? `ignored ${signal}` : `received ${signal} and passed it on to ${whom}`);
}

function isOver({ state }: Process): boolean {
  return state.name === 'EXITED' || state.name === 'FATAL';
}

/** Its own status; FATAL is never a success. */
function statusOf({ state, exit }: Process): number {
  if (state.name === 'EXITED') return statusOfExit(state.exit);
  return (exit && statusOfExit(exit)) || FAILED;
}

function statusOfExit(exit: Exit): number {
  if ('unknown' in exit) return FAILED;
  return 'code' in exit ? exit.code : SIGNALLED + exit.signal;
}
