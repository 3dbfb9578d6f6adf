/**
 * Protobuf without generated code: the fields of one message by number, for the few messages not worth a codec.
 * @see https://protobuf.dev/programming-guides/encoding/
 */
import './numbers.js';
import protobuf from 'protobufjs/minimal.js';

export interface Field {
  readonly number: number;
  /** A number for varints, else what stands there; fixed-size numbers are left out. */
  readonly value: number | Uint8Array;
}

const VARINT = 0;
const BYTES = 2;

/** All fields in their order. @throws Error on bytes that are no message */
export function fieldsOf(bytes: Uint8Array): readonly Field[] {
  const reader = protobuf.Reader.create(bytes);
  const fields: Field[] = [];
  while (reader.pos < reader.len) {
    const tag = reader.uint32();
    if ((tag & 7) === VARINT) fields.push({ number: tag >>> 3, value: reader.int32() });
    else if ((tag & 7) === BYTES) fields.push({ number: tag >>> 3, value: reader.bytes() });
    else reader.skipType(tag & 7);
  }
  return fields;
}

/** Every value of a repeated field of bytes, text or messages. */
export function bytesOf(fields: readonly Field[], number: number): readonly Uint8Array[] {
  return fields.flatMap((field) =>
    field.number === number && typeof field.value !== 'number' ? [field.value] : [],
  );
}

/** The text of a field, or empty. */
export function textOf(fields: readonly Field[], number: number): string {
  return Buffer.from(bytesOf(fields, number).at(-1) ?? []).toString();
}

/** The number of a field, or 0. */
export function numberOf(fields: readonly Field[], number: number): number {
  const last = fields.findLast((field) => field.number === number)?.value;
  return typeof last === 'number' ? last : 0;
}

/** Writes one message inside another, or a text. */
export function put(
  writer: protobuf.Writer,
  number: number,
  value: string | ((inner: protobuf.Writer) => void),
): void {
  writer.uint32((number << 3) | BYTES);
  if (typeof value === 'string') {
    writer.string(value);
    return;
  }
  writer.fork();
  value(writer);
  writer.ldelim();
}

/** Writes a number. */
export function putNumber(writer: protobuf.Writer, number: number, value: number): void {
  writer.uint32((number << 3) | VARINT).int32(value);
}
