/** One method, and what it is called with. */
import type { Api, Asked } from '../api/api.js';
import type { Value } from './codec/value.js';
import { RpcFault } from './faults.js';
import type { Param, TypeName } from './params.js';
import type { Room } from './room.js';

/** A call and the one who makes it. */
export interface Rpc {
  readonly api: Api;
  readonly asked: Asked;
  /** As supervisord even where supd does better. */
  readonly strict: boolean;
  /** Calls another method, as multicall does. @throws RpcFault */
  readonly dispatch: (method: string, params: readonly Value[]) => Promise<Value>;
  /** For answers that are collected. */
  readonly answersRoom: Room;
  /** Every method that is served, by its full name, sorted. */
  readonly methods: ReadonlyMap<string, Method>;
}

export interface Method {
  /** Without its namespace. */
  readonly name: string;
  readonly returns: TypeName;
  readonly doc: string;
  readonly params: readonly Param<unknown>[];
  /** Has an answer while supd is on its way out, too. */
  readonly always: boolean;
  /** So many parameters as it takes. @throws RpcFault INCORRECT_PARAMETERS otherwise */
  readonly count: (params: readonly Value[]) => void;
  /** @throws RpcFault */
  readonly call: (rpc: Rpc, params: readonly Value[]) => Promise<Value>;
}

type Read<P extends readonly Param<unknown>[]> = {
  readonly [K in keyof P]: P[K] extends Param<infer T> ? T : never;
};

/** A row of the table of methods. */
export function method<const P extends readonly Param<unknown>[]>(
  name: string,
  returns: TypeName,
  doc: string,
  params: P,
  call: (rpc: Rpc, ...values: Read<P>) => Value | Promise<Value>,
  more: { readonly always?: boolean } = {},
): Method {
  return {
    name,
    returns,
    doc,
    params,
    always: more.always ?? false,
    count: (values) => {
      const needed = params.filter((param) => param.otherwise === undefined).length;
      if (values.length < needed || values.length > params.length) throw new RpcFault('INCORRECT_PARAMETERS');
    },
    // What readAll gives has the types of P, which its loop can't see.
    call: async (rpc, values) => call(rpc, ...(readAll(params, values) as unknown as Read<P>)),
  };
}

/** The same method under an older name. */
export function alias(name: string, of: Method): Method {
  return { ...of, name };
}

function readAll(params: readonly Param<unknown>[], values: readonly Value[]): readonly unknown[] {
  return params.map((param, at) => {
    const value = values[at];
    return value === undefined ? param.otherwise : param.read(value);
  });
}
