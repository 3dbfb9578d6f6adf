/** supervisor.*: processes, alone, by group and all: what they are, and their starts, stops and signals. */
import type { GroupView, MemberView, ProcessResult } from '../../api/api.js';
import type { Value } from '../codec/value.js';
import { asking, faultOf, RpcFault } from '../faults.js';
import { type Method, method, type Rpc } from '../method.js';
import { findGroup, findMember, findNamed, namespecOf } from '../names.js';
import { any, flag, text } from '../params.js';
import { asText } from '../python.js';
import { processStruct, statusStruct } from '../structs.js';
import { isRunning, isSignallable, isStartable, startEach, stopEach } from '../waits.js';

const NAME = text('name', 'name of the process, group:name, or group:* for a whole group');
const GROUP = text('name', 'name of the group');
const WAIT_START = flag('wait', 'answer when it is running');
const WAIT_STOP = flag('wait', 'answer when it has stopped');
const SIGNAL = any('signal', 'string', 'name or number of the signal');

export const PROCESS_METHODS: readonly Method[] = [
  method('getProcessInfo', 'struct', 'What is known of a process.', [NAME], ({ api, strict }, name) => {
    const { id } = findMember(api, name);
    return processStruct(
      asking(name, () => api.process(id)),
      Date.now(),
      strict,
    );
  }),
  method(
    'getAllProcessInfo',
    'array',
    'What is known of each process, sorted by group and name: an array of structs.',
    [],
    ({ api, strict }) => {
      const now = Date.now();
      return api.processes([], 'brief').processes.map((view) => processStruct(view, now, strict));
    },
  ),
  method('startProcess', 'boolean', 'Starts a process.', [NAME, WAIT_START], async (rpc, name, wait) => {
    const { group, member } = findNamed(rpc.api, name);
    return member ? alone(await startEach(rpc, [member], wait), name) : startGroup(rpc, group, wait);
  }),
  method(
    'startProcessGroup',
    'array',
    'Starts all processes of a group: an array of results.',
    [GROUP, WAIT_START],
    (rpc, name, wait) => startGroup(rpc, findGroup(rpc.api, name), wait),
  ),
  method(
    'startAllProcesses',
    'array',
    'Starts all processes: an array of results.',
    [WAIT_START],
    async (rpc, wait) => statuses(await startEach(rpc, all(rpc).filter(isStartable), wait)),
  ),
  method('stopProcess', 'boolean', 'Stops a process.', [NAME, WAIT_STOP], async (rpc, name, wait) => {
    const { group, member } = findNamed(rpc.api, name);
    if (!member) return stopGroup(rpc, group, wait);
    if (!isRunning(member)) throw new RpcFault('NOT_RUNNING', name);
    return alone(await stopEach(rpc, [member], wait), name);
  }),
  method(
    'stopProcessGroup',
    'array',
    'Stops all processes of a group: an array of results.',
    [GROUP, WAIT_STOP],
    (rpc, name, wait) => stopGroup(rpc, findGroup(rpc.api, name), wait),
  ),
  method(
    'stopAllProcesses',
    'array',
    'Stops all processes: an array of results.',
    [WAIT_STOP],
    async (rpc, wait) => statuses(await stopEach(rpc, all(rpc).filter(isRunning), wait)),
  ),
  method('signalProcess', 'boolean', 'Sends a signal to a process.', [NAME, SIGNAL], (rpc, name, signal) => {
    const { group, member } = findNamed(rpc.api, name);
    if (!member) return signalEach(rpc, group.members, signal);
    const [result] = sendSignal(rpc, [member], signal);
    return result?.code === 'BAD_SIGNAL'
      ? alone([result], asText(signal))
      : alone(result ? [result] : [], name);
  }),
  method(
    'signalProcessGroup',
    'array',
    'Sends a signal to all processes of a group: an array of results.',
    [GROUP, SIGNAL],
    (rpc, name, signal) => signalEach(rpc, findGroup(rpc.api, name).members, signal),
  ),
  method(
    'signalAllProcesses',
    'array',
    'Sends a signal to all processes: an array of results.',
    [SIGNAL],
    (rpc, signal) => signalEach(rpc, all(rpc), signal),
  ),
  method(
    'sendProcessStdin',
    'boolean',
    'Writes to the standard input of a process.',
    [NAME, any('chars', 'string', 'what to write')],
    ({ api, asked }, name, chars) => {
      if (typeof chars !== 'string' && !(chars instanceof Uint8Array))
        throw new RpcFault('INCORRECT_PARAMETERS', asText(chars));
      const member = findMember(api, name);
      if (member.state === 'STOPPING') throw new RpcFault('NOT_RUNNING', name);
      asking(name, () => api.writeStdin(member.id, Buffer.from(chars as string), asked));
      return true;
    },
  ),
];

async function startGroup(rpc: Rpc, { members }: GroupView, wait: boolean): Promise<Value> {
  return statuses(await startEach(rpc, members.filter(isStartable), wait));
}

async function stopGroup(rpc: Rpc, { members }: GroupView, wait: boolean): Promise<Value> {
  return statuses(await stopEach(rpc, members.filter(isRunning), wait));
}

function signalEach(rpc: Rpc, members: readonly MemberView[], signal: Value): Value {
  return sendSignal(rpc, members.filter(isSignallable), signal).map((result) =>
    statusStruct(result, result.code === 'BAD_SIGNAL' ? asText(signal) : namespecOf(result)),
  );
}

function sendSignal(rpc: Rpc, members: readonly MemberView[], signal: Value): readonly ProcessResult[] {
  const ids = members.map(({ id }) => id);
  if (ids.length === 0) return [];
  return asking(undefined, () => rpc.api.signal(ids, asText(signal), rpc.asked));
}

function all({ api }: Rpc): readonly MemberView[] {
  return api.groups().flatMap(({ members }) => members);
}

/** True, or the fault of the only result. */
function alone([result]: readonly ProcessResult[], about: string): true {
  const fault = result && faultOf(result.code, result.message, about);
  if (fault) throw fault;
  return true;
}

function statuses(results: readonly ProcessResult[]): Value {
  return results.map((result) => statusStruct(result));
}
