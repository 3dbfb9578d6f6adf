/** Which runs begin, wait, or are left out: one live run of a job, and with overlap=queue one that waits for it. */
import { formatStamp } from './durations.js';
import type { JobSpec } from './job.js';
import { runOf, setEntry, specsOf, type Turn, tell } from './jobs-table.js';
import { type RunRequest, recordOf, recordUnrun, recordWaiting } from './run.js';
import type { RunStep } from './run-work.js';
import { cancelRun, startRun } from './sequence.js';

/** Begins a run, or makes it wait, or records why it can't be. Its record is the first effect. */
export function admit(turn: Turn, spec: JobSpec, wanted: RunRequest): void {
  const live = runOf(turn.jobs, spec.name);
  if (live === undefined) {
    absorb(turn, startRun(spec, specsOf(turn.jobs), wanted, turn.now));
    return;
  }
  const entry = turn.jobs.entries.get(spec.name) ?? { spec };
  const still = `run ${live.request.id} goes on`;
  if (spec.overlap === 'skip') leaveOut(turn, spec.name, wanted, 'skipped', still);
  else if (entry.queued !== undefined)
    leaveOut(turn, spec.name, wanted, 'skipped', `${still}, and ${entry.queued.id} waits for it`);
  else {
    setEntry(turn, { ...entry, queued: wanted });
    // On record already: should supd die before it begins, it isn't lost without a trace.
    const record = recordWaiting(spec.name, wanted, `waits: ${still}`, turn.now.wall);
    turn.effects.push({ type: 'remember', record }, { type: 'runChanged', run: record });
    tell(turn, 'info', `${spec.name}: ${wanted.id} waits: ${still}`);
  }
}

/** Takes a run as it is now. After its end the one that waits for it begins. */
export function absorb(turn: Turn, { run, effects }: RunStep): void {
  const { id } = run.request;
  const runs = new Map(turn.jobs.runs).set(id, run);
  const over = run.phase.name === 'ENDED';
  if (over) runs.delete(id);
  turn.jobs = { ...turn.jobs, runs };
  turn.effects.push(...effects);
  if (!over) return;
  turn.effects.push({ type: 'runEnded', run: recordOf(run) });
  const next = turn.jobs.entries.get(run.job);
  if (next?.queued === undefined) return;
  const { queued, ...entry } = next;
  setEntry(turn, entry);
  admit(turn, entry.spec, queued);
}

/** Records a run that doesn't take place. */
export function leaveOut(
  turn: Turn,
  job: string,
  wanted: RunRequest,
  outcome: 'skipped' | 'cancelled',
  reason: string,
  missed = false,
): void {
  const record = recordUnrun(job, wanted, outcome, reason, turn.now.wall, missed);
  const due = wanted.trigger === 'request' ? 'as asked' : `due ${formatStamp(wanted.dueTime)}`;
  turn.effects.push({ type: 'remember', record });
  tell(turn, 'warn', `${job}: ${outcome} (${due}): ${reason}`);
  turn.effects.push({ type: 'runEnded', run: record });
}

/** Cancels the run with this id, live or waiting; nothing if there is none. */
export function cancel(turn: Turn, id: string, reason: string): void {
  const run = turn.jobs.runs.get(id);
  if (run !== undefined) absorb(turn, cancelRun(run, reason, false, turn.now));
  for (const { queued, ...entry } of turn.jobs.entries.values()) {
    if (queued?.id !== id) continue;
    setEntry(turn, entry);
    leaveOut(turn, entry.spec.name, queued, 'cancelled', reason);
  }
}

/** Cancels every run, for good. */
export function shutDown(turn: Turn): void {
  const reason = 'supd was shut down';
  turn.jobs = { ...turn.jobs, closing: true };
  for (const { queued } of turn.jobs.entries.values())
    if (queued !== undefined) cancel(turn, queued.id, reason);
  for (const run of turn.jobs.runs.values()) absorb(turn, cancelRun(run, reason, true, turn.now));
}
