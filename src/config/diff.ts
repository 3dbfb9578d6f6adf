/** What a reread finds: which groups came, changed and went. */
import { isDeepStrictEqual } from 'node:util';
import type { GroupSpec } from '../core/program.js';

export interface GroupChanges {
  readonly added: readonly string[];
  readonly changed: readonly string[];
  readonly removed: readonly string[];
}

/** Names of groups, each list sorted. A group has changed when anything about it or one of its processes has. */
export function diffGroups(before: readonly GroupSpec[], after: readonly GroupSpec[]): GroupChanges {
  const old = new Map(before.map((group) => [group.name, group]));
  const now = new Map(after.map((group) => [group.name, group]));
  return {
    added: [...now.keys()].filter((name) => !old.has(name)).sort(),
    changed: [...now]
      .filter(([name, group]) => old.has(name) && !isSame(old.get(name), group))
      .map(([name]) => name)
      .sort(),
    removed: [...old.keys()].filter((name) => !now.has(name)).sort(),
  };
}

/** By value alone: a specification that was written to disk and read again is still the same. */
function isSame(before: GroupSpec | undefined, after: GroupSpec): boolean {
  return isDeepStrictEqual(plain(before), plain(after));
}

function plain(group: GroupSpec | undefined): unknown {
  return group === undefined ? undefined : JSON.parse(JSON.stringify(group));
}
