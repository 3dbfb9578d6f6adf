/** XML -> values. Takes every standard type, i8 and nil, and a value without a type for a string. */
import { type Element, readTree } from './tree.js';
import { type MethodCall, type MethodResponse, NotXmlRpc, type Struct, type Value } from './value.js';

/** A multicall of a thousand calls has some 10000. */
const CALL_ELEMENTS_MAX = 20_000;
/** getAllConfigInfo of a thousand programs has some 120000. */
const RESPONSE_ELEMENTS_MAX = 1_000_000;

/** A call; without <params> it has none. @throws NotXmlRpc */
export function decodeCall(text: string): MethodCall {
  const root = readTree(text, CALL_ELEMENTS_MAX);
  if (root.tag !== 'methodCall') throw new NotXmlRpc(`<${root.tag}> is no <methodCall>`);
  const method = find(root, 'methodName')?.text ?? '';
  if (method === '') throw new NotXmlRpc('no <methodName>');
  return { method, params: decodeParams(find(root, 'params')) };
}

/** An answer: a value, or a fault. @throws NotXmlRpc */
export function decodeResponse(text: string): MethodResponse {
  const root = readTree(text, RESPONSE_ELEMENTS_MAX);
  if (root.tag !== 'methodResponse') throw new NotXmlRpc(`<${root.tag}> is no <methodResponse>`);
  const fault = find(root, 'fault');
  if (fault) {
    const { faultCode, faultString } = decodeValue(only(fault, 'value')) as Struct;
    if (typeof faultCode !== 'number') throw new NotXmlRpc('a fault without faultCode');
    return { ok: false, fault: { code: faultCode, message: String(faultString ?? '') } };
  }
  const [value] = decodeParams(find(root, 'params'));
  if (value === undefined) throw new NotXmlRpc('a response without a value');
  return { ok: true, value };
}

function decodeParams(params: Element | undefined): readonly Value[] {
  return (params?.children ?? []).map((param) => {
    if (param.tag !== 'param') throw new NotXmlRpc(`<${param.tag}> among <params>`);
    return decodeValue(only(param, 'value'));
  });
}

function decodeValue(value: Element): Value {
  const [typed, second] = value.children;
  if (!typed) return value.text;
  if (second) throw new NotXmlRpc('two types in one <value>');
  return decodeTyped(typed);
}

function decodeTyped(typed: Element): Value {
  const { tag, text } = typed;
  switch (tag) {
    case 'string':
      return text;
    case 'int':
    case 'i1':
    case 'i2':
    case 'i4':
    case 'i8':
      return decodeInt(text);
    case 'boolean':
      return decodeBoolean(text.trim());
    case 'double':
      return decodeDouble(text.trim());
    case 'dateTime.iso8601':
      return decodeDate(text.trim());
    case 'base64':
      return decodeBase64(text);
    case 'array':
      return only(typed, 'data').children.map((one) => decodeValue(must(one, 'value')));
    case 'struct':
      return decodeStruct(typed);
    case 'nil':
      return null;
    default:
      throw new NotXmlRpc(`<${tag}> is no type of XML-RPC`);
  }
}

function decodeStruct(struct: Element): Struct {
  const members: Record<string, Value> = Object.create(null);
  for (const member of struct.children) {
    must(member, 'member');
    members[only(member, 'name').text] = decodeValue(only(member, 'value'));
  }
  return members;
}

function decodeInt(text: string): number {
  const value = /^\s*[+-]?\d+\s*$/.test(text) ? Number(text) : Number.NaN;
  if (!Number.isSafeInteger(value)) throw new NotXmlRpc(`${quote(text)} is no int`);
  // Not -0, which would be a double.
  return value + 0;
}

function decodeBoolean(text: string): boolean {
  if (text === '1' || text === 'true') return true;
  if (text === '0' || text === 'false') return false;
  throw new NotXmlRpc(`${quote(text)} is no boolean`);
}

function decodeDouble(text: string): number {
  const value = /^[+-]?(\d+\.?\d*|\.\d+)(e[+-]?\d+)?$/i.test(text) ? Number(text) : Number.NaN;
  if (!Number.isFinite(value)) throw new NotXmlRpc(`${quote(text)} is no double`);
  return value;
}

function decodeDate(text: string): Date {
  const match = /^(\d{4})-?(\d\d)-?(\d\d)T(\d\d):(\d\d):(\d\d)$/.exec(text);
  if (!match) throw new NotXmlRpc(`${quote(text)} is no dateTime.iso8601`);
  const [year = 0, month = 0, day = 0, hour = 0, minute = 0, second = 0] = match.slice(1).map(Number);
  const date = new Date(2000, month - 1, day, hour, minute, second);
  // Apart: the constructor takes years below 100 for those of the last century.
  date.setFullYear(year, month - 1, day);
  return date;
}

function decodeBase64(text: string): Uint8Array {
  const packed = text.replace(/\s+/g, '');
  if (!/^[A-Za-z0-9+/]*={0,2}$/.test(packed) || packed.length % 4 !== 0)
    throw new NotXmlRpc(`${quote(text)} is no base64`);
  return Buffer.from(packed, 'base64');
}

function find(parent: Element, tag: string): Element | undefined {
  return parent.children.find((child) => child.tag === tag);
}

function only(parent: Element, tag: string): Element {
  const [found, second] = parent.children.filter((child) => child.tag === tag);
  if (!found || second) throw new NotXmlRpc(`<${parent.tag}> needs one <${tag}>`);
  return found;
}

function must(element: Element, tag: string): Element {
  if (element.tag !== tag) throw new NotXmlRpc(`<${element.tag}> where <${tag}> must be`);
  return element;
}

function quote(text: string): string {
  return JSON.stringify(text.length > 40 ? `${text.slice(0, 40)}…` : text);
}
