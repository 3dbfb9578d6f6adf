/** Vocabulary of the supervised processes. Types only. Durations are monotonic milliseconds, stamps wall-clock. */
import type { BackoffSpec } from './backoff.js';
import type { Health, HealthStatus } from './health.js';
import type { MemorySpec } from './memory.js';
import type { HealthSpec, Probe, ProbeOutcome, ReadySpec } from './probe.js';
import type { Readiness } from './readiness.js';
import type { ReloadSpec } from './reload-words.js';
import type { SharedSocketSpec } from './shared-socket.js';
import type { StreamSpec } from './stream.js';
import type { Arrival, TrafficSpec } from './traffic.js';

export type { SharedSocketSpec } from './shared-socket.js';
export type { StreamSpec } from './stream.js';

export type Millis = number;
/** Both clocks, read once by the shell for each event: `mono` for durations, `wall` (epoch ms) for stamps. */
export interface Now {
  readonly mono: Millis;
  readonly wall: Millis;
}

/** Soft and hard value alike; `undefined`: inherited. Bytes for memlock and core, counts for the others. */
export interface Limits {
  readonly nofile?: number | 'unlimited';
  readonly nproc?: number | 'unlimited';
  readonly core?: number | 'unlimited';
  readonly memlock?: number | 'unlimited';
}

/** How a process is run, whether it is a program's or a job's. */
export interface LaunchSpec {
  /** As configured; split into words when it is started, as supervisord does. */
  readonly command: string;
  /** A name or a uid; undefined: the daemon's own user. */
  readonly user?: string;
  /** Names or gids; undefined: the user's own. */
  readonly supplementaryGroups?: readonly string[];
  readonly directory?: string;
  readonly umask?: number;
  /** Set over the daemon's environment. */
  readonly environment: Readonly<Record<string, string>>;
  readonly limits: Limits;
  readonly nice?: number;
  readonly capabilities: readonly string[];
  readonly noNewPrivileges: boolean;
}

/** One slot that holds at most one live process: a program, or one of its `numprocs` copies. */
export interface ProcessSpec extends LaunchSpec {
  /** `group:name`, unique. */
  readonly id: string;
  readonly name: string;
  readonly group: string;
  /** The x of [program:x]. */
  readonly program: string;
  readonly priority: number;
  readonly autostart: boolean;
  readonly autorestart: 'always' | 'unexpected' | 'never';
  /** Must stay up this long to count as RUNNING. */
  readonly startMs: Millis;
  readonly startRetries: number;
  /** undefined: supervisord's rule. */
  readonly backoff?: BackoffSpec;
  readonly exitCodes: readonly number[];
  /** Linux signal number. */
  readonly stopSignal: number;
  /** From stopSignal to SIGKILL. */
  readonly stopWaitMs: Millis;
  readonly stopAsGroup: boolean;
  readonly killAsGroup: boolean;
  readonly redirectStderr: boolean;
  /** undefined: once startMs are over. */
  readonly ready?: ReadySpec;
  /** undefined: nobody asks how it is. */
  readonly health?: HealthSpec;
  readonly dependsOn?: readonly Dependency[];
  /** What has to be done for its visitors; undefined: nothing. */
  readonly traffic?: TrafficSpec;
  /** Undefined: without bound. */
  readonly memory?: MemorySpec;
  readonly reload?: ReloadSpec;
  /** When it has ended for good by itself, supd ends too, with its status. */
  readonly essential?: true;
  readonly stdout: StreamSpec;
  readonly stderr: StreamSpec;
  /** SUPERVISOR_SERVER_URL of the child; undefined: AUTO. */
  readonly serverUrl?: string;
  /** Programs with the same one share it. */
  readonly socket?: SharedSocketSpec;
}

/** Before a start, another program must be so far. */
export interface Dependency {
  /** A program, process, `group:process` or group. */
  readonly on: string;
  readonly condition: 'started' | 'ready' | 'completed';
}

/** What the processes of an [eventlistener:x] are told of. */
export interface PoolSpec {
  /** Types as configured, those above others too. */
  readonly events: readonly string[];
  /** Events kept while no listener takes one. */
  readonly bufferSize: number;
  /** What `len` of an event's header counts. */
  readonly eventLength: 'characters' | 'bytes';
}

