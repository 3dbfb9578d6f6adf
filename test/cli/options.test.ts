import { test } from 'tap';
import { commands } from '../../src/cli/commands/index.js';
import { readFlags, splitLine } from '../../src/cli/flags.js';
import { readOptions } from '../../src/cli/options.js';
import type { Outside } from '../../src/cli/supctl.js';
import { addressOfUrl, shownUrl } from '../../src/cli/url.js';
import { call, failing, fakeClient, speaking } from './outside.js';

function messageOf(...argv: readonly string[]): string | undefined {
  const read = readOptions(argv);
  return read.ok ? undefined : read.message;
}

test('options end at the first word, which begins the command', (t) => {
  const read = readOptions(['-c', 'f', '-i', 'tail', '-f', 'x', '-c', 'y']);
  t.ok(read.ok);
  t.match(read.ok && read.options, {
    configuration: 'f',
    interactive: true,
    words: ['tail', '-f', 'x', '-c', 'y'],
  });
  t.match(readOptions(['--', '-x']), { ok: true, options: { words: ['-x'] } });
  t.end();
});

test('values stand behind the option, attached or after =, and long names may be cut', (t) => {
  for (const argv of [['-cf'], ['-c', 'f'], ['--configuration=f'], ['--configuration', 'f'], ['--conf=f']]) {
    t.match(readOptions(argv), { ok: true, options: { configuration: 'f' } }, argv.join(' '));
  }
  t.match(readOptions(['-ic', 'f']), { ok: true, options: { interactive: true, configuration: 'f' } });
  t.match(readOptions(['--history-file=h']), { ok: true, options: { historyFile: 'h' } });
  t.match(readOptions(['--hist=h']), { ok: true, options: { historyFile: 'h' } });
  t.match(readOptions(['--he']), { ok: true, options: { help: true } });
  t.match(readOptions(['-?']), { ok: true, options: { help: true } });
  t.match(readOptions(['-u', 'me', '-p', 'x']), { ok: true, options: { username: 'me', password: 'x' } });
  t.end();
});

test('what is wrong with options is told in the words of supervisorctl', (t) => {
  t.equal(messageOf('-x'), 'option -x not recognized');
  t.equal(messageOf('--foo'), 'option --foo not recognized');
  t.equal(messageOf('--foo=1'), 'option --foo not recognized');
  t.equal(messageOf('-c'), 'option -c requires argument');
  t.equal(messageOf('-hc'), 'option -c requires argument');
  t.equal(messageOf('--serverurl'), 'option --serverurl requires argument');
  t.equal(messageOf('--h=3'), 'option --h not a unique prefix');
  t.equal(messageOf('-i=3'), 'option -= not recognized');
  t.equal(messageOf('--interactive=3'), 'option --interactive must not have an argument');
  t.equal(messageOf('-s', 'foo'), "invalid value for -s 'foo': value 'foo' is not a URL");
  t.equal(messageOf('--s=1'), "invalid value for --serverurl '1': value '1' is not a URL");
  t.equal(messageOf('-i', '-i'), "conflicting command line option '-i'");
  t.equal(messageOf('-c', 'a', '--configuration=b'), "conflicting command line option '--configuration'");
  t.end();
});

test('a wrong call ends with 2, its reason and where there is help, on stderr', async (t) => {
  t.strictSame(await call({}, ['-x']), {
    out: '',
    err: 'Error: option -x not recognized\nFor help, use supctl -h\n',
    exit: 2,
  });
  const https = await call({}, ['-s', 'https://localhost:9001', 'status']);
  t.equal(https.exit, 2);
  t.match(https.err, "invalid value for -s 'https://localhost:9001': url must be http:// or unix://");
  const findConfiguration = () => {
    throw new Error('could not find config file /nope');
  };
  const missing = await call({}, ['-c', '/nope', 'help'], { findConfiguration });
  t.equal(missing.err, 'Error: could not find config file /nope\nFor help, use supctl -h\n');
  t.equal(missing.exit, 2);
});

