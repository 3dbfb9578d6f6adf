/** The body of a request: whole, or refused before it is read. */
import type { IncomingMessage } from 'node:http';

/** What came, or the HTTP status that refuses it; undefined: the client has left. */
export type Body = { readonly text: string } | { readonly status: 400 | 411 | 413 | 503 } | undefined;

/** A body up to this is taken always: a number of connections and of requests in each bounds them. */
const SMALL_BYTES = 16_384;

/** What larger bodies may take together while their requests last. */
export class BodyRoom {
  #left: number;

  constructor(bytes: number) {
    this.#left = bytes;
  }

  /** @returns gives it back; undefined: there is none */
  take(bytes: number): (() => void) | undefined {
    if (bytes <= SMALL_BYTES) return () => undefined;
    if (bytes > this.#left) return undefined;
    this.#left -= bytes;
    return () => {
      this.#left += bytes;
    };
  }
}

/**
 * UTF-8 text of a known length. How long it may take is the server's requestTimeout.
 * @param whenOver  gives back what it took of the room: called with a function to call when the request is over
 */
export function readBody(
  request: IncomingMessage,
  maxBytes: number,
  room: BodyRoom,
  whenOver: (free: () => void) => void,
): Promise<Body> {
  const length = request.headers['content-length'];
  if (length === undefined || request.headers['transfer-encoding'] !== undefined)
    return Promise.resolve({ status: 411 });
  if (Number(length) > maxBytes) return Promise.resolve({ status: 413 });
  const free = room.take(Number(length));
  if (!free) return Promise.resolve({ status: 503 });
  whenOver(free);
  return new Promise((resolve) => {
    const chunks: Buffer[] = [];
    request.on('data', (chunk: Buffer) => chunks.push(chunk));
    request.once('end', () => resolve(decode(Buffer.concat(chunks))));
    request.once('close', () => resolve(undefined));
    request.once('error', () => resolve(undefined));
  });
}

function decode(bytes: Buffer): Body {
  try {
    return { text: new TextDecoder('utf-8', { fatal: true }).decode(bytes) };
  } catch {
    return { status: 400 };
  }
}
