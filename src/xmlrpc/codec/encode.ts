/** Values -> XML, laid out as Python's xmlrpc.client lays it out. @see http://xmlrpc.com/spec.md */
import { escapeText } from './text.js';
import { type Fault, isArray, type MethodCall, type Value } from './value.js';

const HEADER = "<?xml version='1.0'?>\n";
const INT_MAX = 2 ** 31 - 1;
const INT_MIN = -(2 ** 31);

/** @throws RangeError for a number that XML-RPC can't say, or a date without a time */
export function encodeCall({ method, params }: MethodCall): string {
  return `${HEADER}<methodCall>\n<methodName>${escapeText(method)}</methodName>\n${encodeParams(params)}</methodCall>\n`;
}

/** @throws as encodeCall */
export function encodeResponse(value: Value): string {
  return `${HEADER}<methodResponse>\n${encodeParams([value])}</methodResponse>\n`;
}

export function encodeFault({ code, message }: Fault): string {
  const fault = encodeValue({ faultCode: code, faultString: message });
  return `${HEADER}<methodResponse>\n<fault>\n${fault}</fault>\n</methodResponse>\n`;
}

function encodeParams(params: readonly Value[]): string {
  return `<params>\n${params.map((param) => `<param>\n${encodeValue(param)}</param>\n`).join('')}</params>\n`;
}

function encodeValue(value: Value): string {
  return `<value>${encodeTyped(value)}</value>\n`;
}

function encodeTyped(value: Value): string {
  if (typeof value === 'string') return `<string>${escapeText(value)}</string>`;
  if (typeof value === 'boolean') return `<boolean>${value ? 1 : 0}</boolean>`;
  if (typeof value === 'number') return encodeNumber(value);
  if (value === null) return '<nil/>';
  if (value instanceof Date) return `<dateTime.iso8601>${encodeDate(value)}</dateTime.iso8601>`;
  if (value instanceof Uint8Array) return `<base64>\n${Buffer.from(value).toString('base64')}\n</base64>`;
  if (isArray(value)) return `<array><data>\n${value.map(encodeValue).join('')}</data></array>`;
  const members = Object.entries(value).map(
    ([name, member]) => `<member>\n<name>${escapeText(name)}</name>\n${encodeValue(member)}</member>\n`,
  );
  return `<struct>\n${members.join('')}</struct>`;
}

/** XML-RPC ends at 32 bits; `i8` is what its users agree on for more. */
function encodeNumber(value: number): string {
  if (!Number.isFinite(value)) throw new RangeError(`XML-RPC can't say ${value}`);
  if (!Number.isSafeInteger(value) || Object.is(value, -0)) return `<double>${encodeDouble(value)}</double>`;
  return value >= INT_MIN && value <= INT_MAX ? `<int>${value}</int>` : `<i8>${value}</i8>`;
}

/** Always with a point or an exponent, so that nobody takes it for an int. */
function encodeDouble(value: number): string {
  const text = Object.is(value, -0) ? '-0' : String(value);
  return /[.e]/.test(text) ? text : `${text}.0`;
}

/** Local time, without a zone: "20261126T10:35:00". */
function encodeDate(date: Date): string {
  if (Number.isNaN(date.getTime())) throw new RangeError('XML-RPC has no invalid date');
  const two = (part: number) => String(part).padStart(2, '0');
  const day = `${String(date.getFullYear()).padStart(4, '0')}${two(date.getMonth() + 1)}${two(date.getDate())}`;
  return `${day}T${two(date.getHours())}:${two(date.getMinutes())}:${two(date.getSeconds())}`;
}
