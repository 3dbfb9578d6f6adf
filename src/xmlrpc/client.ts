/**
 * A client of supervisord, or of supd's HTTP sockets, that does what that of supd's own socket does as far as XML-RPC
 * goes. What only supd's contract has is refused in words.
 * @see http://supervisord.org/api.html
 */
import type { CallOptions, Client } from '../api/client.js';
import { CallFailure } from '../api/failure.js';
import { change, verbs } from './client/changes.js';
import { followLog, readLog } from './client/logs.js';
import { named, unknown } from './client/names.js';
import { asArray, Rpc } from './client/rpc.js';
import { configurationOf, daemonOf, processOf } from './client/structs.js';
import { type Credentials, HttpTransport, type Place, type RequestOptions } from './client/transport.js';
import { reread, update } from './client/updates.js';

export type { Credentials, Place } from './client/transport.js';

/** Nothing is opened before the first call. Every method fails with CallFailure, and nothing else. */
export function connectXmlRpc(place: Place, credentials: Credentials | undefined): Client {
  const transport = new HttpTransport(place, credentials);
  const rpc = new Rpc(transport);
  const list = async (options?: CallOptions) =>
    asArray(await rpc.call('getAllProcessInfo', [], options)).map(processOf);
  return {
    getDaemon: async (options) => daemonOf(await rpc.all(daemonCalls, options)),
    listHealth: () => refuse('health checks'),
    rereadConfiguration: (request, options) => reread(rpc, because(request, options)),
    planUpdate: () => refuse('a plan'),
    updateGroups: (request, options) => update(rpc, request?.groups ?? [], because(request, options)),
    addGroup: async (request, options) =>
      void (await rpc.call('addProcessGroup', [request.group], because(request, options))),
    removeGroup: async (request, options) =>
      void (await rpc.call('removeProcessGroup', [request.group], because(request, options))),
    shutdown: async (request, options) => void (await rpc.call('shutdown', [], because(request, options))),
    reload: async (request, options) => void (await rpc.call('restart', [], because(request, options))),
    upgrade: () => refuse('an upgrade'),
    reopenLogs: () => refuse('reopening logs'),
    testNotification: () => refuse('notifications'),
    watchEvents: () => refuseStream('events'),

    listProcesses: async (request, options) => {
      const all = await list(options);
      const targets = request?.targets ?? [];
      if (targets.length === 0 || targets.includes('all')) return { processes: all, unknown: [] };
      return {
        processes: targets.flatMap((target) => named(target, all)),
        unknown: targets.filter((target) => named(target, all).length === 0).map(unknown),
      };
    },
    getProcess: async ({ name }, options) => processOf(await rpc.call('getProcessInfo', [name], options)),
    explainProcess: () => refuse('why'),
    listConfigurations: async (options) =>
      asArray(await rpc.call('getAllConfigInfo', [], options)).map(configurationOf),
    startProcesses: (request, options) =>
      change(rpc, verbs.start, waiting(request, 'starting'), because(request, options)),
    stopProcesses: (request, options) =>
      change(rpc, verbs.stop, waiting(request, 'stopping'), because(request, options)),
    async *restartProcesses(request, options) {
      // There is no call for both, and a start needs what was stopped to be gone.
      yield* change(rpc, verbs.stop, waiting({ targets: request.targets }, ''), because(request, options));
      yield* change(rpc, verbs.start, waiting(request, 'starting'), because(request, options));
    },
    rollProcesses: () => refuseStream('rolling restarts'),
    cancelRolling: () => refuse('rolling restarts'),
    signalProcesses: ({ targets, signal, reason }, options) =>
      collect(change(rpc, verbs.signal, { targets, params: [signal] }, because({ reason }, options))),
    reloadPrograms: () => refuseStream('reload-program'),
    writeStdin: async (request, options) => {
      const chars = Buffer.from(request.chars).toString('utf8');
      await rpc.call('sendProcessStdin', [request.name, chars], because(request, options));
    },
    readLog: (request, options) => readLog(rpc, request, options),
    followLog: (request, options) => followLog(rpc, transport, request, options),
    clearLogs: async ({ targets = [], daemon, reason }, options) => {
      const asking = because({ reason }, options);
      if (daemon) await rpc.call('clearLog', [], asking);
      return collect(change(rpc, verbs.clear, { targets, params: [] }, asking));
    },

    listJobs: () => refuse('jobs'),
    runJob: () => refuseStream('jobs'),
    cancelRun: () => refuse('jobs'),
    listRuns: () => refuse('jobs'),
    previewSchedule: () => refuse('jobs'),
    readRunLog: () => refuseStream('jobs'),
    close: () => {},
  };
}

const daemonCalls = [
  ['getSupervisorVersion'],
  ['getAPIVersion'],
  ['getIdentification'],
  ['getPID'],
  ['getState'],
] as const;

function waiting(
  { targets, noWait = false }: { readonly targets: readonly string[]; readonly noWait?: boolean },
  ordered: string,
) {
  return { targets, params: [!noWait], message: noWait ? ordered : '' };
}

/** The reason that a request gives goes along with each call that it comes to. */
function because(
  request: { readonly reason?: string | undefined } | undefined,
  options: CallOptions | undefined,
): RequestOptions {
  return { ...options, reason: request?.reason };
}

async function collect<T>(items: AsyncIterable<T>): Promise<readonly T[]> {
  const all: T[] = [];
  for await (const item of items) all.push(item);
  return all;
}

function refuse(what: string): Promise<never> {
  return Promise.reject(
    new CallFailure('NOT_OFFERED', `${what}: only a supd has these, by its gRPC socket; XML-RPC does not`),
  );
}

async function* refuseStream(what: string): AsyncGenerator<never, void, void> {
  yield await refuse(what);
}
