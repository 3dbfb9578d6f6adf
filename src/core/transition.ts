/**
 * Everything that moves one process from state to state is here. Groups, order and jobs are unknown here
 * (world.ts). The rule of a supervisor: what is wanted last wins, and no slot ever holds two live processes.
 */

import { failuresAfter, isTooMany } from './backoff.js';
import { runningDeadline, runningProbed } from './health.js';
import {
  after,
  announceBackoff,
  backOffOrGiveUp,
  backoff,
  type Context,
  enter,
  giveUp,
  type In,
  type Of,
  type Step,
  spawn,
  stopped,
  to,
  waitForRoom,
} from './moves.js';
import type { AfterSweep, Exit, ProcessEvent, ProcessSpec, ProcessState } from './program.js';
import { hasStarted, starting, startingDeadline, startingProbed } from './readiness.js';
import { describeExit, isExpected } from './state.js';
import { arrived, leaving, left, recycling, warmed } from './traffic.js';

export { deadlineOf, describeExit, isExpected, pidOf, shown } from './state.js';

type Cell<N extends ProcessState['name'], T extends ProcessEvent['type']> = (
  state: In<N>,
  event: Of<T>,
  context: Context,
) => Step;

const KILL = 9;
const TERM = 15;
const QUICK_EXIT = 'Exited too quickly (process log may have details)';

/** The whole behaviour of a process. An absent cell means: the event changes nothing in that state. */
export const TABLE: { [N in ProcessState['name']]: { [T in ProcessEvent['type']]?: Cell<N, T> } } = {
  STOPPED: { start: (s, _e, c) => spawn(s, 1, c) },
  EXITED: { start: (s, _e, c) => spawn(s, 1, c) },
  FATAL: { start: (s, _e, c) => spawn(s, 1, c) },
  WAITING: {
    cleared: (s, _e, { mayRestart }) =>
      mayRestart ? to({ name: 'SPAWNING', attempt: s.attempt }, { type: 'spawn' }) : to(s),
    stop: (s) => enter(s, { name: 'STOPPED' }, {}),
  },
  SPAWNING: {
    spawned: (s, e, c) => starting(e.pid, s.attempt, c),
    spawnFailed: (s, e, c) =>
      e.code === 'SHORTAGE' ? waitForRoom(s, e.why, c) : backOffOrGiveUp(s, s.attempt, e.why, undefined, c),
    stop: (s) => enter(s, { name: 'STOPPED' }, {}),
  },
  STARTING: {
    deadline: startingDeadline,
    probed: startingProbed,
    // Its end may be seen before the deadline's timer: then it did stay up long enough.
    exited: (s, e, c) => {
      if (!hasStarted(s, c.now.mono)) return exitedTooSoon(s, e, c);
      const since = s.readiness?.up ?? s.deadline;
      const state: In<'RUNNING'> = { name: 'RUNNING', pid: s.pid, since, attempt: s.attempt };
      return after(enter(s, state, { pid: s.pid }), exitedWhileRunning(state, e, c));
    },
    warmed,
    stop: leaving,
    killFailed: (s, e) => lost(s, e.why),
    identityWrong: refused,
  },
  RUNNING: {
    deadline: runningDeadline,
    probed: runningProbed,
    recycle: recycling,
    exited: exitedWhileRunning,
    arrived,
    stop: leaving,
    killFailed: (s, e) => lost(s, e.why),
    identityWrong: refused,
  },
  BACKOFF: {
    deadline: (s, _e, c) => (c.mayRestart ? spawn(s, s.attempt + 1, c) : to(s)),
    stop: (s) => enter(s, { name: 'STOPPED' }, {}),
  },
  STOPPING: {
    // The last request wins: a stop during a restart cancels the start, and the other way round.
    start: ({ failed: _, ...s }) => to({ ...s, next: 'start' }),
    stop: ({ failed: _, ...s }) => to({ ...s, next: 'stay' }),
    exited: stoppedNow,
    left: (s, e, c) => (e.pid === s.pid && e.asked === s.leaving ? left(s, c, e.why) : to(s)),
    deadline: (s, _e, c) =>
      s.leaving === undefined
        ? to(
            { ...s, deadline: c.now.mono + c.spec.stopWaitMs },
            { type: 'kill', pid: s.pid, signal: KILL, group: c.spec.killAsGroup },
          )
        : left(s, c),
    killFailed: (s, e) => lost(s, e.why),
  },
  SWEEPING: {
    start: (s) => to({ ...s, next: { to: 'start' } }),
    stop: (s) => {
      const state = { ...s, next: { to: 'stay' }, shown: 'STOPPING' } as const;
      return s.shown === 'STOPPING' ? to(state) : enter(s, state, { pid: s.pid });
    },
    swept: (s, _e, c) => sweptTo(s, c),
    deadline: (s, _e, { spec, now }) =>
      to(
        { ...s, deadline: now.mono + Math.max(spec.stopWaitMs, 1000) },
        { type: 'sweep', pid: s.pid, signal: KILL },
      ),
  },
  UNKNOWN: {
    exited: (s, e, c) => stopped(s, s.pid, 'stay', e.exit, c),
  },
};

