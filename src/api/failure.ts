/** Why a call did not answer: what the client throws, and nothing else. */
import type { Code } from './errors.js';

/** The daemon's own refusals, and what happens on the way to it. */
export type FailureCode =
  | Code
  /** There is no socket file: no daemon, or another place. */
  | 'NO_SOCKET'
  /** A socket file, and nobody listening: the daemon has died. */
  | 'REFUSED'
  /** The socket file's mode keeps this user out. */
  | 'NO_ACCESS'
  /** The connection ended before the answer. */
  | 'LOST'
  /** Something else than gRPC is spoken at this socket. */
  | 'NOT_GRPC'
  /** `signal` was aborted. */
  | 'CANCELLED'
  /** `timeoutMs` passed. What was begun goes on. */
  | 'TIMEOUT'
  /** The daemon doesn't know the call: it is older than this client. */
  | 'UNSUPPORTED'
  /** This way of asking has no such call: only supd's own socket does. */
  | 'NOT_OFFERED'
  /** A user name and a password are asked for, and there are none, or others. */
  | 'UNAUTHENTICATED'
  /** An XML-RPC server without the methods of supervisord. */
  | 'NO_API'
  /** One with another version of them. */
  | 'WRONG_API'
  /** A bug in the daemon, or an answer that can't be read. */
  | 'BROKEN';

export class CallFailure extends Error {
  readonly code: FailureCode;
  /** More lines, such as every problem of a configuration. */
  readonly details: readonly string[];
  /** The argument that is wrong. */
  readonly field: string | undefined;

  constructor(
    code: FailureCode,
    message: string,
    more: { details?: readonly string[]; field?: string } = {},
  ) {
    super(message);
    this.name = 'CallFailure';
    this.code = code;
    this.details = more.details ?? [];
    this.field = more.field;
  }
}
