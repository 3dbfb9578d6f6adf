/** A small file system of its own below a test's directory, to be filled and freed. */
import { execFileSync } from 'node:child_process';
import { closeSync, mkdirSync, openSync, rmSync, writeSync } from 'node:fs';
import path from 'node:path';
import type { Test } from 'tap';
import type { Place } from '../helpers/place.js';

export interface Disk {
  readonly dir: string;
  /** Takes all that is left. */
  fill(): void;
  free(): void;
  /** Gives it another size. */
  resize(size: string): void;
}

/** Mounts one of `size` (as tmpfs takes it, 256k) at `name` in the place. Needs root. */
export function mountDisk(t: Test, place: Place, name: string, size: string): Disk {
  const dir = path.join(place.dir, name);
  mkdirSync(dir, { recursive: true });
  execFileSync('mount', ['-t', 'tmpfs', '-o', `size=${size}`, 'supd-test', dir]);
  // Lazily: supd still has files on it.
  t.teardown(() => execFileSync('umount', ['-l', dir]));
  const ballast = path.join(dir, 'ballast');
  return {
    dir,
    fill() {
      const fd = openSync(ballast, 'a');
      try {
        for (const bytes of [Buffer.alloc(4096), Buffer.alloc(1)]) while (writeSync(fd, bytes) > 0);
      } catch (error) {
        if ((error as NodeJS.ErrnoException).code !== 'ENOSPC') throw error;
      } finally {
        closeSync(fd);
      }
    },
    free: () => rmSync(ballast),
    resize: (size) => execFileSync('mount', ['-o', `remount,size=${size}`, dir]),
  };
}
