/** Who is connected to a server: a bounded number, and of each a bounded number of requests. */
import type net from 'node:net';
import { isScarce } from '../os/limits.js';

/** How far a request has come. Only a call that is being made keeps its connection from making room. */
type Stage = 'coming' | 'running' | 'leaving';

/**
 * A request from its header to the end of its answer, or of its connection: Node tells no `close` of answers that wait
 * for those before them when their connection goes.
 */
export class Asking {
  stage: Stage = 'coming';
  readonly #listeners: (() => void)[] = [];
  #isOver = false;

  get isOver(): boolean {
    return this.#isOver;
  }

  /** Calls this when it is over, at once if it is. */
  whenOver(listener: () => void): void {
    if (this.#isOver) listener();
    else this.#listeners.push(listener);
  }

  end(): void {
    if (this.#isOver) return;
    this.#isOver = true;
    for (const listener of this.#listeners) listener();
  }
}

export interface Bounds {
  readonly connections: number;
  /** Of one connection: further ones end it. */
  readonly pending: number;
}

export class Connections {
  readonly #bounds: Bounds;
  /** The requests of each without an answer so far; the longest idle first. */
  readonly #open = new Map<net.Socket, Set<Asking>>();
  #closing = false;

  constructor(bounds: Bounds) {
    this.#bounds = bounds;
  }

  /**
   * Notes a new one. When there are too many the one that has been idle for longest goes, as clients keep theirs for
   * as long as they live, and a request that has not come whole is none yet; if there is none, who has been reading for
   * longest; when every one has a call that runs, the new one.
   */
  add(socket: net.Socket): void {
    socket.on('error', () => undefined);
    const isFull = this.#open.size >= this.#bounds.connections || isScarce();
    if (isFull && !this.#makeRoom()) return void socket.destroy();
    const asked = new Set<Asking>();
    this.#open.set(socket, asked);
    socket.once('close', () => {
      this.#open.delete(socket);
      for (const one of [...asked]) one.end();
    });
  }

  /** A request begins. @returns undefined: it is one too many, and the connection ended */
  begin(socket: net.Socket): Asking | undefined {
    const asked = this.#open.get(socket);
    if (!asked || asked.size >= this.#bounds.pending) {
      socket.destroy();
      return undefined;
    }
    const one = new Asking();
    one.whenOver(() => {
      asked.delete(one);
      if (this.#closing && asked.size === 0) socket.destroySoon();
      if (!this.#open.delete(socket) || socket.destroyed) return;
      this.#open.set(socket, asked);
    });
    asked.add(one);
    return one;
  }

  /** Ends idle ones at once, the others when they have their answers, at the latest after `graceMs`. */
  async close(graceMs: number): Promise<void> {
    this.#closing = true;
    for (const [socket, asked] of this.#open) if (asked.size === 0) socket.destroySoon();
    const gone = Promise.all([...this.#open.keys()].map(closed));
    const timer = setTimeout(() => {
      for (const socket of this.#open.keys()) socket.destroy();
    }, graceMs);
    await gone;
    clearTimeout(timer);
  }

  #makeRoom(): boolean {
    const all = [...this.#open];
    const without = (...stages: readonly Stage[]) =>
      all.find(([, asked]) => ![...asked].some(({ stage }) => stages.includes(stage)));
    const [socket] = without('running', 'leaving') ?? without('running') ?? [];
    if (!socket) return false;
    socket.destroy();
    return this.#open.delete(socket);
  }
}

function closed(socket: net.Socket): Promise<void> {
  return new Promise((resolve) => {
    if (socket.destroyed) resolve();
    else socket.once('close', () => resolve());
  });
}
