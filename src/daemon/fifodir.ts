/** Where the FIFOs of programs are, and their names. */
import { createHash } from 'node:crypto';
import { mkdirSync } from 'node:fs';
import path from 'node:path';
import { ownerOfFifo } from '../os/fifo.js';

/** A file name takes 255 bytes. */
const NAME_MAX_BYTES = 200;

/** The directory of the FIFOs: the daemon's alone. A child opens its own again through /dev/stdout, without a path. */
export function makeFifoDir(rundir: string): string {
  const dir = path.join(rundir, 'fifo');
  mkdirSync(dir, { recursive: true, mode: 0o700 });
  return dir;
}

/** An id as a file name: readable where it can be, never too long. */
export function fileNameOf(id: string): string {
  const name = encodeURIComponent(id);
  if (name.length <= NAME_MAX_BYTES) return name;
  return createHash('sha256').update(id).digest('hex');
}

/** Can one go on talking to this process, as an event listener? */
export function hasFifos(fifoDir: string, id: string): boolean {
  return ['in', 'stdout'].every(
    (name) => ownerOfFifo(path.join(fifoDir, `${fileNameOf(id)}.${name}`)) !== undefined,
  );
}
