/** The locks of runs (flock), held as long as the run and all that it has started. */
import { closeSync, fchownSync, readFileSync, statSync } from 'node:fs';
import type { OfStep, StepEvent } from '../core/job-events.js';
import { findAccount } from '../os/accounts.js';
import { shareLock, takeLock } from '../os/lock.js';
import { hasFile } from '../os/proc.js';

interface Held {
  readonly of: OfStep;
  readonly path: string;
  /** undefined: what the run has started holds it, and we may not have a share in that. */
  readonly fd: number | undefined;
}

export class RunLocks {
  readonly #answer: (event: StepEvent) => void;
  readonly #held = new Map<string, Held>();

  constructor(answer: (event: StepEvent) => void) {
    this.#answer = answer;
  }

  /** Descriptors to hand to what the run starts: a lock lives as long as they do, even when supd dies. */
  of(run: string): readonly number[] {
    return [...this.#held.values()].flatMap(({ of, fd }) => (of.run === run && fd !== undefined ? [fd] : []));
  }

  /** @param user  whom a file made for it should belong to */
  take(of: OfStep, path: string, user: string | undefined): void {
    const { run, step } = of;
    try {
      const isNew = !statSync(path, { throwIfNoEntry: false });
      const fd = takeLock(path);
      if (fd === undefined) return this.#answer({ type: 'lockHeld', run, step, by: this.#holderOf(path) });
      const account =
        isNew && user !== undefined && process.geteuid?.() === 0 ? findAccount(user) : undefined;
      if (account) fchownSync(fd, account.uid, account.gid);
      this.#held.set(keyOf(of), { of: { run, step }, path, fd });
      this.#answer({ type: 'lockTaken', run, step });
    } catch (error) {
      const by = (error as NodeJS.ErrnoException).code ?? String(error);
      this.#answer({ type: 'lockHeld', run, step, by, broken: true });
    }
  }

  release(of: OfStep): void {
    const held = this.#held.get(keyOf(of));
    this.#held.delete(keyOf(of));
    if (held?.fd !== undefined) closeSync(held.fd);
  }

  /**
   * The lock of a run that another supd began.
   * @param pid  what the run has started and still runs: it inherited the lock
   */
  retake({ run, step }: OfStep, path: string, pid: number | undefined): void {
    const shared = pid === undefined ? undefined : shareLock(path, pid);
    const fd = shared ?? tryLock(path);
    const isBorrowed = fd === undefined && pid !== undefined && hasFile(pid, path);
    if (fd !== undefined || isBorrowed) this.#held.set(keyOf({ run, step }), { of: { run, step }, path, fd });
    else this.#answer({ type: 'lockLost', run, step, by: holderOf(path) });
  }

  /** What held a lock for the run has ended: from now on it is ours to hold. */
  settle(run: string): void {
    for (const { of, path, fd } of [...this.#held.values()]) {
      if (of.run !== run || fd !== undefined) continue;
      this.#held.delete(keyOf(of));
      this.retake(of, path, undefined);
    }
  }

  /** A run of ours is more to people than supd's own pid. */
  #holderOf(path: string): string {
    const own = [...this.#held.values()].find((one) => one.path === path);
    return own === undefined ? holderOf(path) : `run ${own.of.run}`;
  }

  close(): void {
    for (const { fd } of this.#held.values()) if (fd !== undefined) closeSync(fd);
    this.#held.clear();
  }
}

function keyOf({ run, step }: OfStep): string {
  return `${run}\0${step}`;
}

function tryLock(path: string): number | undefined {
  try {
    return takeLock(path);
  } catch {
    return undefined;
  }
}

/** Who holds a flock, from proc(5)'s locks: "process 123 (repozo)". */
function holderOf(path: string): string {
  try {
    const { ino } = statSync(path);
    const line = readFileSync('/proc/locks', 'utf8')
      .split('\n')
      .find((one) => one.includes('FLOCK') && one.includes(`:${ino} `));
    const pid = line?.trim().split(/\s+/)[4];
    // Who took it may have ended, and what he started hold it still.
    if (pid === undefined || /^State:\s+Z/m.test(readFileSync(`/proc/${pid}/status`, 'utf8')))
      return 'another process';
    return `process ${pid} (${readFileSync(`/proc/${pid}/comm`, 'utf8').trim()})`;
  } catch {
    return 'another process';
  }
}
