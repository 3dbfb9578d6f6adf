/**
 * Everything that moves one process from state to state is here. Groups, order and jobs are unknown here
 * (world.ts). The rule of a supervisor: what is wanted last wins, and no slot ever holds two live processes.
 */
import type {
  AfterSweep,
  Exit,
  Next,
  Now,
  ProcessEffect,
  ProcessEvent,
  ProcessSpec,
  ProcessState,
  ShownState,
  StateChange,
} from './program.js';
import { signalName } from './signals.js';

export interface Step {
  readonly state: ProcessState;
  readonly effects: readonly ProcessEffect[];
}

/** What a cell may know beside state and event. */
export interface Context {
  readonly spec: ProcessSpec;
  readonly now: Now;
  /** False while supd shuts down: nothing is started again by itself. */
  readonly mayRestart: boolean;
}

type In<N extends ProcessState['name']> = Extract<ProcessState, { name: N }>;
type Of<T extends ProcessEvent['type']> = Extract<ProcessEvent, { type: T }>;
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
  STOPPED: { start: (s) => spawn(s, 1) },
  EXITED: { start: (s) => spawn(s, 1) },
  FATAL: { start: (s) => spawn(s, 1) },
  SPAWNING: {
    spawned: (s, e, { spec, now }) =>
      to({ name: 'STARTING', pid: e.pid, attempt: s.attempt, deadline: now.mono + spec.startMs }),
    spawnFailed: (s, e, c) => backOffOrGiveUp(s, s.attempt, e.why, undefined, c),
    stop: (s) => enter(s, { name: 'STOPPED' }, {}),
  },
  STARTING: {
    deadline: (s, _e, { now }) => enter(s, { name: 'RUNNING', pid: s.pid, since: now.mono }, { pid: s.pid }),
    // Its end may be seen before the deadline's timer: then it did stay up long enough.
    exited: (s, e, c) => {
      if (c.now.mono < s.deadline) return exitedTooSoon(s, e, c);
      const up = enter(s, { name: 'RUNNING', pid: s.pid, since: s.deadline }, { pid: s.pid });
      return after(up, exitedWhileRunning({ name: 'RUNNING', pid: s.pid, since: s.deadline }, e, c));
    },
    stop: (s, _e, c) => stopping(s, c),
    killFailed: (s, e) => lost(s, e.why),
    identityWrong: refused,
  },
  RUNNING: {
    exited: exitedWhileRunning,
    stop: (s, _e, c) => stopping(s, c),
    killFailed: (s, e) => lost(s, e.why),
    identityWrong: refused,
  },
  BACKOFF: {
    deadline: (s, _e, c) => (c.mayRestart ? spawn(s, s.attempt + 1) : to(s)),
    stop: (s) => enter(s, { name: 'STOPPED' }, {}),
  },
  STOPPING: {
    // The last request wins: a stop during a restart cancels the start, and the other way round.
    start: (s) => to({ ...s, next: 'start' }),
    stop: (s) => to({ ...s, next: 'stay' }),
    exited: stoppedNow,
    deadline: (s, _e, { spec, now }) =>
      to(
        { ...s, deadline: now.mono + spec.stopWaitMs },
        { type: 'kill', pid: s.pid, signal: KILL, group: spec.killAsGroup },
      ),
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
    exited: (s, e) => stopped(s, s.pid, 'stay', e.exit),
  },
};

/** Decides what one event does to one process. Pure: the same arguments give the same step. */
export function transition(state: ProcessState, event: ProcessEvent, context: Context): Step {
  // Sound: TABLE's type ties each cell to its own state and event; TypeScript can't follow it through two lookups.
  const cell = TABLE[state.name][event.type] as Cell<never, never> | undefined;
  return cell ? cell(state as never, event as never, context) : to(state);
}

/** When `state` needs a `deadline` event (monotonic), or undefined. */
export function deadlineOf(state: ProcessState): number | undefined {
  return 'deadline' in state ? state.deadline : undefined;
}

/** The state as users know it. */
export function shown(state: ProcessState): ShownState {
  if (state.name === 'SPAWNING') return 'STARTING';
  if (state.name === 'SWEEPING') return state.shown;
  return state.name;
}

/** The live process of this slot, or 0. */
export function pidOf(state: ProcessState): number {
  return 'pid' in state && state.name !== 'SWEEPING' ? state.pid : 0;
}

