/** Targets as supervisorctl takes them, and shell patterns beside, which the client itself looks up. */
import type { ProcessResult } from '../../api/answers.js';
import { resolveTargets, wholeGroup } from '../../core/names.js';

export interface Named {
  readonly name: string;
  readonly group: string;
}

export function isPattern(target: string): boolean {
  const group = wholeGroup(target);
  return /[*?[]/.test(group ?? target);
}

/** What a pattern names. */
export function matching<T extends Named>(pattern: string, all: readonly T[]): readonly T[] {
  const named = all.map((one) => ({ ...one, id: `${one.group}:${one.name}` }));
  const ids = new Set(resolveTargets([pattern], named, new Set()).ids);
  return all.filter((one) => ids.has(`${one.group}:${one.name}`));
}

/** Group and process of `x`, which means `x:x`, or of `group:process`; without a process for a whole group. */
export function partsOf(target: string): { readonly group: string; readonly name: string | undefined } {
  const group = wholeGroup(target);
  if (group !== undefined) return { group, name: undefined };
  const colon = target.indexOf(':');
  if (colon < 0) return { group: target, name: target };
  return { group: target.slice(0, colon), name: target.slice(colon + 1) };
}

/** Those that a target names, in their order. */
export function named<T extends Named>(target: string, all: readonly T[]): readonly T[] {
  if (isPattern(target)) return matching(target, all);
  const { group, name } = partsOf(target);
  return all.filter((one) => one.group === group && (name === undefined || one.name === name));
}

/** Of a target that names nothing. */
export function unknown(target: string): ProcessResult {
  const code = wholeGroup(target) === undefined ? 'NO_SUCH_PROCESS' : 'NO_SUCH_GROUP';
  return { name: target, group: '', code, message: '' };
}
