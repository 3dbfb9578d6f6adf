/** What a rotation does to the files on disk. */
import fs from 'node:fs';
import { rotationRenames } from '../core/rotation.js';

const { O_RDONLY, O_NONBLOCK, O_NOCTTY } = fs.constants;

/** How far back the beginning of an existing file's last line is looked for. */
const LOOK_BACK_BYTES = 65536;

/** Makes `path` free: `.9` becomes `.10`, … the file itself `.1`. Missing ones are passed over. */
export function shiftFiles(path: string, backups: number): void {
  freeLater(`${path}.${backups}`);
  for (const [from, to] of rotationRenames(path, backups)) {
    try {
      fs.renameSync(from, to);
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'ENOENT') throw error;
    }
  }
}

/**
 * `.0`, a file that was made apart, becomes `.1`, what is there `.2` and so on up to the first number that is free. Cut
 * short and begun again it comes to the same.
 */
export function shiftNumbered(path: string, backups: number): void {
  const name = (age: number) => `${path}.${age}`;
  let free = 1;
  while (free < backups && fs.existsSync(name(free))) free += 1;
  freeLater(name(free));
  for (let age = free; age > 0; age -= 1) fs.renameSync(name(age - 1), name(age));
}

/** `length` bytes from `position`, or what there is of them. */
export function readRange(path: string, position: number, length: number): Buffer {
  const fd = fs.openSync(path, O_RDONLY | O_NONBLOCK | O_NOCTTY);
  try {
    const buffer = Buffer.allocUnsafe(length);
    return buffer.subarray(0, fs.readSync(fd, buffer, 0, length, position));
  } finally {
    fs.closeSync(fd);
  }
}

/** How much of a file's end is an unfinished line; 0 when that can't be told from its last 64 KiB. */
export function unendedOf(path: string, size: number): number {
  try {
    const length = Math.min(size, LOOK_BACK_BYTES);
    const newline = readRange(path, size - length, length).lastIndexOf(10);
    if (newline < 0) return length < size ? 0 : size;
    return length - 1 - newline;
  } catch {
    return 0;
  }
}

/**
 * How much of a file's end is an unfinished line, when `unended` bytes before `from` were one.
 * @param size  of the file
 * @returns 0, too, when the file can't be read
 */
export function unendedSince(path: string, from: number, size: number, unended: number): number {
  try {
    for (let end = size; end > from; end -= LOOK_BACK_BYTES) {
      const start = Math.max(from, end - LOOK_BACK_BYTES);
      const newline = readRange(path, start, end - start).lastIndexOf(10);
      if (newline >= 0) return size - (start + newline + 1);
    }
    return unended + size - from;
  } catch {
    return 0;
  }
}

/** Files being freed in the thread pool; a few at a time, for each holds a descriptor. */
let freeing = 0;
const FREEING_MAX = 4;

/**
 * Freeing 50 MB of page cache takes 5 to 20 ms. With the oldest file held open over the rename that replaces it,
 * this happens in the thread pool when it is closed there.
 */
function freeLater(path: string): void {
  if (freeing >= FREEING_MAX) return;
  try {
    const fd = fs.openSync(path, O_RDONLY | O_NONBLOCK | O_NOCTTY);
    freeing += 1;
    setImmediate(() => {
      fs.close(fd, () => {
        freeing -= 1;
      });
    });
  } catch {
    // Nothing there, or not readable: then the rename frees it.
  }
}
