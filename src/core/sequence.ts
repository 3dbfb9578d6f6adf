/**
 * One run of a job, from its start to its end. What can be run is a *unit*: a command, or a sequence of units. The
 * run is a unit, each step is one, and the same rules hold for all of them:
 *
 * 1. A step begins when every step it needs ended ok or degraded (the one before; none if `needs` is empty).
 *    Else it is skipped, with the reason.
 * 2. It takes its lock, unless what contains it holds the same one. Held by another: skipped; the sequence counts
 *    that like a failure of the step, since what was asked for was not done. For the run itself: the run is skipped.
 * 3. It stops the programs it requires to be stopped.
 * 4. A command is tried, and tried again while retries are left; what an attempt leaves running is ended before
 *    anything else begins. A sequence runs its steps.
 * 5. The programs that ran are started again, whatever happened (not when supd shuts down). One that doesn't come
 *    up makes the unit degraded at least. Then the lock is released.
 *
 * Judgement is judge.ts. A failure counts for the sequence as the step's on_failure says. A command's timeout bounds
 * each attempt, a sequence's the time from its first step to its last; what runs then gets SIGTERM, after stopWaitMs
 * SIGKILL. Cancelling ends everything in the same way, and is the outcome of the run whatever else happened; only
 * once the last programs are being started again it comes too late. Steps that an abort left out are skipped.
 * Retries, fail_on_output and exit codes are a command's alone.
 */
import { attempt, end, exited, overdue, spawned, spawnFailed, swept } from './attempt.js';
import { formatDuration } from './durations.js';
import type { JobSpec } from './job.js';
import type { StepEvent } from './job-events.js';
import { judgeSteps, type Verdict, withUnstarted } from './judge.js';
import { stepsOf } from './plan.js';
import type { Now } from './program.js';
import { type Abort, isHeldOutside, newRun, type Phase, type Run, type RunRequest, unmet } from './run.js';
import { go, play, type RunStep, record, send, tell, tellEnd, update, type Work } from './run-work.js';

type Of<T extends StepEvent['type']> = Extract<StepEvent, { type: T }>;

/** Begins a run. `from`, if any, must name a step of the job (refuseRequest). */
export function startRun(
  job: JobSpec,
  specs: ReadonlyMap<string, JobSpec>,
  request: RunRequest,
  now: Now,
): RunStep {
  const run = newRun(job, specs, request, now.wall);
  return play(run, now, (work) => enter(work, 0), 'runStarted');
}

/** Steps a run by what became of one of its effects. What it doesn't wait for is ignored. */
export function stepRun(run: Run, event: StepEvent, now: Now): RunStep {
  const { phase, units } = run;
  return play(run, now, (work) => {
    if (event.type === 'lockLost') lost(work, event);
    else if (phase.name !== 'ENDED' && units[phase.unit]!.name === event.step) answer(work, phase, event);
  });
}

/** The timer of runDeadline. */
export function wakeRun(run: Run, now: Now): RunStep {
  return play(run, now, (work) => {
    for (const [index, { name, spec }] of run.units.entries()) {
      const { deadline } = work.run.states[index]!;
      if (deadline === undefined || deadline > now.mono) continue;
      update(work, index, { deadline: undefined });
      const late = `timed out after ${formatDuration(spec.timeoutMs ?? 0)}`;
      const reason = index === 0 ? late : `${name} ${late}`;
      abort(work, { unit: index, verdict: { outcome: 'failed', reason } });
    }
    overdue(work, work.run.phase);
  });
}

/** Ends the run as cancelled. `closing`: supd shuts down, so nothing but processes is waited for. */
export function cancelRun(run: Run, reason: string, closing: boolean, now: Now): RunStep {
  return play({ ...run, closing: run.closing || closing }, now, (work) =>
    abort(work, { unit: 0, verdict: { outcome: 'cancelled', reason } }),
  );
}

