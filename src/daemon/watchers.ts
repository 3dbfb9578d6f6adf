/** Those who want to be told of one kind of thing. */
export class Watchers<T extends readonly unknown[]> {
  readonly #watchers = new Set<(...told: T) => void>();

  /** @returns ends it */
  add(watcher: (...told: T) => void): () => void {
    this.#watchers.add(watcher);
    return () => this.#watchers.delete(watcher);
  }

  /** Those who leave or come meanwhile are not disturbed and not told. */
  tell(...told: T): void {
    for (const watcher of [...this.#watchers]) watcher(...told);
  }
}
