/** supervisor.*: logs. What is not UTF-8 in them, or cut in the middle of a character, comes as U+FFFD. */
import type { Channel, MemberView } from '../../api/api.js';
import type { Value } from '../codec/value.js';
import { asking, RpcFault } from '../faults.js';
import { alias, type Method, method, type Rpc } from '../method.js';
import { findMember } from '../names.js';
import { int, text } from '../params.js';
import { statusStruct } from '../structs.js';
import { isSignallable } from '../waits.js';

/** What one answer holds of a log; supervisord knows no bound. */
const ANSWER_MAX_BYTES = 4 << 20;
const STRICT_MAX_BYTES = 64 << 20;

const NAME = text('name', 'name of the process, or group:name');
const OFFSET = int('offset', 'where to begin; negative: so many bytes before the end');
const LENGTH = int('length', 'bytes to read; 0: to the end');
const TAIL_OFFSET = int('offset', 'what the last call gave');
const TAIL_LENGTH = int('length', 'bytes at most');

const readMain = method(
  'readLog',
  'string',
  "A part of the daemon's log.",
  [OFFSET, LENGTH],
  (rpc, offset, length) => read(rpc, '', 'stdout', offset, length),
);
const clearLogs = method(
  'clearProcessLogs',
  'boolean',
  'Empties the logs of a process.',
  [NAME],
  (rpc, name) => {
    const { api, asked } = rpc;
    const member = findMember(api, name);
    if (!isCleared(rpc, member)) return true;
    const [cleared] = asking(name, () => api.clearLogs([member.id], asked));
    if (cleared?.code === 'FAILED') throw new RpcFault('FAILED', name);
    return true;
  },
);
const readStdout = readMethod('readProcessStdoutLog', 'stdout');
const tailStdout = tailMethod('tailProcessStdoutLog', 'stdout');

export const LOG_METHODS: readonly Method[] = [
  readMain,
  alias('readMainLog', readMain),
  method('clearLog', 'boolean', "Empties the daemon's log.", [], ({ api, asked }) => {
    if (api.logFile('', 'stdout')?.modified === undefined) throw new RpcFault('NO_FILE');
    asking(undefined, () => api.clearMainLog(asked));
    return true;
  }),
  readStdout,
  alias('readProcessLog', readStdout),
  readMethod('readProcessStderrLog', 'stderr'),
  tailStdout,
  alias('tailProcessLog', tailStdout),
  tailMethod('tailProcessStderrLog', 'stderr'),
  clearLogs,
  alias('clearProcessLog', clearLogs),
  method(
    'clearAllProcessLogs',
    'array',
    'Empties the logs of all processes: an array of results.',
    [],
    (rpc) => {
      const members = rpc.api.groups().flatMap((group) => group.members);
      const ids = members.filter((member) => isCleared(rpc, member)).map(({ id }) => id);
      const cleared = ids.length === 0 ? [] : asking(undefined, () => rpc.api.clearLogs(ids, rpc.asked));
      return members.map((member) => {
        const result = cleared.find((one) => one.name === member.name && one.group === member.group);
        return statusStruct(
          result ?? { name: member.name, group: member.group, code: 'CLEARED', message: '' },
        );
      });
    },
  ),
];

/** supervisord reports success for one that is not alive, and leaves its logs as they are. */
function isCleared({ strict }: Rpc, member: MemberView): boolean {
  return !strict || isSignallable(member);
}

function readMethod(name: string, channel: Channel): Method {
  return method(
    name,
    'string',
    `A part of what a process has written to its ${channel}.`,
    [NAME, OFFSET, LENGTH],
    (rpc, process, offset, length) => read(rpc, findMember(rpc.api, process).id, channel, offset, length),
  );
}

function tailMethod(name: string, channel: Channel): Method {
  return method(
    name,
    'array',
    `What a process has written to its ${channel} since a former call: [text, offset for the next call, overflow].`,
    [NAME, TAIL_OFFSET, TAIL_LENGTH],
    (rpc, process, offset, length) => {
      const { id } = findMember(rpc.api, process);
      const file = rpc.api.logFile(id, channel);
      if (file?.modified === undefined) return ['', 0, false];
      const bytes = Math.min(length, mostOf(rpc));
      const tail = asking(process, () => rpc.api.tailLog(id, channel, offset, bytes));
      return [toText(rpc, tail.content), tail.offset, tail.overflow];
    },
  );
}

/** @param name  '' is the daemon's own log */
function read(rpc: Rpc, name: string, channel: Channel, offset: number, length: number): Value {
  const file = rpc.api.logFile(name, channel);
  if (!file) throw new RpcFault('NO_FILE');
  if (file.modified === undefined && !file.isAuto) throw new RpcFault('NO_FILE', file.path);
  const most = mostOf(rpc);
  // Of a long log its end, as much as fits.
  const from = offset < 0 ? Math.max(offset, -most) : offset;
  const { content } = asking(file.path, () => rpc.api.readLog(name, channel, from, length, most));
  return toText(rpc, content);
}

function mostOf({ strict }: Rpc): number {
  return strict ? STRICT_MAX_BYTES : ANSWER_MAX_BYTES;
}

/** supervisord's clients get a carriage return as the end of a line, since it does not escape it. */
function toText({ strict }: Rpc, bytes: Uint8Array): string {
  const decoded = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length).toString('utf8');
  return strict ? decoded.replace(/\r\n?/g, '\n') : decoded;
}
