/** What each method takes and gives, which faults there are, and that nothing else can be called. */
import { execFileSync } from 'node:child_process';
import { test } from 'tap';
import type { Asked, GroupView, ProcessResult, ResultCode } from '../../src/api/api.js';
import { type Code, SupdError } from '../../src/api/errors.js';
import type { Value } from '../../src/xmlrpc/codec/value.js';
import { asking, faultOf, RpcFault } from '../../src/xmlrpc/faults.js';
import { Room } from '../../src/xmlrpc/room.js';
import { callMethod, tableOf } from '../../src/xmlrpc/table.js';
import { type FakeApi, fakeApi } from '../grpc/fake-api.js';
import { requireStack } from '../helpers/require.js';

const asked: Asked = { caller: { role: 'operator', door: 'test' } };
const methods = tableOf(['supervisor']);

type Outcome = Value | { readonly fault: string; readonly code: number };

async function called(api: FakeApi, name: string, params: Value[] = [], strict = false): Promise<Outcome> {
  try {
    return await callMethod({ api, strict, methods, answersRoom: new Room(16 << 20) }, asked, name, params);
  } catch (error) {
    if (error instanceof RpcFault) return { fault: error.message, code: error.code };
    throw error;
  }
}

/** The real one's methods and signatures, one a line. */
const REAL = `
from supervisor.rpcinterface import SupervisorNamespaceRPCInterface
from supervisor.xmlrpc import SystemNamespaceRPCInterface
system = SystemNamespaceRPCInterface([('supervisor', SupervisorNamespaceRPCInterface(None))])
for name in system.listMethods():
    print(name, *system.methodSignature(name))
`;

test('the methods and their signatures are those of supervisord 4.2.5', async (t) => {
  if (!requireStack(t, ['supervisord', 'python3'])) return;
  const real = execFileSync('/usr/bin/python3', ['-c', REAL], { encoding: 'utf8' }).trim().split('\n');
  const api = fakeApi();
  const names = await called(api, 'system.listMethods');
  t.same(
    names,
    real.map((line) => line.split(' ')[0]),
  );
  for (const line of real) {
    const [name = '', ...signature] = line.split(' ');
    t.same(await called(api, 'system.methodSignature', [name]), signature, name);
    t.match(await called(api, 'system.methodHelp', [name]), /^[A-Z].*\.\n/, `${name} has a help text`);
  }
});

test('nothing but the methods of the table can be called', async (t) => {
  const api = fakeApi();
  const unknown = { fault: 'UNKNOWN_METHOD', code: 1 };
  for (const name of ['', 'nope', 'supervisor', 'supervisor.', 'supervisor.nope', 'supervisor._update'])
    t.same(await called(api, name), unknown, name);
  for (const name of [
    'supervisor.toString',
    'supervisor.constructor',
    '__proto__.x',
    'a.b.c',
    'other.getPID',
  ])
    t.same(await called(api, name), unknown, name);
  t.same(await called(api, 'system.methodHelp', ['nope']), { fault: 'SIGNATURE_UNSUPPORTED', code: 4 });
});

test('without an [rpcinterface] section there is only system, and its name is the namespace', async (t) => {
  t.same(
    [...tableOf([]).keys()].filter((name) => !name.startsWith('system.')),
    [],
  );
  t.ok(tableOf(['mine']).has('mine.getPID'));
  t.notOk(tableOf(['mine']).has('supervisor.getPID'));
});

test('a wrong number or kind of parameters is fault 2', async (t) => {
  const api = fakeApi();
  for (const [name, params] of [
    ['getPID', [1]],
    ['startProcess', []],
    ['startProcess', ['zeo', true, 1]],
    ['startProcess', [1]],
    ['getProcessInfo', [{ a: 1 }]],
    ['readLog', ['x', 0]],
    ['readLog', [0]],
  ] as const)
    t.same(
      await called(api, `supervisor.${name}`, [...params]),
      { fault: 'INCORRECT_PARAMETERS', code: 2 },
      `${name} ${JSON.stringify(params)}`,
    );
  t.same(await called(api, 'supervisor.sendProcessStdin', ['zeo', 5]), {
    fault: 'INCORRECT_PARAMETERS: 5',
    code: 2,
  });
});

