/** supd.v1.ProcessService on the api. */
import type { Api } from '../../api/api.js';
import { explainedToWire } from '../convert/explained.js';
import { channel, reloadOutcome, rollingPhase } from '../convert/names.js';
import { holdToWire, processToWire, resultToWire } from '../convert/processes.js';
import type { Handlers } from '../handlers.js';
import { each, eachWithHolds } from './each.js';

type ProcessMethods =
  | 'listProcesses'
  | 'getProcess'
  | 'explainProcess'
  | 'listConfigurations'
  | 'startProcesses'
  | 'stopProcesses'
  | 'restartProcesses'
  | 'rollProcesses'
  | 'cancelRolling'
  | 'signalProcesses'
  | 'reloadPrograms'
  | 'writeStdin'
  | 'readLog'
  | 'followLog'
  | 'clearLogs';

/** Of a change that may have to wait. */
type Settled = {
  result?: ReturnType<typeof resultToWire>;
  hold?: ReturnType<typeof holdToWire>;
};

/** Its handlers. */
export function processHandlers(api: Api): Pick<Handlers, ProcessMethods> {
  return {
    listProcesses: ({ targets, withIdentity }) => {
      const {
        processes,
        unknown,
        conditions = [],
      } = api.processes(targets, withIdentity ? 'identity' : 'usual');
      return {
        processes: processes.map(processToWire),
        unknown: unknown.map(resultToWire),
        conditions: [...conditions],
      };
    },
    getProcess: ({ name }) => ({ process: processToWire(api.process(name)) }),
    explainProcess: ({ name }) => explainedToWire(api.explain(name)),
    listConfigurations: () => ({ configurations: [...api.configurations()] }),
    startProcesses: ({ targets, noWait, reason }, asking) =>
      each(api.start(targets, { ...asking, noWait, reason }), (result) => ({ result: resultToWire(result) })),
    stopProcesses: ({ targets, noWait, reason, force, tellHolds }, asking) =>
      eachWithHolds(
        { asked: { ...asking, noWait, reason, force }, tellHolds },
        (asked) => api.stop(targets, asked),
        (result): Settled => ({ result: resultToWire(result) }),
        (hold) => ({ hold: holdToWire(hold) }),
      ),
    restartProcesses: ({ targets, noWait, reason, force, tellHolds }, asking) =>
      eachWithHolds(
        { asked: { ...asking, noWait, reason, force }, tellHolds },
        (asked) => api.restart(targets, asked),
        (result): Settled => ({ result: resultToWire(result) }),
        (hold) => ({ hold: holdToWire(hold) }),
      ),
    rollProcesses: ({ targets, maxUnavailable, noWait, reason, force }, asking) =>
      each(api.roll(targets, maxUnavailable || 1, { ...asking, noWait, reason, force }), (progress) => ({
        ...progress,
        phase: rollingPhase.toWire(progress.phase),
      })),
    cancelRolling: ({ reason }, asking) => {
      const { finishing, untouched } = api.cancelRolling({ ...asking, reason });
      return { finishing: [...finishing], untouched: [...untouched] };
    },
    signalProcesses: ({ targets, signal, reason }, asking) => ({
      results: api.signal(targets, signal, { ...asking, reason }).map(resultToWire),
    }),
    reloadPrograms: ({ targets, reason }, asking) =>
      each(api.reloadPrograms(targets, { ...asking, reason }), (one) => ({
        ...one,
        outcome: reloadOutcome.toWire(one.outcome),
      })),
    writeStdin: ({ name, chars, reason }, asking) => {
      api.writeStdin(name, chars, { ...asking, reason });
      return {};
    },
    readLog: ({ name, channel: number, offset, length }) =>
      api.readLog(name, channel.fromWire(number), offset, length),
    followLog: ({ name, channel: number, historyBytes }, { signal }) =>
      each(api.followLog(name, channel.fromWire(number), historyBytes, signal), (content) => ({ content })),
    clearLogs: ({ targets, daemon, reason }, asking) => {
      const asked = { ...asking, reason };
      if (daemon) api.clearMainLog(asked);
      // The daemon's log alone: no targets would be nobody's logs here, never everybody's.
      return { results: targets.length === 0 ? [] : api.clearLogs(targets, asked).map(resultToWire) };
    },
  };
}
