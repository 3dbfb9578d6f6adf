/** `status`: a line for each process, and the LSB exit status. */
import type { ProcessResult, ProcessView } from '../../grpc/client.js';
import { fullName } from './names.js';
import { resultLine } from './results.js';

interface Listed {
  readonly processes: readonly ProcessView[];
  /** Targets that name nothing. */
  readonly unknown: readonly ProcessResult[];
}

/** Lines as supervisorctl's: what is not known first, then name, state and description in columns. */
export function statusLines({ processes, unknown }: Listed): readonly string[] {
  const width = Math.max(30, ...processes.map((one) => fullName(one).length)) + 3;
  return [
    ...unknown.map(resultLine),
    ...processes.map((one) => fullName(one).padEnd(width) + one.state.padEnd(10) + one.description),
  ];
}

/** A rolling restart that is under way among these, or undefined. @param cancel  the command that ends it */
export function rollingLine(processes: readonly ProcessView[], cancel: string): string | undefined {
  const part = processes.filter(({ rolling }) => rolling !== '');
  const isToCome = ({ rolling }: ProcessView) => rolling.startsWith('waiting');
  const now = part
    .filter(({ rolling }) => OPEN.has(rolling))
    .map((one) => `${fullName(one)} is ${OPEN.get(one.rolling)}`);
  const later = part.filter(isToCome).map(fullName);
  if (now.length === 0 && later.length === 0) return undefined;
  const toCome = later.length === 0 ? [] : [`to come: ${later.join(', ')}`];
  return `supctl: a rolling restart is under way: ${[...now, ...toCome].join('; ')} (${cancel} ends it)`;
}

const OPEN: ReadonlyMap<string, string> = new Map([
  ['draining', 'draining'],
  ['stopping', 'stopping'],
  ['starting', 'starting'],
  ['warming', 'warming up'],
  ['joining', 'joining'],
]);

/** 3 when something listed is down, else 4 when a target is not known, else 0. */
export function statusExit({ processes, unknown }: Listed): number {
  const down = processes.some(({ state }) => isDown(state));
  if (down) return 3;
  return unknown.length > 0 ? 4 : 0;
}

function isDown(state: ProcessView['state']): boolean {
  return state === 'STOPPED' || state === 'EXITED' || state === 'FATAL' || state === 'UNKNOWN';
}
