/**
 * Whether the kernel has ended processes for want of memory: counters of their memory cgroup and of the machine, and
 * the kernel's log, which names the process. What may not be read says nothing.
 * @see https://docs.kernel.org/admin-guide/cgroup-v2.html#memory-interface-files
 */
import { closeSync, constants, openSync, readSync } from 'node:fs';
import path from 'node:path';
import { readProcFile } from './proc.js';

/** A memory cgroup as it was. */
export interface MemoryGroup {
  /** "/system.slice/supd.service", as the process's own view says. */
  readonly name: string;
  /** The file with its counters. */
  readonly file: string;
  /** Processes of it that the kernel has ended for its limit, or for want of memory on the machine. */
  readonly kills: number;
}

const ROOT = '/sys/fs/cgroup';

/** undefined: it has none whose counters can be read, or it is gone. */
export function readMemoryGroup(pid: number): MemoryGroup | undefined {
  const text = readProcFile(`/proc/${pid}/cgroup`);
  if (text === undefined) return undefined;
  // Of a process in both hierarchies, the one that has the memory controller counts: cgroups(7).
  const first = /^\d+:(?:[^:]*,)?memory(?:,[^:]*)?:(.*)$/m.exec(text)?.[1];
  const [name, file] =
    first === undefined ? [/^0::(.*)$/m.exec(text)?.[1], 'memory.events'] : [first, 'memory.oom_control'];
  if (name === undefined) return undefined;
  const base = first === undefined ? ROOT : path.join(ROOT, 'memory');
  const counters = path.join(base, name, file);
  const kills = countKills(counters);
  return kills === undefined ? undefined : { name, file: counters, kills };
}

/** How often it has happened in that cgroup until now; undefined: it is gone. */
export function countKills(file: string): number | undefined {
  const found = /^oom_kill (\d+)$/m.exec(readProcFile(file) ?? '')?.[1];
  return found === undefined ? undefined : Number(found);
}

/** On the machine as a whole, since its boot: /proc/vmstat. */
export function countKillsOnMachine(): number {
  return countKills('/proc/vmstat') ?? 0;
}

/** The longest record of /dev/kmsg, and how many of them are looked at. */
const RECORD_BYTES = 8192;
const MOST_RECORDS = 20_000;

/**
 * What the kernel's log says of the end of this process for want of memory.
 * @param since  it was started then, ms after boot: an earlier one may have had the same pid
 * @returns undefined: nothing, or the log is not ours to read
 */
export function findOomKill(pid: number, since: number): string | undefined {
  let fd: number;
  try {
    fd = openSync('/dev/kmsg', constants.O_RDONLY | constants.O_NONBLOCK);
  } catch {
    return undefined;
  }
  try {
    return lastMention(fd, since, new RegExp(`(?:Killed|Kill) process ${pid} |oom-kill:.*\\bpid=${pid}\\b`));
  } finally {
    closeSync(fd);
  }
}

/** Each record is "priority,number,microseconds after boot,flags;text". */
function lastMention(fd: number, since: number, pattern: RegExp): string | undefined {
  const record = Buffer.alloc(RECORD_BYTES);
  let found: string | undefined;
  for (let count = 0; count < MOST_RECORDS; count += 1) {
    try {
      const length = readSync(fd, record, 0, RECORD_BYTES, null);
      const text = record.toString('utf8', 0, length).split('\n', 1)[0] ?? '';
      if (pattern.test(text) && Number(text.split(',', 3)[2]) / 1000 >= since)
        found = text.slice(text.indexOf(';') + 1);
    } catch (error) {
      // EPIPE: what was next has been overwritten; the log goes on behind it. EAGAIN: that was all.
      if ((error as NodeJS.ErrnoException).code !== 'EPIPE') break;
    }
  }
  return found;
}
