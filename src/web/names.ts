/** Names as pages have them: `name` where the group is the process's own, else `group:name`. */
import type { Api, MemberView } from '../api/api.js';

export function nameOf({ group, name }: { readonly group: string; readonly name: string }): string {
  return group === name ? name : `${group}:${name}`;
}

/** The one process of exactly this name, in either way. */
export function findNamed(api: Api, name: string): MemberView | undefined {
  const all = api.groups().flatMap(({ members }) => members);
  return all.find((one) => one.id === name || nameOf(one) === name);
}
