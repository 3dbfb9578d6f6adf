/** The structs of supervisord's answers, field by field. */
import type { ConfiguredProcess, ProcessResult, ProcessView } from '../api/api.js';
import { formatDeath } from '../api/describe.js';
import type { ShownState, StreamSpec } from '../core/program.js';
import type { Struct } from './codec/value.js';
import { faultOf, SUCCESS } from './faults.js';
import { namespecOf } from './names.js';

const STATES = {
  STOPPED: 0,
  STARTING: 10,
  RUNNING: 20,
  BACKOFF: 30,
  STOPPING: 40,
  EXITED: 100,
  FATAL: 200,
  UNKNOWN: 1000,
} as const satisfies Record<ShownState, number>;

const INT_MAX = 2 ** 31 - 1;

/** Of getProcessInfo. */
export function processStruct(view: ProcessView, nowMs: number, strict: boolean): Struct {
  // supervisord forgets a status at the next start, and never has one of an end that came too soon.
  const hasEnded = view.state === 'EXITED' || view.state === 'STOPPED';
  // What could never be spawned was started for supervisord, and did not stop.
  const wasSpawned = view.startTime !== undefined;
  return {
    name: view.name,
    group: view.group,
    start: toSeconds(wasSpawned ? view.startTime : view.stopTime),
    stop: wasSpawned ? toSeconds(view.stopTime) : 0,
    now: toSeconds(nowMs),
    state: STATES[view.state],
    statename: view.state,
    spawnerr: view.spawnError,
    exitstatus: hasEnded ? (view.exitStatus ?? 0) : 0,
    logfile: view.stdoutLogfile,
    stdout_logfile: view.stdoutLogfile,
    stderr_logfile: view.stderrLogfile,
    pid: view.pid,
    description: strict && isStoppedUntold(view) ? formatDeath(0) : view.description,
  };
}

/** Stopped before any try to execute it succeeded: supervisord tells the epoch as its time of death. */
function isStoppedUntold({ state, startTime, stopTime }: ProcessView): boolean {
  return state === 'STOPPED' && startTime !== undefined && stopTime === undefined;
}

/** Of getAllConfigInfo. */
export function configStruct(one: ConfiguredProcess): Struct {
  const { spec } = one;
  return {
    name: one.name,
    group: one.group,
    inuse: one.inUse,
    autostart: one.autostart,
    group_prio: one.groupPriority,
    process_prio: one.processPriority,
    command: spec.command,
    directory: spec.directory ?? 'none',
    uid: one.uid ?? 'none',
    exitcodes: spec.exitCodes,
    killasgroup: spec.killAsGroup,
    redirect_stderr: spec.redirectStderr,
    startretries: spec.startRetries,
    startsecs: Math.round(spec.startMs / 1000),
    stopsignal: spec.stopSignal,
    stopwaitsecs: Math.round(spec.stopWaitMs / 1000),
    serverurl: spec.serverUrl ?? 'none',
    ...streamFields('stdout', spec.stdout, one.stdoutAuto),
    ...streamFields('stderr', spec.stderr, one.stderrAuto),
  };
}

/** Of the calls that concern several processes. */
export function statusStruct(result: ProcessResult, about = namespecOf(result)): Struct {
  const { name, group, code, message } = result;
  const fault = faultOf(code, message, about);
  return { name, group, status: fault?.code ?? SUCCESS, description: fault?.message ?? 'OK' };
}

function streamFields(channel: 'stdout' | 'stderr', spec: StreamSpec, auto: string | undefined): Struct {
  const { file } = spec;
  const path = file.kind === 'path' ? file.path : file.kind === 'none' ? 'none' : (auto ?? 'auto');
  return {
    [`${channel}_logfile`]: path,
    [`${channel}_logfile_maxbytes`]: spec.maxBytes,
    [`${channel}_logfile_backups`]: spec.backups,
    [`${channel}_capture_maxbytes`]: spec.captureMaxBytes,
    [`${channel}_events_enabled`]: spec.eventsEnabled,
    [`${channel}_syslog`]: spec.syslog,
  };
}

/** Epoch seconds; 0: never. At most what an int of XML-RPC holds, as with supervisord. */
function toSeconds(ms: number | undefined): number {
  return ms === undefined ? 0 : Math.min(INT_MAX, Math.floor(ms / 1000));
}
