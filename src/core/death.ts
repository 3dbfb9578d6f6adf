/** How a process came to its end, and what is kept of it. Types and words only. */
import type { Exit, Millis, ProcessState } from './program.js';
import { signalName } from './signals.js';
import { describeExit } from './transition.js';

/** Who brought the end about. What supd did by itself says why: a probe that failed, memory above max_memory. */
export type Cause =
  /** The process itself, or somebody whom nobody knows. */
  | { readonly kind: 'own' }
  /** A stop, restart, update, signal … that somebody asked for. */
  | { readonly kind: 'request'; readonly what: string; readonly by: string; readonly reason: string }
  | { readonly kind: 'job'; readonly why: string }
  | { readonly kind: 'shutdown' }
  /** It was not ready in time, or not well. */
  | { readonly kind: 'probe'; readonly why: string }
  /** Above max_memory. */
  | { readonly kind: 'memory'; readonly why: string }
  /** It ran as it must not. */
  | { readonly kind: 'refused'; readonly why: string }
  /** The kernel, for want of memory. `isSure` false: it ended something at that time. */
  | { readonly kind: 'outOfMemory'; readonly why: string; readonly isSure: boolean }
  /** It ended while supd was not running. */
  | { readonly kind: 'unseen' };

/** What was seen of a process when it was last looked at. */
export interface Facts {
  /** When that was, wall clock. */
  readonly time: Millis;
  readonly memoryBytes: number;
  readonly peakMemoryBytes: number;
  readonly cpuMs: Millis;
  readonly threads: number;
  readonly openFiles: number;
  /** Soft limit of open files; absent: unlimited, or not known. */
  readonly limitNofile?: number;
  /** Processes that descend from it. */
  readonly descendants: number;
}

/** The black box: what is kept of one death. */
export interface Death {
  /** Wall clock. */
  readonly time: Millis;
  readonly pid: number;
  /** Wall clock; undefined: another supd started it and did not say when. */
  readonly started?: Millis;
  readonly exit: Exit;
  /** One of exitcodes, or brought about. */
  readonly expected: boolean;
  readonly cause: Cause;
  /** The last lines that it wrote. */
  readonly output: string;
  readonly facts?: Facts;
  /** Processor time of all its life, itself and the children that it waited for. */
  readonly cpuMs?: Millis;
  /** Of supd's environment and the configured variables, in hexadecimal: which one it had, without its values. */
  readonly environment: string;
}

/** Why supd is ending it by itself; undefined: it was asked for. */
export function causeOfStop(state: Extract<ProcessState, { name: 'STOPPING' }>): Cause | undefined {
  if (state.refused !== undefined) return { kind: 'refused', why: state.refused };
  return state.failed && { kind: 'probe', why: state.failed.why };
}

/** Signals whose senders are almost always the kernel, with what the process did. */
const FAULTS: ReadonlyMap<number, string> = new Map([
  [4, 'it executed what is no instruction'],
  [6, 'it gave up by itself (abort)'],
  [7, 'it touched memory that is not behind its address (bus error)'],
  [8, 'it calculated what has no result'],
  [11, 'it touched memory that is not its own (a crash)'],
  [13, 'it wrote to somebody who had left'],
  [24, 'it used more processor time than its limit'],
  [25, 'it made a file larger than its limit'],
  [31, 'it made a system call that it may not'],
]);

/** One sentence: "terminated by SIGKILL: supd did not send it …". */
export function describeDeath({ exit, cause }: Pick<Death, 'exit' | 'cause'>): string {
  return `${describeExit(exit)}: ${describeCause(exit, cause)}`;
}

function describeCause(exit: Exit, cause: Cause): string {
  switch (cause.kind) {
    case 'own':
      return byItself(exit);
    case 'request':
      return `${cause.what} was asked for by ${cause.by}${cause.reason === '' ? '' : `: ${cause.reason}`}`;
    case 'job':
      return `a job had it stopped: ${cause.why}`;
    case 'shutdown':
      return 'supd was shutting down';
    case 'probe':
      return `supd ended it, since a probe failed: ${cause.why}`;
    case 'memory':
      return `supd ended it for its memory: ${cause.why}`;
    case 'refused':
      return `supd ended it: ${cause.why}`;
    case 'outOfMemory':
      return `${cause.isSure ? 'the kernel ended it' : 'the kernel probably ended it'} for want of memory: ${cause.why}`;
    case 'unseen':
      return 'it ended while supd was not running, and nobody saw how';
    default:
      return cause satisfies never;
  }
}

function byItself(exit: Exit): string {
  if ('unknown' in exit) return 'nobody saw how';
  if ('code' in exit) return 'it ended by itself';
  const fault = FAULTS.get(exit.signal);
  if (fault !== undefined) return fault;
  const name = signalName(exit.signal);
  const who = `supd did not send ${name}, and nobody asked it to; the kernel does not tell who did`;
  return exit.signal === 9 ? `${who}; nothing is on record of a want of memory` : who;
}
