import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { PassThrough } from 'node:stream';
import { text } from 'node:stream/consumers';
import { test } from 'tap';
import { commands } from '../../src/cli/commands/index.js';
import { complete } from '../../src/cli/complete.js';
import { Hideable } from '../../src/cli/hideable.js';
import type { Outside } from '../../src/cli/supctl.js';
import type { Client } from '../../src/grpc/client.js';
import { call, endless, failing, fakeClient, speaking } from './outside.js';
import { job, process } from './samples.js';

const line = 'a                                RUNNING   pid 7, uptime 0:00:05\n';
const up: Partial<Client> = { listProcesses: async () => ({ processes: [process('a')], unknown: [] }) };

test('it shows the status, asks for commands, and leaves at the end of the input with 0', async (t) => {
  const client: Partial<Client> = { ...up, getProcess: failing('BAD_NAME') };
  const { out, exit } = await call(client, [], { typed: 'pid nope\n\nbogus x\n' });
  t.equal(
    out,
    `${line}supervisor> No such process nope\nsupervisor> supervisor> *** Unknown syntax: bogus x\nsupervisor> \n`,
  );
  t.equal(exit, 0);
});

test('quit and exit leave', async (t) => {
  for (const word of ['quit', 'exit']) {
    const { out, exit } = await call(up, ['-i'], { typed: `${word}\nstatus\n` });
    t.equal(out, `${line}supervisor> \n`, word);
    t.equal(exit, 0);
  }
});

test('-i with a command runs it and leaves', async (t) => {
  t.equal((await call(up, ['-i', 'status'])).out, line);
});

test('the prompt is configured', async (t) => {
  const readConfiguration = () => ({ sockets: ['/s'], prompt: 'plone', historyFile: undefined });
  t.match((await call(up, [], { readConfiguration })).out, 'plone> \n');
});

test('what cannot be undone is asked first', async (t) => {
  let stopped = 0;
  const client: Partial<Client> = {
    ...up,
    shutdown: async () => {
      stopped += 1;
    },
    reload: failing('BAD_CONFIG', 'supd.conf:1: odd'),
  };
  const { out } = await call(client, [], { typed: 'shutdown\nn\nreload\nYes\nshutdown\ny\n' });
  t.equal(
    out,
    `${line}supervisor> Really shut the remote supervisord process down y/N? ` +
      'supervisor> Really restart the remote supervisord process y/N? ERROR: CANT_REREAD: supd.conf:1: odd\n' +
      'supervisor> Really shut the remote supervisord process down y/N? Shut down\nsupervisor> \n',
  );
  t.equal(stopped, 1);
});

test('without a daemon it goes on asking', async (t) => {
  const { out, exit } = await call({ listProcesses: failing('NO_SOCKET') }, [], { typed: 'status\n' });
  t.equal(
    out,
    'unix:///run/supd.sock no such file\nsupervisor> unix:///run/supd.sock no such file\nsupervisor> \n',
  );
  t.equal(exit, 0);
});

test('open switches to another daemon and shows its status', async (t) => {
  const asked: string[] = [];
  const grpc = (socket: string) => {
    asked.push(socket);
    return fakeClient(up);
  };
  const connect = { ...speaking(fakeClient({})), grpc };
  const { out } = await call(up, [], { connect, typed: 'open unix:///other.sock\nopen foo\n' });
  t.strictSame(asked, ['/run/supd.sock', '/other.sock']);
  t.equal(out, `${line}supervisor> ${line}supervisor> ERROR: url must be http:// or unix://\nsupervisor> \n`);
});

test('it asks who one is where that is asked for, until it is right', async (t) => {
  const tried: unknown[] = [];
  const xmlrpc: Outside['connect']['xmlrpc'] = async (_place, credentials) => {
    tried.push(credentials);
    return fakeClient(credentials?.password === 'right' ? up : { listProcesses: failing('UNAUTHENTICATED') });
  };
  const connect = { ...speaking(fakeClient({})), xmlrpc };
  const words = ['-s', 'http://h:1', '-u', 'me', '-p', 'old'];
  const question = 'Server requires authentication\nUsername:Password:\n';
  const { out } = await call({}, words, { connect, typed: 'me\nwrong\nme\nright\n' });
  t.equal(out, `${question}${question}${line}supervisor> \n`);
  t.strictSame(tried, [
    { username: 'me', password: 'old' },
    { username: 'me', password: 'wrong' },
    { username: 'me', password: 'right' },
  ]);
  const { out: gone } = await call({}, words, { connect, typed: '' });
  t.match(gone, /^Server requires authentication\nUsername:Server requires authentication\n/);
});

test('a password is neither shown nor kept', async (t) => {
  const screen = new PassThrough();
  const shown = new Hideable(screen);
  shown.write('Password:');
  shown.hidden = true;
  shown.write('secret');
  shown.hidden = false;
  shown.end('\n', () => screen.end());
  t.equal(await text(screen), 'Password:\n');
});

test('outside of it, who one is must be said before', async (t) => {
  const { out, err, exit } = await call({ listProcesses: failing('UNAUTHENTICATED') }, ['status']);
  t.equal(out, 'Server requires authentication\n');
  t.match(err, /-u NAME and -p PASSWORD/);
  t.equal(exit, 1);
});

