/** What happens to jobs and runs, and what they want done. Types only. */
import type { JobSpec, RunRecord } from './job.js';
import type { Exit, LaunchSpec, Millis } from './program.js';

/** The newest due time that was dealt with, and the schedule (scheduleText) that it was a time of. */
export interface LastDue {
  readonly due: Millis;
  readonly schedule: string;
}

/** `run` is a run's id, `step` the name of one of its units: a step's, or the job's own for the run as a whole. */
export interface OfStep {
  readonly run: string;
  readonly step: string;
}

export type JobsEvent =
  /** At start and after each update. `lastDue`: all that `rememberDue` has kept. */
  | {
      readonly type: 'configured';
      readonly specs: readonly JobSpec[];
      readonly lastDue: Readonly<Record<string, LastDue>>;
    }
  /** The first due time strictly after `after`: the answer to `schedule`. An answer to an older question is ignored. */
  | { readonly type: 'scheduled'; readonly job: string; readonly after: Millis; readonly due: Millis }
  /** The timer of jobsWake: what is due starts, what has taken too long ends. Early or late is fine. */
  | { readonly type: 'wake' }
  /** By hand. `id`: unique over all jobs, from runId. Asked before by refuseRequest. */
  | {
      readonly type: 'request';
      readonly job: string;
      readonly id: string;
      readonly requestedBy?: string;
      /** The step to resume at. */
      readonly from?: string;
    }
  | { readonly type: 'cancel'; readonly run: string; readonly by?: string }
  /** All runs are cancelled, nothing starts any more, stopped programs stay stopped. */
  | { readonly type: 'shutdown' }
  /** The wall clock was set, or the machine slept. */
  | { readonly type: 'clockStepped' }
  | StepEvent;

export type StepEvent =
  | (OfStep & { readonly type: 'lockTaken' })
  /** `by`: who holds it, in words. `broken`: it could not be tried (no such directory): a failure, not a skip. */
  | (OfStep & { readonly type: 'lockHeld'; readonly by: string; readonly broken?: boolean })
  /** The answer to `retakeLock` when it is not ours any more. */
  | (OfStep & { readonly type: 'lockLost'; readonly by: string })
  /** `stopped`: ids of those that ran and now don't. */
  | (OfStep & { readonly type: 'programsStopped'; readonly stopped: readonly string[] })
  | (OfStep & {
      readonly type: 'programsNotStopped';
      readonly stopped: readonly string[];
      readonly why: string;
    })
  /** `failed`: ids of those that did not come up again. */
  | (OfStep & { readonly type: 'programsStarted'; readonly failed: readonly string[] })
  /** `startTicks`: proc(5)'s field 22. */
  | (OfStep & { readonly type: 'stepSpawned'; readonly pid: number; readonly startTicks?: number })
  | (OfStep & { readonly type: 'stepSpawnFailed'; readonly why: string })
  | (OfStep & {
      readonly type: 'stepExited';
      readonly exit: Exit;
      /** Written by this attempt alone. */
      readonly outputBytes: number;
      /** Its last lines. */
      readonly output: string;
      /** Of its processor time and its memory at most; undefined: unknown. */
      readonly cpuMs?: Millis;
      readonly peakBytes?: number;
      /** Something that it started is still alive. */
      readonly leftover: boolean;
    })
  | (OfStep & { readonly type: 'stepSwept' });

export type JobsEffect =
  /** Answered by `scheduled`, at once or later; Infinity: it never comes due again. */
  | {
      readonly type: 'schedule';
      readonly job: string;
      readonly schedule: string;
      readonly timezone?: string;
      readonly after: Millis;
    }
  /** On disk before the effect that follows: what is remembered never runs again. */
  | ({ readonly type: 'rememberDue'; readonly job: string } & LastDue)
  /** The record changed: on disk before the effect that follows. */
  | { readonly type: 'remember'; readonly record: RunRecord }
  /** For the main log. */
  | { readonly type: 'tell'; readonly level: 'info' | 'warn' | 'error'; readonly text: string }
  /** For those who watch. A run that never begins only ends; one that waits for its turn changes first. */
  | { readonly type: 'runStarted'; readonly run: RunRecord }
  | { readonly type: 'runChanged'; readonly run: RunRecord }
  | { readonly type: 'runEnded'; readonly run: RunRecord }
  | StepEffect;

export type StepEffect =
  /** Answered by `lockTaken` or `lockHeld`. `user`: whom a file made for it should belong to. */
  | (OfStep & { readonly type: 'takeLock'; readonly path: string; readonly user?: string })
  /** Held by a supd that is gone and by what the run started. Answered only when it is lost. */
  | (OfStep & { readonly type: 'retakeLock'; readonly path: string })
  | (OfStep & { readonly type: 'releaseLock' })
  /** Answered by `programsStopped` or `programsNotStopped`. */
  | (OfStep & { readonly type: 'stopPrograms'; readonly names: readonly string[] })
  /** Answered by `programsStarted`. */
  | (OfStep & { readonly type: 'startPrograms'; readonly ids: readonly string[] })
  /** In a process group of its own; answered by `stepSpawned`, then `stepExited`, or by `stepSpawnFailed`. */
  | (OfStep & {
      readonly type: 'spawnStep';
      readonly launch: LaunchSpec;
      readonly attempt: number;
      /** Set over the launch's environment: SUPD_JOB, SUPD_RUN, SUPD_STEP, SUPD_ATTEMPT, SUPD_DUE. */
      readonly environment: Readonly<Record<string, string>>;
    })
  /** Was it started before supd died? Answered by `stepSpawned` if it lives, else by `stepSpawnFailed`. */
  | (OfStep & { readonly type: 'seekStep'; readonly attempt: number })
  /** Of a supd that is gone; answered by `stepExited`, at once if it ended meanwhile. */
  | (OfStep & {
      readonly type: 'adoptStep';
      readonly pid: number;
      readonly startTicks: number | undefined;
      /** Of the attempts before. */
      readonly outputBytes: number;
    })
  /** To the step's whole process group. */
  | (OfStep & { readonly type: 'killStep'; readonly pid: number; readonly signal: number })
  /** To all that is left of the step's tree; answered by `stepSwept` once nothing is. */
  | (OfStep & { readonly type: 'sweepStep'; readonly pid: number; readonly signal: number });
