/** Reading a log file at an offset: in one piece, and the way supervisord's tail counts. */
import fs from 'node:fs';
import { type Files, plainFiles } from './files.js';

const { O_RDONLY, O_NONBLOCK, O_NOCTTY } = fs.constants;

/** What one call gives at most, however much was asked for: nobody makes the daemon hold a whole log. */
export const READ_MAX_BYTES = 16 * 1024 * 1024;

/**
 * Part of a log file, as supervisord's readLog counts.
 * @param offset  from the start; negative: that many bytes from the end, and `length` must be 0
 * @param length  bytes; 0: to the end. At most READ_MAX_BYTES are given
 * @throws RangeError for arguments that mean nothing; the system's error, with `code`, for the file
 */
export function readLog(path: string, offset: number, length: number, files: Files = plainFiles): Buffer {
  if (offset < 0 && length !== 0) throw new RangeError('length must be 0 when offset is negative');
  if (length < 0) throw new RangeError('length must not be negative');
  return withFile(path, files, (fd, size) => {
    const from = offset < 0 ? Math.max(0, size - Math.min(-offset, READ_MAX_BYTES)) : offset;
    return readAt(fd, from, length === 0 ? size - from : Math.min(length, size - from));
  });
}

/** The last `count` bytes of a file, or all of it when it is shorter. @throws as readLog */
export function tailBytes(path: string, count: number): Buffer {
  return count <= 0 ? Buffer.alloc(0) : readLog(path, -count, 0);
}

export interface LogTail {
  readonly content: Buffer;
  /** The file's size: where the next call goes on. */
  readonly offset: number;
  /** More was written since the last call than `length` holds. */
  readonly overflow: boolean;
}

/**
 * What was written since `offset`, at most the last `length` bytes: supervisord's tailProcessStdoutLog.
 * Like there, what is short is filled up from before `offset`, and a missing file is empty.
 */
export function tailLog(path: string, offset: number, length: number, files: Files = plainFiles): LogTail {
  try {
    return withFile(path, files, (fd, size) => {
      const overflow = size > offset + length;
      const isPast = !overflow && offset >= size;
      const wanted = isPast ? 0 : Math.max(0, length);
      const from = overflow || offset + length > size ? Math.max(0, size - wanted) : offset;
      return { content: readAt(fd, from, Math.min(wanted, size - from)), offset: size, overflow };
    });
  } catch {
    return { content: Buffer.alloc(0), offset, overflow: false };
  }
}

/**
 * Opens what may be read as a log.
 * @throws the system's error; EINVAL for a pipe or device, which gives nothing back
 */
export function openRegular(path: string, files: Files): number {
  const fd = files.open(path, O_RDONLY | O_NONBLOCK | O_NOCTTY);
  if (fs.fstatSync(fd).isFile()) return fd;
  fs.closeSync(fd);
  throw Object.assign(new Error(`${path} is not a regular file: what went there can't be read back`), {
    code: 'EINVAL',
  });
}

function withFile<T>(path: string, files: Files, use: (fd: number, size: number) => T): T {
  const fd = openRegular(path, files);
  try {
    return use(fd, fs.fstatSync(fd).size);
  } finally {
    fs.closeSync(fd);
  }
}

function readAt(fd: number, position: number, length: number): Buffer {
  const buffer = Buffer.allocUnsafe(Math.max(0, Math.min(length, READ_MAX_BYTES)));
  let at = 0;
  while (at < buffer.length) {
    const count = fs.readSync(fd, buffer, at, buffer.length - at, position + at);
    if (count === 0) break;
    at += count;
  }
  return buffer.subarray(0, at);
}
