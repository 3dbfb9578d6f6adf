/** An output that what is typed can be hidden from: readline shows what it reads there. */
import { Writable } from 'node:stream';
import type { Stream } from './terminal.js';

export class Hideable extends Writable {
  readonly #output: Stream;
  /** Nothing is shown meanwhile. */
  hidden = false;

  constructor(output: Stream) {
    super({ decodeStrings: false });
    this.#output = output;
    output.on('resize', () => this.emit('resize'));
  }

  get isTTY(): boolean {
    return this.#output.isTTY === true;
  }

  get columns(): number {
    return this.#output.columns ?? 80;
  }

  override _write(chunk: Buffer | string, encoding: BufferEncoding, done: () => void): void {
    // Without a wait, in order with what else is written there: a person types slower than a terminal shows.
    if (!this.hidden) this.#output.write(chunk, encoding);
    done();
  }
}
