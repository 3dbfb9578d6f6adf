/** What is asked to know whether a program is ready or well, and the answer. Types only. */
import type { Millis } from './program.js';

export type Probe =
  /** Somebody accepts there. */
  | { readonly kind: 'tcp'; readonly host: string; readonly port: number }
  | { readonly kind: 'unix'; readonly path: string }
  /** A GET is answered with this status (undefined: 200 to 399), and this text is in the answer. */
  | { readonly kind: 'http'; readonly url: string; readonly status?: number; readonly body?: string }
  /** A ZEO server answers its word for monitors, `ruok`. */
  | { readonly kind: 'zeo'; readonly host: string; readonly port: number }
  /** Ends with status 0, run as the program's user. */
  | { readonly kind: 'exec'; readonly command: string }
  /** A line of the program's output matches. */
  | { readonly kind: 'log'; readonly pattern: string; readonly flags: string }
  /** The program says so itself: sd_notify(3). */
  | { readonly kind: 'notify' };

/** When a program counts as ready, beside having stayed up for startsecs. */
export interface ReadySpec {
  readonly probe: Probe;
  /** After that the start has failed; 0: never. */
  readonly timeoutMs: Millis;
}

/** How a program that is RUNNING is watched over. */
export interface HealthSpec {
  readonly probe: Probe;
  /** Between the answer to one probe and the next. */
  readonly intervalMs: Millis;
  readonly timeoutMs: Millis;
  /** Failures in a row that make it unhealthy. */
  readonly retries: number;
  /** After the spawn, failures don't count for so long. */
  readonly startPeriodMs: Millis;
}

export type ProbeOutcome =
  | { readonly ok: true }
  | {
      readonly ok: false;
      readonly why: string;
      /** It didn't answer in time: how much it and its children work meanwhile, 1 being all of one processor. */
      readonly work?: number;
    };

/** Is it waited for, instead of being asked again and again? */
export function isAwaited({ kind }: Probe): boolean {
  return kind === 'log' || kind === 'notify';
}

/** As it is configured: "http://127.0.0.1:8081/ok". */
export function describeProbe(probe: Probe): string {
  switch (probe.kind) {
    case 'tcp':
    case 'zeo':
      return `${probe.kind}://${probe.host.includes(':') ? `[${probe.host}]` : probe.host}:${probe.port}`;
    case 'unix':
      return `unix://${probe.path}`;
    case 'http':
      return probe.url;
    case 'exec':
      return `exec:${probe.command}`;
    case 'log':
      return `log:/${probe.pattern}/${probe.flags}`;
    case 'notify':
      return 'notify';
    default:
      return probe satisfies never;
  }
}
