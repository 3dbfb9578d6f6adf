/** The end of a call as its trailers tell it. */
import type { IncomingHttpHeaders } from 'node:http2';
import { CallFailure, type FailureCode } from '../api/failure.js';
import { codeOfStatus } from './failure.js';
import { decodeRichStatus, type RichStatus } from './richstatus.js';

/** Undefined for status OK, else the failure with all that the daemon said about it. */
export function failureOfTrailers(trailers: IncomingHttpHeaders): CallFailure | undefined {
  const status = Number(trailers['grpc-status']);
  if (status === 0) return undefined;
  const message = unescapeMessage(String(trailers['grpc-message'] ?? ''));
  const rich = richStatus(trailers['grpc-status-details-bin']);
  const code = rich?.domain === 'supd' ? (rich.reason as FailureCode) : codeOfStatus(status);
  return new CallFailure(code, message || `gRPC status ${trailers['grpc-status']}`, {
    details: rich?.descriptions.filter((line) => line !== message) ?? [],
    ...(rich?.field ? { field: rich.field } : {}),
  });
}

/** Percent-decoded UTF-8; text that is not well encoded is shown as it came. */
function unescapeMessage(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
}

/** Details are extra: when they can't be read, status and message are enough. */
function richStatus(value: string | string[] | undefined): RichStatus | undefined {
  if (typeof value !== 'string') return undefined;
  try {
    return decodeRichStatus(Buffer.from(value, 'base64'));
  } catch {
    return undefined;
  }
}
