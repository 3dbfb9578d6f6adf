/** The client of supd's socket: a method for every call of the contract. Loads fast, which supctl lives on. */
import type { Channel, ProcessResult, Reloaded } from '../api/answers.js';
import type { CallOptions, Client, HeldBack, Targets } from '../api/client.js';
import { CallFailure } from '../api/failure.js';
import type { supd } from './contract.js';
import { planFromWire, stepFromWire } from './convert/changes.js';
import { daemonFromWire, watchedFromWire } from './convert/daemon.js';
import { explainedFromWire } from './convert/explained.js';
import { dueFromWire, jobFromWire, runFromWire } from './convert/jobs.js';
import { channel, reloadOutcome } from './convert/names.js';
import {
  configurationFromWire,
  holdFromWire,
  processFromWire,
  progressFromWire,
  resultFromWire,
} from './convert/processes.js';
import { HEALTH_LIST, readHealthList } from './healthlist.js';
import { methods, type Rpc } from './methods.js';
import { Transport } from './transport.js';

export type * from '../api/answers.js';
export type { CallOptions, Client } from '../api/client.js';
export { CallFailure, type FailureCode } from '../api/failure.js';

/**
 * A client of the daemon at a unix socket. Nothing is opened before the first call; after a lost connection the next
 * call opens another.
 */
export function connect(socketPath: string): Client {
  const transport = new Transport(socketPath);
  const one = unary(transport);
  const many = streaming(transport);
  return {
    getDaemon: async (options) => daemonFromWire(await one(methods.getDaemon, {}, options)),
    listHealth: async (options) => {
      for await (const answer of transport.call(HEALTH_LIST, new Uint8Array(), options))
        return readHealthList(answer);
      throw new CallFailure('BROKEN', `${HEALTH_LIST}: no answer`);
    },
    rereadConfiguration: async (request, options) => {
      const wire = await one(methods.rereadConfiguration, request ?? {}, options);
      return { added: wire.added, changed: wire.changed, removed: wire.removed, warnings: wire.warnings };
    },
    planUpdate: async (options) => planFromWire(await one(methods.planUpdate, {}, options)),
    updateGroups: (request = {}, options) =>
      many(
        methods.updateGroups,
        { ...request, groups: [...(request.groups ?? [])], tellHolds: request.onHold !== undefined },
        unlessHold(request, stepFromWire),
        options,
      ),
    addGroup: async (request, options) => void (await one(methods.addGroup, request, options)),
    removeGroup: async (request, options) => void (await one(methods.removeGroup, request, options)),
    shutdown: async (request, options) => void (await one(methods.shutdown, request ?? {}, options)),
    reload: async (request, options) => void (await one(methods.reload, request ?? {}, options)),
    upgrade: async (request, options) => (await one(methods.upgrade, request, options)).version,
    reopenLogs: async (request, options) => void (await one(methods.reopenLogs, request ?? {}, options)),
    testNotification: async (request, options) =>
      (await one(methods.testNotification, request, options)).deliveries.map((way) => ({
        channel: way.channel ?? '',
        failure: way.failure ?? '',
      })),
    watchEvents: (request, options) => many(methods.watchEvents, request ?? {}, watchedFromWire, options),

    listProcesses: async (request, options) => {
      const { targets = [], withIdentity = false } = request ?? {};
      const wire = await one(methods.listProcesses, { targets: [...targets], withIdentity }, options);
      const { conditions } = wire;
      return {
        processes: wire.processes.map(processFromWire),
        unknown: wire.unknown.map(resultFromWire),
        conditions,
      };
    },
    getProcess: async (request, options) =>
      processFromWire((await one(methods.getProcess, request, options)).process ?? {}),
    explainProcess: async (request, options) =>
      explainedFromWire(await one(methods.explainProcess, request, options)),
    listConfigurations: async (options) =>
      (await one(methods.listConfigurations, {}, options)).configurations.map(configurationFromWire),
    startProcesses: (request, options) => many(methods.startProcesses, targets(request), resultOf, options),
    stopProcesses: (request, options) =>
      many(methods.stopProcesses, holdable(request), unlessHold(request, resultOf), options),
    restartProcesses: (request, options) =>
      many(methods.restartProcesses, holdable(request), unlessHold(request, resultOf), options),
    rollProcesses: (request, options) =>
      many(methods.rollProcesses, targets(request), progressFromWire, options),
    cancelRolling: async (request, options) => {
      const { finishing, untouched } = await one(methods.cancelRolling, request ?? {}, options);
      return { finishing, untouched };
    },
    signalProcesses: async (request, options) =>
      (await one(methods.signalProcesses, targets(request), options)).results.map(resultFromWire),
    reloadPrograms: (request, options) => many(methods.reloadPrograms, targets(request), reloadedOf, options),
    writeStdin: async (request, options) => void (await one(methods.writeStdin, request, options)),
    readLog: async (request, options) => {
      const wire = await one(methods.readLog, onChannel(request), options);
      return { content: wire.content, size: wire.size };
    },
    followLog: (request, options) =>
      many(methods.followLog, onChannel(request), (wire) => wire.content, options),
    clearLogs: async (request, options) =>
      (await one(methods.clearLogs, targets(request), options)).results.map(resultFromWire),

    listJobs: async (options) => (await one(methods.listJobs, {}, options)).jobs.map(jobFromWire),
    runJob: (request, options) => many(methods.runJob, request, (wire) => runFromWire(wire.run), options),
    cancelRun: async (request, options) => (await one(methods.cancelRun, request, options)).runId,
    listRuns: async (request, options) =>
      (await one(methods.listRuns, request, options)).runs.map(runFromWire),
    previewSchedule: async (request, options) =>
      (await one(methods.previewSchedule, request ?? {}, options)).times.map(dueFromWire),
    readRunLog: (request, options) =>
      many(methods.readRunLog, request, ({ step, content }) => ({ step, content }), options),

    close: () => transport.close(),
  };
}

