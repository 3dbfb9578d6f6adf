/**
 * Whether the kernel has ended processes for want of memory: counters of their memory cgroup and of the machine, and
 * the kernel's log, which names the process. What may not be read says nothing.
 * @see https://docs.kernel.org/admin-guide/cgroup-v2.html#memory-interface-files
 */
import { closeSync, constants, openSync, readSync } from 'node:fs';
import path from 'node:path';
import { libc } from './libc.js';
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

const lseek = libc('long lseek(int fd, long offset, int whence)');
const SEEK_END = 2;
/** The longest record of /dev/kmsg, and how many are read at a time. */
const RECORD_BYTES = 8192;
const MOST_RECORDS = 20_000;
/** Kept of what it says about processes that were ended; it is asked about them soon. */
const KEPT_MENTIONS = 256;
const MENTION = /(?:Killed|Kill) process (\d+) |oom-kill:.*\bpid=(\d+)\b/;

interface Mention {
  readonly pid: number;
  /** Milliseconds after boot. */
  readonly time: number;
  readonly text: string;
}

/** The kernel's log from now on, read on from where it was left: all of it would take milliseconds. */
export class KernelLog {
  #fd = open();
  readonly #mentions: Mention[] = [];

  /**
   * What it says of the end of this process for want of memory.
   * @param since  it was started then, ms after boot: an earlier one may have had the same pid
   * @returns undefined: nothing, or the log is not ours to read
   */
  findOomKill(pid: number, since: number): string | undefined {
    this.#readOn();
    return this.#mentions.findLast((one) => one.pid === pid && one.time >= since)?.text;
  }

  /** Each record is "priority,number,microseconds after boot,flags;text". */
  #readOn(): void {
    if (this.#fd < 0) return;
    const record = Buffer.allocUnsafe(RECORD_BYTES);
    for (let count = 0; count < MOST_RECORDS; count += 1) {
      try {
        this.#take(record.toString('latin1', 0, readSync(this.#fd, record, 0, RECORD_BYTES, null)));
      } catch (error) {
        // EPIPE: what was next has been overwritten; the log goes on behind it. EAGAIN: that was all.
        if ((error as NodeJS.ErrnoException).code !== 'EPIPE') return;
      }
    }
  }

  close(): void {
    if (this.#fd >= 0) closeSync(this.#fd);
    this.#fd = -1;
  }

  #take(record: string): void {
    const [first = ''] = record.split('\n', 1);
    const found = MENTION.exec(first);
    if (!found) return;
    const time = Number(first.split(',', 3)[2]) / 1000;
    this.#mentions.push({
      pid: Number(found[1] ?? found[2]),
      time,
      text: first.slice(first.indexOf(';') + 1),
    });
    if (this.#mentions.length > KEPT_MENTIONS) this.#mentions.shift();
  }
}

/** Behind what it says already. -1: it may not be read here. */
function open(): number {
  try {
    const fd = openSync('/dev/kmsg', constants.O_RDONLY | constants.O_NONBLOCK);
    lseek(fd, 0, SEEK_END);
    return fd;
  } catch {
    return -1;
  }
}
