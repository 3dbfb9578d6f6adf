/** The body of a request: whole, or refused before it is read. */
import type { IncomingMessage } from 'node:http';

/** What came, or the HTTP status that refuses it; undefined: the client has left. */
export type Body = { readonly text: string } | { readonly status: 400 | 411 | 413 } | undefined;

/** UTF-8 text of a known length. How long it may take is the server's requestTimeout. */
export function readBody(request: IncomingMessage, maxBytes: number): Promise<Body> {
  const length = request.headers['content-length'];
  if (length === undefined || request.headers['transfer-encoding'] !== undefined)
    return Promise.resolve({ status: 411 });
  if (Number(length) > maxBytes) return Promise.resolve({ status: 413 });
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