/** Decides what one event does to one process. Pure: the same arguments give the same step. */
export function transition(state: ProcessState, event: ProcessEvent, context: Context): Step {
  // Sound: TABLE's type ties each cell to its own state and event; TypeScript can't follow it through two lookups.
  const cell = TABLE[state.name][event.type] as Cell<never, never> | undefined;
  return cell ? cell(state as never, event as never, context) : to(state);
}

/** Killed at once, with its group: what it may do is nothing that anybody asked for. */
function refused(s: In<'STARTING' | 'RUNNING'>, e: Of<'identityWrong'>, { spec, now }: Context): Step {
  if (e.pid !== s.pid) return to(s);
  const deadline = now.mono + spec.stopWaitMs;
  const state: ProcessState = { name: 'STOPPING', pid: s.pid, next: 'stay', deadline, refused: e.why };
  const entered = enter(s, state, { pid: s.pid });
  return to(state, ...entered.effects, { type: 'kill', pid: s.pid, signal: KILL, group: true });
}

function stoppedNow(s: In<'STOPPING'>, e: Of<'exited'>, c: Context): Step {
  const failed = endsBadly(s, c.spec);
  if (failed === undefined)
    return e.leftover
      ? sweeping(s.pid, e.exit, { to: s.next }, 'STOPPING', c)
      : stopped(s, s.pid, s.next, e.exit, c);
  const { attempt, why } = failed;
  if (e.leftover) return sweeping(s.pid, e.exit, { to: 'backoff', attempt, why }, 'STOPPING', c);
  return s.refused === undefined ? backOffOrGiveUp(s, attempt, why, e.exit, c) : giveUp(s, why);
}

/** Why this stop is a failure, and of which attempt; a request since then counts more. */
function endsBadly(s: In<'STOPPING'>, spec: ProcessSpec): In<'STOPPING'>['failed'] {
  if (s.refused === undefined) return s.failed;
  return s.next === 'start' ? undefined : { attempt: spec.startRetries + 1, why: s.refused };
}

function exitedTooSoon(s: In<'STARTING'>, e: Of<'exited'>, c: Context): Step {
  if (!e.leftover) return backOffOrGiveUp(s, s.attempt, QUICK_EXIT, e.exit, c);
  const told = announceBackoff(s, s.attempt, QUICK_EXIT, e.exit);
  const next: AfterSweep = { to: 'backoff', attempt: s.attempt, why: QUICK_EXIT };
  return after(told, sweeping(s.pid, e.exit, next, 'BACKOFF', c));
}

function exitedWhileRunning(s: In<'RUNNING'>, e: Of<'exited'>, c: Context): Step {
  const expected = isExpected(e.exit, c.spec);
  const state: ProcessState = { name: 'EXITED', exit: e.exit };
  const ended = enter(s, state, { pid: s.pid, exit: e.exit, expected });
  if (!c.mayRestart || !wantsRestart(c.spec, expected)) return ended;
  if (c.spec.backoff) return after(ended, restedFrom(s, state, e, c));
  if (e.leftover) return after(ended, sweeping(s.pid, e.exit, { to: 'start' }, 'EXITED', c));
  return after(ended, spawn(state, 1, c));
}

/** It has a backoff of its own: an end while it was RUNNING is a failure as well. */
function restedFrom(s: In<'RUNNING'>, ended: In<'EXITED'>, e: Of<'exited'>, c: Context): Step {
  const attempt = failuresAfter(c.now.mono - s.since, s.attempt ?? 1, c.spec);
  const why = `It ended by itself: ${describeExit(e.exit)}`;
  if (e.leftover) return sweeping(s.pid, e.exit, { to: 'backoff', attempt, why }, 'EXITED', c);
  return backOffOrGiveUp(ended, attempt, why, e.exit, c);
}

function wantsRestart(spec: ProcessSpec, expected: boolean): boolean {
  return spec.autorestart === 'always' || (spec.autorestart === 'unexpected' && !expected);
}

function sweeping(
  pid: number,
  exit: Exit,
  next: AfterSweep,
  as: 'STOPPING' | 'EXITED' | 'BACKOFF',
  { spec, now }: Context,
): Step {
  const deadline = now.mono + Math.min(spec.stopWaitMs, 2000);
  return to({ name: 'SWEEPING', pid, exit, next, shown: as, deadline }, { type: 'sweep', pid, signal: TERM });
}

function sweptTo(s: In<'SWEEPING'>, c: Context): Step {
  const { next } = s;
  switch (next.to) {
    case 'backoff':
      if (s.shown === 'EXITED' && !c.mayRestart) return enter(s, { name: 'STOPPED' }, { pid: s.pid });
      if (isTooMany(next.attempt, c.spec) || !c.mayRestart) return giveUp(s, next.why);
      if (s.shown !== 'BACKOFF') return backOffOrGiveUp(s, next.attempt, next.why, s.exit, c);
      return to(backoff(next.attempt, next.why, c));
    case 'start':
      if (s.shown === 'STOPPING') return stopped(s, s.pid, 'start', s.exit, c);
      return c.mayRestart ? spawn(s, 1, c) : enter(s, { name: 'STOPPED' }, { pid: s.pid });
    case 'stay':
      return stopped(s, s.pid, 'stay', s.exit, c);
    default:
      return next satisfies never;
  }
}

function lost(s: In<'STARTING' | 'RUNNING' | 'STOPPING'>, why: string): Step {
  return enter(s, { name: 'UNKNOWN', pid: s.pid, why }, { pid: s.pid, why });
}
