/** Named pipes: each stream of a program is one, so that it can be opened again by name, by anybody's death. */
import {
  chmodSync,
  chownSync,
  closeSync,
  constants,
  fstatSync,
  lstatSync,
  openSync,
  readdirSync,
  readlinkSync,
  unlinkSync,
  writeSync,
} from 'node:fs';
import { check, errorName, lastErrno, libc } from './libc.js';

const mkfifo = libc('int mkfifo(const char *path, uint mode)');
const fcntl = libc('int fcntl(int fd, int cmd, int value)');
const read = libc('long read(int fd, void *buf, size_t count)');

const lseek = libc('long lseek(int fd, long offset, int whence)');
const splice = libc('long splice(int from, void *fromAt, int to, void *toAt, size_t length, uint flags)');

const { O_APPEND, O_NONBLOCK } = constants;
const F_SETFL = 4;
const F_SETPIPE_SZ = 1031;
const SEEK_END = 2;
const SPLICE_F_NONBLOCK = 2;

/**
 * Makes (or takes over) a FIFO of mode 0600 that belongs to `uid`. Anything else at the path is replaced.
 * @returns whether it was made
 */
export function makeFifo(path: string, uid: number, gid: number): boolean {
  const found = lstatSync(path, { throwIfNoEntry: false });
  if (found && !found.isFIFO()) unlinkSync(path);
  if (!found?.isFIFO()) check(mkfifo(path, 0o600), `mkfifo ${path}`);
  if ((found?.mode ?? 0) !== (constants.S_IFIFO | 0o600)) chmodSync(path, 0o600);
  if (found?.uid !== uid || found?.gid !== gid) chownSync(path, uid, gid);
  return !found?.isFIFO();
}

/** The uid of a FIFO; undefined: there is none at the path. */
export function ownerOfFifo(path: string): number | undefined {
  const found = lstatSync(path, { throwIfNoEntry: false });
  return found?.isFIFO() ? found.uid : undefined;
}

/** The daemon's end: non-blocking, and held for writing too, so that it never sees an end of file. */
export function openForPump(path: string): number {
  return openFifo(path, constants.O_RDWR | constants.O_NONBLOCK);
}

/**
 * The daemon's end of a FIFO without a name, by way of a process that has it open.
 * @param path  the name that it had
 * @returns undefined when the process has no such FIFO or may not be asked
 */
export function openNamelessForPump(path: string, pid: number): number | undefined {
  const dir = `/proc/${pid}/fd`;
  try {
    const name = readdirSync(dir).find((one) => readlinkSync(`${dir}/${one}`) === `${path} (deleted)`);
    if (name === undefined) return undefined;
    const fd = openSync(`${dir}/${name}`, constants.O_RDWR | constants.O_NONBLOCK);
    if (fstatSync(fd).isFIFO()) return fd;
    closeSync(fd);
    return undefined;
  } catch {
    return undefined;
  }
}

/** The child's end: blocking, and held for reading too, so that no SIGPIPE comes when the daemon dies. */
export function openForChild(path: string): number {
  return openFifo(path, constants.O_RDWR);
}

/**
 * Writes to a FIFO that somebody else keeps open.
 * @returns false when the pipe is too full for all of it or nobody holds it open; then nothing was written
 *          (up to PIPE_BUF, 4096 bytes, pipe(7)); longer texts may have been written in part
 */
export function writeToFifo(path: string, bytes: Uint8Array): boolean {
  let fd: number;
  try {
    fd = openForWriting(path);
  } catch {
    return false;
  }
  try {
    return writeSync(fd, bytes) === bytes.length;
  } catch {
    return false;
  } finally {
    closeSync(fd);
  }
}

/** read(2) into the beginning of `buffer`: bytes read, -1 when there are none. Half a microsecond where Node throws. */
export function readFifo(fd: number, buffer: Buffer, length: number): number {
  return read(fd, buffer, Math.min(length, buffer.length));
}

/**
 * splice(2) to the ends of files: what has left the pipe is in the file, whenever the daemon is killed. It takes no file
 * that is open for appending, so one that is moved to isn't: what another process appends between the look at the end and
 * the move is written over.
 */
export const splicing = {
  /**
   * Lets every write(2) go to the file's end, wherever that is then, or not.
   * @param file  open with O_NONBLOCK, its description nobody else's
   * @returns false: it stays as it was, as one that may only be appended to does (chattr +a)
   */
  setAppending(file: number, isAppending: boolean): boolean {
    return fcntl(file, F_SETFL, isAppending ? O_APPEND | O_NONBLOCK : O_NONBLOCK) !== -1;
  },

  /**
   * Moves at most `maxBytes` from a pipe to the end of a file that is not appending, if the end is at `size`.
   * @returns bytes moved; -1: none; -2: none ever, this file can't be written so
   */
  moveToEnd(pipe: number, file: number, size: number, maxBytes: number): number {
    if (lseek(file, 0, SEEK_END) !== size) return -1;
    const count = splice(pipe, null, file, null, maxBytes, SPLICE_F_NONBLOCK);
    return count === -1 && errorName(lastErrno()) === 'EINVAL' ? -2 : count;
  },
};

/**
 * An end to go on writing through, non-blocking.
 * @throws ENXIO when nobody holds the FIFO open for reading, ENOENT when it was swept away
 */
export function openForWriting(path: string): number {
  return openFifo(path, constants.O_WRONLY | constants.O_NONBLOCK);
}

/** Gives a pipe 1 MiB instead of 64 KiB: for writers of many tiny pieces. Best effort. */
export function enlargePipe(fd: number): void {
  fcntl(fd, F_SETPIPE_SZ, 1 << 20);
}

function openFifo(path: string, flags: number): number {
  const fd = openSync(path, flags | constants.O_NOFOLLOW);
  if (fstatSync(fd).isFIFO()) return fd;
  closeSync(fd);
  throw new Error(`${path} is not a FIFO`);
}
