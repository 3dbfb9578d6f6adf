/** What waits for a line of a program's output. A program whose output nobody waits for costs nothing. */
import { Lines } from '../../logs/lines.js';
import type { Heard } from '../output.js';

/** A line that is longer is looked at in pieces. */
const MOST_BYTES = 64 * 1024;

export class OutputWaits {
  readonly #waits = new Map<string, { readonly pattern: RegExp; readonly met: () => void }>();

  /** Calls `met` once a line of this process matches; a later wait takes the place of this one. */
  wait(id: string, pattern: RegExp, met: () => void): void {
    this.#waits.set(id, { pattern, met });
  }

  forget(id: string): void {
    this.#waits.delete(id);
  }

  /**
   * Listens to one channel, too: before the log takes the bytes, so that nothing is in a log and was not heard.
   * @param heard  who else does
   */
  join(id: string, heard: Heard | undefined): Heard {
    const lines = new Lines((line) => this.#look(id, line), MOST_BYTES);
    return {
      ...heard,
      raw: (bytes) => {
        if (this.#waits.has(id)) lines.take(bytes);
        heard?.raw?.(bytes);
      },
      ended: () => {
        lines.end();
        heard?.ended?.();
      },
    };
  }

  #look(id: string, line: Buffer): void {
    const wait = this.#waits.get(id);
    if (!wait?.pattern.test(line.toString('utf8'))) return;
    this.#waits.delete(id);
    wait.met();
  }
}
