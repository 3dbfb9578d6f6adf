/** Status codes of gRPC as failures of a call. */
import type { FailureCode } from '../api/failure.js';

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
