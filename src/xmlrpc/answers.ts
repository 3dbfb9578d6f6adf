/** Answers as HTTP, with bounds on what clients leave unread. */
import { type OutgoingHttpHeaders, type ServerResponse, STATUS_CODES } from 'node:http';

/** What may wait in memory for all clients of a server to read it. */
const UNREAD_MAX_BYTES = 64 << 20;
/** A client that reads nothing for so long has left. */
const UNREAD_MAX_MS = 60_000;

export class Answers {
  #unread = 0;

  /** Sends a whole answer, or 503 when too much waits to be read already. */
  send(response: ServerResponse, type: string, text: string): void {
    const body = Buffer.from(text);
    if (this.#unread > UNREAD_MAX_BYTES) return this.refuse(response, 503);
    this.#unread += body.length;
    response.once('close', () => {
      this.#unread -= body.length;
    });
    response.setTimeout(UNREAD_MAX_MS, () => response.destroy());
    response.writeHead(200, { 'Content-Type': type, 'Content-Length': body.length });
    response.end(body);
  }

  /** An error page. What is left of the request is not read: the connection ends. */
  refuse(response: ServerResponse, status: number, headers: OutgoingHttpHeaders = {}): void {
    if (response.headersSent || response.destroyed) return void response.destroy();
    const body = `${status} ${STATUS_CODES[status] ?? ''}\n`;
    response.writeHead(status, {
      'Content-Type': 'text/plain;charset=utf-8',
      'Content-Length': Buffer.byteLength(body),
      Connection: 'close',
      ...headers,
    });
    response.end(body);
  }
}
