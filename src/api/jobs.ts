/** Jobs: what there is, running one by hand, what runs left behind. */

import { existsSync, statSync } from 'node:fs';
import { clockChangeAt, nextRun } from '../config/cron.js';
import type { JobSpec, RunRecord, StepRecord } from '../core/job.js';
import { previewRun, refuseRequest } from '../core/job-questions.js';
import { runOf } from '../core/jobs.js';
import { usualDurations } from '../core/usual.js';
import type { Daemon } from '../daemon/daemon.js';
import { follow, readLog } from '../logs/follow.js';
import type { Api, Asked, DueTime, JobView, RunView } from './api.js';
import { openChannel } from './channel.js';
import { SupdError } from './errors.js';
import { tellAsked } from './told.js';

export type Jobs = Pick<Api, 'jobs' | 'runJob' | 'cancelRun' | 'runs' | 'preview' | 'runLog'>;

const CHUNK_BYTES = 65536;
/** A scheduled run is late when it has not begun this long after its time. */
const OVERDUE_MS = 60_000;
/** Runs that may tell how long one usually takes. */
const RUNS_COMPARED = 30;

export function makeJobs(daemon: Daemon): Jobs {
  return {
    jobs: () => [...daemon.engine.world.jobs.entries.values()].map((entry) => view(daemon, entry.spec)),
    runJob: (job, how, asked) => runJob(daemon, job, how, asked),
    cancelRun(job, asked) {
      specOf(daemon, job);
      const run = runOf(daemon.engine.world.jobs, job);
      if (!run) throw new SupdError('NOT_RUNNING', `${job} is not running`);
      tellAsked(daemon, 'cancel', [job], asked);
      const by = whoOf(asked);
      daemon.engine.dispatch({ type: 'jobs', event: { type: 'cancel', run: run.request.id, by } });
      return run.request.id;
    },
    runs(job, limit) {
      specOf(daemon, job);
      return daemon.journal.runs(job, limit);
    },
    preview: (job, count) => preview(daemon, job, count),
    runLog: (job, what, signal) => runLog(daemon, job, what, signal),
  };
}

function specOf(daemon: Daemon, job: string): JobSpec {
  const entry = daemon.engine.world.jobs.entries.get(job);
  if (!entry) throw new SupdError('BAD_NAME', `no job is named "${job}"`, { field: 'job' });
  return entry.spec;
}

function view(daemon: Daemon, spec: JobSpec): JobView {
  const entry = daemon.engine.world.jobs.entries.get(spec.name);
  const nextDue = entry?.agenda?.nextDue;
  const [lastRun] = daemon.journal.runs(spec.name, 1);
  const { lastGood, overdue } = daemon.watch.freshness.of(spec.name);
  const isLate = nextDue !== undefined && Date.now() > nextDue + spec.jitterMs + OVERDUE_MS;
  return {
    spec,
    ...(nextDue === undefined ? {} : { nextRun: nextDue }),
    ...(lastRun ? { lastRun } : {}),
    ...(lastGood === undefined ? {} : { lastGood }),
    overdue: isLate || overdue !== undefined,
    overdueReason: overdue ?? (isLate ? 'its scheduled run has not begun' : ''),
  };
}

async function* runJob(
  daemon: Daemon,
  job: string,
  how: { readonly fromStep?: string; readonly dryRun?: boolean },
  asked: Asked,
): AsyncGenerator<RunView> {
  specOf(daemon, job);
  const { jobs } = daemon.engine.world;
  const refused = refuseRequest(jobs, job, how.fromStep);
  if (how.dryRun) {
    if (refused && refused.code !== 'ALREADY_RUNNING') throw new SupdError(refused.code, refused.why);
    yield dryRun(daemon, job, how.fromStep);
    return;
  }
  if (refused) throw new SupdError(refused.code, refused.why, { field: 'job' });
  tellAsked(daemon, 'run', [job, ...(how.fromStep ? [`from ${how.fromStep}`] : [])], asked);
  const id = daemon.newRunId(job);
  const channel = openChannel<RunRecord>();
  const usual = usualDurations(job, daemon.journal.runs(job, RUNS_COMPARED));
  const off = daemon.onRun((run) => {
    if (run.id !== id) return;
    channel.push(run);
    if (run.outcome !== 'running') {
      off();
      channel.end();
    }
  });
  daemon.engine.dispatch({
    type: 'jobs',
    event: {
      type: 'request',
      job,
      id,
      requestedBy: whoOf(asked),
      ...(how.fromStep === undefined ? {} : { from: how.fromStep }),
    },
  });
  for await (const run of channel.values(asked.signal, off)) {
    yield withUsual(run, usual);
    if (asked.noWait) return;
  }
}

function withUsual(run: RunRecord, usual: ReadonlyMap<string, number>): RunView {
  const of = (name: string) => (usual.has(name) ? { usualMs: usual.get(name) } : {});
  return { ...run, ...of(run.job), steps: run.steps.map((step) => ({ ...step, ...of(step.name) })) };
}

