/**
 * Tells when a pidfd becomes readable: the process has ended. Node has no word for that, but its loop watches any
 * descriptor that poll(2) knows; reading a pidfd fails with EINVAL, and that is the news.
 */
import { closeSync } from 'node:fs';
import net from 'node:net';
import { makePipe } from './exec.js';
import { check, libc } from './libc.js';

interface Handle {
  /** @returns libuv's error, or what is false */
  open(fd: number): number | undefined;
}

let handleClass: (new (type: number) => Handle) | undefined;

/**
 * Calls `ended` once. The descriptor belongs to the watch from here on.
 * @returns ends it and closes the descriptor; undefined: this Node doesn't let us, the descriptor is still the caller's
 */
export function watchPidfd(pidfd: number, ended: () => void): (() => void) | undefined {
  let socket: net.Socket;
  try {
    handleClass ??= pipeClass();
    const handle = new handleClass(0);
    if (handle.open(pidfd)) return undefined;
    socket = new net.Socket({ handle, readable: true, writable: false } as net.SocketConstructorOpts);
  } catch {
    return undefined;
  }
  let told = false;
  const tell = () => {
    if (told) return;
    told = true;
    ended();
  };
  socket.on('error', tell).on('end', tell);
  socket.resume();
  return () => {
    told = true;
    socket.destroy();
  };
}

const epollCreate = libc('int epoll_create1(int flags)');
const epollControl = libc('int epoll_ctl(int epfd, int op, int fd, void *event)');

/** EPOLL_CLOEXEC */
const CLOEXEC = 0x80000;
const EPOLL_CTL_ADD = 1;
const EPOLLIN = 1;

/**
 * Calls `readable` once there is something to be read, which it reads itself: the loop watches an epoll(7) descriptor, which
 * can't be read either. The descriptor stays the caller's.
 * @returns ends it
 */
export function watchReadable(fd: number, readable: () => void): () => void {
  const epoll = check(epollCreate(CLOEXEC), 'epoll_create1');
  // struct epoll_event: 12 bytes, packed on x86-64; 16 elsewhere.
  const event = Buffer.alloc(16);
  event.writeUInt32LE(EPOLLIN, 0);
  const isAdded = epollControl(epoll, EPOLL_CTL_ADD, fd, event) === 0;
  const stop = isAdded ? watchPidfd(epoll, readable) : undefined;
  if (stop) return stop;
  closeSync(epoll);
  const timer = setTimeout(readable, POLL_MS);
  return () => clearTimeout(timer);
}

/** Where the loop can't watch it: a look. */
const POLL_MS = 100;

/** The class of the handle that Node makes for a pipe. */
function pipeClass(): new (type: number) => Handle {
  const [reading, writing] = makePipe();
  const probe = new net.Socket({ fd: reading, readable: true, writable: false });
  const { _handle: handle } = probe as unknown as { _handle: object };
  probe.destroy();
  closeSync(writing);
  return handle.constructor as new (
    type: number,
  ) => Handle;
}
