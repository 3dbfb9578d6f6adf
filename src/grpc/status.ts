/** What a refusal is on the wire: gRPC status, and google.rpc.ErrorInfo with the code itself. */
import { Metadata, type ServerErrorResponse, status } from '@grpc/grpc-js';
import { type Code, SupdError } from '../api/errors.js';
import { encodeRichStatus } from './richstatus.js';

/** @see https://grpc.github.io/grpc/core/md_doc_statuscodes.html */
const statusOfCode = {
  BAD_NAME: status.NOT_FOUND,
  BAD_SIGNAL: status.INVALID_ARGUMENT,
  BAD_ARGUMENT: status.INVALID_ARGUMENT,
  BAD_CONFIG: status.INVALID_ARGUMENT,
  NOT_RUNNING: status.FAILED_PRECONDITION,
  ALREADY_RUNNING: status.FAILED_PRECONDITION,
  ALREADY_ADDED: status.ALREADY_EXISTS,
  STILL_RUNNING: status.FAILED_PRECONDITION,
  NO_FILE: status.NOT_FOUND,
  SHUTTING_DOWN: status.UNAVAILABLE,
  FORBIDDEN: status.PERMISSION_DENIED,
  TOO_MUCH: status.RESOURCE_EXHAUSTED,
  FAILED: status.UNKNOWN,
} satisfies Record<Code, status>;

/** The end of a call that failed. Anything but a SupdError is a bug: INTERNAL, without what it says. */
export function statusOf(error: unknown): ServerErrorResponse {
  if (!(error instanceof SupdError))
    return ended(status.INTERNAL, 'supd made an error of its own; its log says more');
  const code = statusOfCode[error.code];
  const message = clip(error.message, MESSAGE_BYTES);
  const metadata = new Metadata();
  metadata.set(
    'grpc-status-details-bin',
    Buffer.from(
      encodeRichStatus({
        status: code,
        message,
        reason: error.code,
        domain: 'supd',
        field: error.field ?? '',
        descriptions: fitting(error.details.map(wellFormed)),
      }),
    ),
  );
  return { ...ended(code, message), metadata };
}

/** A status without details. */
function ended(code: status, details: string): ServerErrorResponse {
  return Object.assign(new Error(details), { code, details });
}

// Many clients refuse trailers of more than 8 KiB, and base64 adds a third.
const MESSAGE_BYTES = 1000;
const DETAILS_BYTES = 4000;

/** As many lines as fit, and how many do not. */
function fitting(lines: readonly string[]): readonly string[] {
  let bytes = 0;
  const kept = lines
    .map((line) => clip(line, MESSAGE_BYTES))
    .filter((line) => {
      bytes += Buffer.byteLength(line) + LINE_OVERHEAD;
      return bytes <= DETAILS_BYTES;
    });
  const more = lines.length - kept.length;
  return more === 0 ? kept : [...kept, `and ${more} more`];
}

const LINE_OVERHEAD = 32;

function clip(text: string, bytes: number): string {
  const whole = wellFormed(text);
  if (Buffer.byteLength(whole) <= bytes) return whole;
  // A character cut in two becomes the replacement character, which takes at most two bytes more.
  return `${Buffer.from(whole).subarray(0, bytes).toString()}…`;
}

/** Half of a surrogate pair cannot be percent-encoded: the call's end would throw in the middle of the daemon. */
function wellFormed(text: string): string {
  return Buffer.from(text).toString();
}
