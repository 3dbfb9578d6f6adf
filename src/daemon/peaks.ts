/**
 * The most memory that each running step had. What wait(2) tells of it is the step's own only above the daemon's, so
 * it is looked at as well while it runs: often at first, then every five seconds.
 */
import { peakMemory, type Rusage, residentPeakOfTree } from '../os/rusage.js';

const FIRST_LOOK_MS = 20;
const LAST_LOOK_MS = 5000;

interface Watched {
  /** The daemon's peak when it was started; undefined: it was another daemon. */
  readonly own: number | undefined;
  seen?: number;
  timer?: NodeJS.Timeout;
}

/** Opened with the steps. */
export class Peaks {
  readonly #watched = new Map<number, Watched>();

  /** @param own  the daemon's peak, if it has just started it */
  watch(pid: number, own?: number): void {
    const one: Watched = { own };
    this.#watched.set(pid, one);
    this.#lookIn(FIRST_LOOK_MS, pid, one);
  }

  /** Ends the watch. undefined: nothing is known. */
  peakOf(pid: number, rusage: Rusage | undefined): number | undefined {
    const { own, seen, timer } = this.#watched.get(pid) ?? { own: undefined };
    clearTimeout(timer);
    this.#watched.delete(pid);
    const told = rusage && own !== undefined ? peakMemory(rusage, own) : undefined;
    return seen === undefined || told === undefined ? (told ?? seen) : Math.max(told, seen);
  }

  close(): void {
    for (const { timer } of this.#watched.values()) clearTimeout(timer);
    this.#watched.clear();
  }

  #lookIn(ms: number, pid: number, one: Watched): void {
    one.timer = setTimeout(() => {
      const peak = residentPeakOfTree(pid);
      if (peak !== undefined) one.seen = Math.max(peak, one.seen ?? 0);
      this.#lookIn(Math.min(ms * 2, LAST_LOOK_MS), pid, one);
    }, ms).unref();
  }
}
