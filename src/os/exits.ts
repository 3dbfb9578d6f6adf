/**
 * The only place that waits for children. A zombie is looked at first (waitid with WNOWAIT), so that the few
 * children of Node's own child_process are left to libuv, and strangers whom the kernel gave us (we are a
 * subreaper) are reaped.
 */
import type { Exit } from '../core/program.js';
import { libc } from './libc.js';

const waitid = libc('int waitid(int idtype, int id, void *info, int options)');
const waitpid = libc('int waitpid(int pid, _Out_ int *status, int options)');
const prctl = libc('int prctl(int option, ulong a, ulong b, ulong c, ulong d)');

const P_ALL = 0;
const WNOHANG = 1;
const WEXITED = 4;
const WNOWAIT = 0x01000000;
const PR_SET_CHILD_SUBREAPER = 36;

/** Of one turn of the event loop, what taking the ended may take with all that follows from their ends. */
const REAP_SLICE_MS = 3;

/** Opened once: takes SIGCHLD until closed. */
export class Exits {
  private readonly known = new Map<number, (exit: Exit) => void>();
  private foreign = 0;
  private readonly info = Buffer.alloc(128);
  private later: NodeJS.Immediate | undefined;
  private readonly onSignal = () => this.reap();

  constructor() {
    prctl(PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0);
    process.on('SIGCHLD', this.onSignal);
  }

  /** Tells `ended` once, when `pid`, a child made by spawnProcess, has ended. Call it in the turn of the spawn. */
  expect(pid: number, ended: (exit: Exit) => void): void {
    this.known.set(pid, ended);
  }

  /** Is it one of the children that we expect to end? */
  has(pid: number): boolean {
    return this.known.has(pid);
  }

  /** Runs what uses child_process: meanwhile unknown zombies may be libuv's and are left alone. */
  async amongForeign<T>(work: () => Promise<T>): Promise<T> {
    this.foreign += 1;
    try {
      return await work();
    } finally {
      this.foreign -= 1;
      setImmediate(this.onSignal);
    }
  }

  /** Takes those that have ended; when they are many, by portions. Called by SIGCHLD; harmless at any other time. */
  reap(): void {
    const end = performance.now() + REAP_SLICE_MS;
    while (performance.now() < end) {
      this.info.fill(0);
      if (waitid(P_ALL, 0, this.info, WEXITED | WNOHANG | WNOWAIT) !== 0) return;
      const pid = this.info.readInt32LE(16);
      if (pid === 0) return;
      if (this.known.has(pid)) this.take(pid);
      else if (this.foreign > 0) return this.takeKnown();
      else waitpid(pid, [0], WNOHANG);
    }
    clearImmediate(this.later);
    this.later = setImmediate(this.onSignal);
  }

  close(): void {
    process.off('SIGCHLD', this.onSignal);
    clearImmediate(this.later);
  }

  /** A foreign zombie stands in front of the queue: ask for each of ours. */
  private takeKnown(): void {
    for (const pid of [...this.known.keys()]) this.take(pid);
  }

  private take(pid: number): void {
    const status = [0];
    if (waitpid(pid, status, WNOHANG) !== pid) return;
    const ended = this.known.get(pid);
    this.known.delete(pid);
    ended?.(exitOf(status[0] ?? 0));
  }
}

/** wait(2)'s status word. */
export function exitOf(status: number): Exit {
  const signal = status & 0x7f;
  if (signal === 0) return { code: (status >> 8) & 0xff };
  return { signal, core: (status & 0x80) !== 0 };
}
