import { test } from 'tap';
import type { Client } from '../../src/grpc/client.js';
import { broken, call, endless, failing, Screen, stream } from './outside.js';
import { process, unknown } from './samples.js';

const bytes = (text: string) => Buffer.from(text);

function fileOf(text: string): Pick<Client, 'readLog'> {
  const file = bytes(text);
  return {
    readLog: async ({ offset = 0, length = 0 }) => {
      const from = offset < 0 ? Math.max(0, file.length + offset) : offset;
      const wanted = length === 0 ? file.length - from : length;
      const content = file.subarray(from, from + Math.min(wanted, 1024 * 1024));
      return { content, size: file.length };
    },
  };
}

test('tail prints the last 1600 bytes as they are, or as many as are asked for, and a line end', async (t) => {
  const text = 'x'.repeat(400) + 'y'.repeat(1600);
  t.equal((await call(fileOf(text), ['tail', 'a'])).out, `${'y'.repeat(1600)}\n`);
  t.equal((await call(fileOf('one\ntwo'), ['tail', '-3', 'a'])).out, 'two\n');
});

test('tail --json has the bytes in base64', async (t) => {
  t.strictSame(JSON.parse((await call(fileOf('one\n'), ['tail', '--json', 'a'])).out), {
    content: 'b25lCg==',
  });
  const client: Partial<Client> = { followLog: () => stream(bytes('one\n')) };
  t.equal((await call(client, ['maintail', '-f', '--json'])).out, '{"content":"b25lCg=="}\n');
});

test('tail asks for more than one answer can hold piece by piece', async (t) => {
  const text = 'a'.repeat(10) + 'b'.repeat(3 * 1024 * 1024);
  const { out } = await call(fileOf(text), ['tail', `-${3 * 1024 * 1024}`, 'a']);
  t.equal(out.length, 3 * 1024 * 1024 + 1);
  t.notMatch(out.slice(0, 20), 'a');
});

test('tail asks for the channel that is named', async (t) => {
  const asked: unknown[] = [];
  const client: Partial<Client> = {
    readLog: async (request) => {
      asked.push(request);
      return { content: bytes(''), size: 0 };
    },
  };
  await call(client, ['tail', 'a']);
  await call(client, ['tail', 'g:a', 'STDERR']);
  await call(client, ['maintail', '-100']);
  t.strictSame(asked, [
    { name: 'a', channel: 'stdout', offset: -1600, length: 0 },
    { name: 'g:a', channel: 'stderr', offset: -1600, length: 0 },
    { offset: -100, length: 0 },
  ]);
});

test('tail refuses what supervisorctl refuses, in its words', async (t) => {
  const cases: readonly (readonly [readonly string[], RegExp])[] = [
    [['tail'], /^Error: too few arguments\ntail NAME/],
    [['tail', 'a', 'b', 'c', 'd'], /^Error: too many arguments\ntail NAME/],
    [['tail', '-f'], /^Error: tail requires process name\n$/],
    [['tail', 'a', 'foo'], /^Error: bad channel 'foo'\n$/],
    [['tail', '-x', 'a'], /^Error: bad argument -x\n$/],
    [['maintail', '-x'], /^Error: bad argument -x\n$/],
    [['maintail', 'a'], /^Error: bad argument a\n$/],
    [['maintail', 'a', 'b'], /^Error: too many arguments\nmaintail/],
  ];
  for (const [words, expected] of cases) {
    const { out, exit } = await call({}, words);
    t.match(out, expected);
    t.equal(exit, 1);
  }
});

test('a log that cannot be read is told in the words of supervisorctl', async (t) => {
  const outcome = async (code: Parameters<typeof failing>[0], ...words: readonly string[]) => {
    const { out, exit } = await call({ readLog: failing(code) }, words);
    return [out, exit];
  };
  t.strictSame(await outcome('BAD_NAME', 'tail', 'a'), ['a: ERROR (no such process name)\n', 1]);
  t.strictSame(await outcome('NO_FILE', 'tail', 'a'), ['a: ERROR (no log file)\n', 1]);
  t.strictSame(await outcome('FAILED', 'tail', 'a'), ['a: ERROR (unknown error reading log)\n', 1]);
  t.strictSame(await outcome('NO_FILE', 'maintail'), ['supervisord: ERROR (no log file)\n', 1]);
});

