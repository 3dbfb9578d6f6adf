/** start, stop, signal and clear, target by target as supervisorctl does them, each answered as it is done. */
import type { ProcessResult, ResultCode } from '../../api/answers.js';
import type { Value } from '../codec/value.js';
import { Faults, resultOfFault } from './faults.js';
import { isPattern, matching, partsOf, unknown } from './names.js';
import { asArray, asNumber, asStruct, asText, FaultFailure, type Rpc } from './rpc.js';
import { processOf } from './structs.js';
import type { RequestOptions } from './transport.js';

interface Verb {
  readonly all: string;
  /** undefined: for each member. */
  readonly group?: string;
  readonly one: string;
  readonly done: ResultCode;
}

export const verbs = {
  start: { all: 'startAllProcesses', group: 'startProcessGroup', one: 'startProcess', done: 'STARTED' },
  stop: { all: 'stopAllProcesses', group: 'stopProcessGroup', one: 'stopProcess', done: 'STOPPED' },
  signal: {
    all: 'signalAllProcesses',
    group: 'signalProcessGroup',
    one: 'signalProcess',
    done: 'SIGNALLED',
  },
  clear: { all: 'clearAllProcessLogs', one: 'clearProcessLogs', done: 'CLEARED' },
} as const satisfies Record<string, Verb>;

export interface Ask {
  readonly targets: readonly string[];
  /** Follow the name. */
  readonly params: readonly Value[];
  /** What a success says; empty: nothing but the code. */
  readonly message?: string;
}

/** @throws CallFailure from the iteration, for what is not about one target */
export async function* change(
  rpc: Rpc,
  verb: Verb,
  { targets, params, message = '' }: Ask,
  options?: RequestOptions,
): AsyncGenerator<ProcessResult, void, void> {
  const results = (value: Value) => asArray(value).map((one) => resultOf(one, verb, message));
  if (targets.includes('all')) {
    yield* results(await rpc.call(verb.all, params, options));
    return;
  }
  for (const target of targets) {
    const { group, name } = partsOf(target);
    const looked = isPattern(target) || (name === undefined && verb.group === undefined);
    if (looked) {
      const found = matching(
        target,
        asArray(await rpc.call('getAllProcessInfo', [], options)).map(processOf),
      );
      if (found.length === 0) yield unknown(target);
      for (const one of found) yield await single(rpc, verb, one, params, message, options);
    } else if (name !== undefined) {
      yield await single(rpc, verb, { group, name }, params, message, options);
    } else {
      const answer = await ofGroup(rpc, verb.group ?? '', group, params, options);
      if (answer === undefined) yield unknown(target);
      else yield* results(answer);
    }
  }
}

async function single(
  rpc: Rpc,
  verb: Verb,
  { group, name }: { readonly group: string; readonly name: string },
  params: readonly Value[],
  message: string,
  options: RequestOptions | undefined,
): Promise<ProcessResult> {
  try {
    await rpc.call(verb.one, [group === name ? name : `${group}:${name}`, ...params], options);
    return { group, name, code: verb.done, message };
  } catch (error) {
    if (!(error instanceof FaultFailure) || error.code === 'SHUTTING_DOWN' || error.code === 'NO_API')
      throw error;
    return resultOf(
      Object.assign(Object.create(null), {
        group,
        name,
        status: error.fault,
        description: error.message,
      }),
      verb,
      message,
    );
  }
}

/** undefined: there is no such group. */
async function ofGroup(
  rpc: Rpc,
  method: string,
  group: string,
  params: readonly Value[],
  options: RequestOptions | undefined,
): Promise<Value | undefined> {
  try {
    return await rpc.call(method, [group, ...params], options);
  } catch (error) {
    if (error instanceof FaultFailure && error.fault === Faults.BAD_NAME) return undefined;
    throw error;
  }
}

/** The words of a failure are the client's own, but for those that only the daemon has. */
function resultOf(value: Value, verb: Verb, message: string): ProcessResult {
  const status = asStruct(value);
  const code = resultOfFault(asNumber(status.status), verb.done);
  const said = code === verb.done ? message : code === 'FAILED' ? asText(status.description) : '';
  return { group: asText(status.group), name: asText(status.name), code, message: said };
}
