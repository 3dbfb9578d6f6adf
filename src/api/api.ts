/** What a client may ask, whatever the wire. Types only. Refusals are thrown as SupdError. */
import type { RunRecord } from '../core/job.js';
import type { Millis, ProcessSpec, ShownState } from '../core/program.js';
import type { RollingPhase } from '../core/rolling-words.js';
import type { Plan, UpdateStep } from './changes.js';
import type { DueTime, JobView, RunView } from './job-views.js';
import type { Detail, Explained, ProcessView } from './process-view.js';
import type { Reloaded } from './reload.js';

export type { DueTime, JobView, RunView, StepView } from './job-views.js';
export type { AskedFor, Detail, Explained, ProcessView } from './process-view.js';

/** Who asks. A `reader` may look at everything and change nothing. */
export interface Caller {
  readonly role: 'operator' | 'reader';
  /** Peer of a unix socket (SO_PEERCRED). */
  readonly uid?: number;
  readonly pid?: number;
  /** Over TCP: of the certificate that was shown, "CN=alice", or user name and address, "admin from 10.0.0.5". */
  readonly subject?: string;
  /** "supd.sock", "readonly.sock", "127.0.0.1:9001" … for the log. */
  readonly door: string;
}

export type ResultCode =
  | 'STARTED'
  | 'STOPPED'
  | 'SIGNALLED'
  | 'CLEARED'
  | 'NO_SUCH_PROCESS'
  | 'NO_SUCH_GROUP'
  | 'ALREADY_STARTED'
  | 'NOT_RUNNING'
  | 'NO_FILE'
  | 'NOT_EXECUTABLE'
  | 'SPAWN_ERROR'
  | 'ABNORMAL_TERMINATION'
  | 'FAILED'
  | 'SHUTTING_DOWN'
  | 'BAD_SIGNAL';

export interface ProcessResult {
  readonly name: string;
  readonly group: string;
  readonly code: ResultCode;
  readonly message: string;
}

export interface ProcessConfiguration {
  readonly name: string;
  readonly group: string;
  readonly inUse: boolean;
  readonly autostart: boolean;
  readonly groupPriority: number;
  readonly processPriority: number;
  readonly command: string;
}

/** With all that the file says of it. */
export interface ConfiguredProcess extends ProcessConfiguration {
  readonly spec: ProcessSpec;
  /** Of `user`; undefined: the daemon's. */
  readonly uid?: number;
  /** Names that were made for AUTO logs, while the group is active as it is configured. */
  readonly stdoutAuto?: string;
  readonly stderrAuto?: string;
}

/** An active group and its members, in starting order: what names are resolved by. */
export interface GroupView {
  readonly name: string;
  readonly priority: number;
  readonly members: readonly MemberView[];
}

export interface MemberView {
  /** `group:name`, a target that means this one alone. */
  readonly id: string;
  readonly name: string;
  readonly group: string;
  readonly state: ShownState;
  /** No time has to pass between its spawn and RUNNING. */
  readonly startsAtOnce: boolean;
}

/** Where a log is. */
export interface LogFileView {
  readonly path: string;
  /** The name was made by supd, which makes the file when it is first written to. */
  readonly isAuto: boolean;
  /** Of the file; undefined while there is none. */
  readonly modified?: Millis;
}

export interface DaemonView {
  readonly version: string;
  readonly identifier: string;
  readonly pid: number;
  readonly state: 'RUNNING' | 'RESTARTING' | 'SHUTDOWN';
  readonly startTime: Millis;
  readonly configuration: string;
  readonly logfile: string;
  readonly conditions: readonly string[];
  readonly memoryBytes: number;
  /** Times that its code was replaced in place. */
  readonly upgrades: number;
}

export interface EventView {
  readonly sequence: number;
  readonly resumeToken: string;
  readonly time: Millis;
  readonly type: string;
  readonly name: string;
  readonly group: string;
  readonly details: Readonly<Record<string, string>>;
}
export type Watched =
  | { readonly kind: 'event'; readonly event: EventView }
  | { readonly kind: 'gap'; readonly missed: number };

/** How one way of a [notify:x] went; `failure` is empty when the message was taken. */
export interface Delivery {
  readonly channel: string;
  readonly failure: string;
}

export type Channel = 'stdout' | 'stderr';

/** How a change is asked for. `signal` ends the wait, never the operation. */
export interface Asked {
  readonly caller: Caller;
  readonly reason?: string;
  readonly noWait?: boolean;
  readonly signal?: AbortSignal;
  /** Goes on although a job holds the program. */
  readonly force?: boolean;
  /** Is refused where a job holds the program, and else waited for. */
  readonly ifFree?: boolean;
  /** Told of each hold that the change waits for. */
  readonly onHold?: (hold: HoldView) => void;
}

