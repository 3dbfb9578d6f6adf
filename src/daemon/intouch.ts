/**
 * Processes that supd has more to do with than to watch them: event listeners, with which it talks, and FastCGI programs,
 * each with its socket as descriptor 0. What a supd that is gone had of them is taken up before anything else is opened.
 */
import type { ProcessSpec } from '../core/program.js';
import type { Found } from '../core/restore.js';
import { hasFifos } from './fifodir.js';
import type { SharedSockets } from './sockets.js';
import { poolsLeft, type ReadState } from './statefile.js';
import type { SupervisorEvents } from './supervisor-events.js';

/**
 * @param handed  descriptors that the code before left open
 * @returns the slots of those that can be gone on with
 */
export function getInTouch(
  left: ReadState,
  sockets: SharedSockets,
  handed: readonly number[],
  events: SupervisorEvents,
  fifoDir: string,
): ReadonlySet<string> {
  const listeners = events.resume(poolsLeft(left), (id) => hasFifos(fifoDir, id));
  return new Set([...restoreSockets(sockets, left, handed), ...listeners]);
}

function restoreSockets(
  sockets: SharedSockets,
  left: ReadState,
  handed: readonly number[],
): ReadonlySet<string> {
  if (left.kind !== 'saved') return new Set();
  const { groups, processes } = left.saved;
  const specs = [...groups.values()].flatMap((group) => group.processes);
  const isThere = ({ id, socket }: ProcessSpec): boolean => {
    const process = processes.get(id);
    if (!socket || !process) return false;
    const { state, startTicks } = process;
    if (state.name === 'SPAWNING') return sockets.recover(id, socket, undefined, handed);
    if (!('pid' in state) || state.name === 'SWEEPING' || startTicks === undefined) return false;
    return sockets.recover(id, socket, { pid: state.pid, startTicks }, handed);
  };
  return new Set(specs.filter(isThere).map(({ id }) => id));
}

/** The sockets of those that were started and not written down. */
export function restoreFoundSockets(
  sockets: SharedSockets,
  specs: readonly ProcessSpec[],
  found: ReadonlyMap<string, Found>,
): readonly string[] {
  return specs.flatMap(({ id, socket }) => {
    const main = found.get(id);
    return socket && main && sockets.recover(id, socket, main, []) ? [id] : [];
  });
}
