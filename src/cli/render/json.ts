/**
 * `--json`: the proto3 JSON mapping of the contract's messages (lowerCamelCase, RFC 3339 times) without what encloses
 * them, with enum values short ("RUNNING", "ok") and 64-bit numbers as numbers. Every field is always there; null is
 * a value that there isn't. Outside tools read these: fields may be added, never changed.
 */
import type {
  DaemonAnswer,
  DeathView,
  DueTime,
  Explained,
  JobAnswer,
  ProcessResult,
  ProcessView,
  RunAnswer,
  StepAnswer,
  Watched,
} from '../../grpc/client.js';
import { rfc3339 } from './times.js';

type Json = Readonly<Record<string, unknown>>;

/** One document of several lines, for people who look at it. */
export function document(value: unknown): string {
  return JSON.stringify(value, null, 2);
}

/** One line of NDJSON. */
export function ndjson(value: unknown): string {
  return JSON.stringify(value);
}

export function processJson(one: ProcessView): Json {
  return {
    name: one.name,
    group: one.group,
    state: one.state,
    pid: one.pid,
    description: one.description,
    uptimeMs: one.uptimeMs,
    restarts: one.restarts,
    exitStatus: one.exitStatus ?? null,
    exitSignal: one.exitSignal,
    cpuPercent: one.cpuPercent ?? null,
    memoryBytes: one.memoryBytes ?? null,
    ready: one.ready,
    health: one.health,
    waitingFor: one.waitingFor,
    rolling: one.rolling,
    uid: one.uid ?? null,
    gid: one.gid ?? null,
    groups: one.groups,
    startTime: rfc3339(one.startTime),
    stopTime: rfc3339(one.stopTime),
    spawnError: one.spawnError,
    stdoutLogfile: one.stdoutLogfile,
    stderrLogfile: one.stderrLogfile,
    logFailure: one.logFailure,
    identity: one.identity ? identityJson(one.identity) : null,
  };
}

type Rights = NonNullable<ProcessView['identity']>;

function identityJson({ uids, gids, limits, ...rest }: Rights): Json {
  return {
    uid: uids[1],
    gid: gids[1],
    groups: rest.groups,
    capabilities: rest.capabilities,
    noNewPrivileges: rest.noNewPrivileges,
    nice: rest.nice,
    umask: rest.umask,
    limitNofile: limitJson(limits.nofile),
    limitNproc: limitJson(limits.nproc),
    limitCore: limitJson(limits.core),
    limitMemlock: limitJson(limits.memlock),
  };
}

function limitJson({ soft, hard }: Rights['limits']['core']): Json {
  return { soft: Number.isFinite(soft) ? soft : null, hard: Number.isFinite(hard) ? hard : null };
}

export function explainedJson({ process, since, cause, lastAsked, next, deaths }: Explained): Json {
  const asked = lastAsked ? { ...lastAsked, time: rfc3339(lastAsked.time) } : null;
  return {
    process: processJson(process),
    stateSince: rfc3339(since),
    cause,
    lastAsked: asked,
    next,
    deaths: deaths.map(deathJson),
  };
}

export function deathJson({ time, startTime, facts, ...rest }: DeathView): Json {
  return {
    time: rfc3339(time),
    startTime: rfc3339(startTime),
    ...rest,
    exitStatus: rest.exitStatus ?? null,
    cpuMs: rest.cpuMs ?? null,
    facts: facts ? { ...facts, time: rfc3339(facts.time), limitNofile: facts.limitNofile ?? null } : null,
  };
}

export function resultJson({ name, group, code, message }: ProcessResult): Json {
  return { name, group, code, message };
}

export function daemonJson(one: DaemonAnswer): Json {
  return {
    version: one.version,
    apiVersion: one.apiVersion,
    identifier: one.identifier,
    pid: one.pid,
    state: one.state,
    startTime: rfc3339(one.startTime),
    configuration: one.configuration,
    logfile: one.logfile,
    conditions: one.conditions,
    memoryBytes: one.memoryBytes,
  };
}

export function jobJson(one: JobAnswer): Json {
  return {
    name: one.name,
    schedule: one.schedule,
    timezone: one.timezone,
    steps: one.steps,
    command: one.command,
    nextRun: rfc3339(one.nextRun),
    lastRun: one.lastRun ? runJson(one.lastRun) : null,
    overdue: one.overdue,
    overdueReason: one.overdueReason,
    lastGood: rfc3339(one.lastGood),
  };
}

export function runJson(one: RunAnswer): Json {
  return {
    id: one.id,
    job: one.job,
    outcome: one.outcome,
    reason: one.reason,
    trigger: one.trigger,
    requestedBy: one.requestedBy,
    dueTime: rfc3339(one.dueTime),
    startTime: rfc3339(one.startTime),
    endTime: rfc3339(one.endTime),
    steps: one.steps.map(stepJson),
    cpuMs: one.cpuMs ?? null,
    peakMemoryBytes: one.peakBytes ?? null,
    usualMs: one.usualMs ?? null,
    missed: one.missed,
  };
}

export function dueJson({ job, time, local, note }: DueTime): Json {
  return { job, time: rfc3339(time), local, note };
}

export function watchedJson(watched: Watched): Json {
  switch (watched.kind) {
    case 'event': {
      const { sequence, resumeToken, time, type, name, group, details } = watched.event;
      return { sequence, resumeToken, time: rfc3339(time), type, name, group, details };
    }
    case 'gap':
      return { gap: { missed: watched.missed } };
    default:
      return watched satisfies never;
  }
}

/** Some output of a step; bytes are base64 in the proto3 mapping. */
export function pieceJson({ step, content }: { readonly step: string; readonly content: Uint8Array }): Json {
  return { step, ...contentJson(content) };
}

export function contentJson(content: Uint8Array): Json {
  return { content: Buffer.from(content).toString('base64') };
}

function stepJson(one: StepAnswer): Json {
  return {
    name: one.name,
    outcome: one.outcome,
    reason: one.reason,
    exitStatus: one.exitStatus ?? null,
    exitSignal: one.exitSignal,
    attempts: one.attempts,
    startTime: rfc3339(one.startTime),
    endTime: rfc3339(one.endTime),
    output: one.output,
    outputBytes: one.outputBytes,
    cpuMs: one.cpuMs ?? null,
    peakMemoryBytes: one.peakBytes ?? null,
    usualMs: one.usualMs ?? null,
  };
}
