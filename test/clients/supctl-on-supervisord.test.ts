/** supctl on a real supervisord, command by command beside supervisorctl: the same words, the same exit statuses. */
import { spawn } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import path from 'node:path';
import tap, { type Test, test } from 'tap';
import type { Answer } from '../helpers/place.js';
import { requireStack } from '../helpers/require.js';
import { type Supervisord, startSupervisord } from '../helpers/supervisord.js';
import { until } from '../helpers/until.js';

tap.setTimeout(300_000);

const program = (name: string, command: string, options = '') =>
  `[program:${name}]\ncommand = ${command}\n${options}`;

/** A process in every state that lasts. */
const PROGRAMS = [
  program('a', '/bin/cat'),
  program('idle', '/bin/sleep 1000', 'autostart = false\nstartsecs = 0\n'),
  program('absent', '/nonexist', 'autostart = false\nstartretries = 0\n'),
  program('quick', '/bin/true', 'autorestart = false\nstartsecs = 0\n'),
  program('slow', '/bin/sleep 1001', 'startsecs = 10000\n'),
  program('says', "/bin/sh -c 'echo one; echo two; echo err >&2; exec sleep 1002'", 'startsecs = 0\n'),
  '[group:g]\nprograms = c,d\n',
  program('c', '/bin/sleep 1003', 'startsecs = 0\n'),
  program('d', '/bin/sleep 1004', 'startsecs = 0\n'),
].join('');

async function start(t: Test): Promise<Supervisord> {
  const one = await startSupervisord(t, PROGRAMS);
  await until('its programs to be what they are', async () => {
    const { stdout } = await one.supervisorctl(['status']);
    return /^a +RUNNING/m.test(stdout) && /^quick +EXITED/m.test(stdout) && /^says +RUNNING/m.test(stdout);
  });
  return one;
}

/** Without what differs from one daemon, or one second, to another. */
function shape({ status, stdout }: Answer, one: Supervisord): string {
  const text = stdout
    .replaceAll(one.unix, 'URL')
    .replaceAll(one.inet, 'URL')
    .replaceAll(one.dir, 'DIR')
    .replace(/pid \d+, uptime .*/g, 'pid N, uptime T')
    .replace(/[A-Z][a-z]{2} \d\d \d\d:\d\d [AP]M/g, 'TIME')
    .replace(/^[1-9]\d*$/gm, 'N');
  return `${text}(${status})`;
}

/** Results come as processes settle. */
function inAnyOrder(text: string): string {
  return text.split('\n').sort().join('\n');
}

const READING = [
  'status',
  'status all',
  'status nope g:* x:* a quick',
  'status a says g:c',
  'version',
  'pid',
  'pid all',
  'pid a nope idle',
  'avail',
  'tail says',
  'tail -4 says',
  'tail says stderr',
  'tail says bogus',
  'tail -x says',
  'tail nope',
  'tail idle',
  'maintail',
  'maintail -20',
  'reread',
  'fg nope',
  'fg idle',
  'fg a b',
  'bogus',
  'help bogus',
];

test('what supervisorctl reads, supctl reads, over the unix socket and over the port', async (t) => {
  if (!requireStack(t, ['supervisord'])) return;
  const one = await start(t);
  for (const url of [one.unix, one.inet]) {
    const to = ['-s', url, '-u', 'me', '-p', 'pw'];
    for (const line of READING) {
      const words = [...to, ...line.split(' ')];
      const ours = shape(await one.supctl(words), one);
      t.equal(ours, shape(await one.supervisorctl(words), one), line);
    }
  }
});

test('who is not let in is told so, and a password may stand in the URL or the configuration', async (t) => {
  if (!requireStack(t, ['supervisord'])) return;
  const one = await start(t);
  for (const words of [['status'], ['-u', 'me', '-p', 'no', 'pid'], ['-u', 'me', 'avail']]) {
    const { status, stdout } = await one.supctl(['-s', one.inet, ...words]);
    t.equal(stdout, 'Server requires authentication\n');
    t.equal(status, 1);
    const real = await one.supervisorctl(['-s', one.inet, ...words]);
    t.match(real, { status: 1, stdout: /^Server requires authentication\n/ });
  }
  const url = one.inet.replace('//', '//me:pw@');
  t.match(await one.supctl(['-s', url, 'version']), { status: 0, stdout: '4.2.5\n' });
  const file = path.join(one.dir, 'ctl.conf');
  writeFileSync(file, `[supervisorctl]\nserverurl = ${one.inet}\nusername = me\npassword = pw\n`);
  t.match(await one.supctl(['-c', file, 'version']), { status: 0, stdout: '4.2.5\n' });
  t.match(await one.supctl(['-c', file, '-s', one.inet, 'version']), { status: 0 });
  const typed = await one.supctl(['-s', one.inet], 'me\npw\nversion\n');
  t.match(typed.stdout, /^Server requires authentication\nUsername:Password:\na +RUNNING/);
  t.match(typed.stdout, /supervisor> 4\.2\.5\nsupervisor> \n$/);
});

