/** What a client may ask a daemon, whatever the wire. Types only; src/grpc and src/xmlrpc have one each. */
import type {
  Channel,
  DaemonAnswer,
  Delivery,
  DueTime,
  Explained,
  HoldView,
  JobAnswer,
  PlanAnswer,
  ProcessConfiguration,
  ProcessResult,
  ProcessView,
  ReadAnswer,
  Reloaded,
  RereadAnswer,
  RollingProgress,
  RollingRest,
  RunAnswer,
  ServiceHealth,
  UpdateStep,
  Watched,
} from './answers.js';

export interface CallOptions {
  /** Ends the wait; what was begun goes on in the daemon. */
  readonly signal?: AbortSignal;
  /** The longest wait for the end of the call; undefined: no bound. */
  readonly timeoutMs?: number;
}

export interface Targets {
  readonly targets: readonly string[];
  readonly reason?: string;
}
interface Change extends Targets {
  readonly noWait?: boolean;
}
export interface HeldBack {
  /** Go on although a job holds one of them. */
  readonly force?: boolean;
  /** Told of each hold that is waited for. */
  readonly onHold?: (hold: HoldView) => void;
}
interface Reason {
  readonly reason?: string;
}
type Options = CallOptions;

/** Every method fails with CallFailure, and nothing else. Leaving a `for await` cancels the wait, not what was begun. */
export interface Client {
  getDaemon(options?: Options): Promise<DaemonAnswer>;
  /** grpc.health.v1: the daemon first, then each process. */
  listHealth(options?: Options): Promise<readonly ServiceHealth[]>;
  rereadConfiguration(request?: Reason, options?: Options): Promise<RereadAnswer>;
  planUpdate(options?: Options): Promise<PlanAnswer>;
  /** `tellMembers`: what is done to single members of a group is told, too. */
  updateGroups(
    request?: Reason &
      HeldBack & {
        readonly groups?: readonly string[];
        readonly tellMembers?: boolean;
        /** Refuse a group that is held. */
        readonly noWait?: boolean;
      },
    options?: Options,
  ): AsyncIterable<UpdateStep>;
  addGroup(request: Reason & { readonly group: string }, options?: Options): Promise<void>;
  removeGroup(request: Reason & { readonly group: string }, options?: Options): Promise<void>;
  shutdown(request?: Reason, options?: Options): Promise<void>;
  reload(request?: Reason, options?: Options): Promise<void>;
  /** The version that is installed. It serves some time after the answer, unless only a check was asked for. */
  upgrade(request: Reason & { readonly check?: boolean }, options?: Options): Promise<string>;
  reopenLogs(request?: Reason, options?: Options): Promise<void>;
  /** What became of each way that the section has. */
  testNotification(
    request: Reason & { readonly name: string },
    options?: Options,
  ): Promise<readonly Delivery[]>;
  watchEvents(request?: { readonly resumeToken?: string }, options?: Options): AsyncIterable<Watched>;

  /** No targets: all. */
  listProcesses(
    request?: { readonly targets?: readonly string[]; readonly withIdentity?: boolean },
    options?: Options,
  ): Promise<{
    readonly processes: readonly ProcessView[];
    readonly unknown: readonly ProcessResult[];
    /** What does not work just now, when all were asked for. */
    readonly conditions?: readonly string[];
  }>;
  getProcess(request: { readonly name: string }, options?: Options): Promise<ProcessView>;
  explainProcess(request: { readonly name: string }, options?: Options): Promise<Explained>;
  listConfigurations(options?: Options): Promise<readonly ProcessConfiguration[]>;
  startProcesses(request: Change, options?: Options): AsyncIterable<ProcessResult>;
  stopProcesses(request: Change & HeldBack, options?: Options): AsyncIterable<ProcessResult>;
  restartProcesses(request: Change & HeldBack, options?: Options): AsyncIterable<ProcessResult>;
  /** One after the other. Never an older daemon's restart of all at once: that one doesn't know the call. */
  rollProcesses(
    request: Change & { readonly maxUnavailable?: number; readonly force?: boolean },
    options?: Options,
  ): AsyncIterable<RollingProgress>;
  cancelRolling(request?: Reason, options?: Options): Promise<RollingRest>;
  signalProcesses(
    request: Targets & { readonly signal: string },
    options?: Options,
  ): Promise<readonly ProcessResult[]>;
  reloadPrograms(request: Targets, options?: Options): AsyncIterable<Reloaded>;
  writeStdin(
    request: Reason & { readonly name: string; readonly chars: Uint8Array },
    options?: Options,
  ): Promise<void>;
  /** No name: the daemon's own log. A negative offset counts from the end. At most 1 MiB. */
  readLog(
    request: {
      readonly name?: string;
      readonly channel?: Channel;
      readonly offset?: number;
      readonly length?: number;
    },
    options?: Options,
  ): Promise<ReadAnswer>;
  followLog(
    request: { readonly name?: string; readonly channel?: Channel; readonly historyBytes?: number },
    options?: Options,
  ): AsyncIterable<Uint8Array>;
  clearLogs(
    request: Reason & { readonly targets?: readonly string[]; readonly daemon?: boolean },
    options?: Options,
  ): Promise<readonly ProcessResult[]>;

  listJobs(options?: Options): Promise<readonly JobAnswer[]>;
  /** The run at each change; the last has ended. */
  runJob(
    request: Reason & { readonly job: string; readonly fromStep?: string; readonly dryRun?: boolean },
    options?: Options,
  ): AsyncIterable<RunAnswer>;
  /** The id of the run that is being ended. */
  cancelRun(request: Reason & { readonly job: string }, options?: Options): Promise<string>;
  /** Newest first. */
  listRuns(
    request: { readonly job: string; readonly limit?: number },
    options?: Options,
  ): Promise<readonly RunAnswer[]>;
  previewSchedule(
    request?: { readonly job?: string; readonly count?: number },
    options?: Options,
  ): Promise<readonly DueTime[]>;
  readRunLog(
    request: {
      readonly job: string;
      readonly runId?: string;
      readonly step?: string;
      readonly follow?: boolean;
    },
    options?: Options,
  ): AsyncIterable<{ readonly step: string; readonly content: Uint8Array }>;

  /** Ends the connection, so that the process can end. */
  close(): void;
}
