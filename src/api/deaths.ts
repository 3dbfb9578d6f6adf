/** The black box as it is shown. */
import type { Cause, Death, Facts } from '../core/death.js';
import { describeDeath } from '../core/death.js';
import type { Millis } from '../core/program.js';
import { signalName } from '../core/signals.js';

export interface DeathView {
  readonly time: Millis;
  readonly pid: number;
  readonly startTime?: Millis;
  /** Unset after a signal, and where nobody saw it. */
  readonly exitStatus?: number;
  readonly exitSignal: string;
  readonly coreDumped: boolean;
  readonly expected: boolean;
  readonly cause: Cause['kind'];
  /** One sentence with the exit and the cause. */
  readonly reason: string;
  readonly output: string;
  readonly facts?: Facts;
  readonly cpuMs?: Millis;
  readonly environment: string;
}

export function deathView(death: Death): DeathView {
  const { exit, cause, started, ...rest } = death;
  return {
    ...rest,
    ...(started === undefined ? {} : { startTime: started }),
    ...('code' in exit ? { exitStatus: exit.code } : {}),
    exitSignal: 'signal' in exit ? signalName(exit.signal) : '',
    coreDumped: 'signal' in exit && exit.core,
    cause: cause.kind,
    reason: describeDeath(death),
  };
}
