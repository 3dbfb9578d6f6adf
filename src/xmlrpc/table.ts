/** Every method that can be called: the one list of them. Nothing else is reachable by a name from a socket. */
import type { Asked } from '../api/api.js';
import type { Value } from './codec/value.js';
import { RpcFault } from './faults.js';
import type { Method, Rpc } from './method.js';
import { DAEMON_METHODS } from './methods/daemon.js';
import { LOG_METHODS } from './methods/logs.js';
import { PROCESS_METHODS } from './methods/processes.js';
import { SYSTEM_METHODS } from './methods/system.js';

const SUPERVISOR_METHODS: readonly Method[] = [...DAEMON_METHODS, ...PROCESS_METHODS, ...LOG_METHODS];

/** By full name, sorted. @param namespaces  of the [rpcinterface:x] sections; without any there is only `system` */
export function tableOf(namespaces: readonly string[]): ReadonlyMap<string, Method> {
  const rows = namespaces.flatMap((namespace) =>
    SUPERVISOR_METHODS.map((one): [string, Method] => [`${namespace}.${one.name}`, one]),
  );
  const system = SYSTEM_METHODS.map((one): [string, Method] => [`system.${one.name}`, one]);
  return new Map([...rows, ...system].sort(([a], [b]) => (a < b ? -1 : 1)));
}

/**
 * Makes one call.
 * @throws RpcFault; anything else is a defect of ours
 */
export function callMethod(
  served: Pick<Rpc, 'api' | 'strict' | 'methods' | 'answersRoom'>,
  asked: Asked,
  name: string,
  params: readonly Value[],
): Promise<Value> {
  const dispatch: Rpc['dispatch'] = async (called, values) => {
    const found = served.methods.get(called);
    if (!found) throw new RpcFault('UNKNOWN_METHOD');
    // Before the daemon's state, as supervisord.
    found.count(values);
    if (!found.always && served.api.mode() !== 'RUNNING') throw new RpcFault('SHUTDOWN_STATE');
    return found.call(rpc, values);
  };
  const rpc: Rpc = { ...served, asked, dispatch };
  return dispatch(name, params);
}