test('tail -f goes on until Ctrl-C, which is no failure', async (t) => {
  let interrupt = () => {};
  const asked: unknown[] = [];
  const client: Partial<Client> = {
    followLog: (request, options) => {
      asked.push(request);
      setImmediate(interrupt);
      return endless(options?.signal, bytes('one\n'), bytes('two'));
    },
  };
  const onInterrupt = (act: () => void) => {
    interrupt = act;
    return () => {};
  };
  const called = await call(client, ['tail', '-f', 'a', 'stderr'], { onInterrupt });
  t.strictSame(called, { out: '==> Press Ctrl-C to exit <==\none\ntwo', err: '', exit: 0 });
  t.strictSame(asked, [{ name: 'a', channel: 'stderr', historyBytes: 1024 }]);
});

test('tail -f of an unknown process fails', async (t) => {
  const called = await call({ followLog: () => broken('BAD_NAME') }, ['tail', '-f', 'nope']);
  t.equal(called.out, '==> Press Ctrl-C to exit <==\nnope: ERROR (no such process name)\n');
  t.equal(called.exit, 1);
});

test('logs shows the last lines of one process as they are', async (t) => {
  const text = Array.from({ length: 30 }, (_, at) => `line ${at}\n`).join('');
  const client: Partial<Client> = {
    ...fileOf(text),
    listProcesses: async () => ({ processes: [process('a')], unknown: [] }),
  };
  t.equal((await call(client, ['logs', '-n', '2', 'a'])).out, 'line 28\nline 29\n');
  t.equal((await call(client, ['logs', 'a'])).out.split('\n').length, 11);
});

test('logs of several processes are told apart line by line', async (t) => {
  const pieces: Record<string, readonly string[]> = {
    'a:a': ['one\ntw', 'o\n'],
    'g:long': ['three\nlast without end'],
  };
  const client: Partial<Client> = {
    listProcesses: async () => ({
      processes: [process('a'), process('g:long')],
      unknown: [unknown('nope', 'NO_SUCH_PROCESS')],
    }),
    readLog: async () => ({ content: bytes(''), size: 0 }),
    followLog: ({ name = '' }) => stream(...(pieces[name] ?? []).map(bytes)),
  };
  const { out, err, exit } = await call(client, ['logs', '-f', '-n', '0', 'all', 'nope']);
  t.strictSame(out.split('\n').sort(), [
    '',
    'a      | one',
    'a      | two',
    'g:long | last without end',
    'g:long | three',
  ]);
  t.equal(err, 'nope: ERROR (no such process)\n');
  t.equal(exit, 1);
});

test('stderr has its own log unless it goes to stdout', async (t) => {
  const asked: unknown[] = [];
  const client: Partial<Client> = {
    listProcesses: async () => ({
      processes: [process('a', { stderrLogfile: '/x' }), process('b')],
      unknown: [],
    }),
    readLog: async ({ name, channel }) => {
      asked.push(`${name} ${channel}`);
      return { content: bytes(`${channel}\n`), size: 7 };
    },
  };
  const { out } = await call(client, ['logs', 'a', 'b']);
  t.strictSame(asked, ['a:a stdout', 'a:a stderr', 'b:b stdout']);
  t.equal(out, 'a          | stdout\na (stderr) | stderr\nb          | stdout\n');
  asked.length = 0;
  await call(client, ['logs', '--stderr', 'a', 'b']);
  t.strictSame(asked, ['a:a stderr']);
});

