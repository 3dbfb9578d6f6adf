/** The body of a request: whole, or refused before it is read. */
import type { IncomingMessage } from 'node:http';
import type { Asking } from './connections.js';
import type { Room } from './room.js';

/** What came, or the HTTP status that refuses it; undefined: the client has left. */
export type Body =
  | {
      /** Its text; undefined: it is no UTF-8. */
      readonly read: () => string | undefined;
    }
  | { readonly status: 411 | 413 | 503 }
  | undefined;

/** A body up to this is taken always: a number of connections and of requests in each bounds them. */
const SMALL_BYTES = 16_384;

/** Of a known length. How long it may take is the server's requestTimeout. @param room  of all larger bodies, which this one keeps until `asking` is over */
export function readBody(
  request: IncomingMessage,
  maxBytes: number,
  room: Room,
  asking: Asking,
): Promise<Body> {
  const length = Number(request.headers['content-length']);
  if (Number.isNaN(length) || request.headers['transfer-encoding'] !== undefined)
    return Promise.resolve({ status: 411 });
  if (length > maxBytes) return Promise.resolve({ status: 413 });
  const free = length <= SMALL_BYTES ? () => undefined : room.take(length);
  if (!free) return Promise.resolve({ status: 503 });
  asking.whenOver(free);
  return new Promise((resolve) => {
    // What is not written to yet takes no memory: a body that never comes costs its room alone.
    const bytes = Buffer.alloc(length);
    let at = 0;
    request.on('data', (chunk: Buffer) => {
      at += chunk.copy(bytes, at);
    });
    request.once('end', () => resolve({ read: () => decode(bytes) }));
    request.once('close', () => resolve(undefined));
    request.once('error', () => resolve(undefined));
  });
}

function decode(bytes: Buffer): string | undefined {
  try {
    return new TextDecoder('utf-8', { fatal: true }).decode(bytes);
  } catch {
    return undefined;
  }
}
