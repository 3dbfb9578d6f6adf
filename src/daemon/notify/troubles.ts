/**
 * Tells people what does not work of supd itself: a full disk, a shortage, a clock that was set. Looked for, not heard
 * of: what is over before the next look is nothing to wake anybody for.
 */
import type { Notice } from '../../core/notice.js';
import type { Failing } from '../conditions.js';

export interface TroublesParts {
  readonly failing: () => readonly Failing[];
  /** Does anybody want to know? */
  readonly isHeard: () => boolean;
  /** What was told of, also by another supd, and is not over as far as anybody heard. */
  readonly told: () => readonly string[];
  readonly raise: (notice: Notice) => void;
}

const LOOK_MS = 5000;

/** Opened with the daemon. */
export class Troubles {
  readonly #parts: TroublesParts;
  /** What was so at the last look, by what it is about. */
  #known = new Map<string, string>();
  #timer: NodeJS.Timeout | undefined;

  constructor(parts: TroublesParts) {
    this.#parts = parts;
  }

  start(): void {
    this.#timer = setInterval(() => this.#look(), LOOK_MS).unref();
  }

  close(): void {
    clearInterval(this.#timer);
  }

  #look(): void {
    if (!this.#parts.isHeard()) return;
    const before = this.#known;
    this.#known = new Map(this.#parts.failing().map(({ about, what }) => [about, what]));
    for (const [about, what] of this.#known) if (!before.has(about)) this.#raise('condition', about, what);
    for (const about of new Set([...before.keys(), ...this.#parts.told()])) {
      if (this.#known.has(about)) continue;
      const what = before.get(about);
      const over =
        what === undefined ? 'it is not so any more, as far as another supd sees' : `over: ${what}`;
      this.#raise('recovered', about, over);
    }
  }

  #raise(word: 'condition' | 'recovered', name: string, reason: string): void {
    this.#parts.raise({ word, kind: 'daemon', name, time: Date.now(), reason, look: 'status' });
  }
}
