/** One daemon for one configuration: whoever holds the lock of the run directory. */
import { createHash } from 'node:crypto';
import { closeSync, fstatSync, ftruncateSync, mkdirSync, statSync, writeSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import type { Config } from '../config/config.js';
import { defaultPlaces, type Places } from '../config/places.js';
import { markNotInherited } from '../os/exec.js';
import { takeLock } from '../os/lock.js';
import { tryWriting } from './durable.js';

/** Another daemon works by the same configuration. */
class AlreadyRunning extends Error {}

/**
 * Makes rundir and statedir and takes the daemon's lock in the first. The lock ends with the process.
 * @param held  the descriptor of the lock if the code before this one took it
 * @throws AlreadyRunning, or the system's error
 */
function claimPlaces(rundir: string, statedir: string, rundirMode: number, held?: number): number {
  mkdirSync(path.dirname(rundir), { recursive: true, mode: 0o755 });
  mkdirSync(rundir, { recursive: true, mode: rundirMode });
  mkdirSync(statedir, { recursive: true, mode: 0o750 });
  const file = path.join(rundir, 'supd.lock');
  const fd = held !== undefined && isOf(held, file) ? held : takeLock(file, 0o600);
  if (fd === undefined) throw new AlreadyRunning(rundir);
  markNotInherited(fd);
  // For people only: a full disk keeps nobody from coming back.
  tryWriting(file, () => {
    ftruncateSync(fd);
    writeSync(fd, `${process.pid}\n`);
  });
  return fd;
}

function isOf(fd: number, file: string): boolean {
  try {
    const open = fstatSync(fd);
    const named = statSync(file);
    return open.ino === named.ino && open.dev === named.dev;
  } catch {
    return false;
  }
}

/** Gives the places up again. */
export function releasePlaces(lock: number): void {
  closeSync(lock);
}

/**
 * Takes the places of this configuration.
 * @param held  the descriptor of the lock if the code before this one took it
 * @throws Error in words
 */
export function claim(
  config: Config,
  places: Pick<Places, 'rundir' | 'statedir'>,
  held: number | undefined,
): number {
  try {
    return claimPlaces(
      places.rundir,
      places.statedir,
      config.grpc.owner || config.grpc.readonlySocket ? 0o751 : 0o750,
      held,
    );
  } catch (error) {
    if (!(error instanceof AlreadyRunning)) throw error;
    throw new Error(
      `supd is running already with ${config.path} (its lock is ${places.rundir}/supd.lock); ` +
        'end that one first, or use another configuration',
    );
  }
}

/** Where this configuration's daemon has its sockets and FIFOs, and its state. */
export function placesOf(config: Config): { readonly rundir: string; readonly statedir: string } {
  const { rundir, statedir } = config.daemon;
  const who = {
    uid: process.geteuid?.() ?? 0,
    env: process.env,
    tmpDir: os.tmpdir(),
  };
  const defaults = defaultPlaces(config.path, who);
  return { rundir: rundir ?? defaults.rundir, statedir: statedir ?? defaults.statedir };
}

/** The same for every life of this supd, another for any other. */
export function instanceOf({ rundir, statedir }: Pick<Places, 'rundir' | 'statedir'>): string {
  return createHash('sha256').update(`${rundir}\0${statedir}`).digest('hex').slice(0, 16);
}
