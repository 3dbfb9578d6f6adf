/**
 * gRPC calls over a unix socket, by node:http2 alone: a whole gRPC client takes longer to load than the call takes.
 * @see https://github.com/grpc/grpc/blob/master/doc/PROTOCOL-HTTP2.md
 */
import http2 from 'node:http2';
import net from 'node:net';
import type { CallOptions } from '../api/client.js';
import { CallFailure } from '../api/failure.js';
import { frame, Unframer } from './frames.js';
import { failureOfTrailers } from './trailers.js';

/** One connection to a socket, made by the first call. */
export class Transport {
  readonly #path: string;
  #session: Promise<http2.ClientHttp2Session> | undefined;
  #closed = false;

  constructor(path: string) {
    this.#path = path;
  }

  /**
   * Sends one request and gives the answers as they come.
   * @param method  "/supd.v1.DaemonService/GetDaemon"
   * @throws CallFailure  from the iteration
   */
  async *call(
    method: string,
    request: Uint8Array,
    options: CallOptions = {},
  ): AsyncGenerator<Buffer, void, void> {
    const session = await this.#open();
    if (options.signal?.aborted) throw cancelled();
    const stream = session.request(headers(method, options));
    const ended = watch(stream, options);
    const messages = new Unframer(MAX_ANSWER_BYTES);
    stream.end(frame(request));
    let whole = false;
    try {
      // Node would end a stream that is left early with "no error"; CANCEL is what the daemon should hear.
      for await (const chunk of stream.iterator({ destroyOnReturn: false })) yield* messages.push(chunk);
      whole = true;
    } catch (error) {
      if (error instanceof CallFailure) throw error;
      const failure = ended.failure() ?? lost(error);
      // Whoever speaks HTTP/2 begins with its settings; nobody else can have read the request.
      if (failure.code === 'LOST' && !greeted.has(session)) throw notGrpc(this.#path);
      throw failure;
    } finally {
      ended.release();
      if (!whole) cancel(stream);
    }
    const failure = ended.failure();
    if (failure) throw failure;
    if (messages.torn) throw new CallFailure('LOST', 'the answer ended in the middle of a message');
  }

  /** Ends the connection. Calls that still run fail with LOST. */
  close(): void {
    this.#closed = true;
    this.#session?.then(
      (session) => session.destroy(),
      () => undefined,
    );
    this.#session = undefined;
  }

  async #open(): Promise<http2.ClientHttp2Session> {
    if (this.#closed) throw new CallFailure('LOST', 'this client was closed');
    this.#session ??= openSession(this.#path);
    const opening = this.#session;
    const forget = (): void => {
      if (this.#session === opening) this.#session = undefined;
    };
    try {
      const session = await opening;
      // Closed also when the daemon has said that it takes no more calls.
      if (!session.destroyed && !session.closed) return session;
    } catch (error) {
      forget();
      throw error;
    }
    forget();
    return this.#open();
  }
}

/** A piece of a log is at most 1 MiB; a list of some thousand processes is less than this. */
const MAX_ANSWER_BYTES = 16 << 20;
const WINDOW_BYTES = 1 << 20;

/** Sessions whose peer has sent its settings. */
const greeted = new WeakSet<http2.ClientHttp2Session>();

function openSession(path: string): Promise<http2.ClientHttp2Session> {
  return new Promise((resolve, reject) => {
    const socket = net.connect({ path });
    socket.once('error', (error: NodeJS.ErrnoException) => reject(unreachable(path, error)));
    socket.once('connect', () => {
      socket.removeAllListeners('error');
      const session = http2.connect('http://supd', {
        createConnection: () => socket,
        settings: { enablePush: false, initialWindowSize: WINDOW_BYTES },
      });
      // What it means for a call is told by the call's own stream.
      session.on('error', () => undefined);
      session.once('remoteSettings', () => greeted.add(session));
      session.once('connect', () => session.setLocalWindowSize(WINDOW_BYTES));
      resolve(session);
    });
  });
}

function unreachable(path: string, error: NodeJS.ErrnoException): CallFailure {
  const where = `cannot reach supd at ${path}`;
  if (error.code === 'ENOENT') return new CallFailure('NO_SOCKET', `${where}: no such file`);
  if (error.code === 'ECONNREFUSED' || error.code === 'ENOTSOCK')
    return new CallFailure('REFUSED', `${where}: connection refused`);
  if (error.code === 'EACCES' || error.code === 'EPERM')
    return new CallFailure('NO_ACCESS', `${where}: permission denied`);
  return new CallFailure('LOST', `${where}: ${error.message}`);
}

function notGrpc(path: string): CallFailure {
  return new CallFailure('NOT_GRPC', `what listens at ${path} does not speak gRPC`);
}

function headers(method: string, options: CallOptions): http2.OutgoingHttpHeaders {
  return {
    ':method': 'POST',
    ':path': method,
    ':scheme': 'http',
    ':authority': 'supd',
    'content-type': 'application/grpc',
    te: 'trailers',
    ...(options.timeoutMs === undefined ? {} : { 'grpc-timeout': `${Math.ceil(options.timeoutMs)}m` }),
  };
}

interface Ending {
  /** What ended the call: undefined for status OK. Known once the stream has ended. */
  readonly failure: () => CallFailure | undefined;
  readonly release: () => void;
}

/** Listens for what ends a call beside its messages: headers, trailers, the caller's patience. */
function watch(stream: http2.ClientHttp2Stream, options: CallOptions): Ending {
  let status: http2.IncomingHttpHeaders | undefined;
  let http: number | undefined;
  let broken: CallFailure | undefined;
  stream.once('response', (head) => {
    http = head[':status'];
    // An error at once comes without a body: its status is in the only header block.
    if (head['grpc-status'] !== undefined) status = head;
  });
  stream.once('trailers', (trailers) => {
    status = trailers;
  });
  const giveUp = (why: CallFailure): void => {
    broken ??= why;
    cancel(stream, why);
  };
  const abort = (): void => giveUp(cancelled());
  options.signal?.addEventListener('abort', abort, { once: true });
  const timer =
    options.timeoutMs === undefined
      ? undefined
      : setTimeout(
          () => giveUp(new CallFailure('TIMEOUT', `no answer in ${options.timeoutMs} ms`)),
          options.timeoutMs,
        );
  return {
    failure: () => {
      if (broken) return broken;
      if (status) return failureOfTrailers(status);
      if (http !== undefined && http !== 200)
        return new CallFailure('BROKEN', `HTTP status ${http}: is this supd's gRPC socket?`);
      return resetBy(stream.rstCode);
    },
    release: () => {
      clearTimeout(timer);
      options.signal?.removeEventListener('abort', abort);
    },
  };
}

/** @see https://github.com/grpc/grpc/blob/master/doc/PROTOCOL-HTTP2.md#errors */
function resetBy(code: number): CallFailure {
  if (code === http2.constants.NGHTTP2_ENHANCE_YOUR_CALM)
    return new CallFailure('TOO_MUCH', 'supd refused the call: too much at once');
  return new CallFailure('LOST', 'the connection to supd ended before its answer');
}

function cancel(stream: http2.ClientHttp2Stream, why?: CallFailure): void {
  stream.close(http2.constants.NGHTTP2_CANCEL);
  stream.destroy(why);
}

function cancelled(): CallFailure {
  return new CallFailure('CANCELLED', 'cancelled');
}

function lost(error: unknown): CallFailure {
  return new CallFailure('LOST', error instanceof Error ? error.message : String(error));
}
