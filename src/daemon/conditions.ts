/** What does not work just now: in `status` for as long as it lasts, in the log when it begins and when it is over. */
export interface Failing {
  /** What does not work, by a name that stays the same: a log's path, `state`. */
  readonly about: string;
  /** In a sentence. */
  readonly what: string;
}

export interface ConditionsLog {
  error(line: string): void;
  info(line: string): void;
}

export class Conditions {
  readonly #failures = new Map<string, string>();
  readonly #log: ConditionsLog;

  constructor(log: ConditionsLog) {
    this.#log = log;
  }

  /** @param failure  undefined: it works (again) */
  note(about: string, failure: string | undefined): void {
    const before = this.#failures.get(about);
    if (failure === before) return;
    if (failure === undefined) {
      this.#failures.delete(about);
      this.#log.info(`over: ${before}`);
    } else {
      this.#failures.set(about, failure);
      this.#log.error(failure);
    }
  }

  all(): readonly Failing[] {
    return [...this.#failures].map(([about, what]) => ({ about, what }));
  }
}
