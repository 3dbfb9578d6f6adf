/** What methods take, and how a value that a client sends is read as one. */
import type { Value } from './codec/value.js';
import { RpcFault } from './faults.js';

export type TypeName = 'string' | 'int' | 'boolean' | 'array' | 'struct';

export interface Param<T> {
  readonly name: string;
  readonly type: TypeName;
  readonly doc: string;
  /** Left out, it is this. */
  readonly otherwise?: T;
  /** @throws RpcFault INCORRECT_PARAMETERS */
  readonly read: (value: Value) => T;
}

/** A string. base64 is taken for UTF-8 text, as supervisord does. */
export function text(name: string, doc: string): Param<string> {
  return { name, type: 'string', doc, read: readText };
}

/** Anything that Python's int() takes. */
export function int(name: string, doc: string): Param<number> {
  return { name, type: 'int', doc, read: readInt };
}

/** Anything that Python takes for true or false; true when left out. */
export function flag(name: string, doc: string): Param<boolean> {
  return { name, type: 'boolean', doc, otherwise: true, read: isTrue };
}

/** As it comes. */
export function any(name: string, type: TypeName, doc: string): Param<Value> {
  return { name, type, doc, read: (value) => value };
}

function readText(value: Value): string {
  if (typeof value === 'string') return value;
  if (value instanceof Uint8Array) return Buffer.from(value).toString('utf8');
  throw new RpcFault('INCORRECT_PARAMETERS');
}

function readInt(value: Value): number {
  const number =
    typeof value === 'number'
      ? Math.trunc(value)
      : typeof value === 'boolean'
        ? Number(value)
        : typeof value === 'string' && /^\s*[+-]?\d+\s*$/.test(value)
          ? Number(value)
          : Number.NaN;
  if (!Number.isSafeInteger(number)) throw new RpcFault('INCORRECT_PARAMETERS');
  return number;
}

function isTrue(value: Value): boolean {
  if (value === null || typeof value !== 'object') return Boolean(value);
  if (value instanceof Date) return true;
  return Object.keys(value).length > 0;
}
