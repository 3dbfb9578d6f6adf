/** The only place that reads the clocks for the core. */
import type { Now } from '../core/program.js';

/** Milliseconds of a clock that only goes forward, and of the one that people set. */
export function readNow(): Now {
  return { mono: performance.now(), wall: Date.now() };
}
