/** What a test needs of the machine beyond Node. Missing: the test is skipped by name, or fails if REQUIRE_STACK=1. */
import { accessSync, constants, existsSync, readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';
import type { Test } from 'tap';
import { cgroup2 } from './systemd.js';

/** `root`; `cgroup2`, mounted anywhere; `libfaketime`, Debian's package; `stack`, `buildout`, `mail`: what test/stack/provision makes; anything else: a command. */
export type Need = 'root' | 'cgroup2' | 'libfaketime' | 'stack' | 'buildout' | 'mail' | (string & {});

const SEARCHED = [...(process.env.PATH ?? '').split(':'), '/usr/sbin', '/usr/bin', '/sbin', '/bin'];

/** May the test go on? If not, it has been skipped (or failed) with the reason, and must return. */
export function requireStack(t: Test, needs: readonly Need[]): boolean {
  const missing = new Set(needs.flatMap((need) => whatIsMissing(need) ?? []));
  if (missing.size === 0) return true;
  const reason = `needs ${[...missing].join(', ')}`;
  if (process.env.REQUIRE_STACK === '1') t.fail(reason);
  else t.plan(0, reason);
  return false;
}

function whatIsMissing(need: Need): string | undefined {
  if (need === 'libfaketime')
    return readdirSync('/usr/lib').some((name) => existsSync(`/usr/lib/${name}/faketime/libfaketimeMT.so.1`))
      ? undefined
      : need;
  if (need === 'cgroup2') return cgroup2() === undefined ? need : undefined;
  if (need === 'chromium') return findChromium() === undefined ? 'chromium-headless-shell' : undefined;
  if (need === 'root') return process.getuid?.() === 0 ? undefined : 'root';
  if (need === 'buildout' || need === 'mail')
    return existsSync(`/opt/supd-stack/${need}/.stamp`) ? undefined : 'test/stack/provision to have run';
  if (need === 'stack') {
    const users = readFileSync('/etc/passwd', 'utf8');
    const made = existsSync('/opt/supd-stack/venv/.stamp') && /^zope:/m.test(users) && /^save:/m.test(users);
    return made ? undefined : 'test/stack/provision to have run';
  }
  return findCommand(need) === undefined ? need : undefined;
}

/** Where a command is: Debian's servers are not in an ordinary user's PATH. */
export function findCommand(name: string): string | undefined {
  return SEARCHED.map((dir) => path.join(dir, name)).find(isExecutable);
}

/** The smaller one first. */
export function findChromium(): string | undefined {
  return findCommand('chromium-headless-shell') ?? findCommand('chromium');
}

function isExecutable(file: string): boolean {
  try {
    accessSync(file, constants.X_OK);
    return true;
  } catch {
    return false;
  }
}
