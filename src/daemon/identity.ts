/** From a configured `user` to who the process will be. Without a valid identity nothing starts. */
import type { RunAs } from '../core/launch.js';
import type { LaunchSpec } from '../core/program.js';
import { findAccount, findGroup } from '../os/accounts.js';

export type Resolved =
  | { readonly ok: true; readonly runAs: RunAs | undefined }
  | { readonly ok: false; readonly why: string };

/**
 * Looked up at each start: accounts change while a daemon runs.
 * @returns no `runAs` when the program stays what the daemon is; else the exact identity, or why there is none
 */
export function resolveIdentity(spec: Pick<LaunchSpec, 'user' | 'supplementaryGroups'>): Resolved {
  const own = process.geteuid?.() ?? 0;
  if (spec.user === undefined && spec.supplementaryGroups === undefined)
    return { ok: true, runAs: undefined };
  const user = spec.user ?? String(own);
  const account = findAccount(user);
  if (!account) return { ok: false, why: `setting user "${user}": no such user` };
  if (own !== 0 && account.uid !== own) {
    return {
      ok: false,
      why: `setting user "${user}": supd runs as uid ${own}; only root can start it as another`,
    };
  }
  if (account.uid === own && spec.supplementaryGroups === undefined) return { ok: true, runAs: undefined };
  const groups: number[] = [];
  for (const name of spec.supplementaryGroups ?? []) {
    const gid = findGroup(name);
    if (gid === undefined) return { ok: false, why: `setting group "${name}": no such group` };
    groups.push(gid);
  }
  if (own !== 0) return { ok: false, why: 'supplementary_groups can only be set by root' };
  return { ok: true, runAs: { ...account, groups: spec.supplementaryGroups ? groups : account.groups } };
}
