/** What can be asked of a process slot alone. */
import type { ProcessState } from './program.js';
import type { Process } from './world.js';

/** Is a process of this slot alive or about to be? BACKOFF counts: it is wanted. */
export function isActive(state: ProcessState): boolean {
  return !['STOPPED', 'EXITED', 'FATAL', 'UNKNOWN'].includes(state.name);
}

/** Stable: equals stay in the order in which they were configured. */
export function inStartingOrder(a: Process, b: Process): number {
  return a.groupPriority - b.groupPriority || a.spec.priority - b.spec.priority;
}
