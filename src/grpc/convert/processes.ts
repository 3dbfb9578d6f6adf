/** Processes and what became of them, both ways. */
import type {
  HoldView,
  ProcessConfiguration,
  ProcessResult,
  ProcessView,
  RollingProgress,
} from '../../api/api.js';
import type { supd } from '../contract.js';
import { identityFromWire, identityToWire } from './identity.js';
import { processState, resultCode, rollingPhase } from './names.js';
import { present, timeFromWire, timeToWire } from './time.js';

/** A process as the contract says it. */
export function processToWire(view: ProcessView): supd.v1.Process.$Properties {
  return {
    name: view.name,
    group: view.group,
    state: processState.toWire(view.state),
    description: view.description,
    pid: view.pid,
    uptimeMs: Math.round(view.uptimeMs),
    restarts: view.restarts,
    exitStatus: view.exitStatus,
    exitSignal: view.exitSignal,
    cpuPercent: view.cpuPercent,
    memoryBytes: view.memoryBytes,
    ready: view.ready,
    health: view.health,
    waitingFor: [...view.waitingFor],
    rolling: view.rolling,
    uid: view.uid,
    gid: view.gid,
    groups: [...view.groups],
    startTime: timeToWire(view.startTime),
    stopTime: timeToWire(view.stopTime),
    spawnError: view.spawnError,
    stdoutLogfile: view.stdoutLogfile,
    stderrLogfile: view.stderrLogfile,
    logFailure: view.logFailure,
    ...(view.identity ? { identity: identityToWire(view.identity) } : {}),
  };
}

/** A process as the api says it. */
export function processFromWire(wire: supd.v1.Process.$Properties): ProcessView {
  return {
    name: wire.name ?? '',
    group: wire.group ?? '',
    state: processState.fromWire(wire.state),
    description: wire.description ?? '',
    pid: wire.pid ?? 0,
    uptimeMs: wire.uptimeMs ?? 0,
    restarts: wire.restarts ?? 0,
    ...present('exitStatus', wire.exitStatus),
    exitSignal: wire.exitSignal ?? '',
    ...present('cpuPercent', wire.cpuPercent),
    ...present('memoryBytes', wire.memoryBytes),
    ready: wire.ready ?? false,
    health: wire.health ?? '',
    waitingFor: wire.waitingFor ?? [],
    rolling: wire.rolling ?? '',
    ...present('uid', wire.uid),
    ...present('gid', wire.gid),
    groups: wire.groups ?? [],
    ...present('startTime', timeFromWire(wire.startTime)),
    ...present('stopTime', timeFromWire(wire.stopTime)),
    spawnError: wire.spawnError ?? '',
    stdoutLogfile: wire.stdoutLogfile ?? '',
    stderrLogfile: wire.stderrLogfile ?? '',
    logFailure: wire.logFailure ?? '',
    ...(wire.identity ? { identity: identityFromWire(wire.identity) } : {}),
  };
}

/** One result as the contract says it. */
export function resultToWire(result: ProcessResult): supd.v1.ProcessResult.$Properties {
  return { ...result, code: resultCode.toWire(result.code) };
}

/** One result as the api says it. */
export function resultFromWire(wire: supd.v1.ProcessResult.$Properties | null | undefined): ProcessResult {
  return {
    name: wire?.name ?? '',
    group: wire?.group ?? '',
    code: resultCode.fromWire(wire?.code),
    message: wire?.message ?? '',
  };
}

/** One step of a rolling restart as the api says it. */
export function progressFromWire(wire: supd.v1.RollProcessesResponse.$Properties): RollingProgress {
  return {
    name: wire.name ?? '',
    group: wire.group ?? '',
    phase: rollingPhase.fromWire(wire.phase),
    message: wire.message ?? '',
  };
}

/** A hold as the contract says it. */
export function holdToWire(hold: HoldView): supd.v1.Hold.$Properties {
  return { ...hold, since: timeToWire(hold.since) };
}

/** A hold as the api says it. */
export function holdFromWire(wire: supd.v1.Hold.$Properties): HoldView {
  return {
    name: wire.name ?? '',
    group: wire.group ?? '',
    job: wire.job ?? '',
    run: wire.run ?? '',
    step: wire.step ?? '',
    since: timeFromWire(wire.since) ?? 0,
  };
}

/** One configured process as the api says it; the other way the fields are the same. */
export function configurationFromWire(wire: supd.v1.ProcessConfiguration.$Properties): ProcessConfiguration {
  return {
    name: wire.name ?? '',
    group: wire.group ?? '',
    inUse: wire.inUse ?? false,
    autostart: wire.autostart ?? false,
    groupPriority: wire.groupPriority ?? 0,
    processPriority: wire.processPriority ?? 0,
    command: wire.command ?? '',
  };
}
