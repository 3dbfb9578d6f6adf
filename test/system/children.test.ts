import { chownSync, mkdirSync, readFileSync, readlinkSync } from 'node:fs';
import os from 'node:os';
import tap, { test } from 'tap';
import { type Options, program, section } from '../helpers/place.js';
import { descriptorsOf, environmentOf, familyOf, isAlive, limitOf, statusOf } from '../helpers/proc.js';
import { startSupd } from '../helpers/start-supd.js';
import { until } from '../helpers/until.js';
import { accountOf, isRoot, needsRoot } from '../helpers/users.js';

tap.jobs = 4;
tap.setTimeout(180_000);

test('a child gets the daemon’s environment, who it is to supd, and over them what is configured', async (t) => {
  const supd = await startSupd(
    t,
    section('unix_http_server', { file: '%(here)s/http.sock' }) +
      program('a', 'waits', { environment: 'FROM_SUPD="b",OWN="x y",SUPERVISOR_GROUP_NAME="renamed"' }) +
      program('plain', 'waits') +
      section('group:g', { programs: 'plain' }),
    {
      daemon: { environment: 'FROM_SUPD="a",GLOBAL="1"' },
      env: { INHERITED: 'yes', NOTIFY_SOCKET: '/nowhere', WATCHDOG_PID: '1' },
    },
  );
  const a = environmentOf((await supd.state('a', 'RUNNING')).pid);
  t.match(a, { INHERITED: 'yes', GLOBAL: '1', FROM_SUPD: 'b', OWN: 'x y' });
  t.match(a, {
    SUPERVISOR_ENABLED: '1',
    SUPERVISOR_PROCESS_NAME: 'a',
    SUPERVISOR_GROUP_NAME: 'renamed',
    SUPERVISOR_SERVER_URL: `unix://${supd.dir}/http.sock`,
  });
  const plain = environmentOf((await supd.state('g:plain', 'RUNNING')).pid);
  t.match(plain, { SUPERVISOR_PROCESS_NAME: 'plain', SUPERVISOR_GROUP_NAME: 'g', HOME: supd.dir });
  const own = [
    'NOTIFY_SOCKET',
    'WATCHDOG_PID',
    'SUPD_BACKGROUND',
    'SUPD_NODE_EXTRA_CA_CERTS',
    'NODE_OPTIONS',
  ];
  t.same(
    Object.keys(plain).filter((name) => own.includes(name)),
    [],
    'nothing that was meant for supd alone',
  );
});

test('a child starts in its directory with its umask', async (t) => {
  const supd = await startSupd(t, program('a', 'waits', { directory: '%(here)s/bin', umask: '077' }));
  const { pid } = await supd.state('a', 'RUNNING');
  t.equal(readlinkSync(`/proc/${pid}/cwd`), `${supd.dir}/bin`);
  t.equal(statusOf(pid).get('Umask'), '0077');
  t.equal(statusOf(supd.pid).get('Umask'), '0022');
});

test('a command may be relative to the directory of its program', async (t) => {
  const supd = await startSupd(t, program('a', './waits', { directory: '%(here)s/bin', command: './waits' }));
  await supd.says('a', 'ready');
});

test('limits and niceness are those of the configuration', async (t) => {
  const supd = await startSupd(
    t,
    program('a', 'waits', {
      limit_nofile: 333,
      limit_nproc: 4444,
      limit_core: 0,
      limit_memlock: '64KB',
      nice: 7,
    }),
  );
  const { pid } = await supd.state('a', 'RUNNING');
  t.same(limitOf(pid, 'Max open files'), ['333', '333']);
  t.same(limitOf(pid, 'Max processes'), ['4444', '4444']);
  t.same(limitOf(pid, 'Max core file size'), ['0', '0']);
  t.same(limitOf(pid, 'Max locked memory'), ['65536', '65536']);
  const stat = readFileSync(`/proc/${pid}/stat`, 'utf8');
  // On top of what the tests are run with.
  const nice = Math.min(19, os.getPriority() + 7);
  t.equal(stat.slice(stat.lastIndexOf(')') + 2).split(' ')[16], `${nice}`);
});

test('a child is in a process group of its own, in the session of supd', async (t) => {
  const supd = await startSupd(t, program('a', 'waits') + program('b', 'waits'));
  const { pid } = await supd.state('a', 'RUNNING');
  const family = familyOf(pid);
  t.equal(family.pgid, pid);
  t.equal(family.ppid, supd.pid);
  t.equal(family.sid, familyOf(supd.pid).sid);
});

test('every signal is at its default, and none is blocked', async (t) => {
  // What supd itself was started with must not reach its children either.
  const trapped = ['sh', '-c', 'trap "" HUP PIPE XFSZ USR1; exec "$@"', 'sh'];
  const supd = await startSupd(t, program('a', 'sleep 1000') + program('b', 'sleep 1000', { nice: 1 }), {
    as: trapped,
  });
  for (const name of ['a', 'b']) {
    const status = statusOf((await supd.state(name, 'RUNNING')).pid);
    for (const line of ['SigIgn', 'SigBlk', 'SigCgt']) t.equal(BigInt(`0x${status.get(line)}`), 0n, line);
  }
});

test('a child has its three descriptors and nothing else', async (t) => {
  const supd = await startSupd(
    t,
    program('a', 'sleep 1000') +
      program('b', 'sleep 1000', { redirect_stderr: true }) +
      program('c', 'sleep 1000', { stdout_logfile: 'NONE', stderr_logfile: 'NONE' }),
    { as: ['sh', '-c', 'exec "$@" 7</dev/null 8>&1', 'sh'] },
  );
  const read = async (name: string) => descriptorsOf((await supd.state(name, 'RUNNING')).pid);
  const [a, b, c] = [await read('a'), await read('b'), await read('c')];
  for (const fds of [a, b, c]) t.same([...fds.keys()].sort(), [0, 1, 2]);
  t.not(a.get(1), a.get(2));
  t.equal(b.get(1), b.get(2));
  t.equal(c.get(1), '/dev/null');
  t.equal(c.get(2), '/dev/null');
});