/** Calls with one answer. */
function unary(transport: Transport) {
  return async <Given, Answer>(
    method: Rpc<Given, unknown, never, Answer, false>,
    request: Given,
    options?: CallOptions,
  ): Promise<Answer> => {
    const sent = method.request.encode(request).finish();
    let answer: Buffer | undefined;
    for await (const message of transport.call(method.path, sent, options)) answer = message;
    if (!answer) throw new CallFailure('BROKEN', `${method.path}: no answer`);
    return read(method, answer);
  };
}

/** Calls with many answers. */
function streaming(transport: Transport) {
  return async function* <Given, Answer, Seen>(
    method: Rpc<Given, unknown, never, Answer, true>,
    request: Given,
    seen: (answer: Answer) => Seen | undefined,
    options?: CallOptions,
  ): AsyncGenerator<Seen, void, void> {
    const sent = method.request.encode(request).finish();
    for await (const message of transport.call(method.path, sent, options)) {
      const found = seen(read(method, message));
      if (found !== undefined) yield found;
    }
  };
}

function read<Answer>(method: Rpc<never, unknown, never, Answer>, message: Buffer): Answer {
  try {
    return method.answer.decode(message);
  } catch (error) {
    const why = error instanceof Error ? error.message : String(error);
    throw new CallFailure('BROKEN', `${method.path}: the answer cannot be read: ${why}`);
  }
}

function resultOf(wire: {
  result?: Parameters<typeof resultFromWire>[0];
  hold?: Parameters<typeof holdFromWire>[0] | null;
}): ProcessResult {
  return resultFromWire(wire.result);
}

function reloadedOf({ outcome, ...wire }: supd.v1.ReloadProgramsResponse.$Properties): Reloaded {
  const { name = '', group = '', message = '', output = '' } = wire;
  const text = (value: string | null) => value ?? '';
  return {
    name: text(name),
    group: text(group),
    outcome: reloadOutcome.fromWire(outcome),
    message: text(message),
    output: text(output),
  };
}

/** Holds are told, the rest is seen. */
function unlessHold<Wire extends { hold?: Parameters<typeof holdFromWire>[0] | null }, Seen>(
  { onHold }: HeldBack,
  seen: (wire: Wire) => Seen,
): (wire: Wire) => Seen | undefined {
  return (wire) => {
    if (!wire.hold) return seen(wire);
    onHold?.(holdFromWire(wire.hold));
    return undefined;
  };
}

function holdable<T extends Targets & HeldBack>(request: T): T & { targets: string[]; tellHolds: boolean } {
  return { ...targets(request), tellHolds: request.onHold !== undefined };
}

/** The contract's arrays are mutable. */
function targets<T extends { readonly targets?: readonly string[] }>(request: T): T & { targets: string[] } {
  return { ...request, targets: [...(request.targets ?? [])] };
}

function onChannel<T extends { readonly channel?: Channel }>(
  request: T,
): Omit<T, 'channel'> & { channel: number } {
  return { ...request, channel: channel.toWire(request.channel ?? 'stdout') };
}