/** Somebody else took the lock of a unit while no supd was there to hold it: nothing more of it may run. */
function lost(work: Work, { step, by }: Of<'lockLost'>): void {
  const index = work.run.units.findIndex(({ name }) => name === step);
  if (index < 0 || !work.run.states[index]!.locked) return;
  update(work, index, { locked: false });
  const lock = work.run.units[index]!.spec.lock;
  const reason = `lock ${lock} was lost when supd died and is held by ${by}`;
  abort(work, { unit: index, verdict: { outcome: 'failed', reason } });
}

/** One event for the unit that is under way; nothing if its phase doesn't wait for it. */
function answer(
  work: Work,
  phase: Exclude<Phase, { name: 'ENDED' }>,
  event: Exclude<StepEvent, Of<'lockLost'>>,
): void {
  const index = phase.unit;
  switch (event.type) {
    case 'lockTaken':
    case 'lockHeld':
      if (phase.name === 'LOCKING') locked(work, index, event);
      break;
    case 'programsStopped':
    case 'programsNotStopped':
      if (phase.name === 'STOPPING_PROGRAMS') programsStopped(work, index, event);
      break;
    case 'programsStarted':
      if (phase.name === 'STARTING_PROGRAMS')
        settle(work, index, withUnstarted(work.run.states[index]!.verdict, event.failed));
      break;
    case 'stepSpawned':
      if (phase.name === 'SPAWNING') spawned(work, index, event);
      break;
    case 'stepSpawnFailed':
      if (phase.name === 'SPAWNING') finishIf(work, index, spawnFailed(work, index, event.why));
      break;
    case 'stepExited':
      if (phase.name === 'RUNNING' || phase.name === 'KILLING')
        finishIf(work, index, exited(work, phase, event));
      break;
    case 'stepSwept':
      if (phase.name === 'SWEEPING') finishIf(work, index, swept(work, phase));
      break;
    default:
      event satisfies never;
  }
}

function enter(work: Work, index: number): void {
  const { units, states, abort } = work.run;
  const { broken, spec } = units[index]!;
  if (states[index]!.resumed) {
    next(work, index);
    return;
  }
  const why = abort === undefined ? unmet(work.run, index) : (abort.verdict.reason ?? abort.verdict.outcome);
  if (why !== undefined) {
    skip(work, index, why);
    return;
  }
  record(work, index, { outcome: 'running', startTime: work.now.wall });
  if (broken !== undefined) settle(work, index, { outcome: 'failed', reason: broken });
  else if (spec.lock === undefined || isHeldOutside(work.run, index)) prepare(work, index);
  else {
    const user = spec.action.kind === 'command' ? spec.action.launch.user : undefined;
    go(work, { name: 'LOCKING', unit: index });
    send(work, index, { type: 'takeLock', path: spec.lock, ...(user === undefined ? {} : { user }) });
  }
}

function locked(work: Work, index: number, event: Of<'lockTaken' | 'lockHeld'>): void {
  const { abort, units } = work.run;
  const path = units[index]!.spec.lock;
  if (event.type === 'lockTaken') update(work, index, { locked: true });
  if (abort !== undefined) finish(work, index, abort.verdict);
  else if (event.type === 'lockTaken') prepare(work, index);
  else if (event.broken === true)
    finish(work, index, { outcome: 'failed', reason: `lock ${path}: ${event.by}` });
  else {
    update(work, index, { blocked: true });
    finish(work, index, { outcome: 'skipped', reason: `lock ${path} is held by ${event.by}` });
  }
}

function prepare(work: Work, index: number): void {
  const names = work.run.units[index]!.spec.requiresStopped;
  if (names.length > 0) {
    go(work, { name: 'STOPPING_PROGRAMS', unit: index });
    send(work, index, { type: 'stopPrograms', names });
  } else begin(work, index);
}

