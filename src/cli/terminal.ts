/** Where supctl writes: results to stdout, hints to stderr, and one line of progress that comes and goes. */
import type { Writable } from 'node:stream';

/** A stream that may be a terminal. */
export type Stream = Writable & {
  readonly isTTY?: boolean;
  readonly columns?: number;
  readonly rows?: number;
};

export interface Surroundings {
  readonly out: Stream;
  readonly err: Stream;
  readonly env: Readonly<Record<string, string | undefined>>;
}

const tickMs = 250;

export class Terminal {
  /** May escape sequences go to stdout? */
  readonly color: boolean;
  /** Can stdout be drawn on again and again? */
  readonly isScreen: boolean;
  /** Is there somebody to show progress to? */
  readonly lively: boolean;
  /** Aborted when nobody reads stdout any more. */
  readonly closed: AbortSignal;
  readonly #out: Stream;
  readonly #err: Stream;
  #draining: Promise<void> | undefined;
  #failure: string | undefined;
  #progress: (() => string) | undefined;
  #timer: NodeJS.Timeout | undefined;
  #shown = false;

  constructor({ out, err, env }: Surroundings) {
    const plain = (env.NO_COLOR ?? '') !== '' || env.TERM === 'dumb';
    this.#out = out;
    this.#err = err;
    this.color = out.isTTY === true && !plain;
    this.isScreen = out.isTTY === true && env.TERM !== 'dumb';
    this.lively = err.isTTY === true && env.TERM !== 'dumb';
    const gone = new AbortController();
    this.closed = gone.signal;
    out.on('error', (error: NodeJS.ErrnoException) => {
      // `supctl logs -f | head -1` is no failure: what is left to say has no reader.
      if (error.code !== 'EPIPE') this.#failure = error.message;
      gone.abort();
    });
    err.on('error', () => {});
  }

  /** Of stdout. */
  size(): { readonly columns: number; readonly rows: number } {
    return { columns: this.#out.columns || 80, rows: this.#out.rows || 24 };
  }

  /** One line of result. */
  line(text: string): void {
    this.write(`${text}\n`);
  }

  /** Bytes as they are. Resolves once a slow reader can take more. */
  async write(content: string | Uint8Array): Promise<void> {
    if (this.closed.aborted) return;
    this.#erase();
    if (this.#out.write(content)) return;
    this.#draining ??= this.#drained();
    await this.#draining;
  }

  /** One line beside the result, for the person who typed. */
  hint(text: string): void {
    this.#erase();
    this.#err.write(`${text}\n`);
  }

  /** Shows what `text` gives until `settle`, renewed as time passes. Nothing when stderr is not a terminal. */
  showProgress(text: () => string): void {
    if (!this.lively) return;
    this.#progress = text;
    this.#draw();
    this.#timer ??= setInterval(() => this.#draw(), tickMs);
  }

  /** Ends the progress line. */
  settle(): void {
    this.#erase();
    this.#progress = undefined;
    clearInterval(this.#timer);
    this.#timer = undefined;
  }

  /**
   * Resolves when everything written has been taken.
   * @returns why it could not be, other than that nobody reads it
   */
  async flush(): Promise<string | undefined> {
    this.settle();
    // The error of a write is told in a later turn than the write.
    await new Promise((resolve) => setImmediate(resolve));
    for (const stream of [this.#out, this.#err]) {
      if (stream.writableLength === 0 || stream.destroyed) continue;
      await new Promise<void>((resolve) => stream.write('', () => resolve()));
    }
    return this.#failure;
  }

  /** One wait for all who write: several logs may be followed at once. */
  async #drained(): Promise<void> {
    await new Promise<void>((resolve) => {
      this.#out.once('drain', resolve);
      this.closed.addEventListener('abort', () => resolve(), { once: true });
    });
    this.#draining = undefined;
  }

  #draw(): void {
    if (!this.#progress) return;
    const text = this.#progress();
    const width = Math.max(20, this.#err.columns || 80);
    this.#err.write(`\r${[...text].slice(0, width - 1).join('')}\x1b[K`);
    this.#shown = true;
  }

  #erase(): void {
    if (!this.#shown) return;
    this.#err.write('\r\x1b[K');
    this.#shown = false;
  }
}
