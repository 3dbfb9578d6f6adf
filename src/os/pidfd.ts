/**
 * A process by a descriptor, which names it even when its pid is given to another: pidfd_open(2) and its kin (Linux
 * 5.3; the status after the end 6.15). Every call tells by undefined or false that this kernel can't.
 */

import { libc } from './libc.js';
import { readZombieStatus } from './proc.js';

const syscall = libc('long syscall(long number, long a, long b, long c, long d)');
const ioctl = libc('int ioctl(int fd, ulong request, void *value)');

// The same on every architecture: the numbers are shared since 424.
const PIDFD_SEND_SIGNAL = 424;
const PIDFD_OPEN = 434;
const PIDFD_GETFD = 438;
/** _IOWR(0xFF, 11, struct pidfd_info), linux/pidfd.h; the first version of the structure. */
const PIDFD_GET_INFO = 0xc040ff0b;
const INFO_BYTES = 64;
const INFO_EXIT = 8n;

/** Not inherited. undefined: no such process, or no such call. */
export function openPidfd(pid: number): number | undefined {
  const fd = Number(syscall(PIDFD_OPEN, pid, 0, 0, 0));
  return fd < 0 ? undefined : fd;
}

/** @returns whether that very process was there to be signalled; signal 0 only asks */
export function signalPidfd(fd: number, signal: number): boolean {
  return Number(syscall(PIDFD_SEND_SIGNAL, fd, signal, 0, 0)) === 0;
}

/** A copy of another process's descriptor: of the same open file, with its locks. Needs the right to trace it. */
export function copyDescriptor(pidfd: number, target: number): number | undefined {
  const fd = Number(syscall(PIDFD_GETFD, pidfd, target, 0, 0));
  return fd < 0 ? undefined : fd;
}

/**
 * How a process ended that is not our child: from its zombie, or once its parent has reaped it from the kernel's
 * memory of it. undefined: it lives, or nobody can tell any more.
 * @returns wait(2)'s status word
 */
export function endedStatus(pid: number, startTicks: number, pidfd: number | undefined): number | undefined {
  const status = readZombieStatus(pid, startTicks);
  if (status !== undefined || pidfd === undefined) return status;
  const info = Buffer.alloc(INFO_BYTES);
  info.writeBigUInt64LE(INFO_EXIT, 0);
  if (ioctl(pidfd, PIDFD_GET_INFO, info) !== 0) return undefined;
  return (info.readBigUInt64LE(0) & INFO_EXIT) === 0n ? undefined : info.readInt32LE(60);
}
