/**
 * The only place that waits for children, and for those that another supd started. A zombie is looked at first (waitid with WNOWAIT), so that the few
 * children of Node's own child_process are left to libuv, and strangers whom the kernel gave us (we are a
 * subreaper) are reaped.
 */
import type { Exit } from '../core/program.js';
import { Adopted } from './adopted.js';
import { libc } from './libc.js';
import { readStat } from './proc.js';
import { type Rusage, takeEnded } from './rusage.js';
import { type Member, signalProcess } from './tree.js';
import { exitOf } from './waitstatus.js';

const waitid = libc('int waitid(int idtype, int id, void *info, int options)');
const prctl = libc('int prctl(int option, ulong a, ulong b, ulong c, ulong d)');

const P_ALL = 0;
const WNOHANG = 1;
const WEXITED = 4;
const WNOWAIT = 0x01000000;
const PR_SET_CHILD_SUBREAPER = 36;

/** Of one turn of the event loop, what taking the ended may take with all that follows from their ends. */
const REAP_SLICE_MS = 3;

/** How a child ended. What it used is known of children alone, not of those that another supd started. */
export type Ended = (exit: Exit, rusage?: Rusage) => void;

/** Opened once: takes SIGCHLD until closed. */
export class Exits {
  private readonly known = new Map<number, Ended>();
  private readonly adopted = new Adopted();
  // Until `settle`: a zombie may be a child that this process started before it became this program.
  private foreign = 1;
  private settled = false;
  private readonly info = Buffer.alloc(128);
  private later: NodeJS.Immediate | undefined;
  private readonly onSignal = () => this.reap();

  constructor() {
    prctl(PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0);
    process.on('SIGCHLD', this.onSignal);
  }

  /** Tells `ended` once, when `pid`, a child made by spawnProcess, has ended. Call it in the turn of the spawn. */
  expect(pid: number, ended: Ended): void {
    this.known.set(pid, ended);
  }

  /**
   * The same for a process that was started by a supd that is gone, or by this one before it executed itself anew.
   * @returns false when it isn't there any more; then `ended` is not called
   */
  adopt(member: Member, ended: Ended): boolean {
    const stat = readStat(member.pid);
    if (stat?.ppid !== process.pid || stat.startTicks !== member.startTicks)
      return this.adopted.take(member, ended);
    this.expect(member.pid, ended);
    return true;
  }

  /** All that there is to adopt has been: zombies that are nobody's may go from now on. */
  settle(): void {
    if (!this.settled) this.foreign -= 1;
    this.settled = true;
    this.reap();
  }

  /** Is it one of those that we expect to end? */
  has(pid: number): boolean {
    return this.known.has(pid) || this.adopted.has(pid);
  }

  /** Is it one that we can't wait for, so that its orphans aren't handed to us either? */
  isAdopted(pid: number): boolean {
    return this.adopted.has(pid);
  }

  /**
   * Signals one of those that we expect to end, or the group that it leads. Any other pid is not ours to signal.
   * @returns undefined when sent or when nobody is there any more; else the errno's name
   */
  signal(pid: number, signal: number, group = false): string | undefined {
    if (this.known.has(pid)) return signalProcess(group ? -pid : pid, signal);
    return this.adopted.signal(pid, signal, group);
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
  reap(sliceMs = REAP_SLICE_MS): void {
    const end = performance.now() + sliceMs;
    while (performance.now() < end) {
      this.info.fill(0);
      if (waitid(P_ALL, 0, this.info, WEXITED | WNOHANG | WNOWAIT) !== 0) return;
      const pid = this.info.readInt32LE(16);
      if (pid === 0) return;
      if (this.known.has(pid)) this.take(pid);
      else if (this.foreign > 0) return this.takeKnown();
      else takeEnded(pid);
    }
    clearImmediate(this.later);
    this.later = setImmediate(this.onSignal);
  }

  close(): void {
    process.off('SIGCHLD', this.onSignal);
    clearImmediate(this.later);
    this.adopted.close();
  }

  /** A foreign zombie stands in front of the queue: ask for each of ours. */
  private takeKnown(): void {
    for (const pid of [...this.known.keys()]) this.take(pid);
  }

  private take(pid: number): void {
    const waited = takeEnded(pid);
    if (!waited) return;
    const ended = this.known.get(pid);
    this.known.delete(pid);
    ended?.(exitOf(waited.status), waited.rusage);
  }
}
