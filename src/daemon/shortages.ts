/** Programs that the machine has no room for just now: one condition for all of them, `status` shows the reason of each. */
import type { ProcessState } from '../core/program.js';
import type { Conditions } from './conditions.js';

export class Shortages {
  readonly #conditions: Conditions;
  readonly #stateOf: (id: string) => ProcessState['name'] | undefined;
  readonly #why = new Map<string, string>();
  #told: string | undefined;

  constructor(conditions: Conditions, stateOf: (id: string) => ProcessState['name'] | undefined) {
    this.#conditions = conditions;
    this.#stateOf = stateOf;
  }

  /** One could not be started. */
  add(id: string, why: string): void {
    this.#why.set(id, why);
    this.look();
  }

  /** Forgets those that do not wait to be started any more. */
  look(): void {
    if (this.#why.size === 0) return;
    for (const id of this.#why.keys()) {
      const state = this.#stateOf(id);
      if (state !== 'BACKOFF' && state !== 'SPAWNING') this.#why.delete(id);
    }
    // Of the first one, as long as there is any: told once.
    this.#told = this.#why.size === 0 ? undefined : (this.#told ?? [...this.#why.values()][0]);
    const what = this.#told === undefined ? undefined : `${this.#told}; tried again until it can be`;
    this.#conditions.note('starts', what);
  }
}
