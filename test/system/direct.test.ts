import {
  chownSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  readlinkSync,
  renameSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import path from 'node:path';
import tap, { type Test, test } from 'tap';
import { makePlace, type Options, program, section } from '../helpers/place.js';
import { descriptorsOf } from '../helpers/proc.js';
import { type Supd, startIn, startSupd } from '../helpers/start-supd.js';
import { until } from '../helpers/until.js';
import { accountOf, isRoot } from '../helpers/users.js';
import { wholeLog } from '../logs/scratch.js';

tap.jobs = 4;
tap.setTimeout(180_000);

const BLOCK = 4096;
const hook = path.resolve(import.meta.dirname, '../../../test/fixtures/kill-at-rename.cjs');
const direct = { logfile_mode: 'direct' };

/** A program whose log is its own to write. */
const directly = (name: string, command: string, options: Options = {}) =>
  program(name, command, { ...direct, ...options });

/** May files be rotated there? If not, the test has been skipped with the reason. */
async function servesDirect(t: Test, supd: Supd): Promise<boolean> {
  const text = supd.read('supd.log');
  const why = /written by way of supd, not directly \(logfile_mode\): (.*)/.exec(text);
  if (why) t.plan(0, `needs another file system for temporary files: ${why[1]}`);
  return why === null;
}

/** All that the program has written, oldest first, and whether these are the numbers from 1 on without a gap. */
function counted(supd: Supd, name: string): { readonly count: number; readonly isWhole: boolean } {
  const lines = wholeNow(`${supd.dir}/${name}.out`).toString().split('\n');
  const last = lines.pop();
  return { count: lines.length, isWhole: last === '' && lines.every((line, i) => line === String(i + 1)) };
}

/** All of a log that may be rotated meanwhile: a file that has gone has another name by now. */
function wholeNow(log: string): Buffer {
  for (;;) {
    try {
      return wholeLog(log);
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'ENOENT') throw error;
    }
  }
}

/** Waits until what is left of a log is within its bound: nothing is being moved any more. */
async function atRest(supd: Supd, name: string, bytes: number): Promise<void> {
  const file = `${supd.dir}/${name}.out`;
  const isAtRest = () =>
    statSync(file).size <= bytes && !existsSync(`${file}.0`) && !existsSync(`${file}.00`);
  await until(`${name}.out to be rotated`, isAtRest);
}

test('a program with logfile_mode=direct has its log as stdout and stderr, for appending, and no pipe of supd’s', async (t) => {
  const supd = await startSupd(
    t,
    directly('two', 'prints-both') + directly('one', 'prints-both', { redirect_stderr: true }),
  );
  await supd.says('two', 'to stdout\n');
  await supd.says('one', 'to stdout\nto stderr\n');
  if (!(await servesDirect(t, supd))) return;
  await until('the other log', () => supd.read('two.err') === 'to stderr\n');
  for (const [name, stderr] of [
    ['two', 'two.err'],
    ['one', 'one.out'],
  ] as const) {
    const { pid } = await supd.state(name, 'RUNNING');
    t.equal(descriptorsOf(pid).get(1), `${supd.dir}/${name}.out`);
    t.equal(descriptorsOf(pid).get(2), `${supd.dir}/${stderr}`);
    t.match(readFileSync(`/proc/${pid}/fdinfo/1`, 'utf8'), /^flags:\s+0*102001$/m, 'O_WRONLY | O_APPEND');
  }
  const pipes = [...descriptorsOf(supd.pid).values()].filter((what) => /fifo\/.*\.std(out|err)$/.test(what));
  t.same(pipes, []);
});