function programsStopped(
  work: Work,
  index: number,
  event: Of<'programsStopped' | 'programsNotStopped'>,
): void {
  const { abort } = work.run;
  update(work, index, { stopped: event.stopped });
  if (abort !== undefined) finish(work, index, abort.verdict);
  else if (event.type === 'programsStopped') begin(work, index);
  else finish(work, index, { outcome: 'failed', reason: `programs not stopped: ${event.why}` });
}

function begin(work: Work, index: number): void {
  const { units } = work.run;
  const { action, timeoutMs } = units[index]!.spec;
  if (action.kind === 'command') {
    attempt(work, index);
    return;
  }
  if (timeoutMs !== undefined) update(work, index, { deadline: work.now.mono + timeoutMs });
  const [first] = stepsOf(units, index);
  if (first === undefined) finish(work, index, { outcome: 'ok' });
  else enter(work, first);
}

function finishIf(work: Work, index: number, verdict: Verdict | undefined): void {
  if (verdict !== undefined) finish(work, index, verdict);
}

/** What the unit does is over, well or not: the programs come back first. */
function finish(work: Work, index: number, verdict: Verdict): void {
  update(work, index, { verdict, deadline: undefined });
  const { stopped } = work.run.states[index]!;
  if (stopped.length > 0 && !work.run.closing) {
    go(work, { name: 'STARTING_PROGRAMS', unit: index });
    send(work, index, { type: 'startPrograms', ids: stopped });
  } else settle(work, index, verdict);
}

function settle(work: Work, index: number, verdict: Verdict): void {
  const { outcome, reason } = verdict;
  for (let i = index + 1; i < work.run.units[index]!.end; i++) {
    if (work.run.states[i]!.record.outcome !== 'waiting') continue;
    record(work, i, { outcome: 'skipped', reason: reason ?? outcome });
  }
  record(work, index, { outcome, endTime: work.now.wall, ...(reason === undefined ? {} : { reason }) });
  tellEnd(work, index, verdict);
  if (work.run.states[index]!.locked) send(work, index, { type: 'releaseLock' });
  update(work, index, { locked: false, stopped: [] });
  if (index > 0 && work.run.abort?.unit === index) work.run = { ...work.run, abort: undefined };
  next(work, index);
}

/** The unit and all within it are left out. */
function skip(work: Work, index: number, reason: string): void {
  const { units } = work.run;
  for (let i = index; i < units[index]!.end; i++) record(work, i, { outcome: 'skipped', reason });
  tell(work, 'warn', `"${units[index]!.name}" skipped: ${reason}`);
  next(work, index);
}

/** After a unit: the step behind it, or the end of the sequence that it was the last of. */
function next(work: Work, index: number): void {
  const { units, states, abort } = work.run;
  const { parent, end: after } = units[index]!;
  if (index === 0) go(work, { name: 'ENDED' });
  else if (after < units[parent]!.end) enter(work, after);
  else {
    const steps = stepsOf(units, parent).map((i) => ({
      ...states[i]!.record,
      onFailure: units[i]!.spec.onFailure,
      blocked: states[i]!.blocked,
    }));
    finish(work, parent, abort === undefined ? judgeSteps(steps) : abort.verdict);
  }
}

/** Ends all within a unit. A cancelled run stays cancelled; otherwise the outer end covers the inner. */
function abort(work: Work, asked: Abort): void {
  const { phase, abort: before, states, closing } = work.run;
  if (phase.name === 'ENDED') return;
  const stays = before?.verdict.outcome === 'cancelled' || (before !== undefined && before.unit < asked.unit);
  const verdict = stays ? before.verdict : asked.verdict;
  if (!stays) work.run = { ...work.run, abort: asked };
  if (phase.name === 'RUNNING') end(work, phase.unit, phase.pid);
  else if (phase.name === 'PAUSING') finish(work, phase.unit, verdict);
  else if (closing && phase.name === 'STOPPING_PROGRAMS') finish(work, phase.unit, verdict);
  else if (closing && phase.name === 'STARTING_PROGRAMS')
    settle(work, phase.unit, states[phase.unit]!.verdict ?? verdict);
}
