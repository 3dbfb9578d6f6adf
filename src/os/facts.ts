/** What a process has and uses just now, from proc(5). */
import { readdirSync } from 'node:fs';
import { readNofileLimit, readProcFile } from './proc.js';

export interface ProcessFacts {
  readonly memoryBytes: number;
  readonly peakMemoryBytes: number;
  readonly cpuMs: number;
  readonly threads: number;
  readonly openFiles: number;
  /** Soft limit. */
  readonly limitNofile?: number;
}

/** proc(5): times are in units of 1/100 s, whatever the kernel's own clock. */
const TICK_MS = 10;
/** Fields of /proc/PID/stat after the name: utime, stime, cutime, cstime. */
const TIMES = [11, 12, 13, 14] as const;

/** undefined: it is gone, or a zombie. */
export function readFacts(pid: number): ProcessFacts | undefined {
  const status = readProcFile(`/proc/${pid}/status`);
  const stat = readProcFile(`/proc/${pid}/stat`);
  const memory = kilobytes(status, 'VmRSS');
  if (status === undefined || stat === undefined || memory === undefined) return undefined;
  const limitNofile = readNofileLimit(pid);
  const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
  return {
    memoryBytes: memory,
    peakMemoryBytes: kilobytes(status, 'VmHWM') ?? memory,
    cpuMs: TIMES.reduce((sum, at) => sum + Number(fields[at]), 0) * TICK_MS,
    threads: Number(/^Threads:\s+(\d+)/m.exec(status)?.[1] ?? 1),
    openFiles: countFiles(pid),
    ...(limitNofile === undefined ? {} : { limitNofile }),
  };
}

function kilobytes(status: string | undefined, name: string): number | undefined {
  const found = new RegExp(`^${name}:\\s+(\\d+) kB`, 'm').exec(status ?? '')?.[1];
  return found === undefined ? undefined : Number(found) * 1024;
}

function countFiles(pid: number): number {
  try {
    return readdirSync(`/proc/${pid}/fd`).length;
  } catch {
    return 0;
  }
}
