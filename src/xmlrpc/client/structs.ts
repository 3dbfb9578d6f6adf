/** supervisord's structs as the client gives them. What they don't tell is absent, empty or 0. */
import type { DaemonAnswer, ProcessConfiguration, ProcessView, ShownState } from '../../api/answers.js';
import { CallFailure } from '../../api/failure.js';
import type { Value } from '../codec/value.js';
import { asNumber, asStruct, asText } from './rpc.js';

/** Of getProcessInfo and getAllProcessInfo. */
export function processOf(value: Value): ProcessView {
  const info = asStruct(value);
  const state = stateOf(asText(info.statename));
  const [start, stop, now, status] = [info.start, info.stop, info.now, info.exitstatus].map(asNumber);
  const running = state === 'RUNNING';
  return {
    name: asText(info.name),
    group: asText(info.group),
    state,
    description: asText(info.description),
    pid: asNumber(info.pid),
    uptimeMs: running ? Math.max(0, (now ?? 0) - (start ?? 0)) * 1000 : 0,
    restarts: 0,
    exitSignal: '',
    ready: running,
    health: '',
    waitingFor: [],
    rolling: '',
    groups: [],
    spawnError: asText(info.spawnerr),
    stdoutLogfile: asText(info.stdout_logfile),
    stderrLogfile: asText(info.stderr_logfile),
    logFailure: '',
    ...(state === 'EXITED' && status !== undefined && status >= 0 ? { exitStatus: status } : {}),
    ...(start ? { startTime: start * 1000 } : {}),
    ...(stop ? { stopTime: stop * 1000 } : {}),
  };
}

/** Of getAllConfigInfo. */
export function configurationOf(value: Value): ProcessConfiguration {
  const config = asStruct(value);
  return {
    name: asText(config.name),
    group: asText(config.group),
    inUse: config.inuse === true,
    autostart: config.autostart === true,
    groupPriority: asNumber(config.group_prio),
    processPriority: asNumber(config.process_prio),
    command: asText(config.command ?? ''),
  };
}

/** Of getSupervisorVersion, getAPIVersion, getIdentification, getPID and getState, in this order. */
export function daemonOf([version, api, identifier, pid, state]: readonly Value[]): DaemonAnswer {
  const word = asText(asStruct(state).statename);
  return {
    version: asText(version),
    apiVersion: asText(api),
    identifier: asText(identifier),
    pid: asNumber(pid),
    state: word === 'RESTARTING' || word === 'SHUTDOWN' ? word : 'RUNNING',
    configuration: '',
    logfile: '',
    conditions: [],
    upgrades: 0,
  };
}

const STATES: readonly ShownState[] = [
  'STOPPED',
  'STARTING',
  'RUNNING',
  'BACKOFF',
  'STOPPING',
  'EXITED',
  'FATAL',
  'UNKNOWN',
];

function stateOf(word: string): ShownState {
  const state = STATES.find((one) => one === word);
  if (state) return state;
  throw new CallFailure(
    'BROKEN',
    `the answer has a process in a state ${JSON.stringify(word)}, which there isn't`,
  );
}
