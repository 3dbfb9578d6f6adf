/** Who is at the other end of a unix socket: SO_PEERCRED, unix(7). */
import { libc } from './libc.js';

export interface Peer {
  readonly pid: number;
  readonly uid: number;
  readonly gid: number;
}

const getsockopt = libc('int getsockopt(int fd, int level, int name, void *value, _Inout_ uint *length)');

const SOL_SOCKET = 1;
const SO_PEERCRED = 17;

/** undefined when the kernel doesn't say. */
export function peerOf(fd: number): Peer | undefined {
  const value = Buffer.alloc(12);
  if (fd < 0 || getsockopt(fd, SOL_SOCKET, SO_PEERCRED, value, [12]) !== 0) return undefined;
  return { pid: value.readInt32LE(0), uid: value.readUInt32LE(4), gid: value.readUInt32LE(8) };
}
