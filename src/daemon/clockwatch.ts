/**
 * Watches the clocks: one that was set, and time in which supd itself stood still (SIGSTOP, a machine without time for
 * it). Neither is a reason to do anything but to say so and to look what is due: durations go by the monotonic clock.
 */
import { formatDuration, formatStamp } from '../core/durations.js';
import type { Now } from '../core/program.js';

const LOOK_MS = 5000;
/** The wall clock was set when it moved this much against the monotonic one. */
const STEP_MS = 1000;
/** A look that comes so late is no matter of a busy moment. */
const LATE_MS = 3000;
/** So long it is told. */
const TOLD_MS = 30_000;

export interface ClockWatchParts {
  readonly now: () => Now;
  readonly note: (about: string, failure: string | undefined) => void;
  /** The clock was set, or there is a lot to catch up with. */
  readonly look: () => void;
}

export class ClockWatch {
  readonly #parts: ClockWatchParts;
  readonly #timer: NodeJS.Timeout;
  readonly #toldSince = new Map<string, number>();
  #last: Now;

  constructor(parts: ClockWatchParts) {
    this.#parts = parts;
    this.#last = parts.now();
    this.#timer = setInterval(() => this.#look(), LOOK_MS).unref();
  }

  close(): void {
    clearInterval(this.#timer);
  }

  #look(): void {
    const { wall, mono } = this.#parts.now();
    const stepMs = wall - mono - (this.#last.wall - this.#last.mono);
    const lateMs = mono - this.#last.mono - LOOK_MS;
    this.#last = { wall, mono };
    if (Math.abs(stepMs) > STEP_MS) {
      const by = formatDuration(Math.abs(Math.round(stepMs / 1000)) * 1000);
      const how = stepMs > 0 ? `forward by ${by} (or the machine slept)` : `back by ${by}`;
      const what = `the clock was set ${how}: it is ${formatStamp(wall)}; a due time counts once all the same`;
      this.#tell('clock', what, mono);
    }
    if (lateMs > LATE_MS) {
      const still = formatDuration(Math.round(lateMs / 1000) * 1000);
      this.#tell('standstill', `supd itself stood still for ${still} (SIGSTOP, or no processor time)`, mono);
    }
    if (Math.abs(stepMs) > STEP_MS || lateMs > LATE_MS) this.#parts.look();
    for (const [about, since] of this.#toldSince) {
      if (mono - since < TOLD_MS) continue;
      this.#toldSince.delete(about);
      this.#parts.note(about, undefined);
    }
  }

  #tell(about: string, what: string, mono: number): void {
    this.#toldSince.set(about, mono);
    this.#parts.note(about, what);
  }
}
