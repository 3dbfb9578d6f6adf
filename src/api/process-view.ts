/** A process as clients see it. Types only. */
import type { Identity } from '../core/identity.js';
import type { Millis, ShownState } from '../core/program.js';
import type { DeathView } from './deaths.js';

export interface ProcessView {
  readonly name: string;
  readonly group: string;
  readonly state: ShownState;
  readonly description: string;
  readonly pid: number;
  readonly uptimeMs: Millis;
  readonly restarts: number;
  readonly exitStatus?: number;
  readonly exitSignal: string;
  readonly cpuPercent?: number;
  readonly memoryBytes?: number;
  readonly ready: boolean;
  readonly health: string;
  /** What keeps it from being started, in words. */
  readonly waitingFor: readonly string[];
  /** Its part in a rolling restart that is under way, or ''. */
  readonly rolling: string;
  readonly uid?: number;
  readonly gid?: number;
  readonly groups: readonly number[];
  readonly startTime?: Millis;
  readonly stopTime?: Millis;
  readonly spawnError: string;
  readonly stdoutLogfile: string;
  readonly stderrLogfile: string;
  readonly logFailure: string;
  /** Read back from the live process. */
  readonly identity?: Identity;
}

/** How closely processes are looked at. */
export type Detail =
  /** Not at all: without memory, processor, uid, gid and groups. Of a thousand it costs next to nothing. */
  | 'brief'
  /** A look into /proc for each. */
  | 'usual'
  /** Three more, for `identity`. */
  | 'identity';

export interface Explained {
  readonly process: ProcessView;
  /** Undefined: since before this life of supd. */
  readonly since?: Millis;
  /** Why it is in its state, or ''. */
  readonly cause: string;
  readonly lastAsked?: AskedFor;
  readonly next: string;
  /** Newest first. */
  readonly deaths: readonly DeathView[];
}

/** Who asked for what. */
export interface AskedFor {
  readonly what: string;
  readonly by: string;
  readonly reason: string;
  readonly time: Millis;
}