export interface GroupSpec {
  readonly name: string;
  /** `program`: the group that a lone program is; `group`: a [group:x]. */
  readonly kind: 'program' | 'group' | 'eventlistener' | 'fcgi-program';
  readonly priority: number;
  /** Of an event listener, and of nothing else. */
  readonly pool?: PoolSpec;
  /** In starting order. */
  readonly processes: readonly ProcessSpec[];
}

export type Exit =
  | { readonly code: number }
  | { readonly signal: number; readonly core: boolean }
  /** It ended while nobody could see how. */
  | { readonly unknown: true };

/** The names that users know. WAITING and SPAWNING are shown as STARTING, SWEEPING as what it came from. */
export type ShownState =
  | 'STOPPED'
  | 'STARTING'
  | 'RUNNING'
  | 'BACKOFF'
  | 'STOPPING'
  | 'EXITED'
  | 'FATAL'
  | 'UNKNOWN';

/** Each state holds what is true only in it: no pid outside a live state, no deadline without a use. */
export type ProcessState =
  | { readonly name: 'STOPPED' }
  /** It is to be started as soon as what it depends on is as it should be. */
  | { readonly name: 'WAITING'; readonly attempt: number }
  | { readonly name: 'SPAWNING'; readonly attempt: number }
  | {
      readonly name: 'STARTING';
      readonly pid: number;
      readonly attempt: number;
      readonly deadline: Millis;
      /** Of a program that has `ready`. */
      readonly readiness?: Readiness;
      /** It is being warmed up since. */
      readonly warming?: Millis;
    }
  | {
      readonly name: 'RUNNING';
      readonly pid: number;
      readonly since: Millis;
      /** Tries that its last start took, where that counts still: of a program with a backoff of its own. */
      readonly attempt?: number;
      /** Of the next probe, or its answer. */
      readonly deadline?: Millis;
      readonly health?: Health;
      /** What is still before it. */
      readonly arrival?: Arrival;
    }
  | { readonly name: 'BACKOFF'; readonly attempt: number; readonly why: string; readonly deadline: Millis }
  | {
      readonly name: 'STOPPING';
      readonly pid: number;
      readonly next: Next;
      readonly deadline: Millis;
      /** Not asked to end yet: its visitors leave first, since. */
      readonly leaving?: Millis;
      /** It was RUNNING since then, and is so again where its rolling restart ends before its stop. */
      readonly ran?: Millis;
      /** It must not go on, and nobody asked for its end: FATAL, and why. */
      readonly refused?: string;
      /** Its start has failed, and nobody has asked for anything since. */
      readonly failed?: { readonly attempt: number; readonly why: string };
    }
  /** The process itself is gone, something that it started is not. */
  | {
      readonly name: 'SWEEPING';
      readonly pid: number;
      readonly next: AfterSweep;
      /** How the process itself ended. */
      readonly exit: Exit;
      /** What users see meanwhile. */
      readonly shown: 'STOPPING' | 'EXITED' | 'BACKOFF';
      readonly deadline: Millis;
    }
  | { readonly name: 'EXITED'; readonly exit: Exit }
  | { readonly name: 'FATAL'; readonly why: string }
  | { readonly name: 'UNKNOWN'; readonly pid: number; readonly why: string };

/** What a stop remembers of the last request. */
export type Next = 'stay' | 'start';
export type AfterSweep =
  | { readonly to: Next }
  | { readonly to: 'backoff'; readonly attempt: number; readonly why: string };

