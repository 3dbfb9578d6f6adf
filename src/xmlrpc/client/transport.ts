/**
 * HTTP/1.1 to supervisord or supd, by node:http over a unix socket or TCP. A connection for each request: a server that
 * was started again between two of them is no case of its own. Answers are bounded, waits end with the caller's.
 */
import http from 'node:http';
import type { Socket } from 'node:net';
import type { CallOptions } from '../../api/client.js';
import { CallFailure } from '../../api/failure.js';
import { reasonHeader } from '../reason.js';

export type Place =
  | { readonly kind: 'unix'; readonly path: string }
  | { readonly kind: 'tcp'; readonly host: string; readonly port: number };

export interface Credentials {
  readonly username: string;
  readonly password: string;
}

export interface RequestOptions extends CallOptions {
  /** Why a change is asked for; supervisord does not read it. */
  readonly reason?: string | undefined;
}

/** All of a log may come in one answer. */
const MAX_ANSWER_BYTES = 64 << 20;
/** A host that doesn't say no either. */
const CONNECT_MS = 10_000;

export class HttpTransport {
  readonly #place: Place;
  readonly #credentials: Credentials | undefined;

  constructor(place: Place, credentials: Credentials | undefined) {
    this.#place = place;
    this.#credentials = credentials;
  }

  /** The whole answer to a POST of XML. @throws CallFailure */
  async post(path: string, body: string, options: RequestOptions = {}): Promise<string> {
    const pieces: Buffer[] = [];
    let length = 0;
    for await (const piece of this.#request('POST', path, body, options)) {
      length += piece.length;
      if (length > MAX_ANSWER_BYTES)
        throw new CallFailure('BROKEN', `the answer is larger than ${MAX_ANSWER_BYTES} bytes`);
      pieces.push(piece);
    }
    return Buffer.concat(pieces).toString('utf8');
  }

  /** An answer as it comes, for as long as it comes. @throws CallFailure */
  get(path: string, options: RequestOptions = {}): AsyncGenerator<Buffer, void, void> {
    return this.#request('GET', path, undefined, options);
  }

  async *#request(
    method: string,
    path: string,
    body: string | undefined,
    options: RequestOptions,
  ): AsyncGenerator<Buffer, void, void> {
    if (options.signal?.aborted) throw new CallFailure('CANCELLED', 'cancelled');
    const request = http.request({
      ...addressOf(this.#place),
      agent: false,
      method,
      path,
      headers: { ...headersOf(body, this.#credentials), ...reasonHeader(options.reason) },
    });
    const ending = watch(request, options);
    try {
      const answer = await answerTo(request, body);
      checkStatus(answer);
      yield* answer as AsyncIterable<Buffer>;
    } catch (error) {
      throw ending.failure() ?? failureOf(error, this.#place, ending.connected());
    } finally {
      ending.release();
      request.destroy();
    }
  }
}

function addressOf(place: Place): http.RequestOptions {
  return place.kind === 'unix' ? { socketPath: place.path } : { host: place.host, port: place.port };
}

function headersOf(body: string | undefined, credentials: Credentials | undefined): Record<string, string> {
  // Asked to close the connection, supervisord doesn't send a log that it follows before its end.
  const headers: Record<string, string> = {
    'User-Agent': 'supctl',
    Accept: '*/*',
    Connection: 'keep-alive',
  };
  if (body !== undefined) {
    headers['Content-Type'] = 'text/xml';
    headers['Content-Length'] = String(Buffer.byteLength(body));
  }
  if (credentials) {
    const pair = `${credentials.username}:${credentials.password}`;
    headers.Authorization = `Basic ${Buffer.from(pair).toString('base64')}`;
  }
  return headers;
}

function answerTo(request: http.ClientRequest, body: string | undefined): Promise<http.IncomingMessage> {
  return new Promise((resolve, reject) => {
    request.once('response', resolve);
    // Stays: what is said after the answer has begun, the answer says too.
    request.on('error', reject);
    request.end(body);
  });
}

function checkStatus({ statusCode = 0 }: http.IncomingMessage): void {
  if (statusCode === 200) return;
  if (statusCode === 401) throw new CallFailure('UNAUTHENTICATED', 'Server requires authentication');
  if (statusCode === 404) throw new CallFailure('NO_FILE', 'HTTP status 404');
  // supervisord's for its own exceptions, such as a log that is no text.
  if (statusCode >= 500)
    throw new CallFailure('FAILED', `the daemon answered with HTTP status ${statusCode}`);
  throw new CallFailure('BROKEN', `HTTP status ${statusCode}: is this supervisord or supd?`);
}

interface Ending {
  /** The caller's own end of the wait. */
  readonly failure: () => CallFailure | undefined;
  readonly connected: () => boolean;
  readonly release: () => void;
}

function watch(request: http.ClientRequest, { signal, timeoutMs }: CallOptions): Ending {
  let failure: CallFailure | undefined;
  let connected = false;
  const giveUp = (why: CallFailure): void => {
    failure ??= why;
    request.destroy(why);
  };
  const abort = (): void => giveUp(new CallFailure('CANCELLED', 'cancelled'));
  const after = (ms: number, message: string) =>
    setTimeout(() => giveUp(new CallFailure('TIMEOUT', message)), ms);
  signal?.addEventListener('abort', abort, { once: true });
  const connecting = after(CONNECT_MS, `no connection in ${CONNECT_MS} ms`);
  const whole = timeoutMs === undefined ? undefined : after(timeoutMs, `no answer in ${timeoutMs} ms`);
  request.once('socket', (socket: Socket) =>
    socket.once('connect', () => {
      connected = true;
      clearTimeout(connecting);
    }),
  );
  return {
    failure: () => failure,
    connected: () => connected,
    release: () => {
      clearTimeout(connecting);
      clearTimeout(whole);
      signal?.removeEventListener('abort', abort);
    },
  };
}

function failureOf(error: unknown, place: Place, connected: boolean): CallFailure {
  if (error instanceof CallFailure) return error;
  const { code, message } = error as NodeJS.ErrnoException;
  if (connected) {
    const garbage = code?.startsWith('HPE_') ?? false;
    return new CallFailure(
      garbage ? 'BROKEN' : 'LOST',
      garbage ? `the answer is no HTTP: ${message}` : message,
    );
  }
  const where = `cannot reach ${place.kind === 'unix' ? place.path : `${place.host}:${place.port}`}`;
  switch (code) {
    case 'ENOENT':
      return new CallFailure('NO_SOCKET', `${where}: no such file`);
    case 'ECONNREFUSED':
    case 'ENOTSOCK':
      return new CallFailure('REFUSED', `${where}: connection refused`);
    case 'EACCES':
    case 'EPERM':
      return new CallFailure('NO_ACCESS', `${where}: permission denied`);
    default:
      return new CallFailure('BROKEN', `${where}: ${message}`);
  }
}