test('it rotates by size in place, keeps so many files and loses no byte', async (t) => {
  const count = 50_000;
  const bound = { stdout_logfile_maxbytes: 4 * BLOCK };
  const supd = await startSupd(
    t,
    directly('all', `says-and-ends %(here)s/pids ${count} 0`, {
      ...bound,
      stdout_logfile_backups: 500,
      autorestart: false,
    }) +
      directly('few', `says-and-ends %(here)s/pids ${count} 0`, {
        ...bound,
        stdout_logfile_backups: 2,
        autorestart: false,
      }),
  );
  for (const name of ['all', 'few']) {
    await supd.state(name, 'EXITED');
    if (!(await servesDirect(t, supd))) return;
    await atRest(supd, name, 4 * BLOCK);
  }
  t.same(counted(supd, 'all'), { count, isWhole: true });
  t.ok(existsSync(`${supd.dir}/few.out.2`));
  t.notOk(existsSync(`${supd.dir}/few.out.3`));
  t.ok(
    wholeLog(`${supd.dir}/all.out`)
      .toString()
      .endsWith(wholeLog(`${supd.dir}/few.out`).toString()),
  );
});

test('its log is tailed, followed and cleared as any other', async (t) => {
  const http =
    section('unix_http_server', { file: '%(here)s/http.sock' }) +
    section('rpcinterface:supervisor', {
      'supervisor.rpcinterface_factory': 'supervisor.rpcinterface:make_main_rpcinterface',
    });
  const supd = await startSupd(t, directly('a', 'prints-again') + http);
  await supd.says('a', 'ready');
  if (!(await servesDirect(t, supd))) return;
  const { pid } = await supd.state('a', 'RUNNING');
  const over = new AbortController();
  let followed = '';
  const reading = (async () => {
    const stream = supd.client.followLog({ name: 'a', historyBytes: 100 }, { signal: over.signal });
    for await (const chunk of stream) followed += Buffer.from(chunk).toString();
  })().catch(() => {});
  await until('the history', () => followed === 'ready\n');
  process.kill(pid, 'SIGUSR1');
  await until('the line', () => followed === 'ready\nline 1\n');
  t.match(await supd.told('tail', 'a'), { status: 0, stdout: 'ready\nline 1\n' });
  t.match(await supd.told('clear', 'a'), { status: 0, stdout: 'a: cleared\n' });
  t.equal(supd.read('a.out'), '');
  process.kill(pid, 'SIGUSR1');
  await until('the line after it', () => followed === 'ready\nline 1\nline 2\n');
  t.equal(supd.read('a.out'), 'line 2\n', 'nothing is before it, no hole either');
  over.abort();
  await reading;
  const byHttp = (...words: string[]) => supd.told('-s', `unix://${supd.dir}/http.sock`, ...words);
  t.match(await byHttp('tail', 'a'), { status: 0, stdout: 'line 2\n' });
  t.match(await byHttp('clear', 'a'), { status: 0, stdout: 'a: cleared\n' });
  t.equal(supd.read('a.out'), '');
});

test('it writes on while supd is dead and over upgrades: not one byte is missing, over rotations too', async (t) => {
  const place = makePlace(
    t,
    directly('a', 'counts %(here)s/a.pids 0', {
      stdout_logfile_maxbytes: 2 * BLOCK,
      stdout_logfile_backups: 5000,
    }),
  );
  let supd = await startIn(t, place);
  const { pid } = await supd.state('a', 'RUNNING');
  await supd.says('a', '\n');
  if (!(await servesDirect(t, supd))) return;
  // Told by the last number: while a block is moved it is in two files for a moment, and a count has it twice.
  const lastNumber = () => Number(wholeNow(`${place.dir}/a.out`).toString().trimEnd().split('\n').at(-1));
  const grows = async () => {
    const before = lastNumber();
    await until('it to write on', () => lastNumber() > before + 50);
  };
  for (let death = 0; death < 5; death += 1) {
    await supd.ended('SIGKILL');
    await grows();
    supd = await startIn(t, place);
    t.equal((await supd.state('a', 'RUNNING')).pid, pid);
    await grows();
    t.match(await supd.told('upgrade'), { status: 0 });
    t.equal((await supd.state('a', 'RUNNING')).pid, pid);
  }
  await until('rotations', () => existsSync(`${place.dir}/a.out.1`));
  t.match(await supd.told('stop', 'a'), { status: 0 });
  await atRest(supd, 'a', 2 * BLOCK);
  t.ok(counted(supd, 'a').isWhole, `${counted(supd, 'a').count} lines`);
});