const CHANGING = [
  'start idle',
  'start idle',
  'start absent',
  'start nope g:* z:*',
  'stop idle nope',
  'stop idle',
  'stop g:* z:*',
  'start g:*',
  'stop g:c',
  'restart g:c nope',
  'restart a',
  'signal CONT a nope idle',
  'signal CONT g:* z:*',
  'signal FOO a',
  'signal CONT all',
  'clear says nope',
  'clear all',
  'stop all',
  'pid a',
  'status',
  'start a says g:*',
  'status',
];

test('what supervisorctl changes, supctl changes', async (t) => {
  if (!requireStack(t, ['supervisord'])) return;
  const [ours, theirs] = await Promise.all([start(t), start(t)]);
  const both = async (line: string) => {
    const words = line.split(' ');
    const [mine, real] = await Promise.all([
      ours.supctl(['-s', ours.unix, ...words]),
      theirs.supervisorctl(words),
    ]);
    t.equal(inAnyOrder(shape(mine, ours)), inAnyOrder(shape(real, theirs)), line);
  };
  for (const line of CHANGING) await both(line);

  const changed = PROGRAMS.replace('sleep 1003', 'sleep 2003').replace('[program:quick]', '[program:new]');
  for (const one of [ours, theirs]) one.program(changed);
  for (const line of ['reread', 'avail', 'remove a', 'remove quick nope', 'add new nope a']) await both(line);
  for (const line of ['update nope', 'update', 'status', 'update']) await both(line);
  for (const one of [ours, theirs]) one.program('[program:new]\n');
  const bad = await ours.supctl(['-s', ours.unix, 'reread']);
  t.match(bad, { status: 1, stdout: /^ERROR: CANT_REREAD: .*program:new.*\n$/ });
  t.equal(shape(bad, ours), shape(await theirs.supervisorctl(['reread']), theirs));
  t.match(await ours.supctl(['-s', ours.unix, 'update']), { status: 1 });

  for (const one of [ours, theirs]) one.program(changed);
  await both('reload');
  for (const one of [ours, theirs]) await until('it to be back', () => isBack(one));
  await both('shutdown');
  for (const one of [ours, theirs]) await until('it to end', () => one.read('s.pid') === '');
  for (const line of ['status', 'pid', 'start a', 'shutdown']) await both(line);
});

async function isBack(one: Supervisord): Promise<boolean> {
  return /^new +EXITED/m.test((await one.supervisorctl(['status'])).stdout);
}

test('nobody at the port is told as supervisorctl tells it', async (t) => {
  if (!requireStack(t, ['supervisord'])) return;
  const one = await start(t);
  await one.supervisorctl(['shutdown']);
  await until('it to end', () => one.read('s.pid') === '');
  for (const line of ['status', 'start a', 'version', 'shutdown']) {
    const words = ['-s', one.inet, ...line.split(' ')];
    t.equal(shape(await one.supctl(words), one), shape(await one.supervisorctl(words), one), line);
  }
});

