/** Accounts that every Debian has. */
import { execFileSync } from 'node:child_process';
import type { Test } from 'tap';

export interface Account {
  readonly name: string;
  readonly uid: number;
  readonly gid: number;
  readonly home: string;
  readonly shell: string;
}

/** An account by getent(1). */
export function accountOf(name: string): Account {
  const line = execFileSync('getent', ['passwd', name], { encoding: 'utf8' }).trim();
  const [, , uid, gid, , home = '', shell = ''] = line.split(':');
  return { name, uid: Number(uid), gid: Number(gid), home, shell };
}

export function gidOf(group: string): number {
  return Number(execFileSync('getent', ['group', group], { encoding: 'utf8' }).split(':')[2]);
}

export const isRoot = process.getuid?.() === 0;

/** Runs a command as another user, without supplementary groups. */
export function asUser(name: string): readonly string[] {
  const { uid, gid } = accountOf(name);
  return ['setpriv', '--reuid', `${uid}`, '--regid', `${gid}`, '--clear-groups', '--'];
}

/** May a test that needs root go on? If not it has been skipped with the reason and must return. */
export function needsRoot(t: Test): boolean {
  if (!isRoot) t.plan(0, 'needs root');
  return isRoot;
}
