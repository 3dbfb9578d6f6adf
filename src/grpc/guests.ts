/** Who is inside a door: so many at most, and the one that has been idle longest makes room for the next. */
import type net from 'node:net';
import type { Caller } from '../api/api.js';
import { isScarce } from '../os/limits.js';

interface Guest {
  readonly socket: net.Socket;
  who: Pick<Caller, 'uid' | 'pid' | 'subject'>;
  calls: number;
}

export class Guests {
  readonly #most: number;
  /** In the order in which they came. */
  readonly #inside = new Map<string, Guest>();

  constructor(most: number) {
    this.#most = most;
  }

  /**
   * Takes in a connection under a key of its own; gone when it closes. Where all places, or all descriptors but the
   * last, are taken by callers that wait for answers it is closed at once.
   * @returns whether it is in
   */
  admit(key: string, socket: net.Socket, who: Guest['who'] = {}): boolean {
    socket.on('error', () => undefined);
    const isFull = this.#inside.size >= this.#most || isScarce();
    if (isFull && !this.#makeRoom()) {
      socket.destroy();
      return false;
    }
    const guest = { socket, who, calls: 0 };
    this.#inside.set(key, guest);
    socket.once('close', () => {
      if (this.#inside.get(key) === guest) this.#inside.delete(key);
    });
    return true;
  }

  /** Who it is has become known. */
  introduce(key: string, who: Guest['who']): void {
    const guest = this.#inside.get(key);
    if (guest) guest.who = who;
  }

  whoIs(key: string): Guest['who'] {
    return this.#inside.get(key)?.who ?? {};
  }

  /** A call begins. @returns ends it */
  enterCall(key: string): () => void {
    const guest = this.#inside.get(key);
    if (!guest) return () => undefined;
    guest.calls += 1;
    // Whoever asks has been idle least.
    this.#inside.delete(key);
    this.#inside.set(key, guest);
    return () => {
      guest.calls -= 1;
    };
  }

  sockets(): readonly net.Socket[] {
    return [...this.#inside.values()].map(({ socket }) => socket);
  }

  #makeRoom(): boolean {
    for (const [key, guest] of this.#inside) {
      if (guest.calls > 0) continue;
      this.#inside.delete(key);
      guest.socket.destroy();
      return true;
    }
    return false;
  }
}
