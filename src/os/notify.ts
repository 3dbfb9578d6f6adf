/** Tells the service manager how it goes: sd_notify(3), one datagram to the socket in NOTIFY_SOCKET. */
import { closeSync } from 'node:fs';
import { libc } from './libc.js';

const socket = libc('int socket(int domain, int type, int protocol)');
const sendto = libc(
  'long sendto(int fd, const void *buf, size_t len, int flags, const void *addr, uint addrlen)',
);

const AF_UNIX = 1;
const SOCK_DGRAM = 2;
const SOCK_CLOEXEC = 0x80000;
const MSG_NOSIGNAL = 0x4000;

/**
 * Sends the assignments, "READY=1" and such, each on its line. Does nothing without a manager to tell.
 * @returns whether it was sent
 */
export function notifyManager(target: string | undefined, ...assignments: readonly string[]): boolean {
  if (!target || !(target.startsWith('/') || target.startsWith('@'))) return false;
  const address = Buffer.alloc(110);
  address.writeUInt16LE(AF_UNIX, 0);
  const name = Buffer.from(target.startsWith('@') ? `\0${target.slice(1)}` : target);
  if (name.length > 107) return false;
  name.copy(address, 2);
  const fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);
  if (fd < 0) return false;
  const message = Buffer.from(assignments.join('\n'));
  const sent = sendto(fd, message, message.length, MSG_NOSIGNAL, address, 2 + name.length);
  closeSync(fd);
  return sent === message.length;
}
