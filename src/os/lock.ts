/** Advisory locks by flock(2): they belong to an open file, are inherited by children and end with the last holder. */
import { closeSync, constants, openSync } from 'node:fs';
import { check, libc } from './libc.js';

const flock = libc('int flock(int fd, int operation)');

const LOCK_EX = 2;
const LOCK_NB = 4;

/**
 * Takes the lock of a file, which is made when missing, without waiting.
 * @returns the descriptor that holds it (close it to release), or undefined when somebody else holds it
 * @throws the error of open(2)
 */
export function takeLock(path: string, mode = 0o644): number | undefined {
  const fd = openSync(path, constants.O_RDWR | constants.O_CREAT | constants.O_NOFOLLOW, mode);
  try {
    check(flock(fd, LOCK_EX | LOCK_NB), `flock ${path}`);
    return fd;
  } catch (error) {
    closeSync(fd);
    if ((error as NodeJS.ErrnoException).code === 'EAGAIN') return undefined;
    throw error;
  }
}
