/**
 * Processes that are stopped to be started again, by a restart or an update. Whoever asked for it starts them; a stop
 * that comes in between takes the wish back. Where who asked is gone, since supd died in between, supd starts them.
 */
import type { ProcessSpec } from './program.js';
import { isActive, type Process } from './slots.js';
import type { StopPlan } from './waves.js';

export interface Return {
  readonly id: string;
  /** Who starts it: the last who had it stopped for that. */
  readonly by?: number;
  /** Who wanted to start it is gone. */
  readonly isLeft?: true;
  /** What an update starts it by. */
  readonly as?: ProcessSpec;
}

/** Those of a stop that whoever asks for it starts again. */
export interface Returning {
  readonly ids: readonly string[];
  /** Of this life of supd; no other request has it. */
  readonly by: number;
  /** Of an update: what they are started by. */
  readonly as?: readonly ProcessSpec[];
}

export function withReturns(
  before: readonly Return[],
  { ids, by, as = [] }: Returning = { ids: [], by: 0 },
): readonly Return[] {
  if (ids.length === 0) return before;
  const anew = new Map(as.map((spec) => [spec.id, spec]));
  const returnOf = (id: string): Return => {
    const spec = anew.get(id);
    return { id, by, ...(spec ? { as: spec } : {}) };
  };
  return [...withoutReturns(before, ids), ...ids.map(returnOf)];
}

/** Who had them stopped has started them, or doesn't any more. What another one has had stopped since stays. */
export function returned(before: readonly Return[], by: number): readonly Return[] {
  return before.some((one) => one.by === by) ? before.filter((one) => one.by !== by) : before;
}

/** The same list if none of these is in it. */
export function withoutReturns(before: readonly Return[], ids: readonly string[]): readonly Return[] {
  const kept = before.filter(({ id }) => !ids.includes(id));
  return kept.length === before.length ? before : kept;
}

/** Is it still to be started by who had it stopped? */
export function isReturning({ returns }: { readonly returns: readonly Return[] }, id: string): boolean {
  return returns.some((one) => one.id === id);
}

/** Did somebody ask for its stop, which is under way or to come, and for nothing since? */
export function isToStayDown(
  world: {
    readonly processes: ReadonlyMap<string, Process>;
    readonly plans: readonly StopPlan[];
    readonly returns: readonly Return[];
  },
  id: string,
): boolean {
  if (isReturning(world, id)) return false;
  const state = world.processes.get(id)?.state;
  if (state?.name === 'STOPPING' && state.next === 'stay' && !state.failed && !state.refused) return true;
  if (state?.name === 'SWEEPING' && state.next.to === 'stay') return true;
  return world.plans.some(({ waves }) => waves.some((wave) => wave.includes(id)));
}

/** Nobody is there any more who would start them. */
export function leftAlone(returns: readonly Return[]): readonly Return[] {
  return returns.map(({ by: _, ...one }) => ({ ...one, isLeft: true }));
}

/** Those that supd has to start now: all at once when all are down, as it was meant. */
export function dueReturns(world: {
  readonly mode: string;
  readonly processes: ReadonlyMap<string, Process>;
  readonly returns: readonly Return[];
}): readonly string[] {
  if (world.returns.length === 0 || world.mode !== 'running') return [];
  const left = world.returns.filter(({ isLeft }) => isLeft);
  const isDown = ({ id }: Return) => {
    const process = world.processes.get(id);
    return process === undefined || !isActive(process.state);
  };
  return left.every(isDown) ? left.map(({ id }) => id) : [];
}