test('killed before or after each step of a rotation, the next supd ends it: every byte is there once', async (t) => {
  const count = 4000;
  for (const when of [-1, 1, -2, 2, -3, 3, -4, 4]) {
    const place = makePlace(
      t,
      directly('a', `says-and-ends %(here)s/pids ${count} 0`, {
        stdout_logfile_maxbytes: BLOCK,
        stdout_logfile_backups: 50,
        autorestart: false,
        startretries: 0,
      }),
    );
    const env = { NODE_OPTIONS: `--require=${hook}`, SUPD_TEST_KILL: String(when) };
    const first = await startIn(t, place, { env });
    await first.logs("spawned: 'a'");
    // Where nothing is rotated in place, nothing of this happens.
    if (!(await servesDirect(t, first))) return;
    t.match(await first.ended(), { signal: 'SIGKILL' });
    const second = await startIn(t, place);
    await second.state('a', 'EXITED');
    await atRest(second, 'a', BLOCK);
    t.same(counted(second, 'a'), { count, isWhole: true }, `killed at ${when}`);
    await second.ended('SIGTERM');
  }
});

test('what has to pass supd is an error with direct, and is pumped with auto', async (t) => {
  const needs: Options[] = [
    { stdout_events_enabled: true },
    { stdout_capture_maxbytes: '1KB' },
    { stdout_syslog: true },
    { log_format: 'json' },
    { ready: 'log:/out/' },
  ];
  for (const options of needs) {
    const place = makePlace(t, directly('a', 'prints-both', options));
    t.match(await place.run(['--check', '-c', place.conf]), {
      status: 2,
      stderr: /\[program:a\] logfile_mode: direct keeps the output from supd, and .*; right is auto or pump/,
    });
    place.configure(program('a', 'prints-both', { ...options, logfile_mode: 'auto' }));
    t.match(await place.run(['--check', '-c', place.conf]), { status: 0, stderr: '' });
  }
  const place = makePlace(
    t,
    directly('a', 'waits', { stdout_logfile: '%(here)s/one' }) +
      program('b', 'waits', { stdout_logfile: '%(here)s/one' }),
  );
  t.match(await place.run(['--check', '-c', place.conf]), { status: 2, stderr: /goes to .*one too/ });
  const stripping = makePlace(t, directly('a', 'waits'), { strip_ansi: true });
  t.match(await stripping.run(['--check', '-c', stripping.conf]), { status: 2, stderr: /strip_ansi/ });
  const supd = await startSupd(
    t,
    program('a', 'prints-both', { logfile_mode: 'auto', stdout_events_enabled: true }) +
      section('eventlistener:l', {
        command: '%(here)s/bin/listens',
        events: 'TICK_60',
        logfile_mode: 'auto',
      }),
  );
  await supd.says('a', 'to stdout\n');
  const { pid } = await supd.state('a', 'RUNNING');
  t.match(descriptorsOf(pid).get(1), /fifo\/.*\.stdout$/);
});

