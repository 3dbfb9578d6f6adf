/** The daemon's own executable and libraries in memory. */
import { readFileSync } from 'node:fs';
import { libc } from './libc.js';

const madvise = libc('int madvise(uintptr_t address, size_t length, int advice)');

const MADV_DONTNEED = 4;
/** "02601000-0563a000 r--p 02201000 fe:00 247580   /usr/bin/node" */
const READ_ONLY_FILE = /^([0-9a-f]+)-([0-9a-f]+) r-.p [0-9a-f]+ \S+ \d+ +\//;
/**
 * Nobody ever wrote to it, as ld.so does to what it relocates: such pages would come back without that. One that was
 * written and is swapped out counts as swap alone.
 */
const UNWRITTEN = /^Anonymous: +0 kB$[\s\S]*^Swap: +0 kB$/m;

/**
 * Takes code and constants out of what is resident: half of Node's are for its start alone. What is needed again comes
 * back from the page cache, 64 KiB at a fault (madvise(2), MADV_DONTNEED; proc_pid_smaps(5)). Best effort.
 */
export function releaseCode(): void {
  for (const [from, to] of unwrittenRanges()) madvise(from, to - from, MADV_DONTNEED);
}

/** Addresses. They have 47 bits. */
function unwrittenRanges(): readonly (readonly [from: number, to: number])[] {
  let text: string;
  try {
    text = readFileSync('/proc/self/smaps', 'latin1');
  } catch {
    return [];
  }
  return text.split(/^(?=[0-9a-f]+-[0-9a-f]+ )/m).flatMap((mapping) => {
    const [, from, to] = READ_ONLY_FILE.exec(mapping) ?? [];
    if (from === undefined || to === undefined || !UNWRITTEN.test(mapping)) return [];
    return [[Number.parseInt(from, 16), Number.parseInt(to, 16)] as const];
  });
}
