/** Answers as HTTP, with bounds on what clients leave unread. */
import { once } from 'node:events';
import { type IncomingMessage, type OutgoingHttpHeaders, type ServerResponse, STATUS_CODES } from 'node:http';
import type { Asking } from './connections.js';

/** What may wait in memory for all clients of a server to read it, beside the newest answer. */
const UNREAD_MAX_BYTES = 32 << 20;
/** What is read of a request that is refused. */
const UNHEARD_MAX_BYTES = 1 << 20;

export class Answers {
  readonly #unreadMs: number;
  /** The oldest first. */
  readonly #unread = new Map<ServerResponse, number>();
  #unreadBytes = 0;

  /** @param unreadMs  a client that has something to read and reads nothing for so long has left */
  constructor(unreadMs: number) {
    this.#unreadMs = unreadMs;
  }

  /** Sends a whole answer. When too much waits to be read, whose has waited for longest loses his connection. */
  send(
    response: ServerResponse,
    type: string,
    text: string,
    asking: Asking,
    more: { readonly status?: number; readonly headers?: OutgoingHttpHeaders } = {},
  ): void {
    const body = Buffer.from(text);
    for (const [oldest] of this.#unread) {
      if (this.#unreadBytes <= UNREAD_MAX_BYTES) break;
      this.#forget(oldest);
      // One that waits for others before it has no connection of its own yet.
      oldest.req.socket.destroy();
    }
    this.#unread.set(response, body.length);
    this.#unreadBytes += body.length;
    asking.whenOver(() => this.#forget(response));
    response.once('finish', this.#watch(response));
    response.writeHead(more.status ?? 200, {
      'Content-Type': type,
      'Content-Length': body.length,
      ...more.headers,
    });
    response.end(body);
  }

  /** Sends a piece of a long answer. Resolves when the client has room for the next. @throws when it has left */
  async write(response: ServerResponse, piece: Uint8Array, signal: AbortSignal): Promise<void> {
    if (response.write(piece)) return;
    const over = this.#watch(response);
    await once(response, 'drain', { signal });
    over();
  }

  /**
   * An error page. Of a request that is still sent as much is read as a call has.
   * @param why  for whoever reads it
   */
  refuse(response: ServerResponse, status: number, headers: OutgoingHttpHeaders = {}, why = ''): void {
    if (response.headersSent || response.destroyed) return void response.destroy();
    const { req } = response;
    const refuse = () => refuseNow(response, status, headers, why);
    // Who is still writing would find the connection gone, and never read why.
    if (Number(req.headers['content-length'] ?? 0) > UNHEARD_MAX_BYTES || req.complete) return refuse();
    let left = UNHEARD_MAX_BYTES;
    req.on('data', (piece: Buffer) => {
      left -= piece.length;
      // One that has no length may have no end.
      if (left < 0) refuse();
    });
    req.once('end', refuse).resume();
  }

  #forget(response: ServerResponse): void {
    this.#unreadBytes -= this.#unread.get(response) ?? 0;
    this.#unread.delete(response);
  }

  /** Ends a connection on which nothing moves. @returns ends that: an idle one stays open for as long as it likes */
  #watch(response: ServerResponse): () => void {
    const { socket } = response;
    socket?.setTimeout(this.#unreadMs);
    return () => void socket?.setTimeout(0);
  }
}

function refuseNow(
  response: ServerResponse,
  status: number,
  headers: OutgoingHttpHeaders,
  why: string,
): void {
  if (response.headersSent || response.destroyed) return;
  const body = `${status} ${STATUS_CODES[status] ?? ''}${why && `: ${why}`}\n`;
  response.writeHead(status, {
    'Content-Type': 'text/plain;charset=utf-8',
    'Content-Length': Buffer.byteLength(body),
    ...(staysOpen(response.req, status) ? {} : { Connection: 'close' }),
    ...headers,
  });
  response.end(body);
}

/** As supervisord: supervisorctl still writes a line end after a request for a log, and would find no connection. */
function staysOpen(request: IncomingMessage, status: number): boolean {
  return request.complete && (status === 400 || status === 404);
}