test('-h prints how it is called, and nothing is looked for', async (t) => {
  const findConfiguration = () => {
    throw new Error('not asked for');
  };
  const { out, exit } = await call({}, ['-h'], { findConfiguration });
  t.match(out, /^Usage: supctl \[options\]/);
  t.equal(exit, 0);
  t.equal((await call({}, ['help'], { findConfiguration })).exit, 0);
});

test('-s takes the place of what the configuration says', async (t) => {
  const findConfiguration = () => {
    throw new Error('not asked for');
  };
  const listProcesses = failing('NO_SOCKET');
  const { out, exit } = await call({ listProcesses }, ['-s', 'unix:///tmp/other.sock', 'status'], {
    findConfiguration,
  });
  t.equal(out, 'unix:///tmp/other.sock no such file\n');
  t.equal(exit, 4);
});

test('without any configuration the default of supervisorctl is asked', async (t) => {
  const findConfiguration = () => {
    throw new Error('No config file found at default paths (a, b)');
  };
  const { out, err, exit } = await call({ listProcesses: failing('REFUSED') }, ['status'], {
    findConfiguration,
  });
  t.equal(out, 'http://localhost:9001 refused connection\n');
  t.match(err, /name a configuration with -c, or a daemon with -s/);
  t.equal(exit, 4);
});

test('the first socket that is there is taken, and the first of all when none is', async (t) => {
  const readConfiguration = () => ({ sockets: ['/a', '/b'], prompt: '', historyFile: undefined });
  const asked: string[] = [];
  const grpc = (socket: string): never => {
    asked.push(socket);
    throw new Error('enough');
  };
  const connect = { ...speaking(fakeClient({})), grpc };
  const ask = (there: readonly string[]) =>
    call({}, ['status'], { readConfiguration, connect, exists: (path) => there.includes(path) });
  await t.rejects(ask(['/b']), /enough/);
  await t.rejects(ask([]), /enough/);
  t.strictSame(asked, ['/b', '/a']);
});

test('serverurl counts where supd has no socket, or nobody listens at it', async (t) => {
  const asked: string[] = [];
  const grpc = (socket: string) => {
    asked.push(socket);
    return fakeClient({ listProcesses: failing('REFUSED') });
  };
  const xmlrpc: Outside['connect']['xmlrpc'] = async (place, credentials) => {
    asked.push(`${place.kind} ${credentials?.username}`);
    return fakeClient({ listProcesses: async () => ({ processes: [], unknown: [] }) });
  };
  const found = { sockets: ['/a'], prompt: '', historyFile: undefined, username: 'me', password: 'pw' };
  const ask = (serverUrl: string, there: boolean, connect = { grpc, xmlrpc }) =>
    call({}, ['status'], {
      readConfiguration: () => ({ ...found, serverUrl }),
      connect,
      exists: () => there,
    });
  t.equal((await ask('http://h:1', false)).exit, 0);
  t.strictSame(asked.splice(0), ['tcp me']);
  t.equal((await ask('http://h:1', true)).exit, 0);
  t.strictSame(asked.splice(0), ['/a', 'tcp me']);
  const nobody = async () => fakeClient({ listProcesses: failing('REFUSED') });
  const none = await ask('http://h:1', true, { grpc, xmlrpc: nobody });
  t.equal(none.out, 'unix:///a refused connection\n', 'when nobody answers, supd is what is missed');
  t.match(await ask('ftp://h', false), { exit: 2, err: /serverurl "ftp:\/\/h": url must be/ });
});

test('an unknown command is told as it was typed', async (t) => {
  t.strictSame(await call({}, ['bogus', 'x']), { out: '*** Unknown syntax: bogus x\n', err: '', exit: 1 });
});

test('a command may come as one word with blanks, as for supervisorctl', async (t) => {
  t.equal((await call({}, ['help bogus'])).out, '*** No help on bogus\n');
});

