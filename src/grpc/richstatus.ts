/**
 * google.rpc.Status with ErrorInfo and BadRequest, as it travels in the trailer `grpc-status-details-bin`.
 * @see https://github.com/googleapis/googleapis/blob/master/google/rpc/error_details.proto
 */
import protobuf from 'protobufjs/minimal.js';
import { bytesOf, fieldsOf, numberOf, put, putNumber, textOf } from './fields.js';

export interface RichStatus {
  readonly status: number;
  readonly message: string;
  /** The code of api/errors. */
  readonly reason: string;
  readonly domain: string;
  /** BadRequest: the argument that is wrong, or empty; one description a line of the details. */
  readonly field: string;
  readonly descriptions: readonly string[];
}

/** The bytes of a google.rpc.Status. BadRequest is left out when it would say nothing. */
export function encodeRichStatus(rich: RichStatus): Uint8Array {
  const writer = protobuf.Writer.create();
  putNumber(writer, STATUS.code, rich.status);
  put(writer, STATUS.message, rich.message);
  put(writer, STATUS.details, (any) => {
    put(any, ANY.type, ERROR_INFO);
    put(any, ANY.value, (info) => {
      put(info, INFO.reason, rich.reason);
      put(info, INFO.domain, rich.domain);
    });
  });
  const lines = rich.descriptions.length > 0 ? rich.descriptions : rich.field === '' ? [] : [rich.message];
  if (lines.length === 0) return writer.finish();
  put(writer, STATUS.details, (any) => {
    put(any, ANY.type, BAD_REQUEST);
    put(any, ANY.value, (request) => {
      for (const line of lines)
        put(request, REQUEST.violations, (violation) => {
          put(violation, VIOLATION.field, rich.field);
          put(violation, VIOLATION.description, line);
        });
    });
  });
  return writer.finish();
}

/** Reads what encodeRichStatus wrote, and what others write the same way. @throws Error on bytes that are none */
export function decodeRichStatus(bytes: Uint8Array): RichStatus {
  const fields = fieldsOf(bytes);
  const details = bytesOf(fields, STATUS.details).map(fieldsOf);
  const detail = (type: string) => {
    const any = details.find((one) => textOf(one, ANY.type) === type);
    return any ? fieldsOf(bytesOf(any, ANY.value)[0] ?? new Uint8Array()) : [];
  };
  const info = detail(ERROR_INFO);
  const violations = bytesOf(detail(BAD_REQUEST), REQUEST.violations).map(fieldsOf);
  return {
    status: numberOf(fields, STATUS.code),
    message: textOf(fields, STATUS.message),
    reason: textOf(info, INFO.reason),
    domain: textOf(info, INFO.domain),
    field: violations[0] ? textOf(violations[0], VIOLATION.field) : '',
    descriptions: violations.map((one) => textOf(one, VIOLATION.description)),
  };
}

// Numbers of the fields.
const STATUS = { code: 1, message: 2, details: 3 };
const ANY = { type: 1, value: 2 };
const INFO = { reason: 1, domain: 2 };
const REQUEST = { violations: 1 };
const VIOLATION = { field: 1, description: 2 };

const ERROR_INFO = 'type.googleapis.com/google.rpc.ErrorInfo';
const BAD_REQUEST = 'type.googleapis.com/google.rpc.BadRequest';
