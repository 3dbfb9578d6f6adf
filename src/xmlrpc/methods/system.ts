/** system.*: what there is, and several calls in one. */
import { isStruct, type Value } from '../codec/value.js';
import { weigh } from '../codec/weigh.js';
import { RpcFault } from '../faults.js';
import { type Method, method, type Rpc } from '../method.js';
import { any, text } from '../params.js';

const NAME = text('name', 'full name of the method');

/** They have an answer at any time. */
export const SYSTEM_METHODS: readonly Method[] = [
  method('listMethods', 'array', 'The names of all methods.', [], ({ methods }) => [...methods.keys()], {
    always: true,
  }),
  method(
    'methodHelp',
    'string',
    'What a method does.',
    [NAME],
    ({ methods }, name) => describe(known(methods, name)),
    { always: true },
  ),
  method(
    'methodSignature',
    'array',
    'The types of what a method gives and, after it, of what it takes.',
    [NAME],
    ({ methods }, name) => {
      const { returns, params } = known(methods, name);
      return [returns, ...params.map(({ type }) => type)];
    },
    { always: true },
  ),
  method(
    'multicall',
    'array',
    'Makes several calls, one after the other: an array of their answers, faults as structs.',
    [any('calls', 'array', 'structs with methodName and params')],
    multicall,
    { always: true },
  ),
];

function known(methods: Rpc['methods'], name: string): Method {
  const found = methods.get(name);
  if (!found) throw new RpcFault('SIGNATURE_UNSUPPORTED');
  return found;
}

/** In the form that methodSignature is read from in supervisord. */
function describe({ doc, params, returns }: Method): string {
  const lines = params.map(({ type, name, doc: what }) => `@param ${type} ${name}  ${what}\n`);
  return `${doc}\n\n${lines.join('')}@return ${returns}\n`;
}

async function multicall(rpc: Rpc, calls: Value): Promise<Value> {
  if (!Array.isArray(calls)) throw new RpcFault('INCORRECT_PARAMETERS');
  const answers: Value[] = [];
  const taken: (() => void)[] = [];
  let isFull = false;
  try {
    for (const call of calls as readonly Value[]) {
      const answer: Value | undefined = isFull ? undefined : await callOne(rpc, call);
      const free: (() => void) | undefined =
        answer === undefined ? undefined : rpc.answersRoom.take(weigh(answer));
      isFull = free === undefined;
      if (free) taken.push(free);
      answers.push(answer !== undefined && free ? answer : tooMuch(rpc.answersRoom.bytes));
      // Others have their turn in between, however many calls these are.
      await new Promise((resolve) => setImmediate(resolve));
      // The client has left, or supd is about to.
      if (rpc.asked.signal?.aborted) throw new RpcFault('SHUTDOWN_STATE');
    }
    return answers;
  } finally {
    for (const free of taken) free();
  }
}

function tooMuch(bytes: number): Value {
  return asStruct(
    new RpcFault('FAILED', `the answers before, with those of others, are more than ${bytes} bytes`),
  );
}

/** The bare value, as supervisord gives it, or the fault as a struct. */
async function callOne(rpc: Rpc, call: Value): Promise<Value> {
  try {
    if (!isStruct(call)) throw new RpcFault('INCORRECT_PARAMETERS', 'No methodName');
    const { methodName, params = [] } = call;
    if (typeof methodName !== 'string') throw new RpcFault('INCORRECT_PARAMETERS', 'No methodName');
    if (methodName === 'system.multicall')
      throw new RpcFault('INCORRECT_PARAMETERS', 'Recursive system.multicall forbidden');
    if (!Array.isArray(params)) throw new RpcFault('INCORRECT_PARAMETERS');
    return await rpc.dispatch(methodName, params);
  } catch (error) {
    if (error instanceof RpcFault) return asStruct(error);
    return asStruct(new RpcFault('FAILED', String(error)));
  }
}

function asStruct({ code, message }: RpcFault): Value {
  return { faultCode: code, faultString: message };
}
