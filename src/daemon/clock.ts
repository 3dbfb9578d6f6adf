/** The only place that reads the clocks for the core. */
import type { Now } from '../core/program.js';

/**
 * Milliseconds of a clock that only goes forward, from the boot of the machine (so that another life of supd goes on
 * with its times), and of the one that people set.
 */
export function readNow(): Now {
  const [seconds, nanoseconds] = process.hrtime();
  return { mono: seconds * 1000 + nanoseconds / 1e6, wall: Date.now() };
}
