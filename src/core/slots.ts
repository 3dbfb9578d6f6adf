/** A slot of the table, and what can be asked of it alone. */
import type { Exit, Millis, Now, ProcessSpec, ProcessState, SpawnFailure } from './program.js';
import type { Recycled } from './recycle.js';

/** One slot: what it should be, what it is, and what users ask about its past. */
export interface Process {
  readonly spec: ProcessSpec;
  readonly groupPriority: number;
  readonly state: ProcessState;
  /** Of the last spawn, or of the last try. */
  readonly started?: Now;
  /** Of the last spawn too: proc(5)'s start time. */
  readonly startTicks?: number;
  /** Of the last end, wall clock. */
  readonly stopped?: Millis;
  readonly exit?: Exit;
  readonly spawnError?: string;
  readonly spawnFailure?: SpawnFailure;
  /** The last time that supd restarted it because it was not well. */
  readonly recycled?: Recycled;
  /** Somebody asked for a start that has to wait for its end: that one is not automatic. */
  readonly isAsked?: true;
  /** Automatic starts since the last requested one. */
  readonly restarts: number;
}

/** Is a process of this slot alive or about to be? BACKOFF counts: it is wanted. */
export function isActive(state: ProcessState): boolean {
  return !['STOPPED', 'EXITED', 'FATAL', 'UNKNOWN'].includes(state.name);
}

/** Stable: equals stay in the order in which they were configured. */
export function inStartingOrder(a: Process, b: Process): number {
  return a.groupPriority - b.groupPriority || a.spec.priority - b.spec.priority;
}
