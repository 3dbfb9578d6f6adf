/** Jobs and their runs, line by line. */
import type { DueTime, JobAnswer, RunAnswer, StepAnswer } from '../../grpc/client.js';
import { spokenBytes } from './sizes.js';
import { tableLines } from './table.js';
import { localTime, spokenDuration } from './times.js';

const LINES_SAID = 5;

/** `job list`: next and last run of each. */
export function jobLines(jobs: readonly JobAnswer[]): readonly string[] {
  if (jobs.length === 0) return [];
  // Only where it is not the last run, or was a step of another job's.
  const asksForGood = jobs.some(
    ({ lastGood, lastRun }) => lastGood !== undefined && lastGood !== lastRun?.startTime,
  );
  const rows = jobs.map((job) => [
    job.name,
    job.schedule === '' ? '-' : job.schedule,
    nextOf(job),
    lastOf(job, jobs),
    ...(asksForGood ? [job.lastGood === undefined ? 'never' : localTime(job.lastGood)] : []),
  ]);
  const head = ['NAME', 'SCHEDULE', 'NEXT', 'LAST', ...(asksForGood ? ['LAST GOOD'] : [])];
  return tableLines([head, ...rows]);
}

/** `job runs`: one line each, newest first. */
export function runLines(runs: readonly RunAnswer[]): readonly string[] {
  if (runs.length === 0) return [];
  const rows = runs.map((run) => [
    run.id,
    run.outcome,
    run.startTime === undefined ? '-' : localTime(run.startTime),
    spoken(took(run)),
    spoken(run.cpuMs),
    run.peakBytes === undefined ? '-' : spokenBytes(run.peakBytes),
    run.trigger + (run.requestedBy === '' ? '' : ` by ${run.requestedBy}`),
    run.reason,
  ]);
  return tableLines([['RUN', 'OUTCOME', 'STARTED', 'TOOK', 'CPU', 'MEMORY', 'BY', 'WHY'], ...rows]);
}

/** `job runs --steps`: under each run its steps, with what they took and wrote. */
export function runStepLines(run: RunAnswer): readonly string[] {
  const rows = run.steps.map((step) => [
    `  ${step.name}`,
    step.outcome,
    step.startTime === undefined ? '-' : localTime(step.startTime),
    spoken(took(step)),
    isUnknown(step, step.cpuMs) ? 'unknown' : spoken(step.cpuMs),
    isUnknown(step, step.peakBytes)
      ? 'unknown'
      : step.peakBytes === undefined
        ? '-'
        : spokenBytes(step.peakBytes),
    spokenBytes(step.outputBytes),
    step.reason,
  ]);
  return tableLines([['  STEP', 'OUTCOME', 'STARTED', 'TOOK', 'CPU', 'MEMORY', 'OUTPUT', 'WHY'], ...rows]);
}

/** `job next`. */
export function dueLines(times: readonly DueTime[]): readonly string[] {
  return tableLines(times.map(({ job, local, note }) => [job, local, note]));
}

/** "nightly: zeopack ok (3 s)", "nightly: rsync failed (12 s): exit status 23". */
export function stepLine(run: RunAnswer, step: StepAnswer): string {
  return `${run.job}: ${step.name} ${ended(step)}`;
}

/** "nightly: degraded (2 min 5 s): rsync failed". */
export function runLine(run: RunAnswer): string {
  const attempts = isAlone(run) ? run.steps[0]?.attempts : undefined;
  return `${run.job}: ${ended({ ...run, ...(attempts === undefined ? {} : { attempts }) })}`;
}

/** `job run --dry-run`: what each step would do. */
export function planLines(run: RunAnswer): readonly string[] {
  return run.steps.map((step) => {
    const verb = step.outcome === 'skipped' ? 'would skip' : 'would run';
    const because = step.reason === '' ? '' : `: ${step.reason}`;
    return `${run.job}: ${verb} ${step.name}${because}`;
  });
}

/** "nightly: backup running, 1 min 2 s (2 of 5)" while it goes on. */
export function progressLine(run: RunAnswer, now: number): string {
  const at = run.steps.findIndex((step) => step.outcome === 'running');
  const step = run.steps[at];
  const since = step?.startTime ?? run.startTime ?? now;
  const attempt = step && step.attempts > 1 ? `, attempt ${step.attempts}` : '';
  const place = run.steps.length > 1 && at >= 0 ? ` (${at + 1} of ${run.steps.length})` : '';
  const what = step && !isAlone(run) ? `${step.name} running` : 'running';
  const usual = step ? step.usualMs : run.usualMs;
  const elapsed = `${spokenDuration(now - since)}${usual === undefined ? '' : `, usually ${spokenDuration(usual)}`}`;
  return `${run.job}: ${what}, ${elapsed}${attempt}${place}`;
}

/** What the step to blame wrote last, as lines below the run's; nothing when it wrote nothing. */
export function saidLast(run: RunAnswer): readonly string[] {
  const bad =
    run.steps.find(({ outcome }) => outcome === 'failed') ??
    run.steps.find(({ outcome }) => outcome === 'degraded');
  // Without what a terminal would act on.
  const text = (bad?.output ?? '').replace(/[\u0000-\u0008\u000b-\u001f\u007f]/g, '').trimEnd();
  if (bad === undefined || text === '') return [];
  const lines = text.split('\n').slice(-LINES_SAID);
  return [`supctl: ${bad.name} wrote last:`, ...lines.map((line) => `    | ${line}`)];
}

/** Is this the run of a single command, whose one step has the job's own name? */
export function isAlone(run: RunAnswer): boolean {
  return run.steps.length === 1 && run.steps[0]?.name === run.job;
}

interface Ended {
  readonly outcome: string;
  readonly reason: string;
  /** Of a step. */
  readonly attempts?: number;
  readonly startTime?: number;
  readonly endTime?: number;
}

function ended(one: Ended): string {
  const ms = took(one);
  const tries = (one.attempts ?? 1) > 1 ? `, ${one.attempts} attempts` : '';
  const time = ms === undefined || one.outcome === 'skipped' ? '' : ` (${spokenDuration(ms)}${tries})`;
  return `${one.outcome}${time}${one.reason === '' ? '' : `: ${one.reason}`}`;
}

function took({
  startTime,
  endTime,
}: {
  readonly startTime?: number;
  readonly endTime?: number;
}): number | undefined {
  return startTime === undefined || endTime === undefined ? undefined : endTime - startTime;
}

function spoken(durationMs: number | undefined): string {
  return durationMs === undefined ? '-' : spokenDuration(durationMs);
}

/** It has been tried and is over, and yet nobody saw. */
function isUnknown(step: StepAnswer, value: number | undefined): boolean {
  return value === undefined && step.attempts > 0 && step.endTime !== undefined;
}

function nextOf(job: JobAnswer): string {
  if (job.nextRun === undefined) return job.overdue ? 'overdue' : '-';
  return localTime(job.nextRun) + (job.overdue ? ' (overdue)' : '');
}

function lastOf({ name, lastRun: run, lastGood }: JobAnswer, jobs: readonly JobAnswer[]): string {
  // What ran as a step alone, well or not, has no run of its own.
  const hasRunAsStep = () => jobs.some(({ steps, lastRun }) => lastRun && steps.includes(name));
  if (run === undefined) return lastGood !== undefined || hasRunAsStep() ? 'as a step' : 'never run';
  const outcome = run.missed ? 'missed' : run.outcome;
  return run.startTime === undefined ? outcome : `${outcome} ${localTime(run.startTime)}`;
}
