/** Lines that a person or a script types, one at a time. */
import type { Interface } from 'node:readline';

export class LineSource {
  readonly #waiting: ((line: string | undefined) => void)[] = [];
  readonly #ready: string[] = [];
  #ended = false;

  constructor(input: Pick<Interface, 'on'>) {
    input.on('line', (line: string) => {
      const taker = this.#waiting.shift();
      if (taker) taker(line);
      else this.#ready.push(line);
    });
    input.on('close', () => {
      this.#ended = true;
      for (const taker of this.#waiting.splice(0)) taker(undefined);
    });
  }

  /** No more is typed; what was typed may not have been taken yet. */
  get ended(): boolean {
    return this.#ended;
  }

  /** The next line; undefined at the end of the input, or once `signal` is aborted. */
  next(signal?: AbortSignal): Promise<string | undefined> {
    const line = this.#ready.shift();
    if (line !== undefined) return Promise.resolve(line);
    if (this.#ended || signal?.aborted) return Promise.resolve(undefined);
    return new Promise((resolve) => {
      const take = (text: string | undefined) => {
        signal?.removeEventListener('abort', giveUp);
        resolve(text);
      };
      const giveUp = () => {
        this.#waiting.splice(this.#waiting.indexOf(take), 1);
        resolve(undefined);
      };
      this.#waiting.push(take);
      signal?.addEventListener('abort', giveUp, { once: true });
    });
  }

  /** All lines until the end, or until `signal` is aborted. */
  async *until(signal: AbortSignal): AsyncGenerator<string, void, void> {
    for (;;) {
      const line = await this.next(signal);
      if (line === undefined) return;
      yield line;
    }
  }
}