test('help tells of each command what -h and --help of it tell', async (t) => {
  const { out } = await call({}, ['help']);
  for (const name of ['status', 'job run', 'restart', 'quit']) t.match(out, `\n  ${name} `);
  const restart = (await call({}, ['help', 'restart'])).out;
  t.match(restart, /^restart NAME/);
  t.equal((await call({}, ['restart', '--help'])).out, restart);
  t.match((await call({}, ['help', 'job', 'run'])).out, /^job run NAME/);
  t.strictSame(await call({}, ['help', 'bogus']), { out: '*** No help on bogus\n', err: '', exit: 0 });
});

test('every flag of a command is in its help, and every command that reads has --json', (t) => {
  const without = [
    'completion',
    'add',
    'remove',
    'shutdown',
    'reload',
    'upgrade',
    'fg',
    'open',
    'help',
    'quit',
    'exit',
    'job',
    'job cancel',
    'notify',
  ];
  for (const { name, flags, help } of commands) {
    for (const flag of Object.keys(flags)) t.ok(help.join('\n').includes(flag), `${name} ${flag}`);
    t.equal('--json' in flags, !without.includes(name), name);
  }
  t.strictSame(
    commands.map(({ name }) => name),
    commands.map(({ name }) => name).sort(),
  );
  t.end();
});

test('flags of a command stand anywhere among its words', (t) => {
  const table = { '--json': 'switch', '--reason': 'value', '-n': 'value' } as const;
  const read = readFlags(['a', '--json', '-100', '--reason', 'b c', '-n', '3', '--', '--json'], table);
  t.ok(read.ok);
  if (read.ok) {
    t.strictSame(read.flags.words, ['a', '-100', '--json']);
    t.ok(read.flags.has('--json'));
    t.equal(read.flags.value('--reason'), 'b c');
    t.equal(read.flags.value('-n'), '3');
  }
  t.match(readFlags(['--reason=x=y'], table), { ok: true });
  t.match(readFlags(['--nope'], table), { ok: false, message: 'option --nope not recognized' });
  t.match(readFlags(['--reason'], table), { ok: false, message: 'option --reason requires argument' });
  t.match(readFlags(['--json=1'], table), { ok: false, message: 'option --json must not have an argument' });
  t.match(readFlags(['--constructor'], table), { ok: false });
  t.end();
});

test('a typed line is split at blanks, quotes keep together', (t) => {
  t.strictSame(splitLine('  stop  a b '), ['stop', 'a', 'b']);
  t.strictSame(splitLine('stop a --reason "new release" x\'y z\''), [
    'stop',
    'a',
    '--reason',
    'new release',
    'xy z',
  ]);
  t.strictSame(splitLine('say "open end'), ['say', 'open end']);
  t.strictSame(splitLine(''), []);
  t.end();
});

test('URLs lead to sockets and ports, and a password in one is never shown', (t) => {
  t.strictSame(addressOfUrl('unix:///run/x.sock'), { ok: true, kind: 'unix', path: '/run/x.sock' });
  t.strictSame(addressOfUrl('unix://relative'), { ok: true, kind: 'unix', path: 'relative' });
  t.strictSame(addressOfUrl('http://h:9001/'), { ok: true, kind: 'tcp', host: 'h', port: 9001 });
  t.strictSame(addressOfUrl('http://h'), { ok: true, kind: 'tcp', host: 'h', port: 80 });
  t.match(addressOfUrl('http://[::1]:9001'), { host: '::1', port: 9001 });
  t.match(addressOfUrl('http://me:p%40w@h:1'), { credentials: { username: 'me', password: 'p@w' } });
  for (const url of ['ftp://h', 'https://h', 'http://h:x', 'unix://', 'foo']) {
    t.match(addressOfUrl(url), { ok: false, message: 'url must be http:// or unix://' }, url);
  }
  t.equal(shownUrl('http://me:pw@h:1'), 'http://h:1');
  t.equal(shownUrl('unix:///a@b'), 'unix:///a@b');
  t.end();
});
