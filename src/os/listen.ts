/**
 * Listening sockets as plain descriptors that nobody here accepts on: they are for children. socket(2), bind(2),
 * listen(2), getaddrinfo(3), unix(7).
 */
import { chmodSync, chownSync, closeSync, lstatSync, unlinkSync } from 'node:fs';
import path from 'node:path';
import { errorName, lastErrno, libc, loadKoffi } from './libc.js';
import { copyDescriptor, openPidfd } from './pidfd.js';
import { readStat } from './proc.js';
import type { Member } from './tree.js';

const socket = libc('int socket(int domain, int type, int protocol)');
const bind = libc('int bind(int fd, const void *addr, uint addrlen)');
const listen = libc('int listen(int fd, int backlog)');
const setsockopt = libc('int setsockopt(int fd, int level, int name, const void *value, uint length)');
const getaddrinfo = libc(
  'int getaddrinfo(const char *node, const char *service, const void *hints, _Out_ void **found)',
);
const freeaddrinfo = libc('void freeaddrinfo(void *found)');
const getsockname = libc('int getsockname(int fd, void *addr, void *length)');
const getsockopt = libc('int getsockopt(int fd, int level, int name, void *value, void *length)');
const fcntl = libc('int fcntl(int fd, int cmd, int value)');

const AF_UNIX = 1;
const AF_INET = 2;
const AF_INET6 = 10;
const SOCK_STREAM = 1;
const SOCK_CLOEXEC = 0x80000;
const SOL_SOCKET = 1;
const SO_REUSEADDR = 2;
const SO_ACCEPTCONN = 30;
const AI_PASSIVE = 1;
const F_DUPFD_CLOEXEC = 1030;
/** sizeof(sockaddr_un) less its family; a path ends with a NUL. */
const PATH_BYTES = 108;
/** sizeof(sockaddr_storage). */
const SOCKADDR_BYTES = 128;
/** What the kernel bounds by net.core.somaxconn. */
const LONGEST_BACKLOG = 4096;

export interface UnixAddress {
  readonly kind: 'unix';
  readonly path: string;
  readonly mode: number;
  readonly uid?: number;
  readonly gid?: number;
}

export interface TcpAddress {
  readonly kind: 'tcp';
  /** A name, an IPv4 address, or an IPv6 address without brackets. */
  readonly host: string;
  readonly port: number;
}

/** Says in words which socket can't be had, and why. */
export class ListenError extends Error {}

/**
 * A listening descriptor that children inherit only when it is given to them. The file of a unix socket has its
 * mode and owner before anybody can connect; a socket that is there already is replaced, anything else is not.
 * @param backlog  connections that may wait; undefined: as many as the system allows
 * @throws ListenError
 */
export function openListener(address: UnixAddress | TcpAddress, backlog?: number): number {
  const fd = address.kind === 'unix' ? bindUnix(address) : bindTcp(address);
  if (listen(fd, backlog ?? LONGEST_BACKLOG) === 0) return fd;
  const why = errorName(lastErrno());
  closeSync(fd);
  throw new ListenError(`listen: ${why}`);
}

/**
 * Whether `openListener` would succeed just now. A unix socket that is there already stays as it is.
 * @throws ListenError
 */
export function tryListener(address: UnixAddress | TcpAddress): void {
  if (address.kind === 'tcp') return closeSync(bindTcp(address));
  refuseOtherFile(address.path);
  sockaddrUnix(address.path);
  const trial = path.join(path.dirname(address.path), `.${process.pid}`);
  closeSync(bindUnix({ ...address, path: trial }));
  unlinkSync(trial);
}

/**
 * A copy of a descriptor that another process has, if it is the listening socket of this address.
 * @param pid  known by its start time; Linux 5.6 and the right to trace it (pidfd_getfd(2))
 * @returns undefined: it has no such socket, or can't be asked
 */
export function listenerOf(
  { pid, startTicks }: Member,
  target: number,
  address: UnixAddress | TcpAddress,
): number | undefined {
  const pidfd = openPidfd(pid);
  if (pidfd === undefined) return undefined;
  // What the descriptor names is what has that pid at this moment.
  const isIt = readStat(pid)?.startTicks === startTicks;
  const fd = isIt ? copyDescriptor(pidfd, target) : undefined;
  closeSync(pidfd);
  if (fd === undefined || isListenerOf(fd, address)) return fd;
  closeSync(fd);
  return undefined;
}

