/**
 * All jobs and their runs: what one event does to them. Due times are reckoned in agenda.ts, one run is played in
 * sequence.ts, admission.ts says which runs may be.
 *
 * Crash safety is the order of effects: first the record of a run (`remember`), then its due time (`rememberDue`),
 * then what it does. Whenever supd dies, the due time is either still to be caught up or on record.
 */
import { absorb, admit, cancel, leaveOut, shutDown } from './admission.js';
import {
  type Agenda,
  answered,
  ask,
  isLate,
  jitterOf,
  question,
  REWOUND_MS,
  resumeAgenda,
  runId,
  scheduleText,
  searchFrom,
} from './agenda.js';
import { formatStamp } from './durations.js';
import type { JobSpec } from './job.js';
import type { JobsEffect, JobsEvent, LastDue } from './job-events.js';
import { type Entry, type Jobs, setEntry, type Turn, tell } from './jobs-table.js';
import type { Millis, Now } from './program.js';
import type { RunRequest } from './run.js';
import { stepRun, wakeRun } from './sequence.js';

export { type Jobs, noJobs, runOf } from './jobs-table.js';

const SLEPT = 'the clock was set, or the machine or supd stood still';
const DOWN = 'supd was not running';

type Of<T extends JobsEvent['type']> = Extract<JobsEvent, { type: T }>;

/** Decides what one event does. Effects are to be done in order, before the next event. */
export function stepJobs(
  jobs: Jobs,
  event: JobsEvent,
  now: Now,
): { readonly jobs: Jobs; readonly effects: readonly JobsEffect[] } {
  const turn: Turn = { jobs, now, effects: [] };
  apply(turn, event);
  return { jobs: turn.jobs, effects: turn.effects };
}

function apply(turn: Turn, event: JobsEvent): void {
  const { entries, runs } = turn.jobs;
  switch (event.type) {
    case 'configured':
      configure(turn, event);
      break;
    case 'scheduled':
      scheduled(turn, event);
      break;
    case 'wake':
      for (const run of runs.values()) absorb(turn, wakeRun(run, turn.now));
      for (const name of entries.keys()) wakeEntry(turn, name);
      break;
    case 'request':
      request(turn, event);
      break;
    case 'cancel':
      cancel(turn, event.run, event.by === undefined ? 'cancelled' : `cancelled by ${event.by}`);
      break;
    case 'shutdown':
      shutDown(turn);
      break;
    case 'clockStepped':
      for (const { spec, agenda } of entries.values())
        if (agenda !== undefined)
          resume(turn, spec, { due: agenda.lastDue, schedule: scheduleText(spec) }, SLEPT, true);
      break;
    default: {
      const run = runs.get(event.run);
      if (run !== undefined) absorb(turn, stepRun(run, event, turn.now));
    }
  }
}

function configure(turn: Turn, { specs, lastDue }: Of<'configured'>): void {
  const { configured, entries: before } = turn.jobs;
  const entries = new Map<string, Entry>();
  for (const spec of specs) {
    const { agenda, queued, spec: old = spec } = before.get(spec.name) ?? {};
    const kept =
      agenda !== undefined && spec.schedule !== undefined && scheduleText(old) === scheduleText(spec);
    const rest = { ...(kept ? { agenda } : {}), ...(queued === undefined ? {} : { queued }) };
    entries.set(spec.name, { spec, ...rest });
  }
  turn.jobs = { ...turn.jobs, configured: true, entries };
  for (const [name, { queued }] of before) {
    if (queued !== undefined && !entries.has(name))
      leaveOut(turn, name, queued, 'skipped', 'the job was removed');
  }
  for (const { spec, agenda } of entries.values()) {
    const known = Object.hasOwn(lastDue, spec.name) ? lastDue[spec.name] : undefined;
    // A job that is new in a running supd, or has another schedule now, was not due before.
    if (agenda === undefined) resume(turn, spec, known, DOWN, !configured);
  }
}

