/** A supctl that talks to a client made up by the test: what it is called with, and what it wrote. */
import { PassThrough, Writable } from 'node:stream';
import { commands } from '../../src/cli/commands/index.js';
import { type Outside, supctl } from '../../src/cli/supctl.js';
import { CallFailure, type Client, type FailureCode } from '../../src/grpc/client.js';

export interface Called {
  readonly out: string;
  readonly err: string;
  readonly exit: number;
}

/** Methods that the test does not give fail as a bug would. */
export function fakeClient(methods: Partial<Client>): Client {
  // The proxy stands for every method of Client; what is missing answers with its name.
  return new Proxy(methods, {
    get(target, name) {
      const given = Reflect.get(target, name);
      if (given !== undefined) return given;
      if (name === 'close') return () => {};
      // It is awaited, and no promise.
      if (name === 'then') return undefined;
      return () => {
        throw new Error(`the test did not expect a call of ${String(name)}`);
      };
    },
  }) as Client;
}

export class Screen extends Writable {
  readonly isTTY: boolean;
  readonly columns = 80;
  text = '';

  constructor(isTTY = false) {
    super();
    this.isTTY = isTTY;
  }

  override _write(chunk: Buffer | string, _encoding: string, done: () => void): void {
    this.text += chunk.toString();
    done();
  }
}

export type Changes = Partial<Outside> & {
  /** What is typed; the input ends after it. */
  readonly typed?: string;
};

/** Runs `supctl words…` against the client. */
export async function call(
  methods: Partial<Client>,
  words: readonly string[],
  changes: Changes = {},
): Promise<Called> {
  const output = (changes.output as Screen | undefined) ?? new Screen();
  const errors = (changes.errors as Screen | undefined) ?? new Screen();
  const { typed = '', ...over } = changes;
  const input = () => {
    const stream = new PassThrough();
    stream.end(typed);
    return stream;
  };
  const exit = await supctl({
    program: 'supctl',
    argv: words,
    env: {},
    input,
    now: () => 0,
    commands,
    connect: speaking(fakeClient(methods)),
    findConfiguration: (given) => given ?? '/etc/supd.conf',
    readConfiguration: () => ({ sockets: ['/run/supd.sock'], prompt: 'supervisor', historyFile: undefined }),
    loadConfiguration: () => Promise.reject(new Error('not expected')),
    findDepartures: () => Promise.reject(new Error('not expected')),
    exists: () => true,
    onInterrupt: () => () => {},
    ...over,
    output,
    errors,
  });
  return { out: output.text, err: errors.text, exit };
}

/** Whatever is asked, and however: this client. */
export function speaking(client: Client): Outside['connect'] {
  return { grpc: () => client, xmlrpc: async () => client };
}

/** An answer in pieces. */
export async function* stream<T>(...items: readonly T[]): AsyncGenerator<T, void, void> {
  yield* items;
}

/** A stream that goes on for ever after its items, and fails as the client's do when the signal is aborted. */
export async function* endless<T>(
  signal: AbortSignal | undefined,
  ...items: readonly T[]
): AsyncGenerator<T, void, void> {
  yield* items;
  await new Promise<void>((resolve) => signal?.addEventListener('abort', () => resolve(), { once: true }));
  throw new CallFailure('CANCELLED', 'cancelled');
}

/** A call that fails. */
export function failing(
  code: FailureCode,
  message = 'in words',
  details: readonly string[] = [],
): () => Promise<never> {
  return () => Promise.reject(new CallFailure(code, message, { details }));
}

/** A stream that fails before its first item. */
export async function* broken(code: FailureCode, message?: string): AsyncGenerator<never, void, void> {
  yield await failing(code, message)();
}
