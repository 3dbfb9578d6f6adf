import { existsSync, readdirSync, readFileSync, renameSync, statSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import tap, { test } from 'tap';
import { makePlace, type Options, program } from '../helpers/place.js';
import { descriptorsOf, statusOf } from '../helpers/proc.js';
import { type Supd, startIn, startSupd } from '../helpers/start-supd.js';
import { until } from '../helpers/until.js';
import { isRoot } from '../helpers/users.js';

tap.jobs = 4;
tap.setTimeout(180_000);

/** `line 000000001` to `line <count>`, each with its newline: what prints-lines writes. */
function lines(count: number): string {
  return Array.from({ length: count }, (_, i) => `line ${String(i + 1).padStart(9, '0')}\n`).join('');
}

/** A rotated log as one text, oldest first. */
function whole(supd: Supd, name: string): string {
  const numbers = readdirSync(supd.dir)
    .filter((file) => file.startsWith(`${name}.`))
    .map((file) => Number(file.slice(name.length + 1)))
    .sort((a, b) => b - a);
  return [...numbers.map((number) => supd.read(`${name}.${number}`)), supd.read(name)].join('');
}

test('what a child writes is in its log byte for byte, without waiting for a newline', async (t) => {
  const supd = await startSupd(t, program('a', 'prints-binary'));
  const file = `${supd.dir}/a.out`;
  await until('all bytes', () => existsSync(file) && statSync(file).size === 256);
  t.same(
    [...readFileSync(file)],
    Array.from({ length: 256 }, (_, i) => i),
  );
  const { status, stdout } = await supd.told('tail', 'a');
  t.equal(status, 0);
  t.equal(Buffer.byteLength(stdout) > 0, true);
});

test('stdout and stderr have a log each, or one with redirect_stderr, in the order of writing', async (t) => {
  const supd = await startSupd(
    t,
    program('two', 'prints-both') + program('one', 'prints-both', { redirect_stderr: true }),
  );
  await until('all of it', () => ['two.out', 'two.err'].every((file) => supd.read(file) !== ''));
  await supd.says('one', 'stderr\n');
  t.equal(supd.read('two.out'), 'to stdout\n');
  t.equal(supd.read('two.err'), 'to stderr\n');
  t.equal(supd.read('one.out'), 'to stdout\nto stderr\n');
  t.notOk(existsSync(`${supd.dir}/one.err`));
  t.match(await supd.told('tail', 'one', 'stderr'), { status: 1, stdout: /one: ERROR \(no log file\)/ });
});

test('AUTO makes a file in childlogdir that the next start removes, NONE makes none', async (t) => {
  const place = makePlace(
    t,
    program('auto', 'waits', { stdout_logfile: 'AUTO', stderr_logfile: 'NONE' }) +
      program('none', 'waits', { stdout_logfile: 'NONE', stderr_logfile: 'NONE' }),
  );
  const logs = () => readdirSync(place.dir).filter((name) => name.includes('---'));
  const first = await startIn(t, place);
  const { stdoutLogfile, stderrLogfile } = await first.state('auto', 'RUNNING');
  t.match(path.basename(stdoutLogfile), /^auto-stdout---supervisor-[0-9a-z_]{8}\.log$/);
  t.equal(stderrLogfile, '');
  await until('its line', () => readFileSync(stdoutLogfile, 'utf8') === 'ready\n');
  t.equal(statSync(stdoutLogfile).mode & 0o777, 0o600);
  t.same(logs(), [path.basename(stdoutLogfile)]);
  t.equal((await first.state('none', 'RUNNING')).stdoutLogfile, '');
  t.match(await first.told('tail', 'none'), { status: 1, stdout: /none: ERROR \(no log file\)/ });
  await first.ended('SIGTERM');
  const second = await startIn(t, place);
  await second.state('auto', 'RUNNING');
  t.equal(logs().length, 1);
  t.notOk(existsSync(stdoutLogfile));
});

test('a log rotates by size at line ends, keeps so many files and loses no line', async (t) => {
  const count = 5000;
  const text = lines(count);
  const keeps = (backups: number) => ({ stdout_logfile_maxbytes: 10_000, stdout_logfile_backups: backups });
  const supd = await startSupd(
    t,
    program('all', `prints-lines ${count}`, keeps(50)) +
      program('few', `prints-lines ${count}`, keeps(3)) +
      program('zero', `prints-lines ${count}`, keeps(0)) +
      program('unbounded', `prints-lines ${count}`, { stdout_logfile_maxbytes: 0 }),
  );
  for (const name of ['all', 'few', 'zero', 'unbounded'])
    await supd.says(name, new RegExp(`line ${String(count).padStart(9, '0')}\n$`));
  t.equal(whole(supd, 'all.out'), text);
  t.equal(supd.read('unbounded.out'), text);
  const few = readdirSync(supd.dir).filter((name) => name.startsWith('few.out'));
  t.same(few.sort(), ['few.out', 'few.out.1', 'few.out.2', 'few.out.3']);
  t.ok(text.endsWith(whole(supd, 'few.out')), 'the newest lines, without a gap');
  t.same(
    readdirSync(supd.dir).filter((name) => name.startsWith('zero.out')),
    ['zero.out'],
  );
  t.ok(text.endsWith(supd.read('zero.out')));
  for (const file of readdirSync(supd.dir).filter((name) => /^(all|few|zero)\.out/.test(name))) {
    const content = supd.read(file);
    t.ok(content.length <= 10_000, `${file} is within its bound`);
    t.match(content, /^line \d{9}\n(line \d{9}\n)*$/, `${file} has whole lines`);
  }
});

test('two programs may write and rotate one file', async (t) => {
  const both = {
    stdout_logfile: '%(here)s/both.out',
    stdout_logfile_maxbytes: 10_000,
    stdout_logfile_backups: 50,
  };
  const supd = await startSupd(
    t,
    program('a', 'prints-lines 3000', both) + program('b', 'prints-lines 3000', both),
  );
  const found = await until('both to be done', () => {
    const text = whole(supd, 'both.out');
    return text.match(/line 000003000\n/g)?.length === 2 && text;
  });
  t.equal(found.length, 2 * lines(3000).length);
  t.match(found, /^(line \d{9}\n)+$/);
});

test('tail gives the end of a log, tail -f goes on across a rotation by others', async (t) => {
  const supd = await startSupd(t, program('a', 'prints-again'));
  await supd.says('a', 'ready');
  const { pid } = await supd.state('a', 'RUNNING');
  for (let line = 1; line <= 3; line++) {
    process.kill(pid, 'SIGUSR1');
    await supd.says('a', `line ${line}\n`);
  }
  t.match(await supd.told('tail', 'a'), { status: 0, stdout: /ready\nline 1\nline 2\nline 3\n/ });
  t.match(await supd.told('tail', '-7', 'a'), { status: 0, stdout: /^line 3\n/ });
  const over = new AbortController();
  let followed = '';
  const reading = (async () => {
    const stream = supd.client.followLog({ name: 'a', historyBytes: 7 }, { signal: over.signal });
    for await (const chunk of stream) followed += Buffer.from(chunk).toString();
  })().catch(() => {});
  await until('the history', () => followed === 'line 3\n');
  renameSync(`${supd.dir}/a.out`, `${supd.dir}/a.out.1`);
  process.kill(pid, 'SIGUSR1');
  await until('the line in the old file', () => followed === 'line 3\nline 4\n');
  supd.child.kill('SIGUSR2');
  await until('the new file', () => existsSync(`${supd.dir}/a.out`));
  process.kill(pid, 'SIGUSR1');
  await until('the line in the new file', () => followed === 'line 3\nline 4\nline 5\n');
  over.abort();
  await reading;
});

test('clear empties the log of a running and of a stopped program', async (t) => {
  const supd = await startSupd(t, program('a', 'prints-again') + program('b', 'exits-after 0 0'));
  await supd.says('a', 'ready');
  await supd.state('b', 'EXITED');
  writeFileSync(`${supd.dir}/b.out`, 'old\n');
  t.match(await supd.told('clear', 'a'), { status: 0, stdout: 'a: cleared\n' });
  t.equal(supd.read('a.out'), '');
  const { pid } = await supd.state('a', 'RUNNING');
  process.kill(pid, 'SIGUSR1');
  await supd.says('a', 'line 1\n');
  t.equal(supd.read('a.out'), 'line 1\n');
  t.match(await supd.told('clear', 'all'), { status: 0, stdout: /a: cleared\nb: cleared\n/ });
  t.equal(supd.read('b.out'), '');
});

test('maintail shows the log of supd', async (t) => {
  const supd = await startSupd(t, program('a', 'waits'));
  await supd.state('a', 'RUNNING');
  t.match(await supd.told('maintail'), { status: 0, stdout: /INFO success: a entered RUNNING state/ });
});

test('what a child wrote last, before it ended, is in its log when it is seen to have ended', async (t) => {
  const supd = await startSupd(t, program('a', `sh -c 'seq 1 5000; echo last >&2'`));
  await supd.state('a', 'EXITED');
  t.ok(supd.read('a.out').endsWith('4999\n5000\n'));
  t.equal(supd.read('a.err'), 'last\n');
});

test('the log goes on in the same file when a program is started again', async (t) => {
  const supd = await startSupd(t, program('a', 'waits'));
  await supd.says('a', 'ready\n');
  await supd.told('restart', 'a');
  await supd.says('a', 'ready\nready\n');
});

test('a child that closes its stdout goes on and costs nothing', async (t) => {
  const supd = await startSupd(t, program('a', 'closes-stdout'));
  await supd.says('a', 'last words\n');
  const { pid } = await supd.state('a', 'RUNNING');
  await until('it to be closed', () => !descriptorsOf(pid).has(1));
  const before = cpuTicks(supd.pid);
  for (let i = 0; i < 5; i++) await supd.status();
  t.equal((await supd.state('a', 'RUNNING')).pid, pid);
  t.ok(cpuTicks(supd.pid) - before < 50, 'no spinning');
  t.match(await supd.told('stop', 'a'), { status: 0 });
});

test('100 MB in one line pass through a daemon that stays small', async (t) => {
  const supd = await startSupd(
    t,
    program('a', 'one-long-line 96', { stdout_logfile_maxbytes: '20MB', stdout_logfile_backups: 9 }),
  );
  const size = () =>
    readdirSync(supd.dir)
      .filter((name) => name.startsWith('a.out'))
      .reduce((sum, name) => sum + statSync(`${supd.dir}/${name}`).size, 0);
  let answers = 0;
  await until(
    'all of it',
    async () => {
      answers += (await supd.status()).length;
      return supd.read('a.err') === 'done\n' && size() === 96 * 1048576;
    },
    60,
  );
  t.ok(answers > 1, 'it answers meanwhile');
  t.ok(peakMegabytes(supd.pid) < 120, `${peakMegabytes(supd.pid)} MB at most`);
});

test('500 children that end at once: the daemon goes on answering and stays small', async (t) => {
  const copies = { numprocs: 500, process_name: '%(process_num)03d', autorestart: true, startretries: 100 };
  const quiet = { stdout_logfile: 'NONE', stderr_logfile: 'NONE' };
  const supd = await startSupd(t, program('quick', '/bin/true', { ...copies, ...quiet, startsecs: 1 }));
  const ended = () => supd.read('supd.log').match(/^.*exited: /gm)?.length ?? 0;
  let answers = 0;
  await until(
    'each to have ended',
    async () => {
      t.equal((await supd.status()).length, 500);
      answers += 1;
      return ended() >= 500;
    },
    60,
  );
  t.ok(answers > 1);
  t.ok(peakMegabytes(supd.pid) < 150, `${peakMegabytes(supd.pid)} MB at most`);
  t.match(await supd.told('stop', 'all'), { status: 0 });
});

test('in a container the logs may be the streams of supd itself', async (t) => {
  const stream = (name: string) => ({
    stdout_logfile: `/dev/${name}`,
    stdout_logfile_maxbytes: 0,
    stderr_logfile: '/dev/stderr',
    stderr_logfile_maxbytes: 0,
  });
  const user: Options = isRoot ? { user: 'nobody' } : {};
  const place = makePlace(
    t,
    program('a', 'waits', { ...stream('stdout'), ...user }) + program('b', 'prints-both', stream('fd/1')),
  );
  const supd = place.supd(['-n', '-c', place.conf]);
  const shown = { stdout: '', stderr: '' };
  for (const name of ['stdout', 'stderr'] as const)
    supd[name]?.setEncoding('utf8').on('data', (text: string) => {
      shown[name] += text;
    });
  await until('all of it', () => {
    const { stdout, stderr } = shown;
    return /^ready$/m.test(stdout) && /^to stdout$/m.test(stdout) && stderr === 'to stderr\n';
  });
});

test('a log directory that may not be written keeps its program down, in words', async (t) => {
  const supd = await startSupd(
    t,
    program('a', 'waits', { stdout_logfile: '/proc/a.log', startretries: 0 }) +
      program('b', 'waits', { stdout_logfile: '%(here)s/bin', startretries: 0 }) +
      program('c', 'waits'),
  );
  t.match(
    (await supd.state('b', 'FATAL')).description,
    /unknown error making dispatchers for 'b': EISDIR \(.*bin\)/,
  );
  t.equal(
    (await supd.state('a', 'FATAL')).description,
    "unknown error making dispatchers for 'a': ENOENT (/proc/a.log)",
  );
  t.ok((await supd.state('c', 'RUNNING')).pid > 0);
});

function peakMegabytes(pid: number): number {
  return Number.parseInt(statusOf(pid).get('VmHWM') ?? '', 10) / 1024;
}

function cpuTicks(pid: number): number {
  const stat = readFileSync(`/proc/${pid}/stat`, 'utf8');
  const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
  return Number(fields[11]) + Number(fields[12]);
}

test('a start leaves the AUTO logs of another daemon in the same directory alone, whatever their identifiers', async (t) => {
  const auto = program('a', 'waits', { stdout_logfile: 'AUTO' });
  const first = await startSupd(t, auto);
  const said = () => first.told('tail', 'a');
  await until('it to speak', async () => (await said()).stdout.includes('ready'));
  const second = await startSupd(t, auto, { daemon: { childlogdir: first.dir } });
  await second.state('a', 'RUNNING');
  t.match(await said(), { status: 0, stdout: /ready/ });
});
