/**
 * The attempts of one command. Each function gives the verdict once the command is over, undefined while it goes on.
 * It is over when nothing of the last attempt is left.
 */
import { formatDuration, formatStamp } from './durations.js';
import type { StepEvent } from './job-events.js';
import { judgeExit, retryDelay, type Verdict } from './judge.js';
import type { Exit, Millis } from './program.js';
import type { Phase } from './run.js';
import { go, record, send, tell, update, type Work } from './run-work.js';
import { spentWith } from './spent.js';

const TERM = 15;
const KILL = 9;
/** Least time between two signals, so that a stopWaitMs of 0 can't keep the daemon busy. */
const LEAST_WAIT_MS: Millis = 1000;
/** The record keeps this much of the output. */
const OUTPUT_CHARACTERS = 4096;

type In<N extends Phase['name']> = Extract<Phase, { name: N }>;
type Spawned = Extract<StepEvent, { type: 'stepSpawned' }>;

/** Begins the next attempt. */
export function attempt(work: Work, index: number): void {
  const { request, job, units, states } = work.run;
  const { spec, name } = units[index]!;
  if (spec.action.kind !== 'command') return;
  const count = states[index]!.record.attempts + 1;
  record(work, index, { outcome: 'running', attempts: count });
  go(work, { name: 'SPAWNING', unit: index });
  const environment = {
    SUPD_JOB: job,
    SUPD_RUN: request.id,
    SUPD_STEP: name,
    SUPD_ATTEMPT: String(count),
    SUPD_DUE: formatStamp(request.dueTime),
  };
  send(work, index, { type: 'spawnStep', launch: spec.action.launch, attempt: count, environment });
}

/** It runs; if the run was ended meanwhile, not for long. */
export function spawned(work: Work, index: number, { pid, startTicks }: Spawned): void {
  if (startTicks !== undefined) update(work, index, { startTicks });
  const { timeoutMs } = work.run.units[index]!.spec;
  const limit = timeoutMs === undefined ? {} : { deadline: work.now.mono + timeoutMs };
  go(work, { name: 'RUNNING', unit: index, pid, ...limit });
  if (work.run.abort !== undefined) end(work, index, pid);
}

export function spawnFailed(work: Work, index: number, why: string): Verdict | undefined {
  return attempted(work, index, { outcome: 'failed', reason: why }, undefined);
}

export function exited(
  work: Work,
  phase: In<'RUNNING' | 'KILLING'>,
  event: Extract<StepEvent, { type: 'stepExited' }>,
): Verdict | undefined {
  const { unit: index, pid } = phase;
  const before = work.run.states[index]!.record;
  const outputBytes = before.outputBytes + event.outputBytes;
  const output = event.output.slice(-OUTPUT_CHARACTERS);
  record(work, index, { exit: event.exit, output, outputBytes, ...spentWith(before, event) });
  const timeout = phase.name === 'KILLING' ? phase.timeout : undefined;
  const verdict = timeout ?? judgeExit(event.exit, event.outputBytes, work.run.units[index]!.spec);
  const exit = timeout === undefined ? event.exit : undefined;
  if (!event.leftover) return attempted(work, index, verdict, exit);
  // What sat through the SIGTERM of its whole group and lost its parent to SIGKILL gets SIGKILL at once.
  const signal = phase.name === 'KILLING' ? phase.signal : TERM;
  go(work, { name: 'SWEEPING', unit: index, pid, verdict, exit, deadline: nextSignal(work, index) });
  send(work, index, { type: 'sweepStep', pid, signal });
  return undefined;
}

export function swept(work: Work, phase: In<'SWEEPING'>): Verdict | undefined {
  const said = phase.verdict.reason === undefined ? '' : `${phase.verdict.reason}; `;
  const verdict = { ...phase.verdict, reason: `${said}processes that it left behind were ended` };
  return attempted(work, phase.unit, verdict, phase.exit);
}

/** A deadline of the command's own has passed: too long a run, too long an end, or a pause that is over. */
export function overdue(work: Work, phase: Phase): void {
  if (!('deadline' in phase) || phase.deadline === undefined || phase.deadline > work.now.mono) return;
  const index = phase.unit;
  switch (phase.name) {
    case 'RUNNING': {
      const limit = formatDuration(work.run.units[index]!.spec.timeoutMs ?? 0);
      end(work, index, phase.pid, { outcome: 'failed', reason: `timed out after ${limit}` });
      break;
    }
    case 'KILLING':
      go(work, { ...phase, signal: KILL, deadline: nextSignal(work, index) });
      send(work, index, { type: 'killStep', pid: phase.pid, signal: KILL });
      break;
    case 'SWEEPING':
      go(work, { ...phase, deadline: nextSignal(work, index) });
      send(work, index, { type: 'sweepStep', pid: phase.pid, signal: KILL });
      break;
    case 'PAUSING':
      attempt(work, index);
      break;
    default:
      phase satisfies never;
  }
}

/** Ends a running attempt: SIGTERM now, SIGKILL at the deadline. */
export function end(work: Work, index: number, pid: number, timeout?: Verdict): void {
  const why = timeout === undefined ? {} : { timeout };
  go(work, { name: 'KILLING', unit: index, pid, signal: TERM, deadline: nextSignal(work, index), ...why });
  send(work, index, { type: 'killStep', pid, signal: TERM });
}

/** After an attempt of which nothing is left. `exit`: its own, not one that supd brought about. */
function attempted(work: Work, index: number, verdict: Verdict, exit: Exit | undefined): Verdict | undefined {
  const { abort, states, units } = work.run;
  if (abort !== undefined) return abort.verdict;
  const { name, spec } = units[index]!;
  const { attempts } = states[index]!.record;
  const delay = verdict.outcome === 'failed' ? retryDelay(spec, attempts, exit) : undefined;
  if (delay === undefined) return verdict;
  const reason = `${verdict.reason}; next try${delay > 0 ? ` in ${formatDuration(delay)}` : ''}`;
  tell(work, 'warn', `"${name}" failed: ${reason} (${attempts + 1} of ${spec.retries + 1})`);
  if (delay > 0) {
    record(work, index, { reason });
    go(work, { name: 'PAUSING', unit: index, deadline: work.now.mono + delay });
  } else attempt(work, index);
  return undefined;
}

function nextSignal(work: Work, index: number): Millis {
  return work.now.mono + Math.max(LEAST_WAIT_MS, work.run.units[index]!.spec.stopWaitMs);
}
