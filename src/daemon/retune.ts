/** What the kernel lets be changed of a process as it runs: its limits, prlimit(2), and its nice value, setpriority(2). */
import { setPriority } from 'node:os';
import { isSame } from '../core/change/options.js';
import type { ProcessSpec } from '../core/program.js';
import { setLimit } from '../os/limits.js';
import { Snapshot } from '../os/tree.js';

const LIMITS = ['nofile', 'nproc', 'core', 'memlock'] as const;

/**
 * Gives a running process, and all that descends from it, what its new specification says.
 * @returns what could not be done, in words
 */
export function retune(pid: number, before: ProcessSpec, after: ProcessSpec): readonly string[] {
  const limits = LIMITS.filter((name) => !isSame(before.limits[name], after.limits[name]));
  const isNicer = before.nice !== after.nice && after.nice !== undefined;
  if (pid === 0 || (limits.length === 0 && !isNicer)) return [];
  const members = [pid, ...new Snapshot().descendants(pid).map((one) => one.pid)];
  const failures = members.flatMap((member) => [
    ...limits.flatMap((name) => attempt(`limit_${name}`, () => limit(member, name, after.limits[name]))),
    ...(isNicer ? attempt('nice', () => setPriority(member, after.nice ?? 0)) : []),
  ]);
  return [...new Set(failures)];
}

function limit(pid: number, name: (typeof LIMITS)[number], value: number | 'unlimited' | undefined): void {
  if (value === undefined) return;
  const number = value === 'unlimited' ? Number.POSITIVE_INFINITY : value;
  setLimit(name, { soft: number, hard: number }, pid);
}

function attempt(option: string, act: () => void): readonly string[] {
  try {
    act();
    return [];
  } catch (error) {
    const { code = String(error) } = error as NodeJS.ErrnoException;
    // It has ended meanwhile: its successor gets what is configured.
    if (code === 'ESRCH' || (code === 'ERR_SYSTEM_ERROR' && isGone(error))) return [];
    return [`${option} could not be set as it runs (${code}); a restart sets it`];
  }
}

/** Node's own functions say it in `info`. */
function isGone(error: unknown): boolean {
  return (error as { info?: { code?: string } }).info?.code === 'ESRCH';
}
