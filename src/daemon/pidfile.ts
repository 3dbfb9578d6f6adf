/** The file that holds the daemon's pid while it serves. */
import { closeSync, constants, ftruncateSync, mkdirSync, readFileSync, unlinkSync, writeSync } from 'node:fs';
import path from 'node:path';
import type { MainLog } from '../logs/mainlog.js';
import { guardedFiles } from '../os/rights.js';

/** Writes it; where it can't be written, supd goes on without, as supervisord does. */
export function writePidfile(file: string, log: MainLog): void {
  try {
    guardedFiles.at(file, () => mkdirSync(path.dirname(file), { recursive: true }));
    const fd = guardedFiles.open(file, constants.O_WRONLY | constants.O_CREAT, 0o666);
    try {
      ftruncateSync(fd);
      writeSync(fd, `${process.pid}\n`);
    } finally {
      closeSync(fd);
    }
  } catch (error) {
    log.critical(`could not write pidfile ${file}: ${(error as NodeJS.ErrnoException).code}`);
  }
}

/** Only our own: it may not have been written, or be another daemon's by now. */
export function removePidfile(file: string, log: MainLog): void {
  try {
    if (readFileSync(file, 'utf8') === `${process.pid}\n`) guardedFiles.at(file, () => unlinkSync(file));
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    if (code !== 'ENOENT') log.warn(`could not remove pidfile ${file}: ${code}`);
  }
}
