/** The sockets of FastCGI programs that a supd that is gone left: each of its processes has its socket as descriptor 0. */
import type { ProcessSpec } from '../core/program.js';
import type { Found } from '../core/restore.js';
import type { SharedSockets } from './sockets.js';
import type { ReadState } from './statefile.js';

/**
 * Takes what can be had of them, before anything else is opened there.
 * @param handed  descriptors that the code before left open
 * @returns the slots that have their socket
 */
export function restoreSockets(
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

/** The same for those that were started and not written down. */
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
