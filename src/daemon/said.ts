/** What a command says, kept in a file without a name for as long as it takes. */
import { constants, fstatSync, openSync, readSync, unlinkSync } from 'node:fs';
import { lastLines } from '../core/notice-of.js';

const MOST_SAID = 4096;

/** The child's end, and one to read it by. */
export function openOutput(file: string): readonly [number, number] {
  const flags = constants.O_WRONLY | constants.O_APPEND | constants.O_CREAT | constants.O_EXCL;
  const writing = openSync(file, flags, 0o600);
  try {
    return [writing, openSync(file, constants.O_RDONLY)];
  } finally {
    unlinkSync(file);
  }
}

/** The end of it. */
export function readEnd(fd: number): string {
  const bytes = Buffer.alloc(MOST_SAID);
  const { size } = fstatSync(fd);
  const count = readSync(fd, bytes, 0, MOST_SAID, Math.max(0, size - MOST_SAID));
  return bytes.toString('utf8', 0, count);
}

/** ": its last line", or ''. */
export function saidLast(output: string): string {
  const line = lastLines(output).split('\n').at(-1) ?? '';
  return line === '' ? '' : `: ${line}`;
}
