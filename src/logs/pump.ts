/** From a child's FIFO to a sink. A quiet one is read when the kernel says so, a flooding one in rounds. */
import fs from 'node:fs';
import { type Flooder, flood } from './flood.js';
import { type Wake, watchWrites } from './wake.js';

/** Takes `buffer[start, end)` before it returns: the buffer is used again at once. */
export type Sink = (buffer: Buffer, start: number, end: number) => void;

/** read(2) of at most `length` bytes to the buffer's beginning: how many, or nothing (0 or less) when there are none. */
export type Read = (fd: number, buffer: Buffer, length: number) => number;

/**
 * Takes what is in the pipe behind `fd` past the sink, when there is room for `least` bytes at once: how many; 0 or less:
 * none, read them.
 */
export type Move = (fd: number, least: number) => number;

export interface PumpOptions {
  /** A faster read than Node's, to which an empty pipe is an exception. */
  readonly read?: Read;
  /** A cheaper way than read and sink for large amounts, and for any the one in which nothing can be lost. */
  readonly move?: Move;
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
/** So much in one read is one, too. */
const FLOOD_BYTES = 16 * 1024;

/** A flood is over when nothing has come for so long. */
const CALM_MS = 1000;

/**
 * Pipes enlarged at once. One flood gains by it; many at once don't, and beyond 64 MiB (pipe-user-pages-soft,
 * pipe(7)) the kernel would shrink an ordinary user's next pipes.
 */
const ENLARGED_MAX = 2;
let enlargedCount = 0;

/**
 * Reads one FIFO for as long as it is open. `fd` is opened O_RDWR | O_NONBLOCK by the caller, so that there is no
 * end of file however often the child is started; from here on it belongs to the pump.
 */
export class Pump implements Flooder {
  readonly #fd: number;
  readonly #sink: Sink;
  readonly #options: PumpOptions;
  readonly #readFd: Read;
  readonly #onWrite = () => this.#look();
  #wake: Wake | undefined;
  #state: 'quiet' | 'flooding' | 'paused' | 'closed' = 'quiet';
  #enlarged = false;
  #emptySince: number | undefined;
  #lastRead = 0;
  /** What the last turn of a flood brought. */
  #lastCount = 0;
  #burst = 0;
  /** Bytes read so far. */
  bytes = 0;

  constructor(fd: number, sink: Sink, options: PumpOptions = {}) {
    this.#fd = fd;
    this.#sink = sink;
    this.#options = options;
    this.#readFd = options.read ?? readByNode;
    this.#becomeQuiet();
  }

  /** Reads no more until `resume`; a full pipe makes the writer wait. */
  pause(): void {
    if (this.#state === 'closed') return;
    this.#leave('paused');
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
      const count = this.#take(Math.min(PIPE_BYTES, maxBytes - total));
      if (count === 0) break;
      total += count;
    }
    return total;
  }

  /** Ends it and closes the descriptor; what is in the pipe and nobody else holds open is lost. */
  close(): void {
    if (this.#state === 'closed') return;
    this.#leave('closed');
    if (this.#enlarged) enlargedCount -= 1;
    fs.closeSync(this.#fd);
  }

  /** @see Flooder */
  gulp(buffer: Buffer, isCrowd: boolean): number {
    if (this.#state !== 'flooding') return 0;
    if (this.#options.ready?.() === false) return -1;
    const count = (isCrowd && this.#moveMuch()) || this.#read(buffer, buffer.length);
    this.#lastCount = count;
    if (count > 0) this.#emptySince = undefined;
    else if (this.#state === 'flooding') this.#noteEmpty();
    return count;
  }

  /** A writer that waits for a processor is not at its end: a watch comes dear while it floods. */
  #noteEmpty(): void {
    const now = performance.now();
    this.#emptySince ??= now;
    if (now - this.#emptySince > CALM_MS) this.#becomeQuiet();
  }

  /** Something may have been written. */
  #look(): void {
    if (this.#state !== 'quiet') return;
    const held = this.#options.ready?.() === false;
    const count = held ? 0 : this.#take(PIPE_BYTES);
    if (this.#state !== 'quiet' || (count === 0 && !held)) return;
    const now = performance.now();
    this.#burst = now - this.#lastRead < BURST_GAP_MS ? this.#burst + 1 : 0;
    this.#lastRead = now;
    if (count < FLOOD_BYTES && this.#burst < BURST_READS && !held) return;
    this.#leave('flooding');
    if (!this.#enlarged && !held) this.#enlarge();
    flood.join(this);
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
    this.#leave('quiet');
    this.#emptySince = undefined;
    this.#burst = 0;
    this.#wake = watchWrites(this.#fd, this.#onWrite);
    // What came before the watch was there.
    this.#look();
  }

  #leave(next: 'quiet' | 'flooding' | 'paused' | 'closed'): void {
    this.#state = next;
    flood.leave(this);
    this.#wake?.close();
    this.#wake = undefined;
  }

  /**
   * In a flood. What comes in small pieces is not worth it. A move keeps the writer waiting until it is in the file, so one
   * that has a processor to itself is served better by reads.
   */
  #moveMuch(): number {
    return this.#lastCount < FLOOD_BYTES ? 0 : this.#move(PIPE_BYTES);
  }

  /** What is there, by a move where one can be: then it is in the pipe or in the file at any time, whoever dies. */
  #take(maxBytes: number): number {
    return this.#move(1) + this.#read(quietBuffer, maxBytes);
  }

  /** Bytes moved past the sink, or 0. */
  #move(least: number): number {
    const count = Math.max(0, this.#options.move?.(this.#fd, least) ?? 0);
    this.bytes += count;
    return count;
  }

  /** One read(2) through the sink; 0 when the pipe is empty. */
  #read(buffer: Buffer, length: number): number {
    const count = this.#readFd(this.#fd, buffer, length);
    if (count <= 0) return 0;
    this.bytes += count;
    this.#sink(buffer, 0, count);
    return count;
  }
}

function readByNode(fd: number, buffer: Buffer, length: number): number {
  try {
    return fs.readSync(fd, buffer, 0, length, null);
  } catch {
    return 0;
  }
}
