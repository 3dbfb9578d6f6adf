/** The daemon's own resource limits: getrlimit(2) and setrlimit(2) by way of prlimit(2). */

import { readdirSync, statSync } from 'node:fs';
import { check, libc } from './libc.js';
import { readNofileLimit } from './proc.js';

const prlimit = libc('int prlimit(int pid, int resource, void *next, void *old)');

/** Linux's numbers on x86 and ARM: setrlimit(2). */
const RLIMIT = { core: 4, nproc: 6, nofile: 7, memlock: 8 } as const;
const INFINITY = 0xffffffffffffffffn;

export interface Limit {
  readonly soft: number;
  readonly hard: number;
}

/** Soft and hard value; Infinity when unlimited. */
export function getLimit(which: keyof typeof RLIMIT): Limit {
  const old = Buffer.alloc(16);
  check(prlimit(0, RLIMIT[which], null, old), `getrlimit ${which}`);
  return { soft: decode(old.readBigUInt64LE(0)), hard: decode(old.readBigUInt64LE(8)) };
}

/**
 * Of supd itself, or of another process.
 * @throws Error with `code`: EPERM when the hard limit may not be raised, ESRCH when there is no such process
 */
export function setLimit(which: keyof typeof RLIMIT, limit: Limit, pid = 0): void {
  const next = Buffer.alloc(16);
  next.writeBigUInt64LE(encode(limit.soft), 0);
  next.writeBigUInt64LE(encode(limit.hard), 8);
  check(prlimit(pid, RLIMIT[which], next, null), `setrlimit ${which}`);
}

/**
 * The soft limit of open files that supd was started with. Node has raised its own to the hard one by then, and
 * children should not inherit that (select(2) breaks above 1024), so it is read off the parent.
 */
export function inheritedNofile(): number {
  return Math.min(readNofileLimit(process.ppid) ?? 1024, getLimit('nofile').hard);
}

/** Descriptors that new programs leave for what supd itself and its clients need; these leave half of them to supd. */
const RESERVED = 32;

/** @throws Error with `code` EMFILE when all but the last descriptors are in use */
export function requireRoom(): void {
  if (countOpen() < getLimit('nofile').soft - RESERVED) return;
  throw Object.assign(new Error('EMFILE: too many open files'), { code: 'EMFILE' });
}

/** Are there too few left for supd itself, were another client let in? */
export function isScarce(): boolean {
  return countOpen() >= getLimit('nofile').soft - RESERVED / 2;
}

/** Descriptors in use: the size of their directory in proc(5) since Linux 6.2. */
function countOpen(): number {
  const { size } = statSync('/proc/self/fd');
  if (size > 0) return size;
  try {
    return readdirSync('/proc/self/fd').length;
  } catch {
    return Number.POSITIVE_INFINITY;
  }
}

/**
 * Runs `work` while the soft limit of open files is `soft`: what is spawned in it inherits that. Descriptors
 * above the limit stay open; only new ones would be refused.
 */
export function withNofile<T>(soft: number, work: () => T): T {
  const own = getLimit('nofile');
  if (soft === own.soft || soft > own.hard) return work();
  setLimit('nofile', { soft, hard: own.hard });
  try {
    return work();
  } finally {
    setLimit('nofile', own);
  }
}

function decode(value: bigint): number {
  return value === INFINITY ? Number.POSITIVE_INFINITY : Number(value);
}

function encode(value: number): bigint {
  return Number.isFinite(value) ? BigInt(value) : INFINITY;
}
