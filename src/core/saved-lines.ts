/**
 * The text of the state file: a first line that says of which boot it is and in which version's words, then one JSON
 * object per change. What can't be read is never guessed at.
 */
import type { Change } from './saved.js';
import { TABLE } from './transition.js';

/** Raised when an older supd could misread what this one writes, or this one what an older one wrote. */
const VERSION = 1;

export type ReadLines =
  /** `version`: of the supd that wrote it. */
  | { readonly ok: true; readonly version: string; readonly changes: readonly Change[] }
  /** Of another boot: its pids are nobody's. */
  | { readonly ok: false; readonly why: 'otherBoot' }
  | { readonly ok: false; readonly why: 'damaged'; readonly where: string };

/** The first line. `boot`: the machine's boot id; `version`: of this supd. */
export function headLine(boot: string, version: string): string {
  return `${JSON.stringify({ state: VERSION, boot, version })}\n`;
}

export function changeLines(changes: readonly Change[]): string {
  return changes.map((change) => `${JSON.stringify(change)}\n`).join('');
}

/** Reads the file. A last line without its end is a write that death cut short: what it announced never happened. */
export function readLines(text: string, boot: string): ReadLines {
  const lines = text.split('\n').slice(0, -1);
  const head = parse(lines[0] ?? '');
  if (!isObject(head) || typeof head.boot !== 'string')
    return damaged('line 1 is not the first of a state file');
  if (head.boot !== boot) return { ok: false, why: 'otherBoot' };
  if (head.state !== VERSION)
    return damaged(`it is of version ${String(head.state)}, this supd reads ${VERSION}`);
  const changes: Change[] = [];
  for (const [index, line] of lines.entries()) {
    if (index === 0) continue;
    const change = parse(line);
    if (!isChange(change)) return damaged(`line ${index + 1} is not a change that supd ${VERSION} writes`);
    changes.push(change);
  }
  return { ok: true, version: String(head.version), changes };
}

function damaged(where: string): ReadLines {
  return { ok: false, why: 'damaged', where };
}

/** As much as is relied on: what names processes has to be what it should be. */
function isChange(value: unknown): value is Change {
  if (!isObject(value)) return false;
  switch (value.what) {
    case 'mode':
      return ['running', 'restarting', 'shutdown'].includes(String(value.mode));
    case 'group':
      return isGroup(value.group);
    case 'noGroup':
      return typeof value.name === 'string';
    case 'process':
      return isProcess(value.process);
    case 'plans':
      return Array.isArray(value.plans);
    case 'waits':
      return Array.isArray(value.waits);
    case 'rolling':
      return value.rolling === undefined || isRolling(value.rolling);
    case 'returns':
      return (
        Array.isArray(value.returns) &&
        value.returns.every((one: unknown) => isObject(one) && typeof one.id === 'string')
      );
    case 'run':
      return isRun(value.run);
    case 'noRun':
      return typeof value.id === 'string';
    case 'logs':
      return typeof value.id === 'string' && isObject(value.logs);
    case 'queued':
      return typeof value.job === 'string';
    default:
      return false;
  }
}

function isGroup(value: unknown): boolean {
  if (!isObject(value) || typeof value.name !== 'string' || !Array.isArray(value.processes)) return false;
  return value.processes.every(
    (one: unknown) =>
      isObject(one) &&
      [one.id, one.name, one.group].every((text) => typeof text === 'string') &&
      [one.stopSignal, one.stopWaitMs].every((number) => typeof number === 'number'),
  );
}

function isProcess(value: unknown): boolean {
  if (!isObject(value) || typeof value.id !== 'string' || !isObject(value.state)) return false;
  const { name, pid, deadline } = value.state;
  if (typeof name !== 'string' || !Object.hasOwn(TABLE, name)) return false;
  if (pid !== undefined && !isPid(pid)) return false;
  return deadline === undefined || typeof deadline === 'number';
}

function isRolling(value: unknown): boolean {
  if (!isObject(value) || !Array.isArray(value.members)) return false;
  return value.members.every((one: unknown) => isObject(one) && isObject(one.step));
}

function isRun(value: unknown): boolean {
  if (!isObject(value) || !isObject(value.request) || !isObject(value.phase)) return false;
  if (typeof value.request.id !== 'string' || typeof value.job !== 'string') return false;
  if (!Array.isArray(value.units) || !Array.isArray(value.states)) return false;
  if (value.units.length === 0 || value.units.length !== value.states.length) return false;
  return value.phase.pid === undefined || isPid(value.phase.pid);
}

/** 1 is init, 0 and less are groups to kill(2). */
function isPid(value: unknown): boolean {
  return Number.isSafeInteger(value) && (value as number) > 1;
}

function parse(line: string): unknown {
  try {
    return JSON.parse(line);
  } catch {
    return undefined;
  }
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null;
}
