/** From state to state, in the words that the table of states is written in (transition.ts). */
import { isTooMany, restMs } from './backoff.js';
import type {
  Exit,
  Next,
  Now,
  ProcessEffect,
  ProcessEvent,
  ProcessSpec,
  ProcessState,
  StateChange,
} from './program.js';
import { pidOf, shown } from './state.js';

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
  /** Something that it depends on is not as it should be: a start has to wait. */
  readonly isBlocked: boolean;
  /** It is part of a rolling restart just now. */
  readonly isRolled?: boolean;
  /** That one has no time to lose. */
  readonly isUrgent?: boolean;
}

export type In<N extends ProcessState['name']> = Extract<ProcessState, { name: N }>;
export type Of<T extends ProcessEvent['type']> = Extract<ProcessEvent, { type: T }>;

export function to(state: ProcessState, ...effects: ProcessEffect[]): Step {
  return { state, effects };
}

/** Enters a state and tells so. */
export function enter(from: ProcessState, state: ProcessState, change: Partial<StateChange>): Step {
  const announced: StateChange = { pid: 0, tries: 0, ...change, from: shown(from), to: shown(state) };
  return to(state, { type: 'announce', change: announced });
}

export function after(first: Step, second: Step): Step {
  return { state: second.state, effects: [...first.effects, ...second.effects] };
}

/** Starts it as soon as nothing that it depends on keeps it from that. */
export function spawn(from: ProcessState, attempt: number, { isBlocked }: Context): Step {
  const tries = attempt - 1;
  if (isBlocked) return enter(from, { name: 'WAITING', attempt }, { tries });
  const entered = enter(from, { name: 'SPAWNING', attempt }, { tries });
  return to(entered.state, ...entered.effects, { type: 'spawn' });
}

export function stopping(
  s: In<'STARTING' | 'RUNNING'>,
  { spec, now }: Context,
  more: Partial<Pick<In<'STOPPING'>, 'next' | 'failed'>> = {},
  why = more.failed?.why,
): Step {
  const deadline = now.mono + spec.stopWaitMs;
  const state: ProcessState = { name: 'STOPPING', pid: s.pid, next: 'stay', deadline, ...more };
  const entered = enter(s, state, { pid: s.pid, ...(why === undefined ? {} : { why }) });
  return to(state, ...entered.effects, {
    type: 'kill',
    pid: s.pid,
    signal: spec.stopSignal,
    group: spec.stopAsGroup,
  });
}

export function stopped(from: ProcessState, pid: number, next: Next, exit: Exit, c: Context): Step {
  const rest = enter(from, { name: 'STOPPED' }, { pid, exit });
  return next === 'start' ? after(rest, spawn({ name: 'STOPPED' }, 1, c)) : rest;
}

export function backoff(attempt: number, why: string, { spec, now }: Context): ProcessState {
  return { name: 'BACKOFF', attempt, why, deadline: now.mono + restMs(attempt, spec, now) };
}

export function announceBackoff(
  from: ProcessState,
  tries: number,
  why: string,
  exit: Exit | undefined,
): Step {
  const state: ProcessState = { name: 'BACKOFF', attempt: tries, why, deadline: 0 };
  return enter(from, state, exit ? { tries, why, exit, pid: pidOf(from) } : { tries, why });
}

/** A start has failed: another one in a while, or the last word. */
export function backOffOrGiveUp(
  from: ProcessState,
  attempt: number,
  why: string,
  exit: Exit | undefined,
  c: Context,
): Step {
  const told = announceBackoff(from, attempt, why, exit);
  const state = backoff(attempt, why, c);
  if (isTooMany(attempt, c.spec)) return after(told, giveUp(state, why));
  return to(state, ...told.effects);
}

export function giveUp(from: ProcessState, why: string): Step {
  return enter(from, { name: 'FATAL', why }, { why });
}

/** Until it is looked again whether there is room for a program. */
const SHORTAGE_MS = 5000;

/** A try that does not count: it was not the program's fault. */
export function waitForRoom(s: In<'SPAWNING'>, why: string, { now }: Context): Step {
  const told = announceBackoff(s, s.attempt, why, undefined);
  const deadline = now.mono + SHORTAGE_MS;
  return to({ name: 'BACKOFF', attempt: s.attempt - 1, why, deadline }, ...told.effects);
}