function dryRun(daemon: Daemon, job: string, from: string | undefined): RunRecord {
  const steps = previewRun(daemon.engine.world.jobs, job, from).map((step): StepRecord => {
    const user = step.user === undefined ? '' : ` as ${step.user}`;
    const also = [
      ['needs', step.needs],
      ['stops', step.requiresStopped],
      ['holds', step.holds],
    ] as const;
    const told = also.flatMap(([word, names]) =>
      names.length === 0 ? [] : [`; ${word} ${names.join(', ')}`],
    );
    const reason = step.leftOut ?? `${step.command ?? 'sequence'}${user}${told.join('')}`;
    const outcome = step.leftOut === undefined ? 'waiting' : 'skipped';
    return { name: step.name, outcome, reason, attempts: 0, outputBytes: 0, output: '' };
  });
  const now = Date.now();
  return { id: 'dry-run', job, outcome: 'skipped', trigger: 'request', dueTime: now, startTime: now, steps };
}

function whoOf({ caller, reason }: Asked): string {
  const who = caller.subject ?? (caller.uid === undefined ? caller.door : `uid ${caller.uid}`);
  return reason ? `${who}: ${reason}` : who;
}

function preview(daemon: Daemon, job: string | undefined, count: number): readonly DueTime[] {
  const specs =
    job === undefined
      ? [...daemon.engine.world.jobs.entries.values()].map((one) => one.spec)
      : [specOf(daemon, job)];
  const times: DueTime[] = [];
  for (const spec of specs) {
    let after = Date.now();
    for (let i = 0; spec.schedule !== undefined && i < count; i += 1) {
      after = nextRun(spec.schedule, after, spec.timezone);
      if (!Number.isFinite(after)) break;
      const local = formatLocal(after, spec.timezone);
      const note = clockChangeAt(spec.schedule, after, spec.timezone) ?? '';
      times.push({ job: spec.name, time: after, local, note });
    }
  }
  return times.sort((a, b) => a.time - b.time);
}

/** "2026-11-24 03:00 CET". */
function formatLocal(time: number, timeZone: string | undefined): string {
  const parts = new Intl.DateTimeFormat('en-GB', {
    ...(timeZone === undefined ? {} : { timeZone }),
    year: 'numeric',
    month: '2-digit',
    day: '2-digit',
    hour: '2-digit',
    minute: '2-digit',
    hourCycle: 'h23',
    timeZoneName: 'short',
  }).formatToParts(time);
  const of = (type: string) => parts.find((part) => part.type === type)?.value ?? '';
  return `${of('year')}-${of('month')}-${of('day')} ${of('hour')}:${of('minute')} ${of('timeZoneName')}`;
}

async function* runLog(
  daemon: Daemon,
  job: string,
  what: { readonly runId?: string; readonly step?: string; readonly follow: boolean },
  signal: AbortSignal,
): AsyncGenerator<{ step: string; content: Uint8Array }> {
  specOf(daemon, job);
  const run =
    what.runId === undefined ? daemon.journal.runs(job, 1)[0] : daemon.journal.readRun(job, what.runId);
  if (!run)
    throw new SupdError('BAD_NAME', what.runId ? `${job} has no run "${what.runId}"` : `${job} never ran`);
  if (what.step !== undefined && !run.steps.some(({ name }) => name === what.step)) {
    const known = run.steps.map(({ name }) => name).join(', ');
    throw new SupdError('BAD_ARGUMENT', `${job} has no step "${what.step}"; its steps are ${known}`, {
      field: 'step',
    });
  }
  for (const { name } of run.steps.filter((one) => what.step === undefined || one.name === what.step)) {
    const path = daemon.journal.outputPath(job, run.id, name);
    if (what.follow && isLive(daemon, run.id)) yield* followStep(daemon, run.id, name, path, signal);
    else yield* wholeFile(name, path);
    if (signal.aborted) return;
  }
}

function* wholeFile(step: string, path: string): Generator<{ step: string; content: Uint8Array }> {
  const size = existsSync(path) ? statSync(path).size : 0;
  for (let at = 0; at < size; at += CHUNK_BYTES)
    yield { step, content: readLog(path, at, Math.min(CHUNK_BYTES, size - at)) };
}

function isLive(daemon: Daemon, run: string): boolean {
  return daemon.engine.world.jobs.runs.has(run);
}

/** Follows one step's file until the step, and with it the run's interest in it, is over. */
async function* followStep(
  daemon: Daemon,
  run: string,
  step: string,
  path: string,
  signal: AbortSignal,
): AsyncGenerator<{ step: string; content: Uint8Array }> {
  const over = new AbortController();
  const stop = () => over.abort();
  signal.addEventListener('abort', stop);
  let sent = 0;
  const off = daemon.onRun((record) => {
    const state = record.steps.find(({ name }) => name === step)?.outcome;
    if (record.id === run && (record.outcome !== 'running' || (state !== 'running' && state !== 'waiting')))
      stop();
  });
  const record = daemon.journal.readRun(daemon.engine.world.jobs.runs.get(run)?.job ?? '', run);
  const state = record?.steps.find(({ name }) => name === step)?.outcome;
  if (state !== 'running' && state !== 'waiting') stop();
  try {
    for await (const content of follow(path, Number.MAX_SAFE_INTEGER, undefined, { signal: over.signal })) {
      sent += content.length;
      yield { step, content };
    }
    // What came between the last look and the end of the step.
    const size = existsSync(path) ? statSync(path).size : 0;
    if (size > sent && !signal.aborted) yield { step, content: readLog(path, sent, size - sent) };
  } finally {
    off();
    signal.removeEventListener('abort', stop);
  }
}