test('names are exact: no pattern, no short form, and group:* is no process', async (t) => {
  const api = fakeApi();
  for (const name of [
    'instance1',
    'instances',
    'instances:*',
    'instances:',
    'inst*',
    'z?o',
    'all',
    '',
    'x:y',
  ])
    t.same(await called(api, 'supervisor.getProcessInfo', [name]), { fault: `BAD_NAME: ${name}`, code: 10 });
  for (const name of ['z*', 'all', 'instance1'])
    t.same(await called(api, 'supervisor.stopProcess', [name]), { fault: `BAD_NAME: ${name}`, code: 10 });
  t.same(await called(api, 'supervisor.startProcessGroup', ['instances:*']), {
    fault: 'BAD_NAME: instances:*',
    code: 10,
  });
});

test('each result and each refusal is the fault that supervisord gives', async (t) => {
  const results: Record<ResultCode, string | undefined> = {
    STARTED: undefined,
    STOPPED: undefined,
    SIGNALLED: undefined,
    CLEARED: undefined,
    NO_SUCH_PROCESS: '10 BAD_NAME: g:x',
    NO_SUCH_GROUP: '10 BAD_NAME: g:x',
    ALREADY_STARTED: '60 ALREADY_STARTED: g:x',
    NOT_RUNNING: '70 NOT_RUNNING: g:x',
    NO_FILE: "20 NO_FILE: can't find command 'x'",
    NOT_EXECUTABLE: "21 NOT_EXECUTABLE: can't find command 'x'",
    SPAWN_ERROR: '50 SPAWN_ERROR: g:x',
    ABNORMAL_TERMINATION: '40 ABNORMAL_TERMINATION: g:x',
    FAILED: "30 FAILED: can't find command 'x'",
    SHUTTING_DOWN: '6 SHUTDOWN_STATE: g:x',
    BAD_SIGNAL: '11 BAD_SIGNAL: g:x',
  };
  for (const [code, wanted] of Object.entries(results)) {
    const fault = faultOf(code as ResultCode, "can't find command 'x'", 'g:x');
    t.equal(fault && `${fault.code} ${fault.message}`, wanted, code);
  }
  const refusals: Record<Code, string> = {
    BAD_NAME: '10 BAD_NAME: x',
    BAD_SIGNAL: '11 BAD_SIGNAL: x',
    BAD_ARGUMENT: '3 BAD_ARGUMENTS',
    BAD_CONFIG: '92 CANT_REREAD: why',
    NOT_RUNNING: '70 NOT_RUNNING: x',
    ALREADY_RUNNING: '60 ALREADY_STARTED: x',
    ALREADY_ADDED: '90 ALREADY_ADDED: x',
    STILL_RUNNING: '91 STILL_RUNNING: x',
    NO_FILE: '20 NO_FILE: x',
    SHUTTING_DOWN: '6 SHUTDOWN_STATE',
    FORBIDDEN: '30 FAILED: x',
    TOO_MUCH: '30 FAILED: x',
    FAILED: '30 FAILED: x',
  };
  for (const [code, wanted] of Object.entries(refusals)) {
    const refuse = () => {
      throw new SupdError(code as Code, 'why');
    };
    try {
      asking('x', refuse);
    } catch (error) {
      t.ok(error instanceof RpcFault);
      t.equal(`${(error as RpcFault).code} ${(error as Error).message}`, wanted, code);
    }
  }
});

