/** Why a call did not answer: what the client throws, and nothing else. */
import type { Code } from '../api/errors.js';

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
  /** `signal` was aborted. */
  | 'CANCELLED'
  /** `timeoutMs` passed. What was begun goes on. */
  | 'TIMEOUT'
  /** The daemon doesn't know the call: it is older than this client. */
  | 'UNSUPPORTED'
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

/**
 * What a gRPC status says when no google.rpc.ErrorInfo is with it.
 * @see https://grpc.github.io/grpc/core/md_doc_statuscodes.html
 */
export function codeOfStatus(status: number): FailureCode {
  return byStatus[status] ?? 'BROKEN';
}

const byStatus: Readonly<Record<number, FailureCode>> = {
  1: 'CANCELLED',
  3: 'BAD_ARGUMENT',
  4: 'TIMEOUT',
  5: 'BAD_NAME',
  7: 'FORBIDDEN',
  8: 'TOO_MUCH',
  12: 'UNSUPPORTED',
  14: 'LOST',
  16: 'FORBIDDEN',
};