/** One process of a rolling restart, at each change. */
export interface RollingProgress {
  readonly name: string;
  readonly group: string;
  readonly phase: RollingPhase;
  /** Why it failed or was passed over, or what it waits for. */
  readonly message: string;
}

/** What a rolling restart that was ended still does, and what it leaves. */
export interface RollingRest {
  readonly finishing: readonly string[];
  readonly untouched: readonly string[];
}

/** A job that keeps a program from being stopped. */
export interface HoldView {
  readonly name: string;
  readonly group: string;
  readonly job: string;
  readonly run: string;
  /** The job's own name: the run as a whole. */
  readonly step: string;
  readonly since: Millis;
}

interface Found {
  readonly processes: readonly ProcessView[];
  readonly unknown: readonly ProcessResult[];
  /** What does not work just now, when all were asked for. */
  readonly conditions?: readonly string[];
}

export interface Api {
  daemon(): DaemonView;
  mode(): DaemonView['state'];
  groups(): readonly GroupView[];
  processes(targets: readonly string[], detail?: Detail): Found;
  process(name: string): ProcessView;
  /** Why a process is as it is. */
  explain(name: string): Explained;
  configurations(): readonly ConfiguredProcess[];

  start(targets: readonly string[], asked: Asked): AsyncIterable<ProcessResult>;
  stop(targets: readonly string[], asked: Asked): AsyncIterable<ProcessResult>;
  restart(targets: readonly string[], asked: Asked): AsyncIterable<ProcessResult>;
  /** How each process fares in a restart of one after the other, until its end. */
  roll(targets: readonly string[], maxUnavailable: number, asked: Asked): AsyncIterable<RollingProgress>;
  /** Ends it after those that it restarts just now. @throws SupdError NOT_RUNNING */
  cancelRolling(asked: Asked): RollingRest;
  signal(targets: readonly string[], signal: string, asked: Asked): readonly ProcessResult[];
  /** One after the other. */
  reloadPrograms(targets: readonly string[], asked: Asked): AsyncIterable<Reloaded>;
  writeStdin(name: string, chars: Uint8Array, asked: Asked): void;

  /** An empty name: the daemon's own log, here and below. At most `mostBytes`, or 1 MiB. */
  readLog(
    name: string,
    channel: Channel,
    offset: number,
    length: number,
    mostBytes?: number,
  ): { readonly content: Uint8Array; readonly size: number };
  /** What came after `offset`, at most the last `length` bytes: supervisord's tailProcessStdoutLog. */
  tailLog(
    name: string,
    channel: Channel,
    offset: number,
    length: number,
  ): { readonly content: Uint8Array; readonly offset: number; readonly overflow: boolean };
  /** undefined: that channel has no file. */
  logFile(name: string, channel: Channel): LogFileView | undefined;
  followLog(
    name: string,
    channel: Channel,
    historyBytes: number,
    signal: AbortSignal,
  ): AsyncIterable<Uint8Array>;
  clearLogs(targets: readonly string[], asked: Asked): readonly ProcessResult[];
  clearMainLog(asked: Asked): void;

  reread(asked: Asked): {
    readonly added: readonly string[];
    readonly changed: readonly string[];
    readonly removed: readonly string[];
    readonly warnings: readonly string[];
  };
  /** What an update would do. */
  plan(): Plan;
  update(groups: readonly string[], asked: Asked): AsyncIterable<UpdateStep>;
  addGroup(group: string, asked: Asked): void;
  removeGroup(group: string, asked: Asked): void;
  shutdown(asked: Asked): void;
  reload(asked: Asked): void;
  /** Checks the code that is installed now and, unless only that is asked for, lets it take over. @returns its version */
  upgrade(how: { readonly check: boolean }, asked: Asked): Promise<string>;
  reopenLogs(asked: Asked): void;
  /** An event of a client's own, for those who watch. */
  tellRemote(type: string, data: string, asked: Asked): void;
  /** @throws SupdError BAD_NAME */
  testNotification(section: string, asked: Asked): Promise<readonly Delivery[]>;
  events(resumeToken: string | undefined, signal: AbortSignal): AsyncIterable<Watched>;

  jobs(): readonly JobView[];
  /** The run at each change; the last has ended. With `dryRun` one record, all steps waiting. */
  runJob(
    job: string,
    how: { readonly fromStep?: string; readonly dryRun?: boolean },
    asked: Asked,
  ): AsyncIterable<RunView>;
  cancelRun(job: string, asked: Asked): string;
  runs(job: string, limit: number): readonly RunRecord[];
  preview(job: string | undefined, count: number): readonly DueTime[];
  runLog(
    job: string,
    what: { readonly runId?: string; readonly step?: string; readonly follow: boolean },
    signal: AbortSignal,
  ): AsyncIterable<{ readonly step: string; readonly content: Uint8Array }>;
}
