/** The events of a supervisor as its listeners know them: their names, what is above what, what each carries. */
import type { Millis, ShownState, StateChange } from './program.js';

/** Each type with the one above it. Those that are above others are asked for, never sent. */
const PARENTS = {
  EVENT: undefined,
  PROCESS_STATE: 'EVENT',
  PROCESS_STATE_STOPPED: 'PROCESS_STATE',
  PROCESS_STATE_EXITED: 'PROCESS_STATE',
  PROCESS_STATE_STARTING: 'PROCESS_STATE',
  PROCESS_STATE_STOPPING: 'PROCESS_STATE',
  PROCESS_STATE_BACKOFF: 'PROCESS_STATE',
  PROCESS_STATE_FATAL: 'PROCESS_STATE',
  PROCESS_STATE_RUNNING: 'PROCESS_STATE',
  PROCESS_STATE_UNKNOWN: 'PROCESS_STATE',
  PROCESS_LOG: 'EVENT',
  PROCESS_LOG_STDOUT: 'PROCESS_LOG',
  PROCESS_LOG_STDERR: 'PROCESS_LOG',
  PROCESS_COMMUNICATION: 'EVENT',
  PROCESS_COMMUNICATION_STDOUT: 'PROCESS_COMMUNICATION',
  PROCESS_COMMUNICATION_STDERR: 'PROCESS_COMMUNICATION',
  REMOTE_COMMUNICATION: 'EVENT',
  SUPERVISOR_STATE_CHANGE: 'EVENT',
  SUPERVISOR_STATE_CHANGE_RUNNING: 'SUPERVISOR_STATE_CHANGE',
  SUPERVISOR_STATE_CHANGE_STOPPING: 'SUPERVISOR_STATE_CHANGE',
  TICK: 'EVENT',
  TICK_5: 'TICK',
  TICK_60: 'TICK',
  TICK_3600: 'TICK',
  PROCESS_GROUP: 'EVENT',
  PROCESS_GROUP_ADDED: 'PROCESS_GROUP',
  PROCESS_GROUP_REMOVED: 'PROCESS_GROUP',
} as const satisfies Readonly<Record<string, string | undefined>>;

type AnyType = keyof typeof PARENTS;

/** All that may be asked for. */
export const EVENT_TYPES: readonly string[] = Object.keys(PARENTS);

export type OutputChannel = 'STDOUT' | 'STDERR';

export type SupervisorEvent =
  | ProcessChanged
  | {
      readonly type: `PROCESS_LOG_${OutputChannel}` | `PROCESS_COMMUNICATION_${OutputChannel}`;
      readonly name: string;
      readonly group: string;
      readonly pid: number;
      /** Of whoever tells: good until the call returns. */
      readonly bytes: Uint8Array;
    }
  | { readonly type: 'REMOTE_COMMUNICATION'; readonly about: string; readonly text: string }
  | { readonly type: `SUPERVISOR_STATE_CHANGE_${'RUNNING' | 'STOPPING'}` }
  /** `when`: epoch seconds, rounded down to the period. */
  | { readonly type: TickType; readonly when: number }
  | { readonly type: `PROCESS_GROUP_${'ADDED' | 'REMOVED'}`; readonly group: string };

export interface ProcessChanged {
  readonly type: `PROCESS_STATE_${ShownState}`;
  readonly name: string;
  readonly group: string;
  readonly change: StateChange;
}

export type SentType = SupervisorEvent['type'];
export type TickType = keyof typeof TICK_PERIODS;

/** Of each tick. */
export const TICK_PERIODS = {
  TICK_5: 5_000,
  TICK_60: 60_000,
  TICK_3600: 3_600_000,
} as const satisfies Readonly<Record<string, Millis>>;

/** The types that are sent to whoever asks for `names`: themselves and all below them. Each once, however often asked. */
export function sentTypes(names: readonly string[]): ReadonlySet<string> {
  const asked = new Set(names);
  const isAbove = new Set<string | undefined>(Object.values(PARENTS));
  const isAsked = (type: AnyType | undefined): boolean =>
    type !== undefined && (asked.has(type) || isAsked(PARENTS[type]));
  const all = Object.keys(PARENTS) as AnyType[];
  return new Set(all.filter((type) => !isAbove.has(type) && isAsked(type)));
}
