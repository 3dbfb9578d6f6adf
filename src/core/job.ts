/** Vocabulary of jobs and their runs. Types only. Stamps are epoch milliseconds, durations milliseconds. */
import type { Exit, LaunchSpec, Millis } from './program.js';

/** What a job does: one command, or other jobs one after the other. */
export type JobAction =
  | { readonly kind: 'command'; readonly launch: LaunchSpec }
  | { readonly kind: 'sequence'; readonly steps: readonly string[] };

export interface JobSpec {
  readonly name: string;
  readonly action: JobAction;
  /** Cron text, five or six fields or @daily …; undefined: only by hand or as a step. */
  readonly schedule?: string;
  /** IANA name; undefined: the machine's zone. */
  readonly timezone?: string;
  /** Most that one attempt (a command) or the whole run (a sequence) may take; undefined: no bound. */
  readonly timeoutMs?: Millis;
  /** How long a step may take to end after SIGTERM before SIGKILL. */
  readonly stopWaitMs: Millis;
  readonly retries: number;
  /** Pause before retry n: the n-th, or the last one. */
  readonly retryDelaysMs: readonly Millis[];
  /** Statuses worth a retry; undefined: every failure. */
  readonly retryExitCodes?: readonly number[];
  readonly exitCodes: readonly number[];
  /** Statuses that are a success with a warning: the step is `degraded`. */
  readonly warnExitCodes: readonly number[];
  /** Any output is a failure, whatever the status. */
  readonly failOnOutput: boolean;
  /** As a step: names of steps that must have succeeded; undefined: the step before; empty: whatever happened. */
  readonly needs?: readonly string[];
  /** As a step: what its failure makes of the run. */
  readonly onFailure: 'fail' | 'degrade';
  /** Held (flock) for the whole run; already held by another: the run is skipped. */
  readonly lock?: string;
  readonly overlap: 'skip' | 'queue';
  /** How late a missed run may still start. */
  readonly catchupMs: Millis;
  readonly jitterMs: Millis;
  /** Runs that are kept. */
  readonly history: number;
  /** Its last good run may be this old; undefined: no bound. */
  readonly maxAgeMs?: Millis;
  /** Process or group names stopped before and, those that ran, started after. */
  readonly requiresStopped: readonly string[];
  readonly holds: readonly string[];
  /** Sections of [notify:x]; undefined: all of them. */
  readonly notify?: readonly string[];
}

export type Outcome = 'running' | 'ok' | 'degraded' | 'failed' | 'skipped' | 'cancelled';

export interface StepRecord {
  /** The job's name; `outer/inner` for a step of a sequence inside a sequence. */
  readonly name: string;
  readonly outcome: Outcome | 'waiting';
  /** In words, when there is something to say: "exit status 23", "needs backup, which failed". */
  readonly reason?: string;
  readonly exit?: Exit;
  readonly attempts: number;
  readonly startTime?: Millis;
  readonly endTime?: Millis;
  /** Bytes written by all attempts. */
  readonly outputBytes: number;
  /** The last lines, at most 4 KiB of text. */
  readonly output: string;
  /** Processor time of all attempts; undefined: unknown, since another supd saw it begin, or it never ran. */
  readonly cpuMs?: Millis;
  /** Resident memory of its largest process at most; undefined: unknown, it was over too soon, or it never ran. */
  readonly peakBytes?: number;
}

/** One run as it is kept on disk and shown. A single command is a run with one step of its own name. */
export interface RunRecord {
  /** Sortable and unique per job: `20261123T030000Z-1`. */
  readonly id: string;
  readonly job: string;
  readonly outcome: Outcome;
  readonly reason?: string;
  readonly trigger: 'schedule' | 'catchup' | 'request';
  /** It was due while nobody could run it, and is too late now. */
  readonly missed?: true;
  /** Who asked, for a request. */
  readonly requestedBy?: string;
  /** The scheduled time; for a request, when it was made. */
  readonly dueTime: Millis;
  readonly startTime: Millis;
  readonly endTime?: Millis;
  readonly steps: readonly StepRecord[];
}
