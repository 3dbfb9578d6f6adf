/** restart_delay, restart_delay_max and restart_window: a backoff of a program's own. */
import type { BackoffSpec } from '../../core/backoff.js';
import type { PROGRAM } from '../options/program.js';
import type { Values } from '../options/row.js';
import { placeOf, type Reading } from '../reader.js';
import type { Section } from '../sections.js';

const FIRST_MS = 1000;
const LONGEST_MS = 60_000;

/** undefined: none of them is there. */
export function compileBackoff(
  { problems }: Reading,
  section: Section,
  options: Values<typeof PROGRAM>,
): BackoffSpec | undefined {
  const { restart_delay: first, restart_delay_max: longest, restart_window: windowMs } = options;
  for (const key of ['restart_delay', 'restart_delay_max', 'restart_window'] as const)
    if (options[key] === 0) problems.error(placeOf(section, key), '0 is no time at all; right is 1s or more');
  if (first !== undefined && longest !== undefined && longest < first)
    problems.error(
      placeOf(section, 'restart_delay_max'),
      'is shorter than restart_delay; right is a longer one',
    );
  if (first === undefined && longest === undefined && windowMs === undefined) return undefined;
  const window = windowMs === undefined ? {} : { windowMs };
  if (first === undefined && longest === undefined) return window;
  const firstMs = first ?? Math.min(FIRST_MS, longest ?? FIRST_MS);
  return { delay: { firstMs, longestMs: longest ?? Math.max(LONGEST_MS, firstMs) }, ...window };
}