test('logs are followed, and fg talks to a process', async (t) => {
  if (!requireStack(t, ['supervisord'])) return;
  const one = await start(t);
  const follow = (...words: string[]) => {
    const child = spawn(path.resolve('bin/supctl'), ['-s', one.unix, ...words]);
    let text = '';
    child.stdout.setEncoding('utf8').on('data', (more: string) => {
      text += more;
    });
    const ended = new Promise<number | null>((resolve) => child.once('close', resolve));
    return { child, ended, text: () => text };
  };
  for (const words of [
    ['tail', '-f', 'a'],
    ['logs', '-f', 'a'],
  ]) {
    const tail = follow(...words);
    await until('supctl to follow', async () => {
      const fg = await one.supctl(['-s', one.unix, 'fg', 'a'], 'hello\n');
      return fg.stdout.endsWith('Exiting foreground\n') && tail.text().includes('hello\n');
    });
    tail.child.kill('SIGINT');
    t.equal(await tail.ended, 0, words.join(' '));
  }
  const main = follow('maintail', '-f');
  await until('supctl to follow the main log', () => main.text().includes('running without any HTTP'));
  main.child.kill('SIGINT');
  t.equal(await main.ended, 0);

  const fg = follow('fg', 'a');
  fg.child.stdin.write('to you\n');
  await until('the echo', () => fg.text().includes('to you\n'));
  await one.supctl(['-s', one.unix, 'stop', 'a']);
  t.equal(await fg.ended, 0);
  t.match(fg.text(), /Process got killed\nExiting foreground\n$/);

  const unknown = await one.supctl(['-s', one.unix, 'tail', '-f', 'nope']);
  t.match(unknown, { status: 1, stdout: /\nnope: ERROR \(no such process name\)\n$/ });
});

test('what only supd has is refused in one line', async (t) => {
  if (!requireStack(t, ['supervisord'])) return;
  const one = await start(t);
  for (const words of [
    ['job', 'list'],
    ['job', 'run', 'x'],
    ['events', '-f'],
  ]) {
    const { status, stdout, stderr } = await one.supctl(['-s', one.unix, ...words]);
    t.match(stdout, /^error: (jobs|events): only a supd has these, by its gRPC socket; XML-RPC does not\n$/);
    t.equal(stderr, '');
    t.equal(status, 3);
  }
});

test('patterns, --json and --no-wait work there too', async (t) => {
  if (!requireStack(t, ['supervisord'])) return;
  const one = await start(t);
  const status = await one.supctl(['-s', one.unix, 'status', '--json', 's*']);
  const list = JSON.parse(status.stdout) as readonly Record<string, unknown>[];
  t.match(list, [
    { name: 'says', state: 'RUNNING', ready: true },
    { name: 'slow', state: 'STARTING', ready: false, uptimeMs: 0 },
  ]);
  t.match(await one.supctl(['-s', one.unix, 'stop', 'g:?']), { stdout: 'g:c: stopped\ng:d: stopped\n' });
  t.match(await one.supctl(['-s', one.unix, 'start', '--no-wait', 'g:d']), { stdout: 'g:d: starting\n' });
  t.match(await one.supctl(['-s', one.unix, 'clear', 'g:*']), { stdout: 'g:c: cleared\ng:d: cleared\n' });
});

test('the interactive mode goes from one daemon to another', async (t) => {
  if (!requireStack(t, ['supervisord'])) return;
  const one = await start(t);
  const typed = `version\nopen unix:///nope\nopen ${one.unix}\nbogus\nexit\n`;
  const ours = await one.supctl(['-s', one.unix], typed);
  t.equal(shape(ours, one), shape(await one.supervisorctl([], typed), one));
});

test('a configuration that supervisord still runs on leads to it, and to supd once that does', async (t) => {
  if (!requireStack(t, ['supervisord'])) return;
  const one = await start(t);
  const file = path.join(one.dir, 'supervisord.conf');
  t.match(await one.supctl(['-c', file, 'version']), { status: 0, stdout: '4.2.5\n' });
  const text = `[supervisord]\nrundir = %(here)s/run\nstatedir = %(here)s/state\nlogfile = %(here)s/supd.log\npidfile = %(here)s/supd.pid\n[supervisorctl]\nserverurl = ${one.unix}\n`;
  writeFileSync(one.conf, text);
  t.match(await one.supctl(['-c', one.conf, 'version']), { stdout: '4.2.5\n' }, 'supd is not there');
  const supd = one.supd(['-n', '-c', one.conf]);
  await until('supd to serve', () => /started with pid/.test(one.read('supd.log')));
  t.notMatch((await one.supctl(['-c', one.conf, 'version'])).stdout, /^4\.2\.5/);
  supd.kill('SIGKILL');
  await new Promise((resolve) => supd.once('exit', resolve));
  t.match(await one.supctl(['-c', one.conf, 'version']), { stdout: '4.2.5\n' }, 'supd has left its socket');
});
