// Waiting for what can be seen, with a limit: a run that hangs is a broken run.
import { setTimeout as pause } from 'node:timers/promises';

/**
 * Resolves with the first answer of `look` that isn't undefined or false, looking every `everyMs`.
 * @throws after `seconds`
 */
export async function until(what, look, { everyMs = 2, seconds = 120 } = {}) {
  const deadline = performance.now() + seconds * 1000;
  for (;;) {
    const seen = await look();
    if (seen !== undefined && seen !== false) return seen;
    if (performance.now() > deadline) throw new Error(`not within ${seconds} s: ${what}`);
    await pause(everyMs);
  }
}

export { pause };
