/** Advisory locks by flock(2): they belong to an open file, are inherited by children and end with the last holder. */
import { closeSync, constants, openSync } from 'node:fs';
import { check, libc } from './libc.js';
import { copyDescriptor, openPidfd } from './pidfd.js';
import { descriptorsOf } from './proc.js';
import { guardedFiles } from './rights.js';

const flock = libc('int flock(int fd, int operation)');

const LOCK_EX = 2;
const LOCK_NB = 4;

/**
 * Takes the lock of a file, which is made when missing, without waiting.
 * @returns the descriptor that holds it (close it to release), or undefined when somebody else holds it
 * @throws the error of open(2)
 */
export function takeLock(path: string, mode = 0o644): number | undefined {
  const flags = constants.O_RDWR | constants.O_CREAT | constants.O_NOFOLLOW;
  const fd = guardedFiles.at(path, () => openSync(path, flags, mode));
  try {
    check(flock(fd, LOCK_EX | LOCK_NB), `flock ${path}`);
    return fd;
  } catch (error) {
    closeSync(fd);
    if ((error as NodeJS.ErrnoException).code === 'EAGAIN') return undefined;
    throw error;
  }
}

/**
 * Takes a share in a lock that a process holds by a descriptor that it inherited: the lock then ends with the last
 * of both. Needs the right to trace the process.
 * @returns our descriptor of it, or undefined when that process doesn't hold it or may not be asked
 */
export function shareLock(path: string, pid: number): number | undefined {
  const pidfd = openPidfd(pid);
  if (pidfd === undefined) return undefined;
  try {
    for (const target of descriptorsOf(pid, path)) {
      const fd = copyDescriptor(pidfd, target);
      if (fd === undefined) continue;
      if (flock(fd, LOCK_EX | LOCK_NB) === 0) return fd;
      closeSync(fd);
    }
    return undefined;
  } finally {
    closeSync(pidfd);
  }
}
