/** From a child's FIFO to a sink. A quiet one is read when the kernel says so, a flooding one in rounds. */
import fs from 'node:fs';
import net from 'node:net';
import { type Flooder, flood } from './flood.js';

/** Takes `buffer[start, end)` before it returns: the buffer is used again at once. */
export type Sink = (buffer: Buffer, start: number, end: number) => void;

export interface PumpOptions {
  /** Makes the pipe behind `fd` larger; called once, when its writer is seen to flood. May throw. */
  readonly enlarge?: (fd: number) => void;
  /** False while the sink can take no more: the pump holds back and asks again, the writer waits. */
  readonly ready?: () => boolean;
}

/** What a pipe holds unless it was enlarged, and the most that one quiet read gives. */
const PIPE_BYTES = 65536;
/** One for all pumps: a read is through its sink before the next one starts. */
const quietBuffer = Buffer.allocUnsafeSlow(PIPE_BYTES);
/** Reads that follow each other faster than this, this many times, are a flood. */
const BURST_GAP_MS = 4;
const BURST_READS = 4;

/**
 * Pipes enlarged at once. One flood gains by it; many at once don't, and beyond 64 MiB (pipe-user-pages-soft,
 * pipe(7)) the kernel would shrink an ordinary user's next pipes.
 */
const ENLARGED_MAX = 16;
let enlargedCount = 0;

/**
 * Reads one FIFO for as long as it is open. `fd` is opened O_RDWR | O_NONBLOCK by the caller, so that there is no
 * end of file however often the child is started; from here on it belongs to the pump.
 */
export class Pump implements Flooder {
  readonly #fd: number;
  readonly #sink: Sink;
  readonly #options: PumpOptions;
  readonly #socket: net.Socket;
  #state: 'quiet' | 'flooding' | 'paused' | 'closed' = 'quiet';
  #enlarged = false;
  #lastRead = 0;
  #burst = 0;
  /** Bytes read so far. */
  bytes = 0;

  constructor(fd: number, sink: Sink, options: PumpOptions = {}) {
    this.#fd = fd;
    this.#sink = sink;
    this.#options = options;
    const open: net.SocketConstructorOpts & net.ConnectOpts = {
      fd,
      readable: true,
      writable: false,
      onread: { buffer: quietBuffer, callback: (count) => this.#onRead(count) },
    };
    this.#socket = new net.Socket(open);
    // A FIFO that we hold both ends of can't fail to be read; what could come here is a descriptor gone bad.
    this.#socket.on('error', () => this.close());
    this.#socket.resume();
  }

  /** Reads no more until `resume`; a full pipe makes the writer wait. */
  pause(): void {
    if (this.#state === 'closed') return;
    this.#state = 'paused';
    flood.leave(this);
    this.#socket.pause();
  }

  resume(): void {
    if (this.#state === 'paused') this.#becomeQuiet();
  }

  /**
   * Gives the sink what is in the pipe now: the rest of a child that has ended.
   * @param maxBytes  most that is read, so that what still writes (a grandchild) can't hold the daemon
   * @returns bytes read
   */
  drain(maxBytes: number): number {
    let total = 0;
    while (this.#state !== 'closed' && total < maxBytes) {
      const count = this.#read(quietBuffer, Math.min(PIPE_BYTES, maxBytes - total));
      if (count === 0) break;
      total += count;
    }
    return total;
  }

  /** Ends it and closes the descriptor; what is in the pipe and nobody else holds open is lost. */
  close(): void {
    if (this.#state === 'closed') return;
    this.#state = 'closed';
    flood.leave(this);
    if (this.#enlarged) enlargedCount -= 1;
    this.#socket.destroy();
  }

  /** @see Flooder */
  gulp(buffer: Buffer): number {
    if (this.#state !== 'flooding') return 0;
    if (this.#options.ready?.() === false) return -1;
    const count = this.#read(buffer, buffer.length);
    if (count === 0 && this.#state === 'flooding') this.#becomeQuiet();
    return count;
  }

  /** @returns whether to go on reading, for net.Socket */
  #onRead(count: number): boolean {
    this.bytes += count;
    this.#sink(quietBuffer, 0, count);
    if (this.#state !== 'quiet') return false;
    const now = performance.now();
    this.#burst = now - this.#lastRead < BURST_GAP_MS ? this.#burst + 1 : 0;
    this.#lastRead = now;
    const held = this.#options.ready?.() === false;
    if (count < PIPE_BYTES && this.#burst < BURST_READS && !held) return true;
    this.#state = 'flooding';
    if (!this.#enlarged && !held) this.#enlarge();
    flood.join(this);
    return false;
  }

  #enlarge(): void {
    if (enlargedCount >= ENLARGED_MAX) return;
    this.#enlarged = true;
    enlargedCount += 1;
    try {
      this.#options.enlarge?.(this.#fd);
    } catch {
      // The user's allowance for pipe memory is used up: 64 KiB serve too, only more slowly.
    }
  }

  #becomeQuiet(): void {
    this.#state = 'quiet';
    this.#burst = 0;
    flood.leave(this);
    this.#socket.resume();
  }

  /** One read(2) through the sink; 0 when the pipe is empty. */
  #read(buffer: Buffer, length: number): number {
    let count: number;
    try {
      count = fs.readSync(this.#fd, buffer, 0, length, null);
    } catch {
      return 0;
    }
    this.bytes += count;
    if (count > 0) this.#sink(buffer, 0, count);
    return count;
  }
}
