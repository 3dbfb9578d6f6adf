/** Which of `log`, `log.1`, `log.2` … comes after which. Looked at between two events, so no rotation interferes. */
import fs from 'node:fs';
import type { Files } from './files.js';
import { openRegular } from './read.js';

/** An open file of a rotated log. */
export interface Generation {
  readonly fd: number;
  /** Its inode, which nobody else gets while it is open. */
  readonly ino: number;
  /** The file that was older by one when this was opened: shows what is newer once this is gone itself. */
  readonly elder: string | undefined;
}

/** Rotated files looked through at most. */
const AGE_MAX = 1000;

/** The present file, opened; undefined when there is none. @throws the system's error when it can't be read */
export function newest(path: string, files: Files): Generation | undefined {
  return openAge(path, 0, files);
}

/**
 * The file that took over from `current`, opened. When `current` has been deleted since, the oldest that is newer.
 * @returns undefined while `current` is the present one, or nothing is at the path
 */
export function nextAfter(path: string, current: Generation, files: Files): Generation | undefined {
  const present = fs.statSync(path, { throwIfNoEntry: false });
  if (!present || present.ino === current.ino) return undefined;
  let age = 0;
  for (; age < AGE_MAX; age += 1) {
    const older = fs.statSync(nameOf(path, age + 1), { throwIfNoEntry: false });
    // `age` is the newer neighbour of what we look for.
    if (!older || older.ino === current.ino || identity(older) === current.elder) break;
  }
  return openAge(path, age, files);
}

/** What was the head of the log so many cuts ago; undefined: not there any more. */
export function cutBefore(path: string, cuts: number, files: Files): Generation | undefined {
  return openAge(path, cuts, files);
}

/** Is it the file that is at the path? */
export function isPresent(path: string, { ino }: Generation): boolean {
  return fs.statSync(path, { throwIfNoEntry: false })?.ino === ino;
}

function openAge(path: string, age: number, files: Files): Generation | undefined {
  let fd: number;
  try {
    fd = openRegular(nameOf(path, age), files);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined;
    throw error;
  }
  const elder = fs.statSync(nameOf(path, age + 1), { throwIfNoEntry: false });
  return { fd, ino: fs.fstatSync(fd).ino, elder: elder && identity(elder) };
}

function nameOf(path: string, age: number): string {
  return age === 0 ? path : `${path}.${age}`;
}

/** An inode number alone is given away again soon. */
function identity(stat: fs.Stats): string {
  return `${stat.ino}:${stat.birthtimeMs}`;
}
