/** What does not work just now: in `status` for as long as it lasts, in the log once. */
export class Conditions {
  readonly #failures = new Map<string, string>();
  readonly #tell: (failure: string) => void;

  constructor(tell: (failure: string) => void) {
    this.#tell = tell;
  }

  /** @param failure  undefined: it works (again) */
  note(about: string, failure: string | undefined): void {
    if (failure === undefined) this.#failures.delete(about);
    else {
      if (this.#failures.get(about) !== failure) this.#tell(failure);
      this.#failures.set(about, failure);
    }
  }

  all(): readonly string[] {
    return [...this.#failures.values()];
  }
}
