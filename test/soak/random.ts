/** Numbers that a seed decides: a run can be repeated, as far as the machine lets it. */

export interface Random {
  /** From `from` to `to`, both whole and both possible. */
  whole(from: number, to: number): number;
  one<T>(of: readonly T[]): T;
  /** Another one, by the same seed. */
  fork(): Random;
}

/** mulberry32. */
export function seeded(seed: number): Random {
  let state = seed >>> 0;
  const next = (): number => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
  const whole = (from: number, to: number) => from + Math.floor(next() * (to - from + 1));
  return {
    whole,
    one: (of) => of[whole(0, of.length - 1)] as (typeof of)[number],
    fork: () => seeded(whole(0, 2 ** 32 - 1)),
  };
}