test('supd never polls the pipe of a program, which would cost its writers dearly', async (t) => {
  const supd = await startSupd(t, program('a', 'waits') + program('b', 'prints-lines 200000'));
  await supd.says('b', 'line 000200000\n');
  const pipes = [...descriptorsOf(supd.pid)].filter(([, file]) => file.startsWith(`${supd.dir}/run/fifo/`));
  t.ok(pipes.length >= 2, 'supd holds the pipes open');
  const polled = [...descriptorsOf(supd.pid)]
    .filter(([, file]) => file === 'anon_inode:[eventpoll]')
    .flatMap(([fd]) => [...readFileSync(`/proc/${supd.pid}/fdinfo/${fd}`, 'utf8').matchAll(/^tfd: +(\d+)/gm)])
    .map((line) => Number(line[1]));
  t.ok(polled.length > 0, 'it polls something');
  t.same(
    pipes.filter(([fd]) => polled.includes(fd)),
    [],
  );
});

test('a child may open /dev/stdout and /dev/stderr anew, also as another user', async (t) => {
  const command = `sh -c 'echo first; echo second >/dev/stdout; echo third >/dev/stderr; echo fourth >>/proc/self/fd/1; exec sleep 1000'`;
  const user: Options = isRoot ? { user: 'nobody' } : {};
  const supd = await startSupd(t, program('a', command, user));
  await supd.says('a', 'first\nsecond\nfourth\n');
  await until('stderr', () => supd.read('a.err') === 'third\n');
});

test('copies have names and numbers of their own, and share a group', async (t) => {
  const supd = await startSupd(
    t,
    program('w', 'waits %(process_num)d', {
      numprocs: 3,
      numprocs_start: 2,
      process_name: '%(program_name)s%(process_num)02d',
      stdout_logfile: '%(here)s/%(program_name)s%(process_num)02d.out',
      stderr_logfile: 'NONE',
      environment: 'NUMBER="%(process_num)d"',
    }),
  );
  for (const number of [2, 3, 4]) {
    const { pid, group } = await supd.state(`w:w0${number}`, 'RUNNING');
    t.equal(group, 'w');
    t.equal(environmentOf(pid).NUMBER, `${number}`);
    await supd.says(`w0${number}`, 'ready');
  }
  t.match(await supd.told('status', 'w:*'), { status: 0, stdout: /^w:w02 .*\nw:w03 .*\nw:w04 .*\n$/ });
  t.match(await supd.told('stop', 'w:w03'), { status: 0, stdout: 'w:w03: stopped\n' });
  t.equal((await supd.state('w:w02', 'RUNNING')).state, 'RUNNING');
});

test('a program may have a long name, or one in any letters', async (t) => {
  const own = { stdout_logfile: '%(here)s/log', stderr_logfile: 'NONE' };
  const long = 'x'.repeat(200);
  const supd = await startSupd(t, program(long, 'waits', own) + program('größe', 'setsid-child', own));
  for (const name of [long, 'größe']) t.ok((await supd.state(name, 'RUNNING')).pid > 0);
  const child = await until('its child', () => /child (\d+)/.exec(supd.read('log'))?.[1]);
  t.match(await supd.told('stop', 'größe'), { status: 0, stdout: 'größe: stopped\n' });
  t.notOk(isAlive(Number(child)));
});

test('home, user, login name and shell are those of the program’s user', async (t) => {
  if (!needsRoot(t)) return;
  const user = accountOf('www-data');
  const supd = await startSupd(
    t,
    program('a', 'waits', { user: 'www-data' }) +
      program('own', 'waits', { user: 'www-data', environment: 'HOME="/elsewhere"' }) +
      program('number', 'waits', { user: user.uid }),
    { env: { HOME: '/root', USER: 'root', LOGNAME: 'root', SHELL: '/bin/sh' } },
  );
  const whole = { HOME: user.home, USER: user.name, LOGNAME: user.name, SHELL: user.shell };
  t.match(environmentOf((await supd.state('a', 'RUNNING')).pid), whole);
  t.match(environmentOf((await supd.state('number', 'RUNNING')).pid), whole);
  t.match(environmentOf((await supd.state('own', 'RUNNING')).pid), { ...whole, HOME: '/elsewhere' });
});

test('a directory that only the user may enter is entered as that user', async (t) => {
  if (!needsRoot(t)) return;
  const { uid, gid } = accountOf('www-data');
  const supd = await startSupd(
    t,
    program('a', 'waits', { user: 'www-data', directory: '%(here)s/own', autostart: false }) +
      program('other', 'waits', {
        user: 'nobody',
        directory: '%(here)s/own',
        autostart: false,
        startretries: 0,
        startsecs: 60,
      }),
  );
  mkdirSync(`${supd.dir}/own`, { mode: 0o700 });
  chownSync(`${supd.dir}/own`, uid, gid);
  t.match(await supd.told('start', 'a'), { stdout: 'a: started\n' });
  t.equal(readlinkSync(`/proc/${(await supd.state('a', 'RUNNING')).pid}/cwd`), `${supd.dir}/own`);
  t.match(await supd.told('start', 'other'), { status: 7, stdout: /spawn error/ });
  t.match(supd.read('other.err'), /own.*Permission denied/);
});