/** Goes on from the last due time; without one, or with one that can't be right, from now. */
function resume(turn: Turn, spec: JobSpec, known: LastDue | undefined, gap: string, mayMiss: boolean): void {
  if (spec.schedule === undefined || turn.jobs.closing) return;
  const { wall } = turn.now;
  const agenda = resumeAgenda(spec, known, wall, gap, mayMiss);
  if (known !== undefined && known.due > wall + REWOUND_MS) {
    const when = formatStamp(known.due);
    tell(
      turn,
      'warn',
      `${spec.name}: was last due at ${when}, which is yet to come; scheduled anew from now`,
    );
  }
  if (agenda.lastDue !== known?.due || known.schedule !== scheduleText(spec))
    turn.effects.push(remembered(spec, agenda.lastDue));
  plan(turn, spec, agenda);
}

function scheduled(turn: Turn, { job, after, due }: Of<'scheduled'>): void {
  const { spec, agenda } = turn.jobs.entries.get(job) ?? {};
  if (spec === undefined || agenda?.asked !== after || turn.jobs.closing) return;
  const found = answered(agenda, due, turn.now.wall);
  plan(turn, spec, found.agenda);
  if (found.kind === 'wait') wakeEntry(turn, job);
  else if (found.kind === 'missed') missed(turn, spec, found.agenda, found.first, found.last);
}

/** Deals with all due times from `first` to `last`, which have passed. */
function missed(turn: Turn, spec: JobSpec, agenda: Agenda, first: Millis, last: Millis): void {
  const late = turn.now.wall - last > spec.catchupMs;
  if (late || first < last) {
    const others = late ? `, like all since ${formatStamp(first)}` : `, like all before ${formatStamp(last)}`;
    const reason = `missed${first < last ? others : ''}: ${agenda.gap}`;
    leaveOut(turn, spec.name, requestOf(spec.name, late ? last : first, 'schedule'), 'skipped', reason, true);
  }
  if (late) {
    turn.effects.push(remembered(spec, last));
    plan(turn, spec, ask({ ...agenda, lastDue: last }, last));
  } else fire(turn, spec, agenda, last, 'catchup');
}

/** Runs what is due, or looks for what was missed when the timer came far too late. */
function wakeEntry(turn: Turn, name: string): void {
  const { spec, agenda } = turn.jobs.entries.get(name) ?? {};
  if (spec === undefined || agenda?.nextDue === undefined || turn.jobs.closing) return;
  const { wall } = turn.now;
  const due = agenda.nextDue;
  const start = due + jitterOf(spec, due);
  if (start > wall) return;
  if (isLate(start, wall)) plan(turn, spec, searchFrom(agenda, due, wall, SLEPT));
  else fire(turn, spec, agenda, due, 'schedule');
}

/** Deals with one due time: a run, a place in the queue, or a record of why not. */
function fire(turn: Turn, spec: JobSpec, agenda: Agenda, due: Millis, trigger: RunRequest['trigger']): void {
  const before = turn.effects.length;
  admit(turn, spec, requestOf(spec.name, due, trigger));
  turn.effects.splice(before + 1, 0, remembered(spec, due));
  plan(turn, spec, ask({ ...agenda, lastDue: due }, due));
}

function request(turn: Turn, event: Of<'request'>): void {
  const entry = turn.jobs.entries.get(event.job);
  if (entry === undefined || turn.jobs.closing) return;
  const { id, requestedBy, from } = event;
  const who = requestedBy === undefined ? {} : { requestedBy };
  const where = from === undefined ? {} : { from };
  admit(turn, entry.spec, { id, trigger: 'request', dueTime: turn.now.wall, ...who, ...where });
}

function plan(turn: Turn, spec: JobSpec, agenda: Agenda): void {
  setEntry(turn, { ...turn.jobs.entries.get(spec.name), spec, agenda });
  turn.effects.push(...question(spec, agenda));
}

function requestOf(job: string, due: Millis, trigger: RunRequest['trigger']): RunRequest {
  return { id: runId(job, due), trigger, dueTime: due };
}

function remembered(spec: JobSpec, due: Millis): JobsEffect {
  return { type: 'rememberDue', job: spec.name, due, schedule: scheduleText(spec) };
}