test('where the file system can’t, it is pumped, and that is told at the start and in the status', async (t) => {
  if (!existsSync('/dev/shm')) return t.plan(0, 'needs /dev/shm');
  const dir = mkdtempSync('/dev/shm/supd-');
  t.teardown(() => rmSync(dir, { recursive: true }));
  const supd = await startSupd(
    t,
    directly('asked', 'waits', { stdout_logfile: `${dir}/asked` }) +
      directly('unbound', 'waits', { stdout_logfile: `${dir}/unbound`, stdout_logfile_maxbytes: 0 }) +
      program('auto', 'waits', { stdout_logfile: `${dir}/auto`, logfile_mode: 'auto' }),
  );
  for (const name of ['asked', 'unbound', 'auto'])
    await until(`${name} to write`, () => {
      const file = `${dir}/${name}`;
      return existsSync(file) && readFileSync(file, 'utf8') === 'ready\n';
    });
  const why =
    /asked is written by way of supd, not directly \(logfile_mode\): the file system can't .*E(OPNOTSUPP|NOTSUP)/;
  t.match(supd.read('supd.log'), why);
  t.match((await supd.state('asked', 'RUNNING')).logFailure, why);
  t.match((await supd.client.getDaemon()).conditions.join('\n'), why);
  t.equal((await supd.state('auto', 'RUNNING')).logFailure, '');
  const fds = async (name: string) => descriptorsOf((await supd.state(name, 'RUNNING')).pid).get(1);
  t.match(await fds('asked'), /fifo/);
  t.match(await fds('auto'), /fifo/);
  t.equal(await fds('unbound'), `${dir}/unbound`, 'what is never rotated needs nothing of it');
});

test('a log that others moved away is told of until its program is started again', async (t) => {
  const supd = await startSupd(t, directly('a', 'prints-again'));
  await supd.says('a', 'ready');
  if (!(await servesDirect(t, supd))) return;
  const { pid } = await supd.state('a', 'RUNNING');
  renameSync(`${supd.dir}/a.out`, `${supd.dir}/old`);
  supd.child.kill('SIGUSR2');
  await until('it to be told', async () =>
    /was moved or removed/.test((await supd.state('a', 'RUNNING')).logFailure),
  );
  process.kill(pid, 'SIGUSR1');
  await until('the line in the old file', () => supd.read('old') === 'ready\nline 1\n');
  t.match(await supd.told('restart', 'a'), { status: 0 });
  await supd.says('a', 'ready');
  t.equal((await supd.state('a', 'RUNNING')).logFailure, '');
  rmSync(`${supd.dir}/a.out`);
  await until('a removed one, too', async () =>
    /was moved or removed/.test((await supd.state('a', 'RUNNING')).logFailure),
  );
});

test('a user’s program writes a log of root’s; a link in a directory of its own leads it and root nowhere', async (t) => {
  if (!isRoot) return t.plan(0, 'needs root');
  const { uid, gid } = accountOf('nobody');
  const own = { user: 'nobody', stdout_logfile_maxbytes: BLOCK, autorestart: false, startretries: 0 };
  const place = makePlace(
    t,
    directly('a', 'waits', { user: 'nobody' }) +
      directly('linked', 'waits', { ...own, stdout_logfile: '%(here)s/logs/linked' }) +
      directly('rotated', 'says-and-ends /dev/null 4000 0', {
        ...own,
        stdout_logfile: '%(here)s/logs/rotated',
      }),
  );
  const secret = path.join(place.dir, 'secret');
  writeFileSync(secret, 'secret\n', { mode: 0o600 });
  const logs = path.join(place.dir, 'logs');
  mkdirSync(logs);
  for (const name of ['linked', 'rotated.00', 'rotated.0', 'rotated.1'])
    symlinkSync(secret, path.join(logs, name));
  chownSync(logs, uid, gid);
  const supd = await startIn(t, place);
  await supd.says('a', 'ready');
  if (!(await servesDirect(t, supd))) return;
  const { pid } = await supd.state('a', 'RUNNING');
  t.equal(readlinkSync(`/proc/${pid}/fd/1`), `${supd.dir}/a.out`);
  t.equal(statSync(`/proc/${pid}`).uid, uid);
  t.equal(statSync(`${supd.dir}/a.out`).uid, 0);
  t.match((await supd.state('linked', 'FATAL')).spawnError, /EACCES/);
  await supd.state('rotated', 'EXITED');
  await until('it to be rotated', () => statSync(`${logs}/rotated`).size <= BLOCK);
  t.equal(readFileSync(secret, 'utf8'), 'secret\n');
  t.equal(statSync(`${logs}/rotated`).uid, uid, 'made as its directory’s owner would');
});
