/** What there is to tell of a run that ended, a state that a process entered, a job that is overdue. */
import { jobOfStep } from './freshness.js';
import type { RunRecord, StepRecord } from './job.js';
import { shortName } from './names.js';
import type { Notice } from './notice.js';
import type { Millis, StateChange } from './program.js';
import { describeExit } from './transition.js';

const MOST_LINES = 20;
const MOST_CHARACTERS = 2000;

/**
 * Of a run that has ended; an ok one is told to those who heard of worse.
 * @param lastGoodOf  when the last good run of a job had begun
 */
export function noticeOfRun(
  run: RunRecord,
  lastGoodOf: (job: string) => Millis | undefined = () => undefined,
): Notice | undefined {
  const { outcome, job, id } = run;
  if (outcome === 'running') return undefined;
  const base = { kind: 'job', name: job, time: run.endTime ?? run.startTime, run: id } as const;
  const reason = run.reason ?? outcome;
  const runs = `job runs ${quoted(job)}`;
  if (outcome === 'ok') return { ...base, word: 'recovered', reason: `run ${id} is ok`, look: runs };
  const since = (name: string) => {
    const lastGood = lastGoodOf(name);
    return lastGood === undefined || lastGood >= run.startTime ? {} : { lastGood };
  };
  if (run.missed === true) return { ...base, word: 'missed', reason, look: runs, ...since(job) };
  const step = stepToBlame(run);
  if (step === undefined) return { ...base, word: outcome, reason, look: runs, ...since(job) };
  const alone = run.steps.length === 1 && step.name === job;
  const look = `job log ${quoted(job)} --run ${quoted(id)}${alone ? '' : ` --step ${quoted(step.name)}`}`;
  const output = lastLines(step.output);
  const also = {
    ...since(jobOfStep(step.name)),
    ...(step.attempts > 1 ? { attempts: step.attempts } : {}),
    ...(output === '' ? {} : { output }),
  };
  return { ...base, word: outcome, reason, step: step.name, ...also, look };
}

/** Of a state that tells of trouble, or of its end. */
export function noticeOfState(id: string, change: StateChange, time: Millis): Notice | undefined {
  const base = { kind: 'program', name: id, time } as const;
  if (change.to === 'RUNNING') {
    return {
      ...base,
      word: 'recovered',
      reason: `it is RUNNING, pid ${change.pid}`,
      look: `status ${quoted(shortName(id))}`,
    };
  }
  if (change.to !== 'FATAL') return undefined;
  const reason =
    change.why ?? (change.exit === undefined ? 'it could not be started' : describeExit(change.exit));
  return { ...base, word: 'fatal', reason, look: `why ${quoted(shortName(id))}` };
}

/** The last lines of a text, without what a terminal would act on. */
export function lastLines(text: string): string {
  const clean = text.replace(/[\u0000-\u0008\u000b-\u001f\u007f]/g, '').trimEnd();
  return clean.split('\n').slice(-MOST_LINES).join('\n').slice(-MOST_CHARACTERS);
}

/** The first that is as bad as the run; what was left out because of it comes later. */
function stepToBlame({ outcome, steps }: RunRecord): StepRecord | undefined {
  const of = (...outcomes: readonly StepRecord['outcome'][]) =>
    steps.find((step) => outcomes.includes(step.outcome));
  if (outcome === 'failed') return of('failed') ?? of('skipped');
  if (outcome === 'degraded') return of('failed') ?? of('degraded') ?? of('skipped');
  return of('cancelled') ?? of('skipped');
}

/** As a shell takes it. */
function quoted(word: string): string {
  return /^[\w@%+=:,./-]+$/.test(word) ? word : `'${word.replaceAll("'", "'\\''")}'`;
}