/** Does it listen, and there? getsockname(2), SO_ACCEPTCONN of socket(7). */
export function isListenerOf(fd: number, address: UnixAddress | TcpAddress): boolean {
  const listens = Buffer.alloc(4);
  const own = Buffer.alloc(SOCKADDR_BYTES);
  const length = Buffer.alloc(4);
  length.writeInt32LE(4);
  if (getsockopt(fd, SOL_SOCKET, SO_ACCEPTCONN, listens, length) !== 0 || listens.readInt32LE() !== 1)
    return false;
  length.writeInt32LE(own.length);
  if (getsockname(fd, own, length) !== 0) return false;
  return isSame(own.subarray(0, length.readInt32LE()), sockaddrOf(address));
}

function sockaddrOf(address: UnixAddress | TcpAddress): Buffer {
  return address.kind === 'unix' ? sockaddrUnix(address.path) : lookUp(address.host, address.port);
}

/** Of an IPv6 address, flow and scope are not asked for. */
function isSame(one: Buffer, other: Buffer): boolean {
  const isIpv6 = one.readUInt16LE(0) === AF_INET6;
  const parts = (address: Buffer) => (isIpv6 ? [address.subarray(0, 4), address.subarray(8, 24)] : [address]);
  return Buffer.concat(parts(one)).equals(Buffer.concat(parts(other)));
}

/** A second descriptor of the same open socket, which children don't inherit. */
export function duplicate(fd: number): number {
  const copy = fcntl(fd, F_DUPFD_CLOEXEC, 3);
  if (copy < 0) throw new ListenError(`fcntl: ${errorName(lastErrno())}`);
  return copy;
}

function bindUnix({ path: file, mode, uid, gid }: UnixAddress): number {
  const address = sockaddrUnix(file);
  if (refuseOtherFile(file)) unlinkSync(file);
  const fd = openSocket(AF_UNIX);
  try {
    bindTo(fd, address);
    if (uid !== undefined || gid !== undefined) own(file, uid ?? -1, gid ?? -1);
    chmodSync(file, mode);
    return fd;
  } catch (error) {
    closeSync(fd);
    throw error;
  }
}

function own(file: string, uid: number, gid: number): void {
  try {
    // -1, "as it is", is the largest number of its type to Node.
    chownSync(file, uid < 0 ? 0xffffffff : uid, gid < 0 ? 0xffffffff : gid);
  } catch (error) {
    unlinkSync(file);
    throw new ListenError(`could not change its owner: ${(error as NodeJS.ErrnoException).code}`);
  }
}

/** @returns whether a socket is there */
function refuseOtherFile(file: string): boolean {
  const found = lstatSync(file, { throwIfNoEntry: false });
  if (found && !found.isSocket()) throw new ListenError('something that is not a socket is there');
  return found !== undefined;
}

function bindTcp({ host, port }: TcpAddress): number {
  const address = lookUp(host, port);
  const fd = openSocket(address.readUInt16LE(0));
  try {
    const on = Buffer.alloc(4);
    on.writeInt32LE(1);
    setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, on, on.length);
    bindTo(fd, address);
    return fd;
  } catch (error) {
    closeSync(fd);
    throw error;
  }
}

function openSocket(family: number): number {
  const fd = socket(family, SOCK_STREAM | SOCK_CLOEXEC, 0);
  if (fd < 0) throw new ListenError(errorName(lastErrno()));
  return fd;
}

function bindTo(fd: number, address: Buffer): void {
  if (bind(fd, address, address.length) !== 0) throw new ListenError(errorName(lastErrno()));
}

function sockaddrUnix(file: string): Buffer {
  const name = Buffer.from(file);
  if (name.length >= PATH_BYTES) throw new ListenError(`its path is longer than ${PATH_BYTES - 1} bytes`);
  const address = Buffer.alloc(2 + name.length + 1);
  address.writeUInt16LE(AF_UNIX, 0);
  name.copy(address, 2);
  return address;
}

/** The sockaddr of a host, IPv4 first as supervisord has it. Asks the resolver for names, and waits for it. */
function lookUp(host: string, port: number): Buffer {
  const family = host.includes(':') ? AF_INET6 : AF_INET;
  const koffi = loadKoffi();
  const hints = Buffer.alloc(48);
  hints.writeInt32LE(AI_PASSIVE, 0);
  hints.writeInt32LE(family, 4);
  hints.writeInt32LE(SOCK_STREAM, 8);
  const found: unknown[] = [null];
  const failed = getaddrinfo(host, String(port), hints, found);
  if (failed !== 0) throw new ListenError(`there is no host ${JSON.stringify(host)}`);
  try {
    // struct addrinfo, 64 bits: four ints, the address's length, then (aligned) the pointer to it.
    const length = koffi.decode(found[0], 16, 'uint') as number;
    const pointer = koffi.decode(found[0], 24, 'void *') as unknown;
    return Buffer.from(koffi.decode(pointer, koffi.array('uint8', length, 'Typed')) as Uint8Array);
  } finally {
    freeaddrinfo(found[0]);
  }
}