test('lines are kept in the history file', async (t) => {
  const dir = mkdtempSync(path.join(tmpdir(), 'supctl-'));
  t.teardown(() => rmSync(dir, { recursive: true }));
  const file = path.join(dir, 'history');
  writeFileSync(file, 'status\n');
  await call(up, ['-r', file], { typed: '' });
  t.equal(readFileSync(file, 'utf8'), 'status\n');
});

test('Tab completes commands, their words, and what they take', async (t) => {
  const client = fakeClient({
    listProcesses: async () => ({ processes: [process('a'), process('g:b')], unknown: [] }),
    listJobs: async () => [job('nightly')],
    listConfigurations: async () => [],
  });
  const session = { client: () => client, commands };
  t.strictSame(await complete(session, 'st'), [['start ', 'status ', 'stop '], 'st']);
  t.strictSame(await complete(session, 'job r'), [['run ', 'runs '], 'r']);
  t.strictSame(await complete(session, 'job run n'), [['nightly '], 'n']);
  t.strictSame(await complete(session, 'stop g'), [['g:* ', 'g:b '], 'g']);
  t.strictSame(await complete(session, 'stop a --no'), [['--no-wait '], '--no']);
  t.strictSame(await complete(session, 'bogus '), [[], '']);
  const broken = { client: () => fakeClient({ listProcesses: failing('NO_SOCKET') }), commands };
  t.strictSame(await complete(broken, 'stop a'), [[], 'a']);
});

test('fg shows both channels, sends what is typed, and leaves the process running', async (t) => {
  const sent: string[] = [];
  const client: Partial<Client> = {
    getProcess: async () => process('a', { stderrLogfile: '/x' }),
    followLog: ({ channel }, options) => endless(options?.signal, Buffer.from(`from ${channel}\n`)),
    watchEvents: (_request, options) => endless(options?.signal),
    writeStdin: async ({ name, chars }) => {
      sent.push(`${name} ${Buffer.from(chars).toString()}`);
    },
  };
  const { out, exit } = await call(client, ['fg', 'a'], { typed: 'hello\nworld\n' });
  t.match(out, /^==> Press Ctrl-C to exit <==\n[\s\S]*Exiting foreground\n$/);
  t.match(out, 'from stdout\n');
  t.match(out, 'from stderr\n');
  t.strictSame(sent, ['a hello\n', 'a world\n']);
  t.equal(exit, 0);
});

test('fg ends when the process does', async (t) => {
  const event = { sequence: 1, resumeToken: '', time: 0, name: 'a', group: 'a', details: {} };
  const client: Partial<Client> = {
    getProcess: async () => process('a'),
    followLog: (_request, options) => endless(options?.signal),
    watchEvents: async function* () {
      yield { kind: 'event', event: { ...event, name: 'b', type: 'PROCESS_STATE_EXITED' } } as const;
      yield { kind: 'event', event: { ...event, type: 'PROCESS_STATE_EXITED' } } as const;
    },
    writeStdin: failing('NOT_RUNNING'),
  };
  const { out } = await call(client, ['fg', 'a'], { typed: 'x\n' });
  t.equal(out, '==> Press Ctrl-C to exit <==\nProcess got killed\nExiting foreground\n');
});

test('fg ends when the process died before its end could be watched', async (t) => {
  let asked = 0;
  const client: Partial<Client> = {
    getProcess: async () => {
      asked += 1;
      return process('a', asked === 1 ? {} : { state: 'STARTING', pid: 2 });
    },
    followLog: (_request, options) => endless(options?.signal),
    watchEvents: (_request, options) => endless(options?.signal),
  };
  const input = () => new PassThrough();
  const { out } = await call(client, ['fg', 'a'], { input });
  t.equal(out, '==> Press Ctrl-C to exit <==\nProcess got killed\nExiting foreground\n');
});

test('fg refuses in the words of supervisorctl', async (t) => {
  const stopped: Partial<Client> = { getProcess: async () => process('a', { state: 'STOPPED' }) };
  const cases = [
    [{}, ['fg'], /^ERROR: no process name supplied\nfg NAME/],
    [{}, ['fg', 'a', 'b'], /^ERROR: too many process names supplied\n$/],
    [{ getProcess: failing('BAD_NAME') }, ['fg', 'a'], /^ERROR: bad process name supplied\n$/],
    [stopped, ['fg', 'a'], /^ERROR: process not running\n$/],
  ] as const;
  for (const [client, words, expected] of cases) {
    const { out, exit } = await call(client, words);
    t.match(out, expected);
    t.equal(exit, 1);
  }
});

test('check tells every problem and asks no daemon', async (t) => {
  const problem = {
    file: 'supd.conf',
    line: 3,
    section: 'program:x',
    key: 'user',
    message: 'no such user',
  } as const;
  const bad = async () => ({ ok: false, problems: [{ severity: 'error', ...problem }] }) as const;
  const { out, exit } = await call({}, ['check', 'supd.conf'], { loadConfiguration: bad });
  t.equal(out, 'supd.conf:3: [program:x] user: no such user\n');
  t.equal(exit, 2);
  const asked: string[] = [];
  const json = await call({}, ['check', '--json'], {
    loadConfiguration: async (file) => {
      asked.push(file);
      return bad();
    },
  });
  t.strictSame(JSON.parse(json.out), [{ severity: 'error', ...problem }]);
  t.strictSame(asked, ['/etc/supd.conf']);
});
