/** Processes as seen from outside: /proc, and what a test starts and ends itself. */
import { type ChildProcess, execFileSync, type SpawnSyncReturns, spawn, spawnSync } from 'node:child_process';
import { openSync, readdirSync, readFileSync, readlinkSync } from 'node:fs';
import { until } from './until.js';

export interface Identity {
  /** Real, effective, saved, filesystem. */
  readonly uids: readonly number[];
  readonly gids: readonly number[];
  /** Supplementary, ascending. */
  readonly groups: readonly number[];
}

/** Who a process is, from /proc/PID/status. */
export function identityOf(pid: number): Identity {
  const status = readFileSync(`/proc/${pid}/status`, 'utf8');
  const numbers = (key: string) =>
    (new RegExp(`^${key}:(.*)$`, 'm').exec(status)?.[1] ?? '')
      .trim()
      .split(/\s+/)
      .filter(Boolean)
      .map(Number);
  return { uids: numbers('Uid'), gids: numbers('Gid'), groups: numbers('Groups').sort((a, b) => a - b) };
}

/** Its environment as it was started. */
export function environmentOf(pid: number): ReadonlyMap<string, string> {
  const entries = readFileSync(`/proc/${pid}/environ`, 'utf8').split('\0').filter(Boolean);
  return new Map(
    entries.map((entry) => [entry.slice(0, entry.indexOf('=')), entry.slice(entry.indexOf('=') + 1)]),
  );
}

/** Pids of the direct children. */
export function childrenOf(pid: number): readonly number[] {
  return readFileSync(`/proc/${pid}/task/${pid}/children`, 'utf8').split(' ').filter(Boolean).map(Number);
}

/** Everything alive whose command line or working directory speaks of `text`, with its command line. */
export function processesNaming(text: string): readonly { readonly pid: number; readonly command: string }[] {
  return readdirSync('/proc')
    .filter((name) => /^\d+$/.test(name) && Number(name) !== process.pid)
    .flatMap((name) => {
      try {
        if (/^State:\s+[ZX]/m.test(readFileSync(`/proc/${name}/status`, 'utf8'))) return [];
        const command = readFileSync(`/proc/${name}/cmdline`, 'utf8').replaceAll('\0', ' ').trim();
        const inside = command.includes(text) || readlinkSync(`/proc/${name}/cwd`).includes(text);
        return inside ? [{ pid: Number(name), command }] : [];
      } catch {
        return []; // it ended while we looked
      }
    });
}

/** Is the process alive (a zombie is not)? */
export function isAlive(pid: number): boolean {
  try {
    return !/^State:\s+[ZX]/m.test(readFileSync(`/proc/${pid}/status`, 'utf8'));
  } catch {
    return false;
  }
}

/** A program of the test's own; its output goes to `log`. It gets TERM when the test dies before it can end it. */
export function startProgram(argv: readonly string[], log: string, cwd?: string): ChildProcess {
  const output = openSync(log, 'a');
  return spawn('setpriv', ['--pdeathsig', 'TERM', ...argv], {
    stdio: ['ignore', output, output],
    ...(cwd ? { cwd } : {}),
  });
}

/** Ends a program of the test's own, by force if it takes more than 20 s. */
export async function endProgram(child: ChildProcess, signal: NodeJS.Signals = 'SIGTERM'): Promise<void> {
  const { pid } = child;
  if (pid === undefined || child.exitCode !== null || child.signalCode !== null) return;
  child.kill(signal);
  await until(`pid ${pid} to end`, () => child.exitCode !== null || child.signalCode !== null, 20).catch(() =>
    child.kill('SIGKILL'),
  );
}

/** The prefix that runs a command as `user`, with that user's groups and home. */
export function asUser(user: string): readonly string[] {
  const own = ['env', `HOME=/home/${user}`, `USER=${user}`, `LOGNAME=${user}`];
  return ['setpriv', '--reuid', user, '--regid', user, '--init-groups', ...own];
}

/** Runs a command to its end as `user`; its standard output. @throws when it fails, with its output */
export function runAs(user: string, argv: readonly string[], cwd = '/'): string {
  const [command, ...args] = [...asUser(user), ...argv];
  return execFileSync(command!, args, { cwd, encoding: 'utf8', stdio: ['ignore', 'pipe', 'pipe'] });
}

/** Runs a command to its end as `user`, whatever its end is. */
export function tryAs(user: string, argv: readonly string[], cwd = '/'): SpawnSyncReturns<string> {
  const [command, ...args] = [...asUser(user), ...argv];
  return spawnSync(command!, args, { cwd, encoding: 'utf8' });
}

/** uid, gid and sorted supplementary groups of an account, as `id` says. */
export function accountOf(user: string): {
  readonly uid: number;
  readonly gid: number;
  readonly groups: readonly number[];
} {
  const ask = (flag: string) => execFileSync('id', [flag, user], { encoding: 'utf8' }).trim();
  const groups = ask('-G').split(' ').map(Number);
  return { uid: Number(ask('-u')), gid: Number(ask('-g')), groups: groups.sort((a, b) => a - b) };
}
