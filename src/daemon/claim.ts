/** One daemon for one configuration: whoever holds the lock of the run directory. */
import { closeSync, ftruncateSync, mkdirSync, writeSync } from 'node:fs';
import path from 'node:path';
import { takeLock } from '../os/lock.js';

/** Another daemon works by the same configuration. */
export class AlreadyRunning extends Error {}

/**
 * Makes rundir and statedir and takes the daemon's lock in the first. The lock ends with the process.
 * @throws AlreadyRunning, or the system's error
 */
export function claimPlaces(rundir: string, statedir: string, rundirMode: number): number {
  mkdirSync(path.dirname(rundir), { recursive: true, mode: 0o755 });
  mkdirSync(rundir, { recursive: true, mode: rundirMode });
  mkdirSync(statedir, { recursive: true, mode: 0o750 });
  const fd = takeLock(path.join(rundir, 'supd.lock'), 0o600);
  if (fd === undefined) throw new AlreadyRunning(rundir);
  ftruncateSync(fd);
  writeSync(fd, `${process.pid}\n`);
  return fd;
}

/** Gives the places up again. */
export function releasePlaces(lock: number): void {
  closeSync(lock);
}
