/** Calls of `supervisor.*`: values there and back, faults as CallFailure. */
import { CallFailure } from '../../api/failure.js';
import { decodeResponse } from '../codec/decode.js';
import { encodeCall } from '../codec/encode.js';
import { type Fault, NotXmlRpc, type Struct, type Value } from '../codec/value.js';
import { failureOfFault } from './faults.js';
import type { HttpTransport, RequestOptions } from './transport.js';

/** What a fault says, kept for those who go by its number. */
export class FaultFailure extends CallFailure {
  readonly fault: number;

  constructor({ code, message }: Fault) {
    const failure = failureOfFault(code);
    super(failure, failure === 'BAD_CONFIG' ? message.replace(/^CANT_REREAD: /, '') : message);
    this.fault = code;
  }
}

/** The version of the methods that this client knows; supervisord 3 and 4 have it. */
const API_VERSION = '3.0';

export class Rpc {
  readonly #transport: HttpTransport;
  #checked: Promise<void> | undefined;

  constructor(transport: HttpTransport) {
    this.#transport = transport;
  }

  /** `supervisor.METHOD`. @throws CallFailure */
  async call(method: string, params: readonly Value[], options?: RequestOptions): Promise<Value> {
    this.#checked ??= this.#check(options);
    try {
      await this.#checked;
    } catch (error) {
      this.#checked = undefined;
      throw error;
    }
    return this.#send(`supervisor.${method}`, params, options);
  }

  /** Several reading methods in one go. @throws CallFailure for the first of them that failed */
  async all(
    calls: readonly (readonly [method: string, ...params: Value[]])[],
    options?: RequestOptions,
  ): Promise<readonly Value[]> {
    const list = calls.map(([method, ...params]) => ({ methodName: `supervisor.${method}`, params }));
    const answers = asArray(await this.#send('system.multicall', [list], options));
    return answers.map((answer) => {
      if (isStruct(answer) && typeof answer.faultCode === 'number') {
        throw new FaultFailure({ code: answer.faultCode, message: asText(answer.faultString ?? '') });
      }
      return answer;
    });
  }

  /** Once for each client, as supervisorctl does before most commands. */
  async #check(options: RequestOptions | undefined): Promise<void> {
    const version = asText(await this.#send('supervisor.getAPIVersion', [], options));
    if (version === API_VERSION) return;
    throw new CallFailure(
      'WRONG_API',
      `Sorry, this version of supervisorctl expects to talk to a server with API version ${API_VERSION}, but the remote version is ${version}.`,
    );
  }

  async #send(method: string, params: readonly Value[], options: RequestOptions | undefined): Promise<Value> {
    const text = await this.#transport.post('/RPC2', encodeCall({ method, params }), options).catch(notFound);
    const answer = decode(method, text);
    if (answer.ok) return answer.value;
    throw new FaultFailure(answer.fault);
  }
}

/** 404 is about the path here, not about a file of a process. */
function notFound(error: unknown): never {
  if (!(error instanceof CallFailure && error.code === 'NO_FILE')) throw error;
  throw new CallFailure('BROKEN', 'there is no /RPC2: is this supervisord or supd?');
}

function decode(method: string, text: string) {
  try {
    return decodeResponse(text);
  } catch (error) {
    if (!(error instanceof NotXmlRpc)) throw error;
    throw new CallFailure('BROKEN', `${method}: the answer cannot be read: ${error.message}`);
  }
}

export function isStruct(value: Value | undefined): value is Struct {
  return typeof value === 'object' && value !== null && Object.getPrototypeOf(value) === null;
}

/** @throws CallFailure for anything else; so do the others */
export function asStruct(value: Value | undefined): Struct {
  if (isStruct(value)) return value;
  throw unexpected('a struct', value);
}

export function asArray(value: Value | undefined): readonly Value[] {
  if (Array.isArray(value)) return value as readonly Value[];
  throw unexpected('an array', value);
}

export function asText(value: Value | undefined): string {
  if (typeof value === 'string') return value;
  throw unexpected('a string', value);
}

export function asNumber(value: Value | undefined): number {
  if (typeof value === 'number') return value;
  throw unexpected('a number', value);
}

function unexpected(what: string, value: Value | undefined): CallFailure {
  return new CallFailure(
    'BROKEN',
    `the answer has ${JSON.stringify(value) ?? 'nothing'} where ${what} must be`,
  );
}