/** "exit status 3", "terminated by SIGKILL (core dumped)", for log lines and reasons. */
export function describeExit(exit: Exit): string {
  if ('unknown' in exit) return 'exit status unknown';
  if ('code' in exit) return `exit status ${exit.code}`;
  return `terminated by ${signalName(exit.signal)}${exit.core ? ' (core dumped)' : ''}`;
}

/** Is this end one that the configuration expects? Death by a signal never is. */
export function isExpected(exit: Exit, spec: ProcessSpec): boolean {
  return 'code' in exit && spec.exitCodes.includes(exit.code);
}

function to(state: ProcessState, ...effects: ProcessEffect[]): Step {
  return { state, effects };
}

/** Enters a state and tells so. */
function enter(from: ProcessState, state: ProcessState, change: Partial<StateChange>): Step {
  const announced: StateChange = { pid: 0, tries: 0, ...change, from: shown(from), to: shown(state) };
  return to(state, { type: 'announce', change: announced });
}

function after(first: Step, second: Step): Step {
  return { state: second.state, effects: [...first.effects, ...second.effects] };
}

function spawn(from: ProcessState, attempt: number): Step {
  const entered = enter(from, { name: 'SPAWNING', attempt }, { tries: attempt - 1 });
  return to(entered.state, ...entered.effects, { type: 'spawn' });
}

function stopping(s: In<'STARTING' | 'RUNNING'>, { spec, now }: Context): Step {
  const state: ProcessState = {
    name: 'STOPPING',
    pid: s.pid,
    next: 'stay',
    deadline: now.mono + spec.stopWaitMs,
  };
  const entered = enter(s, state, { pid: s.pid });
  return to(state, ...entered.effects, {
    type: 'kill',
    pid: s.pid,
    signal: spec.stopSignal,
    group: spec.stopAsGroup,
  });
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
  if (s.refused === undefined || s.next === 'start')
    return e.leftover
      ? sweeping(s.pid, e.exit, { to: s.next }, 'STOPPING', c)
      : stopped(s, s.pid, s.next, e.exit);
  if (!e.leftover) return giveUp(s, s.refused);
  const next: AfterSweep = { to: 'backoff', attempt: c.spec.startRetries + 1, why: s.refused };
  return sweeping(s.pid, e.exit, next, 'STOPPING', c);
}

function stopped(from: ProcessState, pid: number, next: Next, exit: Exit): Step {
  const rest = enter(from, { name: 'STOPPED' }, { pid, exit });
  return next === 'start' ? after(rest, spawn({ name: 'STOPPED' }, 1)) : rest;
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
  if (e.leftover) return after(ended, sweeping(s.pid, e.exit, { to: 'start' }, 'EXITED', c));
  return after(ended, spawn(state, 1));
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
      return next.attempt > c.spec.startRetries || !c.mayRestart
        ? giveUp(s, next.why)
        : to(backoff(next.attempt, next.why, c));
    case 'start':
      if (s.shown === 'STOPPING') return stopped(s, s.pid, 'start', s.exit);
      return c.mayRestart ? spawn(s, 1) : enter(s, { name: 'STOPPED' }, { pid: s.pid });
    case 'stay':
      return stopped(s, s.pid, 'stay', s.exit);
    default:
      return next satisfies never;
  }
}

function backoff(attempt: number, why: string, { now }: Context): ProcessState {
  return { name: 'BACKOFF', attempt, why, deadline: now.mono + attempt * 1000 };
}

function announceBackoff(from: ProcessState, tries: number, why: string, exit: Exit | undefined): Step {
  const state: ProcessState = { name: 'BACKOFF', attempt: tries, why, deadline: 0 };
  return enter(from, state, exit ? { tries, why, exit, pid: pidOf(from) } : { tries, why });
}

function backOffOrGiveUp(
  from: In<'SPAWNING' | 'STARTING'>,
  attempt: number,
  why: string,
  exit: Exit | undefined,
  c: Context,
): Step {
  const told = announceBackoff(from, attempt, why, exit);
  const state = backoff(attempt, why, c);
  if (attempt > c.spec.startRetries) return after(told, giveUp(state, why));
  return to(state, ...told.effects);
}

function giveUp(from: ProcessState, why: string): Step {
  return enter(from, { name: 'FATAL', why }, { why });
}

function lost(s: In<'STARTING' | 'RUNNING' | 'STOPPING'>, why: string): Step {
  return enter(s, { name: 'UNKNOWN', pid: s.pid, why }, { pid: s.pid, why });
}
