/**
 * What programs say of themselves by sd_notify(3): datagrams to a socket in the abstract namespace, which needs no
 * directory that they may enter and leaves no file. The kernel tells who has sent each: unix(7), SCM_CREDENTIALS.
 */
import { closeSync } from 'node:fs';
import { errorName, lastErrno, libc, loadKoffi } from './libc.js';
import type { Peer } from './peer.js';
import { watchReadable } from './watch.js';

export interface Report {
  readonly sender: Peer;
  /** "READY" -> "1". */
  readonly assignments: ReadonlyMap<string, string>;
}

const AF_UNIX = 1;
/** SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK */
const TYPE = 0x80802;
const SOL_SOCKET = 1;
const SO_PASSCRED = 16;
const SCM_CREDENTIALS = 2;
/** MSG_DONTWAIT | MSG_CMSG_CLOEXEC */
const FLAGS = 0x40000040;
const MESSAGE_BYTES = 4096;
/** One struct ucred and not a byte more: descriptors that somebody sends along have no room, and never become ours. */
const CONTROL_BYTES = 32;
/** In one turn of the loop: who talks without end does not keep the daemon. */
const MOST_AT_ONCE = 64;

const socket = libc('int socket(int domain, int type, int protocol)');
const bind = libc('int bind(int fd, const void *addr, uint length)');
const setsockopt = libc('int setsockopt(int fd, int level, int name, const void *value, uint length)');

type Receive = (fd: number, header: object, flags: number) => number | bigint;
let receive: Receive | undefined;

export class Reports {
  readonly #fd: number;
  readonly #heard: (report: Report) => void;
  #unwatch: (() => void) | undefined;
  #again: NodeJS.Immediate | undefined;

  /**
   * @param name  what NOTIFY_SOCKET names as `@name`
   * @throws Error with `code`: somebody else has that name (EADDRINUSE), or no descriptor is left
   */
  constructor(name: string, heard: (report: Report) => void) {
    this.#heard = heard;
    this.#fd = open(name);
    this.#watch();
  }

  close(): void {
    clearImmediate(this.#again);
    this.#unwatch?.();
    closeSync(this.#fd);
  }

  #watch(): void {
    this.#unwatch = watchReadable(this.#fd, () => this.#drain());
  }

  #drain(): void {
    for (let count = 0; count < MOST_AT_ONCE; count += 1) {
      const report = receiveOne(this.#fd);
      if (report === 'none') return this.#watch();
      if (report) this.#heard(report);
    }
    this.#again = setImmediate(() => this.#drain());
  }
}

function open(name: string): number {
  const fd = socket(AF_UNIX, TYPE, 0);
  if (fd < 0) throw failure('socket');
  const bytes = Buffer.from(`\0${name}`);
  const address = Buffer.alloc(2 + bytes.length);
  address.writeUInt16LE(AF_UNIX, 0);
  bytes.copy(address, 2);
  const on = Buffer.alloc(4);
  on.writeInt32LE(1, 0);
  // Before the name is there: no message comes without its sender.
  if (setsockopt(fd, SOL_SOCKET, SO_PASSCRED, on, on.length) === 0 && bind(fd, address, address.length) === 0)
    return fd;
  const error = failure('bind');
  closeSync(fd);
  throw error;
}

function failure(what: string): Error {
  const code = errorName(lastErrno());
  return Object.assign(new Error(`${what}: ${code}`), { code });
}

/** undefined: one that says nothing of its sender. */
function receiveOne(fd: number): Report | 'none' | undefined {
  const message = Buffer.alloc(MESSAGE_BYTES);
  const control = Buffer.alloc(CONTROL_BYTES);
  const count = Number(
    receiver()(
      fd,
      {
        name: null,
        namelen: 0,
        iov: [{ base: message, length: MESSAGE_BYTES }],
        iovlen: 1,
        control,
        controllen: CONTROL_BYTES,
        flags: 0,
      },
      FLAGS,
    ),
  );
  if (count < 0) return 'none';
  // struct cmsghdr: length (8), level (4), type (4); then struct ucred: pid, uid, gid.
  if (control.readInt32LE(8) !== SOL_SOCKET || control.readInt32LE(12) !== SCM_CREDENTIALS) return undefined;
  const sender = {
    pid: control.readInt32LE(16),
    uid: control.readUInt32LE(20),
    gid: control.readUInt32LE(24),
  };
  const lines = message.toString('utf8', 0, count).split('\n');
  const assignments = lines.flatMap((line): [string, string][] => {
    const at = line.indexOf('=');
    return at > 0 ? [[line.slice(0, at), line.slice(at + 1)]] : [];
  });
  return { sender, assignments: new Map(assignments) };
}

/** recvmsg(2), with the structures of glibc on 64 bits. */
function receiver(): Receive {
  if (receive) return receive;
  const koffi = loadKoffi();
  const iovec = koffi.struct({ base: 'void *', length: 'size_t' });
  const msghdr = koffi.struct({
    name: 'void *',
    namelen: 'uint32',
    iov: koffi.pointer(iovec),
    iovlen: 'size_t',
    control: 'void *',
    controllen: 'size_t',
    flags: 'int',
  });
  const library = koffi.load('libc.so.6');
  receive = library.func('recvmsg', 'long', ['int', koffi.pointer(msghdr), 'int']) as unknown as Receive;
  return receive;
}
