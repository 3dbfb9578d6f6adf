/** Tells of ticks that somebody is subscribed to; without one there is no timer. */
import type { TickType } from '../core/event-types.js';
import { type Slices, ticksDue, untilTick } from '../core/ticks.js';
import { readNow } from './clock.js';

/** The longest sleep: bounds what a changed wall clock can delay. */
const LONGEST_SLEEP_MS = 30_000;

export class Ticker {
  readonly #tell: (type: TickType, when: number) => void;
  #wanted: readonly TickType[] = [];
  #slices: Slices = new Map();
  #timer: NodeJS.Timeout | undefined;

  /** @param tell  `when` in epoch seconds */
  constructor(tell: (type: TickType, when: number) => void) {
    this.#tell = tell;
  }

  /** From now on, of these. */
  want(types: readonly TickType[]): void {
    this.#wanted = types;
    this.#look();
  }

  close(): void {
    clearTimeout(this.#timer);
    this.#wanted = [];
  }

  #look(): void {
    const { wall } = readNow();
    const { slices, due } = ticksDue(this.#slices, this.#wanted, wall);
    this.#slices = slices;
    for (const { type, when } of due) this.#tell(type, when);
    const wait = untilTick(this.#wanted, wall);
    clearTimeout(this.#timer);
    if (wait !== undefined) this.#timer = setTimeout(() => this.#look(), Math.min(wait, LONGEST_SLEEP_MS));
  }
}
