/** Runs one call: the request to a handler, its answer or answers back, its refusal as a status. */
import type { Writable } from 'node:stream';
import type { ServerUnaryCall, ServerWritableStream, sendUnaryData } from '@grpc/grpc-js';
import type { Caller } from '../api/api.js';
import { SupdError } from '../api/errors.js';
import { statusOf } from './status.js';

/** What a handler knows beside the request. `signal` ends the wait, never the operation. */
export interface Asking {
  readonly caller: Caller;
  readonly signal: AbortSignal;
}

export type UnaryHandler<Request, Answer> = (request: Request, asking: Asking) => Answer | Promise<Answer>;
export type StreamHandler<Request, Answer> = (request: Request, asking: Asking) => AsyncIterable<Answer>;

export interface Log {
  error(text: string): void;
  warn(text: string): void;
}

/** The calls of one door. */
export class Calls {
  readonly #callerOf: (peer: string) => Caller;
  readonly #log: Log;
  readonly #enter: (peer: string) => () => void;
  readonly #waiting = new Set<AbortController>();

  /** @param enter  told when a call begins; what it gives is told when it ends */
  constructor(callerOf: (peer: string) => Caller, log: Log, enter: (peer: string) => () => void) {
    this.#callerOf = callerOf;
    this.#log = log;
    this.#enter = enter;
  }

  /** A handler of grpc-js for a call with one answer. */
  unary<Request, Answer>(handler: UnaryHandler<Request, Answer>) {
    return async (call: ServerUnaryCall<Request, Answer>, done: sendUnaryData<Answer>): Promise<void> => {
      const { asking, release } = this.#begin(call);
      try {
        done(null, await handler(call.request, asking));
      } catch (error) {
        done(this.#failed(call, error));
      } finally {
        release();
      }
    };
  }

  /** A handler of grpc-js for a call with many answers. Takes the next one only when the client has taken the last. */
  stream<Request, Answer>(handler: StreamHandler<Request, Answer>) {
    return async (call: ServerWritableStream<Request, Answer>): Promise<void> => {
      const { asking, release } = this.#begin(call);
      try {
        for await (const answer of handler(call.request, asking)) {
          if (asking.signal.aborted) break;
          // grpc-js itself would keep sixteen: a crowd that reads nothing would make the daemon grow.
          await written(call, answer, asking.signal);
        }
        // On a call that the client left this has no effect.
        if (asking.signal.reason instanceof SupdError) throw asking.signal.reason;
        call.end();
      } catch (error) {
        call.emit(
          'error',
          this.#failed(call, asking.signal.reason instanceof SupdError ? asking.signal.reason : error),
        );
      } finally {
        release();
      }
    };
  }

  /** Ends every wait with UNAVAILABLE. */
  endWaits(): void {
    const why = new SupdError('SHUTTING_DOWN', 'supd is shutting down');
    for (const waiting of this.#waiting) waiting.abort(why);
  }

  #begin(call: Incoming): { readonly asking: Asking; readonly release: () => void } {
    const waiting = new AbortController();
    this.#waiting.add(waiting);
    // Also when the client's deadline has passed.
    call.once('cancelled', () => waiting.abort());
    if (call.cancelled) waiting.abort();
    const leave = this.#enter(call.getPeer());
    return {
      asking: { caller: this.#callerOf(call.getPeer()), signal: waiting.signal },
      release: () => {
        this.#waiting.delete(waiting);
        leave();
      },
    };
  }

  #failed(call: Incoming, error: unknown): ReturnType<typeof statusOf> {
    if (!(error instanceof SupdError) && !call.cancelled)
      this.#log.error(`${call.getPath()}: ${error instanceof Error ? error.stack : String(error)}`);
    return statusOf(error);
  }
}

type Incoming = Pick<ServerUnaryCall<unknown, unknown>, 'cancelled' | 'once' | 'getPeer' | 'getPath'>;

/** Once the answer is on its way, or the wait has ended. */
function written<Answer>(
  call: ServerWritableStream<unknown, Answer>,
  answer: Answer,
  signal: AbortSignal,
): Promise<void> {
  return new Promise((resolve) => {
    const go = (): void => {
      signal.removeEventListener('abort', go);
      resolve();
    };
    signal.addEventListener('abort', go, { once: true });
    call.write(answer, go);
    if (signal.aborted) go();
  });
}

/** Once the client has read on, or the wait has ended. */
export function drained(call: Writable, signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    const go = (): void => {
      call.off('drain', go);
      signal.removeEventListener('abort', go);
      resolve();
    };
    call.once('drain', go);
    signal.addEventListener('abort', go, { once: true });
    if (signal.aborted) go();
  });
}
