/**
 * One call begins in each turn of the event loop: however many come at once, and however large they are, exits of
 * programs, signals and timers are looked at in between.
 */
export class Turns {
  readonly #waiting: (() => void)[] = [];

  /** Resolves in a turn that is nobody else's, in the order in which it was asked for. */
  take(): Promise<void> {
    return new Promise((resolve) => {
      this.#waiting.push(resolve);
      if (this.#waiting.length === 1) setImmediate(this.#next);
    });
  }

  readonly #next = (): void => {
    this.#waiting.shift()?.();
    if (this.#waiting.length > 0) setImmediate(this.#next);
  };
}
