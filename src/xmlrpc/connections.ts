/** Who is connected to a server: a bounded number, and of each a bounded number of requests. */
import type net from 'node:net';

interface Connection {
  /** Requests without an answer so far. */
  pending: number;
}

export interface Bounds {
  readonly connections: number;
  /** Of one connection: further ones end it. */
  readonly pending: number;
}

export class Connections {
  readonly #bounds: Bounds;
  /** The longest idle first. */
  readonly #open = new Map<net.Socket, Connection>();
  #closing = false;

  constructor(bounds: Bounds) {
    this.#bounds = bounds;
  }

  /**
   * Notes a new one. When there are too many the one that has been idle for longest goes, as clients keep theirs for
   * as long as they live; when none is idle, the new one.
   */
  add(socket: net.Socket): void {
    socket.on('error', () => undefined);
    if (this.#open.size >= this.#bounds.connections) {
      const idle = [...this.#open].find(([, { pending }]) => pending === 0)?.[0];
      if (!idle) return void socket.destroy();
      idle.destroy();
      this.#open.delete(idle);
    }
    this.#open.set(socket, { pending: 0 });
    socket.once('close', () => this.#open.delete(socket));
  }

  /** A request begins. @returns to be called at its end; undefined: it is one too many, and the connection ended */
  begin(socket: net.Socket): (() => void) | undefined {
    const connection = this.#open.get(socket);
    if (!connection || connection.pending >= this.#bounds.pending) {
      socket.destroy();
      return undefined;
    }
    connection.pending += 1;
    return () => {
      connection.pending -= 1;
      if (this.#closing && connection.pending === 0) socket.destroySoon();
      if (!this.#open.delete(socket) || socket.destroyed) return;
      this.#open.set(socket, connection);
    };
  }

  /** Ends idle ones at once, the others when they have their answers, at the latest after `graceMs`. */
  async close(graceMs: number): Promise<void> {
    this.#closing = true;
    for (const [socket, { pending }] of this.#open) if (pending === 0) socket.destroySoon();
    const gone = Promise.all([...this.#open.keys()].map(closed));
    const timer = setTimeout(() => {
      for (const socket of this.#open.keys()) socket.destroy();
    }, graceMs);
    await gone;
    clearTimeout(timer);
  }
}

function closed(socket: net.Socket): Promise<void> {
  return new Promise((resolve) => {
    if (socket.destroyed) resolve();
    else socket.once('close', () => resolve());
  });
}
