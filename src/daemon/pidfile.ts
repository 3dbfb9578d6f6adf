/** The file that holds the daemon's pid while it serves. */
import { mkdirSync, readFileSync, unlinkSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import type { MainLog } from '../logs/mainlog.js';

/** Writes it; where it can't be written, supd goes on without, as supervisord does. */
export function writePidfile(file: string, log: MainLog): void {
  try {
    mkdirSync(path.dirname(file), { recursive: true });
    writeFileSync(file, `${process.pid}\n`);
  } catch (error) {
    log.critical(`could not write pidfile ${file}: ${(error as NodeJS.ErrnoException).code}`);
  }
}

/** Only our own: it may not have been written, or be another daemon's by now. */
export function removePidfile(file: string, log: MainLog): void {
  try {
    if (readFileSync(file, 'utf8') === `${process.pid}\n`) unlinkSync(file);
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    if (code !== 'ENOENT') log.warn(`could not remove pidfile ${file}: ${code}`);
  }
}
