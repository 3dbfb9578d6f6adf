/** What a client of the socket gets: names for states, epoch milliseconds for times, absent for unset. Types only. */

import type { Outcome } from '../core/job.js';
import type { Millis } from '../core/program.js';
import type { DaemonView } from './api.js';

export type { Outcome } from '../core/job.js';
export type { ShownState } from '../core/program.js';
export type {
  Channel,
  Delivery,
  DueTime,
  EventView,
  Explained,
  HoldView,
  ProcessConfiguration,
  ProcessResult,
  ProcessView,
  ResultCode,
  RollingProgress,
  RollingRest,
  Watched,
} from './api.js';
export type { GroupChange, MemberChange, OptionChange, PlanAnswer, UpdateStep } from './changes.js';
export type { DeathView } from './deaths.js';
export type { Reloaded } from './reload.js';

/** As a gRPC health check sees it. */
export interface ServiceHealth {
  /** Empty: the daemon. */
  readonly service: string;
  readonly status: 'UNKNOWN' | 'SERVING' | 'NOT_SERVING' | 'SERVICE_UNKNOWN';
}

export interface DaemonAnswer extends Omit<DaemonView, 'startTime' | 'memoryBytes'> {
  /** "supd.v1"; "3.0" over XML-RPC, which doesn't tell the rest. */
  readonly apiVersion: string;
  readonly startTime?: Millis;
  readonly memoryBytes?: number;
}

export interface ReadAnswer {
  readonly content: Uint8Array;
  /** Of the whole file. */
  readonly size: number;
}

export interface RereadAnswer {
  readonly added: readonly string[];
  readonly changed: readonly string[];
  readonly removed: readonly string[];
  readonly warnings: readonly string[];
}

export interface StepAnswer {
  readonly name: string;
  readonly outcome: Outcome | 'waiting';
  /** Empty when there is nothing to say. */
  readonly reason: string;
  readonly exitStatus?: number;
  /** "SIGKILL", or empty. */
  readonly exitSignal: string;
  readonly attempts: number;
  readonly startTime?: Millis;
  readonly endTime?: Millis;
  readonly output: string;
  readonly outputBytes: number;
  /** Absent: unknown, or it never ran. */
  readonly cpuMs?: Millis;
  readonly peakBytes?: number;
  /** What it usually takes, while the run is watched. */
  readonly usualMs?: Millis;
}

export interface RunAnswer {
  readonly id: string;
  readonly job: string;
  readonly outcome: Outcome;
  readonly reason: string;
  /** "schedule", "catchup" or "request". */
  readonly trigger: string;
  readonly requestedBy: string;
  readonly dueTime?: Millis;
  readonly startTime?: Millis;
  readonly endTime?: Millis;
  readonly steps: readonly StepAnswer[];
  /** Absent: unknown of a step, or none ran. */
  readonly cpuMs?: Millis;
  readonly peakBytes?: number;
  readonly usualMs?: Millis;
  /** Skipped, since it was due while nobody could run it. */
  readonly missed: boolean;
}

export interface JobAnswer {
  readonly name: string;
  /** Cron text, or empty. */
  readonly schedule: string;
  readonly timezone: string;
  /** Empty for a command. */
  readonly steps: readonly string[];
  /** Empty for a sequence. */
  readonly command: string;
  readonly nextRun?: Millis;
  readonly lastRun?: RunAnswer;
  readonly overdue: boolean;
  /** Begin of the newest good run, by itself or as a step. */
  readonly lastGood?: Millis;
  readonly overdueReason: string;
}