test('logs --json is one object for each line', async (t) => {
  const client: Partial<Client> = {
    ...fileOf('one\ntwo\n'),
    listProcesses: async () => ({ processes: [process('g:a')], unknown: [] }),
  };
  t.equal(
    (await call(client, ['logs', '--json', 'g:a'])).out,
    '{"name":"a","group":"g","channel":"stdout","line":"one"}\n{"name":"a","group":"g","channel":"stdout","line":"two"}\n',
  );
});

test('colours only where there is a terminal and nobody said NO_COLOR', async (t) => {
  const client: Partial<Client> = {
    ...fileOf('one\n'),
    listProcesses: async () => ({ processes: [process('a'), process('b')], unknown: [] }),
  };
  t.match((await call(client, ['logs', 'all'], { output: new Screen(true) })).out, '\x1b[');
  t.notMatch((await call(client, ['logs', 'all'])).out, '\x1b[');
  const quiet = { output: new Screen(true), env: { NO_COLOR: '1' } };
  t.notMatch((await call(client, ['logs', 'all'], quiet)).out, '\x1b[');
});

class Broken extends Screen {
  readonly #code: string;

  constructor(code: string) {
    super();
    this.#code = code;
  }

  override _write(_chunk: Buffer | string, _encoding: string, done: (error?: Error) => void): void {
    done(Object.assign(new Error(`write ${this.#code}`), { code: this.#code }));
  }
}

test('nobody reads any more: the command ends quietly', async (t) => {
  const client: Partial<Client> = {
    followLog: (_request, options) => endless(options?.signal, bytes('one\n')),
  };
  const called = await call(client, ['tail', '-f', 'a'], { output: new Broken('EPIPE') });
  t.strictSame(called, { out: '', err: '', exit: 0 });
});

test('an answer that cannot be written is a failure', async (t) => {
  const called = await call(fileOf('one\n'), ['tail', 'a'], { output: new Broken('ENOSPC') });
  t.strictSame(called, { out: '', err: 'supctl: cannot write the answer: write ENOSPC\n', exit: 1 });
});

test('events are told as they come, lost ones too', async (t) => {
  const event = {
    sequence: 5,
    resumeToken: 'boot:5',
    time: Date.UTC(2026, 10, 24, 3),
    type: 'PROCESS_STATE_RUNNING',
    name: 'p_0',
    group: 'p',
    details: { from_state: 'STARTING', pid: '7' },
  };
  const asked: unknown[] = [];
  const client: Partial<Client> = {
    watchEvents: (request) => {
      asked.push(request);
      return stream({ kind: 'event', event } as const, { kind: 'gap', missed: 3 } as const);
    },
  };
  const text = await call(client, ['events', '-f', '--since', 'boot:4']);
  t.match(
    text.out,
    /^\d{4}-\d\d-\d\d \d\d:\d\d:\d\d PROCESS_STATE_RUNNING p:p_0 from_state:STARTING pid:7\n\(3 events lost/,
  );
  t.strictSame(asked, [{ resumeToken: 'boot:4' }]);
  const json = await call(client, ['events', '-f', '--json']);
  t.equal(
    json.out,
    '{"sequence":5,"resumeToken":"boot:5","time":"2026-11-24T03:00:00.000Z","type":"PROCESS_STATE_RUNNING",' +
      '"name":"p_0","group":"p","details":{"from_state":"STARTING","pid":"7"}}\n{"gap":{"missed":3}}\n',
  );
});

test('what a program said in an event can neither break the line nor command the terminal', async (t) => {
  const event = {
    sequence: 1,
    resumeToken: 'boot:1',
    time: 0,
    type: 'PROCESS_COMMUNICATION_STDOUT',
    name: 'p',
    group: 'p',
    details: { pid: '7', data: 'one\n\u001b[2J\u009btwo' },
  };
  const client: Partial<Client> = { watchEvents: () => stream({ kind: 'event', event } as const) };
  const { out } = await call(client, ['events', '-f']);
  t.match(out, / p pid:7 data:"one\\n\\u001b\[2J\\u009btwo"\n$/);
});