test('while supd shuts down supervisor.* is fault 6, and system.* has an answer', async (t) => {
  const api = fakeApi({ mode: () => 'SHUTDOWN' });
  for (const [name, { always, params }] of methods) {
    if (always) continue;
    t.same(
      await called(
        api,
        name,
        params.map(() => 'x'),
      ),
      { fault: 'SHUTDOWN_STATE', code: 6 },
      name,
    );
  }
  t.same(
    await called(api, 'supervisor.getState', ['x']),
    { fault: 'INCORRECT_PARAMETERS', code: 2 },
    'counted first',
  );
  t.same(
    [...methods].filter(([, { always }]) => always).map(([name]) => name),
    [
      'supervisor.sendRemoteCommEvent',
      'system.listMethods',
      'system.methodHelp',
      'system.methodSignature',
      'system.multicall',
    ],
  );
  t.equal(await called(api, 'supervisor.sendRemoteCommEvent', ['type', 'data']), true);
  t.same(api.calls.at(-1), ['tellRemote', 'type', 'data']);
});

const members = (['RUNNING', 'STOPPING', 'STOPPED', 'BACKOFF', 'UNKNOWN', 'FATAL'] as const).map((state) => ({
  id: `g:${state}`,
  name: state,
  group: 'g',
  state,
  startsAtOnce: false,
}));
const groups = (): readonly GroupView[] => [{ name: 'g', priority: 1, members }];

function answering(code: ResultCode, more: Partial<FakeApi> = {}): FakeApi {
  const results = (targets: readonly string[]): ProcessResult[] =>
    targets.map((id) => ({ name: id.slice(2), group: 'g', code, message: 'why' }));
  async function* each(targets: readonly string[]) {
    yield* results(targets);
  }
  return fakeApi({ groups, start: each, stop: each, signal: results, clearLogs: results, ...more });
}

const ok = (name: string) => ({ name, group: 'g', status: 80, description: 'OK' });

test('a call for a group passes over whom it does not concern', async (t) => {
  const unknown = {
    name: 'UNKNOWN',
    group: 'g',
    status: 30,
    description: 'FAILED: g:UNKNOWN is in an unknown process state',
  };
  const api = answering('STARTED');
  t.same(await called(api, 'supervisor.startProcessGroup', ['g']), [
    unknown,
    ok('STOPPING'),
    ok('STOPPED'),
    ok('FATAL'),
  ]);
  t.same(await called(api, 'supervisor.startProcess', ['g:*', false]), [
    ok('STOPPING'),
    ok('STOPPED'),
    unknown,
    ok('FATAL'),
  ]);
  t.same(await called(answering('STOPPED'), 'supervisor.stopAllProcesses'), [ok('RUNNING'), ok('BACKOFF')]);
  t.same(await called(answering('SIGNALLED'), 'supervisor.signalProcess', ['g:*', 'HUP']), [
    ok('RUNNING'),
    ok('STOPPING'),
  ]);
  t.same(await called(answering('BAD_SIGNAL'), 'supervisor.signalAllProcesses', ['FOO']), [
    { name: 'RUNNING', group: 'g', status: 11, description: 'BAD_SIGNAL: FOO' },
    { name: 'STOPPING', group: 'g', status: 11, description: 'BAD_SIGNAL: FOO' },
  ]);
  t.same(await called(answering('FAILED'), 'supervisor.clearAllProcessLogs'), [
    ...members.map(({ name }) => ({ name, group: 'g', status: 30, description: 'FAILED: why' })),
  ]);
});

test('compat=strict neither waits for a stop before a start nor stops in order', async (t) => {
  const asked: (readonly string[])[] = [];
  const api = answering('STOPPED', {
    stop: async function* (targets) {
      asked.push(targets);
      yield { name: 'x', group: 'g', code: 'STOPPED', message: '' };
    },
  });
  t.same(await called(api, 'supervisor.startProcess', ['g:STOPPING'], true), {
    fault: 'ABNORMAL_TERMINATION: g:STOPPING',
    code: 40,
  });
  t.equal(await called(api, 'supervisor.startProcess', ['g:STOPPING', false], true), true);
  await called(api, 'supervisor.stopAllProcesses', [], true);
  t.same(asked, [['g:RUNNING'], ['g:BACKOFF']], 'each by itself, all at once');
  asked.length = 0;
  await called(api, 'supervisor.stopAllProcesses', []);
  t.same(asked, [['g:RUNNING', 'g:BACKOFF']]);
  t.equal(await called(api, 'supervisor.getSupervisorVersion', [], true), '4.2.5');
  t.equal(await called(api, 'supervisor.getSupervisorVersion', []), '4.2.5+supd.0.1.0');
});

