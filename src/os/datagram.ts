/** One datagram to a unix socket, which Node can't send: unix(7), sendto(2). */
import { libc } from './libc.js';

const socket = libc('int socket(int domain, int type, int protocol)');
const sendto = libc(
  'long sendto(int fd, const void *buf, size_t len, int flags, const void *addr, uint addrlen)',
);

const AF_UNIX = 1;
const SOCK_DGRAM = 2;
const SOCK_CLOEXEC = 0x80000;
/** MSG_NOSIGNAL | MSG_DONTWAIT: a receiver that doesn't read costs the message, not the daemon. */
const FLAGS = 0x4000 | 0x40;
/** sizeof(sockaddr_un) less its family. */
const PATH_BYTES = 108;

/** One for all messages: it is bound to nothing, and children don't inherit it. */
let sender = -1;

/**
 * @param target  a path, or an abstract name that begins with "@"
 * @returns whether it was sent
 */
export function sendDatagram(target: string, message: string | Uint8Array): boolean {
  const name = Buffer.from(target.startsWith('@') ? `\0${target.slice(1)}` : target);
  if (name.length >= PATH_BYTES) return false;
  const address = Buffer.alloc(2 + PATH_BYTES);
  address.writeUInt16LE(AF_UNIX, 0);
  name.copy(address, 2);
  if (sender < 0) sender = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);
  if (sender < 0) return false;
  const bytes = Buffer.from(message);
  return sendto(sender, bytes, bytes.length, FLAGS, address, 2 + name.length) === bytes.length;
}
