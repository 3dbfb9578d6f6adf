/** An event listener's standard input. It may never be read: nothing waits for it, and it holds one event at most. */
import { closeSync, writeSync } from 'node:fs';
import net from 'node:net';

export class ListenerInput {
  readonly #open: () => number;
  #fd: number | undefined;
  /** Writes the rest of an event that a pipe couldn't hold whole; owns the descriptor from then on. */
  #socket: net.Socket | undefined;

  /** @param open  gives a non-blocking descriptor of the FIFO, or throws */
  constructor(open: () => number) {
    this.#open = open;
  }

  /** Is a part of an event still to be written? */
  get isBehind(): boolean {
    return (this.#socket?.writableLength ?? 0) > 0;
  }

  /** @returns false: not a byte was taken, since the pipe is full or nobody holds it open */
  send(text: string): boolean {
    if (this.isBehind) return false;
    const bytes = Buffer.from(text);
    let count: number;
    try {
      this.#fd ??= this.#open();
      count = writeSync(this.#fd, bytes);
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'EAGAIN') this.close();
      return false;
    }
    if (count < bytes.length) this.#sendRest(bytes.subarray(count));
    return true;
  }

  /** What is not read by now is not read at all. */
  close(): void {
    if (this.#socket) this.#socket.destroy();
    else if (this.#fd !== undefined) closeSync(this.#fd);
    this.#socket = undefined;
    this.#fd = undefined;
  }

  #sendRest(bytes: Buffer): void {
    if (!this.#socket) {
      const socket = new net.Socket({ fd: this.#fd as number, readable: false, writable: true });
      // It closed its standard input: it can't answer, and gets its next event when it is started again.
      socket.on('error', () => {
        if (this.#socket === socket) this.close();
      });
      this.#socket = socket;
    }
    this.#socket.write(bytes);
  }
}
