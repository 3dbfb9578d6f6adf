/**
 * What is at the begin of a file, moved out of it while others append to it: copy_file_range(2), and fallocate(2) with
 * FALLOC_FL_COLLAPSE_RANGE, which ext4 and XFS have. Its open descriptors stay right; where they append is the new end.
 */
import { constants } from 'node:os';
import { check, errorName, lastErrno, libc, libcAsync } from './libc.js';

const fallocate = libc('int fallocate(int fd, int mode, long offset, long length)');
const fallocateAsync = libcAsync('int fallocate(int fd, int mode, long offset, long length)');
const copyRange = libcAsync(
  'long copy_file_range(int from, long *at, int to, long *to_at, size_t length, uint flags)',
);

const COLLAPSE_RANGE = 8;
/** No log is that long: taking so much off fails on every file system, and how it fails tells. */
const TOO_MUCH = 2 ** 40;

/**
 * Why the head of this file could not be taken off, found out without changing it; undefined: it could.
 * @param fd  open for writing
 */
export function whyNotHeadless(fd: number): string | undefined {
  if (fallocate(fd, COLLAPSE_RANGE, 0, TOO_MUCH) === 0) return undefined;
  const errno = lastErrno();
  // Beyond the end: what a file system says that looked at the numbers, because it can do it.
  if (errno === constants.errno.EINVAL) return undefined;
  return `the file system can't take off what is at the begin of a file (${errorName(errno)})`;
}

/**
 * Takes off the first `bytes`, whole blocks of the file system and less than the file holds; atomic.
 * @throws Error with the errno's name as `code`
 */
export async function takeOffHead(fd: number, bytes: number): Promise<void> {
  // The errno is the other thread's: a second try fails in the same way, and here.
  if ((await fallocateAsync(fd, COLLAPSE_RANGE, 0, bytes)) !== 0) takeOffHeadNow(fd, bytes);
}

/** The same, and nothing else happens meanwhile. */
export function takeOffHeadNow(fd: number, bytes: number): void {
  check(fallocate(fd, COLLAPSE_RANGE, 0, bytes), 'fallocate');
}

/**
 * The first `bytes` of one file to the begin of another.
 * @throws Error when it takes no more, or there is no more
 */
export async function copyHead(from: number, to: number, bytes: number): Promise<void> {
  for (let at = 0; at < bytes; ) {
    const fromAt = offset(at);
    const toAt = offset(at);
    const count = Number(await copyRange(from, fromAt, to, toAt, bytes - at, 0));
    if (count <= 0) throw Object.assign(new Error('copy_file_range'), { code: 'EIO' });
    at += count;
  }
}

/** A loff_t in memory of its own, which the call moves on. */
function offset(at: number): Buffer {
  const memory = Buffer.alloc(8);
  memory.writeBigInt64LE(BigInt(at));
  return memory;
}
