/** Waiting for a state, never for time. */
import { setTimeout as pause } from 'node:timers/promises';

/**
 * The first answer of `look` that is neither undefined nor false. What it throws counts as "not yet".
 * @throws after `seconds`, with what was waited for and what was seen last
 */
export async function until<T>(
  what: string,
  look: () => T | Promise<T>,
  seconds = 60,
): Promise<Exclude<T, undefined | false>> {
  const deadline = performance.now() + seconds * 1000;
  for (let last: unknown; ; await pause(100)) {
    try {
      const seen = await look();
      if (seen !== undefined && seen !== false) return seen as Exclude<T, undefined | false>;
      last = seen;
    } catch (error) {
      last = error;
    }
    if (performance.now() > deadline)
      throw new Error(`not within ${seconds} s: ${what} (last: ${String(last)})`);
  }
}
