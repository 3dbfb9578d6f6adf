/** Processes as the kernel shows them. */
import { readdirSync, readFileSync, readlinkSync } from 'node:fs';

/** The lines of /proc/PID/status by their name. */
export function statusOf(pid: number): ReadonlyMap<string, string> {
  const lines = readFileSync(`/proc/${pid}/status`, 'utf8').trimEnd().split('\n');
  return new Map(
    lines.map((line) => [line.slice(0, line.indexOf(':')), line.slice(line.indexOf(':') + 1).trim()]),
  );
}

/** Its environment as it was started. */
export function environmentOf(pid: number): Readonly<Record<string, string>> {
  const entries = readFileSync(`/proc/${pid}/environ`, 'utf8').split('\0').filter(Boolean);
  return Object.fromEntries(
    entries.map((entry) => [entry.slice(0, entry.indexOf('=')), entry.slice(entry.indexOf('=') + 1)]),
  );
}

/** Parent, process group and session. */
export function familyOf(pid: number): {
  readonly ppid: number;
  readonly pgid: number;
  readonly sid: number;
} {
  const stat = readFileSync(`/proc/${pid}/stat`, 'utf8');
  const [, ppid, pgid, sid] = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
  return { ppid: Number(ppid), pgid: Number(pgid), sid: Number(sid) };
}

/** Soft and hard value of a line of /proc/PID/limits, such as "Max open files". */
export function limitOf(pid: number, name: string): readonly [soft: string, hard: string] {
  const line = readFileSync(`/proc/${pid}/limits`, 'utf8')
    .split('\n')
    .find((one) => one.startsWith(name));
  const [soft = '', hard = ''] = (line ?? '').slice(name.length).trim().split(/\s+/);
  return [soft, hard];
}

/** Open descriptors and what they are. */
export function descriptorsOf(pid: number): ReadonlyMap<number, string> {
  return new Map(
    readdirSync(`/proc/${pid}/fd`).flatMap((fd): [number, string][] => {
      try {
        return [[Number(fd), readlinkSync(`/proc/${pid}/fd/${fd}`)]];
      } catch {
        return []; // closed while we looked
      }
    }),
  );
}

/** Is it there, and not a zombie? */
export function isAlive(pid: number): boolean {
  try {
    return !/^[ZX]/.test(statusOf(pid).get('State') ?? 'X');
  } catch {
    return false;
  }
}

/** All living processes but our own whose command line, environment or directory names `text`. */
export function processesNaming(text: string): readonly number[] {
  return readdirSync('/proc')
    .filter((name) => /^\d+$/.test(name) && Number(name) !== process.pid)
    .map(Number)
    .filter((pid) => {
      const told = [
        () => readFileSync(`/proc/${pid}/cmdline`, 'utf8'),
        () => readFileSync(`/proc/${pid}/environ`, 'utf8'),
        () => readlinkSync(`/proc/${pid}/cwd`),
      ];
      return told.some((read) => attempt(read)?.includes(text)) && isAlive(pid);
    });
}

function attempt<T>(read: () => T): T | undefined {
  try {
    return read();
  } catch {
    return undefined;
  }
}
