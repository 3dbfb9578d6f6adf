/** What a request names: single processes, whose refusals it is told, and groups, where idle members are passed over. */
import { resolveOne, resolveTargets } from '../core/names.js';
import type { Process, World } from '../core/world.js';
import type { ProcessResult } from './api.js';
import { SupdError } from './errors.js';

export interface Target {
  readonly process: Process;
  /** Named by itself, not by its group, a pattern or `all`. */
  readonly single: boolean;
}

export interface Targets {
  readonly found: readonly Target[];
  readonly unknown: readonly ProcessResult[];
}

/** Of one request, together: what is looked up in the time of a blink whatever the names are. */
const NAMES_MAX_CHARS = 64 * 1024;
const PATTERNS_MAX_CHARS = 4 * 1024;

/** @throws SupdError BAD_ARGUMENT */
function refuseTooMuch(targets: readonly string[]): void {
  let names = 0;
  let patterns = 0;
  for (const target of targets) {
    if (/[*?[]/.test(target)) patterns += target.length;
    else names += target.length + 1;
  }
  if (names <= NAMES_MAX_CHARS && patterns <= PATTERNS_MAX_CHARS) return;
  throw new SupdError(
    'BAD_ARGUMENT',
    `targets: more than ${NAMES_MAX_CHARS} characters of names or ${PATTERNS_MAX_CHARS} of patterns in one request`,
    { field: 'targets' },
  );
}

/** In the order of the targets, each process once. @throws SupdError when there is too much of them */
export function findTargets(world: World, targets: readonly string[]): Targets {
  refuseTooMuch(targets);
  const all = [...world.processes.values()].map(({ spec }) => spec);
  const groups = new Set(world.groups.keys());
  const resolved = resolveTargets(targets, all, groups);
  const single = new Set(targets.map((target) => resolveOne(target, all)?.id));
  return {
    found: resolved.ids.flatMap((id) => {
      const process = world.processes.get(id);
      return process ? [{ process, single: single.has(id) }] : [];
    }),
    unknown: resolved.unknown.map(({ target, kind }) => noSuch(target, kind)),
  };
}

/** The one process of this name. @throws SupdError BAD_NAME */
export function findProcess(world: World, name: string): Process {
  const all = [...world.processes.values()].map(({ spec }) => spec);
  const found = resolveOne(name, all);
  const process = found && world.processes.get(found.id);
  if (!process) throw new SupdError('BAD_NAME', `no process is named "${name}"`, { field: 'name' });
  return process;
}

function noSuch(target: string, kind: 'process' | 'group'): ProcessResult {
  if (kind === 'process') {
    return { name: target, group: '', code: 'NO_SUCH_PROCESS', message: `no process is named "${target}"` };
  }
  const group = target.slice(0, target.indexOf(':'));
  return { name: group, group, code: 'NO_SUCH_GROUP', message: `no group is named "${group}"` };
}
