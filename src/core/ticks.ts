/** When a tick is due: as soon as the wall clock is in another slice of its period, whichever way it got there. */
import { TICK_PERIODS, type TickType } from './event-types.js';
import type { Millis } from './program.js';

/** The slice that each tick was last told of, by its begin in wall-clock ms. */
export type Slices = ReadonlyMap<TickType, Millis>;

/** Which of `wanted` are due. One for each however far the clock was set; none for a slice that it begins in. */
export function ticksDue(
  slices: Slices,
  wanted: readonly TickType[],
  wall: Millis,
): { readonly slices: Slices; readonly due: readonly { readonly type: TickType; readonly when: number }[] } {
  const next = new Map(wanted.map((type) => [type, sliceOf(type, wall)]));
  const due = wanted.filter((type) => slices.has(type) && slices.get(type) !== next.get(type));
  return {
    slices: next,
    due: due.map((type) => ({ type, when: Math.floor(sliceOf(type, wall) / 1000) })),
  };
}

/** From `wall` to the first begin of a slice of `wanted`; undefined: nothing is wanted. */
export function untilTick(wanted: readonly TickType[], wall: Millis): Millis | undefined {
  if (wanted.length === 0) return undefined;
  return Math.min(...wanted.map((type) => sliceOf(type, wall) + TICK_PERIODS[type] - wall));
}

function sliceOf(type: TickType, wall: Millis): Millis {
  const period = TICK_PERIODS[type];
  return Math.floor(wall / period) * period;
}
