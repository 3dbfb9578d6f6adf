/** What can be asked of a process's state alone. */
import type { Exit, ProcessSpec, ProcessState, ShownState } from './program.js';
import { signalName } from './signals.js';

/** When `state` needs a `deadline` event (monotonic), or undefined. */
export function deadlineOf(state: ProcessState): number | undefined {
  return 'deadline' in state ? state.deadline : undefined;
}

/** The state as users know it. */
export function shown(state: ProcessState): ShownState {
  if (state.name === 'SPAWNING' || state.name === 'WAITING') return 'STARTING';
  if (state.name === 'SWEEPING') return state.shown;
  return state.name;
}

/** The live process of this slot, or 0. */
export function pidOf(state: ProcessState): number {
  return 'pid' in state && state.name !== 'SWEEPING' ? state.pid : 0;
}

/** "exit status 3", "terminated by SIGKILL (core dumped)", for log lines and reasons. */
export function describeExit(exit: Exit): string {
  if ('unknown' in exit) return 'exit status unknown';
  if ('code' in exit) return `exit status ${exit.code}`;
  return `terminated by ${signalName(exit.signal)}${exit.core ? ' (core dumped)' : ''}`;
}

/** Is this end one that the configuration expects? Death by a signal never is. */
export function isExpected(exit: Exit, spec: ProcessSpec): boolean {
  return 'code' in exit && spec.exitCodes.includes(exit.code);
}
