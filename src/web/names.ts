/** The one process of exactly this name: `name` where the group is its own, or `group:name`. */
import type { Api, MemberView } from '../api/api.js';
import { namespecOf } from '../xmlrpc/names.js';

export function findNamed(api: Api, name: string): MemberView | undefined {
  const all = api.groups().flatMap(({ members }) => members);
  return all.find((one) => one.id === name || namespecOf(one) === name);
}
