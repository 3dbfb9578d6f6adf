/** What one life of the daemon is made of, and how it may end. */
import type { Config } from '../config/config.js';
import type { Tools } from '../core/launch.js';
import type { MainLog } from '../logs/mainlog.js';
import type { Exits } from '../os/exits.js';
import type { Origin } from './upgrade.js';

export interface DaemonParts {
  readonly config: Config;
  readonly rundir: string;
  readonly statedir: string;
  readonly log: MainLog;
  readonly exits: Exits;
  readonly tools: Tools;
  readonly environment: Readonly<Record<string, string | undefined>>;
  readonly nofile: number;
  /** Of SUPD_INSTANCE. */
  readonly instance: string;
  readonly version: string;
  readonly origin: Origin;
  /** How many times the code has been replaced in place. */
  readonly upgrades: number;
  /** Descriptors that the code before left open: of FIFOs and of FastCGI programs' sockets. */
  readonly handed: readonly number[];
}

/** `left`: the programs go on without supd, for another to take them back; `upgrading`: for other code to. */
export type LifeEnd = 'restarting' | 'shutdown' | 'left' | 'upgrading';

/** Will this very process serve again? */
export function isBackSoon(end: LifeEnd): boolean {
  return end === 'restarting' || end === 'upgrading';
}
