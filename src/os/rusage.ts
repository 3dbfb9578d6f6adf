/**
 * What a child and the descendants that it waited for used, as wait4(2) tells it. Of their memory the kernel only
 * knows the peak since the fork; with posix_spawn(3) that begins as the daemon's own peak, which the child never had.
 */
import { libc } from './libc.js';
import { readProcFile } from './proc.js';

const wait4 = libc('int wait4(int pid, _Out_ int *status, int options, void *usage)');

export interface Rusage {
  /** User and system time. */
  readonly cpuMs: number;
  /** Of the largest of these processes; may be the daemon's, see peakMemory. */
  readonly maxRssBytes: number;
}

export interface Waited {
  readonly status: number;
  readonly rusage: Rusage;
}

const WNOHANG = 1;
/** struct rusage is 144 bytes; times are seconds and microseconds, ru_maxrss kilobytes. */
const usage = Buffer.alloc(144);
/** The kernel's counters lag by some pages for each processor. */
const IMPRECISION_BYTES = 4 * 1024 * 1024;

/** Takes a child that has ended; undefined: it has not, or it is not ours. */
export function takeEnded(pid: number): Waited | undefined {
  const status = [0];
  if (wait4(pid, status, WNOHANG, usage) !== pid) return undefined;
  const microseconds = [0, 16].reduce(
    (sum, at) => sum + Number(usage.readBigInt64LE(at)) * 1e6 + Number(usage.readBigInt64LE(at + 8)),
    0,
  );
  const maxRssBytes = Number(usage.readBigInt64LE(32)) * 1024;
  return { status: status[0] ?? 0, rusage: { cpuMs: Math.round(microseconds / 1000), maxRssBytes } };
}

/**
 * The peak of resident memory that a process can have had by itself.
 * @param ownBytes  the daemon's peak when it started the child (residentPeak)
 * @returns undefined: the daemon's own was larger, so nothing can be told
 */
export function peakMemory({ maxRssBytes }: Rusage, ownBytes: number): number | undefined {
  return maxRssBytes > ownBytes + IMPRECISION_BYTES ? maxRssBytes : undefined;
}

/** Peak of resident memory since a process's last exec, proc_pid_status(5); undefined: it is gone, or a zombie. */
export function residentPeak(pid: number | 'self'): number | undefined {
  const kilobytes = /^VmHWM:\s+(\d+) kB/m.exec(readProcFile(`/proc/${pid}/status`) ?? '')?.[1];
  return kilobytes === undefined ? undefined : Number(kilobytes) * 1024;
}

/** The largest peak of a process and of what descends from it. */
export function residentPeakOfTree(pid: number): number | undefined {
  const children = readProcFile(`/proc/${pid}/task/${pid}/children`) ?? '';
  const pids = children.split(' ').filter(Boolean).map(Number);
  const peaks = [residentPeak(pid), ...pids.map(residentPeakOfTree)].flatMap((peak) => peak ?? []);
  return peaks.length === 0 ? undefined : Math.max(...peaks);
}