export type ProcessEvent =
  /** `isOwn`: supd wants it by itself. */
  | { readonly type: 'start'; readonly isOwn?: true }
  | { readonly type: 'stop' }
  /** `startTicks`: proc(5)'s field 22; with the pid it names one process until the machine is booted again. */
  | { readonly type: 'spawned'; readonly pid: number; readonly startTicks?: number }
  | { readonly type: 'spawnFailed'; readonly why: string; readonly code: SpawnFailure }
  /** `leftover`: something that the process started is still alive; `cpuMs`: of all its life, where wait(2) tells it. */
  | { readonly type: 'exited'; readonly exit: Exit; readonly leftover: boolean; readonly cpuMs?: Millis }
  | { readonly type: 'swept' }
  /** What came of a probe, which is known by the process and by when it was asked for. */
  | {
      readonly type: 'probed';
      readonly pid: number;
      readonly asked: Millis;
      readonly outcome: ProbeOutcome;
    }
  /** It is not well, and it is its turn to be restarted: recycle.ts. */
  | { readonly type: 'recycle'; readonly why: string }
  /** Answers to `leave`, `warmUp` and `arrive`, with what they were asked with. */
  | { readonly type: 'left'; readonly pid: number; readonly asked: Millis; readonly why?: string }
  | { readonly type: 'warmed'; readonly pid: number; readonly asked: Millis; readonly why?: string }
  | { readonly type: 'arrived'; readonly pid: number; readonly asked: Millis; readonly why?: string }
  /** What it waited for is there. */
  | { readonly type: 'cleared' }
  | { readonly type: 'killFailed'; readonly why: string }
  /** It runs, and not as who or what it should be. */
  | { readonly type: 'identityWrong'; readonly pid: number; readonly why: string }
  | { readonly type: 'deadline' };

/** `SHORTAGE`: the machine has no room for it just now; nothing is wrong with the program. */
export type SpawnFailure = 'NO_FILE' | 'NOT_EXECUTABLE' | 'IDENTITY' | 'SHORTAGE' | 'OTHER';

export type ProcessEffect =
  | { readonly type: 'spawn' }
  /**
   * Of a supd that is gone: to be watched from now on and its streams to be read, if it provably is what was
   * started; else answered by `exited`.
   */
  | { readonly type: 'adopt'; readonly pid: number; readonly startTicks: number | undefined }
  /** To the process, or with `group` to its whole process group. */
  | { readonly type: 'kill'; readonly pid: number; readonly signal: number; readonly group: boolean }
  /** To all that is left of the process's tree; answered by `swept` once nothing is. */
  | { readonly type: 'sweep'; readonly pid: number; readonly signal: number }
  /** Answered by `probed` with the same pid and time, within timeoutMs or, where it is only waited for, whenever it comes. */
  | {
      readonly type: 'probe';
      readonly pid: number;
      readonly asked: Millis;
      readonly probe: Probe;
      readonly timeoutMs: Millis;
      /** Is it about `health`? Then it matters whether it works while it doesn't answer. */
      readonly isHealth?: true;
    }
  /** Its health is another. */
  | {
      readonly type: 'health';
      readonly from: HealthStatus;
      readonly to: HealthStatus;
      readonly why?: string;
      /** It has been busy for so long that somebody should look. */
      readonly busyMs?: Millis;
    }
  /** Its visitors are to be sent elsewhere; answered by `left`, within that time. `isRolled`: if that fails, with `why`. */
  | {
      readonly type: 'leave';
      readonly pid: number;
      readonly asked: Millis;
      readonly withinMs: Millis;
      readonly isRolled: boolean;
    }
  /** Answered by `warmed`, within the time of its spec; `why`: it is not. */
  | { readonly type: 'warmUp'; readonly pid: number; readonly asked: Millis }
  /** Visitors are to be sent to it; answered by `arrived`. `isRolled`: not if anything is wrong, then with `why`. */
  | { readonly type: 'arrive'; readonly pid: number; readonly asked: Millis; readonly isRolled: boolean }
  /** A state was entered. Told in order, even when several are passed in one step. */
  | { readonly type: 'announce'; readonly change: StateChange };

export interface StateChange {
  readonly from: ShownState;
  readonly to: ShownState;
  readonly pid: number;
  /** Attempts so far: in STARTING and BACKOFF. */
  readonly tries: number;
  /** How it ended: in EXITED and STOPPED, and in BACKOFF after an exit. */
  readonly exit?: Exit;
  /** EXITED: was the status one of exitcodes? */
  readonly expected?: boolean;
  /** BACKOFF, FATAL, UNKNOWN; STOPPING, where supd wants it by itself. */
  readonly why?: string;
}