test('a multicall makes its calls in order, and gives bare values and faults', async (t) => {
  const api = fakeApi();
  const call = (methodName: string, ...params: Value[]) => ({ methodName, params });
  t.same(
    await called(api, 'system.multicall', [
      [
        call('supervisor.getAPIVersion'),
        { methodName: 'supervisor.getPID' },
        call('supervisor.nope'),
        call('system.multicall', []),
        { params: [] },
        call('supervisor.getProcessInfo', 'nobody'),
        'garbage',
        call('supervisor.stopProcess', 'instances:instance1'),
      ],
    ]),
    [
      '3.0',
      1,
      { faultCode: 1, faultString: 'UNKNOWN_METHOD' },
      { faultCode: 2, faultString: 'INCORRECT_PARAMETERS: Recursive system.multicall forbidden' },
      { faultCode: 2, faultString: 'INCORRECT_PARAMETERS: No methodName' },
      { faultCode: 10, faultString: 'BAD_NAME: nobody' },
      { faultCode: 2, faultString: 'INCORRECT_PARAMETERS: No methodName' },
      true,
    ],
  );
  t.same(await called(api, 'system.multicall', [5]), { fault: 'INCORRECT_PARAMETERS', code: 2 });
});

test('the answers of a multicall do not grow without bound', async (t) => {
  const big = Buffer.alloc(4 << 20, 'x');
  const api = fakeApi({ readLog: () => ({ content: big, size: big.length }) });
  const call = { methodName: 'supervisor.readLog', params: [0, 0] };
  const answers = (await called(api, 'system.multicall', [Array(12).fill(call)])) as readonly Value[];
  t.equal(answers.length, 12);
  t.equal(typeof answers[0], 'string');
  t.match(answers.at(-1), {
    faultCode: 30,
    faultString: /^FAILED: the answers before, with those of others, are more than/,
  });
});

test('log text is bounded, and what is no UTF-8 in it comes as something', async (t) => {
  const asked: unknown[][] = [];
  const api = fakeApi({
    logFile: (name, channel) =>
      channel === 'stdout'
        ? { path: '/l', isAuto: name === '', ...(name === '' ? {} : { modified: 1 }) }
        : undefined,
    readLog: (...args) => {
      asked.push(args);
      return { content: Buffer.from([0x61, 0xff, 0x0d, 0x0a]), size: 4 };
    },
  });
  t.equal(await called(api, 'supervisor.readLog', [0, 0]), 'a\ufffd\r\n');
  t.equal(await called(api, 'supervisor.readProcessLog', ['zeo', -(2 ** 40), 0], true), 'a\ufffd\n');
  t.equal(await called(api, 'supervisor.readProcessLog', ['zeo', -(2 ** 40), 0]), 'a\ufffd\r\n');
  t.same(asked, [
    ['', 'stdout', 0, 0, 4 << 20],
    ['zeo:zeo', 'stdout', -(64 << 20), 0, 64 << 20],
    ['zeo:zeo', 'stdout', -(4 << 20), 0, 4 << 20],
  ]);
  t.same(await called(api, 'supervisor.readProcessStderrLog', ['zeo', 0, 0]), { fault: 'NO_FILE', code: 20 });
  t.same(await called(api, 'supervisor.tailProcessStderrLog', ['zeo', 0, 0]), ['', 0, false]);
  t.same(await called(api, 'supervisor.tailProcessLog', ['zeo', 3, 5]), ['tail\n', 5, false]);
});
