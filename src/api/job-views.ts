/** Jobs and their runs as a client is shown them. Types only. */
import type { JobSpec, RunRecord, StepRecord } from '../core/job.js';
import type { Millis } from '../core/program.js';

export interface JobView {
  readonly spec: JobSpec;
  readonly nextRun?: Millis;
  readonly lastRun?: RunRecord;
  /** Begin of the newest run, or step of another's run, that ended ok or degraded. */
  readonly lastGood?: Millis;
  readonly overdue: boolean;
  /** Empty: it is not. */
  readonly overdueReason: string;
}

export interface DueTime {
  readonly job: string;
  readonly time: Millis;
  /** In the job's zone: "2026-11-24 03:00 CET". */
  readonly local: string;
  /** What a change of the clock does to it, or empty. */
  readonly note: string;
}

/** With what each part usually takes, where somebody watches. */
export interface RunView extends RunRecord {
  readonly usualMs?: Millis;
  readonly steps: readonly StepView[];
}

export interface StepView extends StepRecord {
  readonly usualMs?: Millis;
}
