/** What XML-RPC can say, as values of this language. */

/**
 * A whole number is an int (i8 beyond 32 bits), any other number a double; a Date is a dateTime.iso8601, which has no
 * zone and is taken for local time; bytes are base64. Structs that are read have no prototype.
 */
export type Value = string | number | boolean | null | Date | Uint8Array | readonly Value[] | Struct;

export interface Struct {
  readonly [name: string]: Value;
}

export interface MethodCall {
  readonly method: string;
  readonly params: readonly Value[];
}

export type MethodResponse =
  | { readonly ok: true; readonly value: Value }
  | { readonly ok: false; readonly fault: Fault };

export interface Fault {
  readonly code: number;
  readonly message: string;
}

/** The text is not the XML-RPC message that it should be. Says what is wrong with it. */
export class NotXmlRpc extends Error {
  constructor(message: string) {
    super(message);
    this.name = 'NotXmlRpc';
  }
}

/** Array.isArray does not know readonly ones. */
export function isArray(value: Value): value is readonly Value[] {
  return Array.isArray(value);
}

export function isStruct(value: Value): value is Struct {
  const isObject = typeof value === 'object' && value !== null;
  return isObject && !isArray(value) && !(value instanceof Date) && !(value instanceof Uint8Array);
}
