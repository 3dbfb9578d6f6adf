/**
 * Processes that another supd started and that are nobody's to wait for. Each is known by pid and start time, and from
 * then on by a pidfd: nothing that merely has its pid is ever taken for it or signalled.
 */
import { closeSync } from 'node:fs';
import type { Exit } from '../core/program.js';
import { endedStatus, openPidfd, signalPidfd } from './pidfd.js';
import { readStat } from './proc.js';
import { isAlive, type Member, signalProcess } from './tree.js';
import { exitOf } from './waitstatus.js';
import { watchPidfd } from './watch.js';

/** Between two looks, where the kernel has no pidfd. */
const LOOK_MS = 250;
/** What a parent may take to reap a zombie, or the kernel to remember how it ended. */
const STATUS_LOOKS = 40;
const STATUS_LOOK_MS = 5;

interface Watched {
  readonly member: Member;
  /** For signals; the watch has one of its own. */
  readonly pidfd: number | undefined;
  readonly stop: () => void;
}

export class Adopted {
  readonly #watched = new Map<number, Watched>();

  has(pid: number): boolean {
    return this.#watched.has(pid);
  }

  /**
   * Watches it and calls `ended` once.
   * @returns false when it isn't there any more; then `ended` is not called
   */
  take(member: Member, ended: (exit: Exit) => void): boolean {
    const pidfd = openPidfd(member.pid);
    // Only now: what the descriptor names is what has that pid at this moment.
    const stat = readStat(member.pid);
    if (stat?.startTicks !== member.startTicks) {
      if (pidfd !== undefined) closeSync(pidfd);
      return false;
    }
    const over = () => this.#ended(member, ended, 0);
    this.#watched.set(member.pid, { member, pidfd, stop: watch(member, over) });
    return true;
  }

  /** @returns undefined when sent or when it is gone; else the errno's name */
  signal(pid: number, signal: number, group: boolean): string | undefined {
    const one = this.#watched.get(pid);
    if (!one) return undefined;
    const isThere = one.pidfd === undefined ? isAlive(one.member) : signalPidfd(one.pidfd, 0);
    // While the leader is there, a zombie too, its group's number is nobody else's.
    if (!isThere) return undefined;
    if (group || one.pidfd === undefined) return signalProcess(group ? -pid : pid, signal);
    signalPidfd(one.pidfd, signal);
    return undefined;
  }

  close(): void {
    for (const one of this.#watched.values()) release(one);
    this.#watched.clear();
  }

  #ended(member: Member, tell: (exit: Exit) => void, looks: number): void {
    const { pid, startTicks } = member;
    const one = this.#watched.get(pid);
    if (one?.member !== member) return;
    const status = endedStatus(pid, startTicks, one.pidfd);
    if (status === undefined && looks < STATUS_LOOKS && one.pidfd !== undefined) {
      setTimeout(() => this.#ended(member, tell, looks + 1), STATUS_LOOK_MS);
      return;
    }
    this.#watched.delete(pid);
    release(one);
    tell(status === undefined ? { unknown: true } : exitOf(status));
  }
}

function watch(member: Member, ended: () => void): () => void {
  const pidfd = openPidfd(member.pid);
  const stop = pidfd === undefined ? undefined : watchPidfd(pidfd, ended);
  if (stop) return stop;
  if (pidfd !== undefined) closeSync(pidfd);
  const timer = setInterval(() => {
    if (isAlive(member)) return;
    clearInterval(timer);
    ended();
  }, LOOK_MS);
  return () => clearInterval(timer);
}

function release({ pidfd, stop }: Watched): void {
  stop();
  if (pidfd !== undefined) closeSync(pidfd);
}
