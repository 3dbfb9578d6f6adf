import {
  chownSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  readlinkSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import path from 'node:path';
import tap, { test } from 'tap';
import { makePlace, program, section } from '../helpers/place.js';
import { descriptorsOf, familyOf, isAlive, limitOf, statusOf } from '../helpers/proc.js';
import { startIn, startSupd } from '../helpers/start-supd.js';
import { until } from '../helpers/until.js';
import { accountOf, asUser, isRoot, needsRoot } from '../helpers/users.js';

tap.jobs = 4;
tap.setTimeout(180_000);

test('in the background the command ends with 0 as soon as supd serves', async (t) => {
  const place = makePlace(t, program('a', 'waits'));
  t.same(await place.run(['-c', place.conf]), { status: 0, stdout: '', stderr: '' });
  const status = await place.ctl(['status']);
  t.match(status.stdout, /^a +(STARTING|RUNNING)/);
  const pid = Number(place.read('supd.pid'));
  t.equal(familyOf(pid).sid, pid, 'a session of its own');
  for (const fd of [0, 1, 2]) t.equal(descriptorsOf(pid).get(fd), '/dev/null');
  t.match(await place.ctl(['pid']), { status: 0, stdout: `${pid}\n` });
  t.match(await place.ctl(['shutdown']), { status: 0 });
  await until('supd to end', () => !isAlive(pid));
  t.equal(place.read('supd.pid'), '');
});

test('what keeps a background start from serving is said on the terminal, with status 1', async (t) => {
  const place = makePlace(t, section('grpc_server', { socket: '%(here)s/bin' }) + program('a', 'waits'));
  const { status, stdout, stderr } = await place.run(['-c', place.conf]);
  t.equal(status, 1);
  t.equal(stdout, '');
  t.match(stderr, /^Error: .*bin.*\n$/);
  t.equal(place.read('supd.pid'), '');
});

for (const flags of [['-n'], []]) {
  const how = flags.length > 0 ? 'the foreground' : 'the background';
  test(`a second supd on the same configuration, in ${how}: one clear error, the first undisturbed`, async (t) => {
    const supd = await startSupd(t, program('a', 'waits', { stdout_logfile: 'AUTO' }));
    const a = await supd.state('a', 'RUNNING');
    const log = supd.read('supd.log');
    const second = await supd.run([...flags, '-c', supd.conf]);
    t.equal(second.status, 1);
    t.equal(second.stdout, '');
    t.match(second.stderr, /^Error: supd is running already with .*supd\.conf .*\n$/);
    t.equal(supd.read('supd.log'), log, 'nothing in the first one’s log');
    t.equal(supd.read('supd.pid'), `${supd.pid}\n`);
    t.same(await supd.state('a', 'RUNNING').then(({ pid }) => pid), a.pid);
    t.equal(readFileSync(a.stdoutLogfile, 'utf8'), 'ready\n', 'its AUTO log is there');
    t.match(await supd.told('status'), { status: 0 });
  });
}

test('the same configuration by way of a link is the same daemon', async (t) => {
  const supd = await startSupd(t, program('a', 'waits'));
  symlinkSync(supd.conf, `${supd.dir}/link.conf`);
  t.match(await supd.run(['-n', '-c', `${supd.dir}/link.conf`]), { status: 1, stderr: /running already/ });
});

test('after kill -9 the next start works, whatever the dead one left', async (t) => {
  const place = makePlace(t, program('a', 'exits-after 0 0'));
  const first = await startIn(t, place);
  await first.ended('SIGKILL');
  t.equal(place.read('supd.pid'), `${first.pid}\n`);
  const second = await startIn(t, place);
  t.equal(place.read('supd.pid'), `${second.pid}\n`);
  t.match(await second.told('pid'), { status: 0, stdout: `${second.pid}\n` });
});

test('the control socket and the run directory come back when somebody sweeps them away', async (t) => {
  const supd = await startSupd(t, program('a', 'prints-again'));
  const serves = () => until('supctl to be answered', async () => (await supd.told('status')).status === 0);
  await supd.says('a', 'ready');
  rmSync(`${supd.dir}/run/supd.sock`);
  await serves();
  rmSync(`${supd.dir}/run`, { recursive: true });
  await serves();
  t.match(await supd.told('restart', 'a'), { status: 0, stdout: 'a: stopped\na: started\n' });
  await supd.says('a', 'ready\nready\n');
});

test('a terminal that goes away ends nothing', async (t) => {
  const supd = await startSupd(t, program('a', 'waits'));
  supd.child.stdout?.destroy();
  supd.child.stderr?.destroy();
  t.match(await supd.told('restart', 'a'), { status: 0 });
  t.match(await supd.told('restart', 'a'), { status: 0 });
  t.equal(supd.child.exitCode, null);
});

test('umask and directory of [supd] count in the foreground and in the background', async (t) => {
  for (const flags of [['-n'], []]) {
    const place = makePlace(t, program('a', 'waits', { stdout_logfile: '%(here)s/a.out' }), {
      umask: '027',
      directory: '%(here)s/bin',
    });
    const daemon = place.supd([...flags, '-c', place.conf]);
    const pid = await until('a to run', async () => {
      const [one] = JSON.parse((await place.ctl(['status', '--json'])).stdout) as { pid: number }[];
      return one?.pid;
    });
    t.equal(readlinkSync(`/proc/${pid}/cwd`), `${place.dir}/bin`);
    t.equal(statusOf(pid).get('Umask'), '0027');
    const supd = familyOf(pid).ppid;
    t.equal(readlinkSync(`/proc/${supd}/cwd`), `${place.dir}/bin`);
    await place.ctl(['shutdown']);
    await until('supd to end', () => !isAlive(supd));
    daemon.kill('SIGKILL');
  }
});

test('the command line counts before the file', async (t) => {
  const place = makePlace(t, program('a', 'waits'));
  mkdirSync(`${place.dir}/d`);
  const flags = ['-n', '-l', `${place.dir}/d/own.log`, '-j', `${place.dir}/d/own.pid`, '-e', 'debug'];
  const supd = await startIn(t, place, { flags: [...flags, '-m', '077', '-d', `${place.dir}/d`] });
  const { pid } = await supd.state('a', 'RUNNING');
  t.match(supd.read('d/own.log'), 'started with pid');
  t.equal(supd.read('d/own.pid'), `${supd.pid}\n`);
  t.equal(supd.read('supd.log'), '');
  t.equal(statusOf(pid).get('Umask'), '0077');
  t.equal(readlinkSync(`/proc/${pid}/cwd`), `${place.dir}/d`);
});

test('a relative -c and a relative log are found from where supd was started, also at a reload', async (t) => {
  const place = makePlace(t, program('a', 'waits'), { directory: '/', logfile: 'here.log' });
  const supd = place.supd(['-n', '-c', 'supd.conf'], { cwd: place.dir });
  await until('supd to serve', () => /started with pid/.test(place.read('here.log')));
  supd.kill('SIGHUP');
  await until('it to start again', () => place.read('here.log').match(/started with pid/g)?.length === 2);
  t.equal(supd.exitCode, null);
});

test('a pidfile that cannot be written is told and nothing more', async (t) => {
  const supd = await startSupd(t, program('a', 'waits'), { daemon: { pidfile: '%(here)s/bin' } });
  await supd.state('a', 'RUNNING');
  t.match(supd.read('supd.log'), /CRIT could not write pidfile .*bin: EISDIR/);
  t.same(await supd.ended('SIGTERM'), { code: 0, signal: null });
});

test('a main log that cannot be opened is one error with status 1', async (t) => {
  const place = makePlace(t, program('a', 'waits'), { logfile: '%(here)s/bin' });
  const { status, stderr } = await place.run(['-n', '-c', place.conf]);
  t.equal(status, 1);
  t.match(stderr, /^Error: .*bin.*EISDIR|EISDIR.*bin/);
  t.equal(stderr.trimEnd().split('\n').length, 1);
});

test('-s keeps the log off stdout', async (t) => {
  const place = makePlace(t, program('a', 'waits'));
  const supd = place.supd(['-n', '-s', '-c', place.conf]);
  let output = '';
  supd.stdout?.on('data', (bytes: Buffer) => {
    output += bytes.toString();
  });
  await until('a to run', async () => (await place.ctl(['status'])).stdout.includes('RUNNING'));
  t.equal(output, '');
});

test('--version, --help and --check answer and start nothing', async (t) => {
  const place = makePlace(t, program('a', 'waits'));
  t.match(await place.run(['--version']), { status: 0, stdout: /^\d+\.\d+\.\d+\n$/, stderr: '' });
  t.match(await place.run(['-h']), { status: 0, stdout: /^Usage: supd/m, stderr: '' });
  t.match(await place.run(['--check', '-c', place.conf]), { status: 0, stdout: '', stderr: '' });
  t.match(await place.run(['-x']), { status: 2, stderr: /^Error: option -x not recognized\n/ });
  t.match(await place.run(['-n', 'word']), { status: 2, stderr: /positional arguments are not supported/ });
  t.equal(place.read('supd.log'), '');
});

test('a limit that cannot be raised is one error with status 2', async (t) => {
  const place = makePlace(t, program('a', 'waits'), { minfds: 100_000_000 });
  const as = isRoot ? ['setpriv', '--bounding-set=-sys_resource', '--inh-caps=-sys_resource', '--'] : [];
  const { status, stderr } = await place.run(['-n', '-c', place.conf], { as });
  t.equal(status, 2);
  t.match(stderr, /^Error: minfds: supd needs 100000000 file descriptors and may have \d+; raise/);
});

test('minfds raises the soft limit of the daemon and of its children', async (t) => {
  // The shell stays: supd takes what it was started with off its parent.
  const as = ['sh', '-c', 'ulimit -Sn 500; ulimit -Hn 4000; "$@"; exit $?', 'sh'];
  const supd = await startSupd(t, program('a', 'waits'), { daemon: { minfds: 2000 }, as });
  const { pid } = await supd.state('a', 'RUNNING');
  t.same(limitOf(pid, 'Max open files'), ['2000', '4000']);
});

test('-u runs supd itself as another user, exactly', async (t) => {
  if (!needsRoot(t)) return;
  const place = makePlace(t, program('a', 'waits'));
  const user = accountOf('www-data');
  chownSync(place.dir, user.uid, user.gid);
  const supd = await startIn(t, place, { flags: ['-n', '-u', 'www-data'] });
  const { pid } = await supd.state('a', 'RUNNING');
  for (const one of [supd.pid, pid]) {
    t.equal(statusOf(one).get('Uid'), Array(4).fill(user.uid).join('\t'));
    t.equal(statusOf(one).get('Gid'), Array(4).fill(user.gid).join('\t'));
    t.equal(statusOf(one).get('Groups'), `${user.gid}`);
    t.equal(statusOf(one).get('CapEff'), '0000000000000000');
  }
});

test('a user of supd that does not exist, or that may not be assumed, is one error with status 2', async (t) => {
  const place = makePlace(t, program('a', 'waits'));
  const unknown = await place.run(['-n', '-c', place.conf, '-u', 'nosuchuser']);
  t.equal(unknown.status, 2);
  t.match(unknown.stderr, /user.*"nosuchuser"/);
  const as = isRoot ? asUser('nobody') : [];
  const refused = await place.run(['-n', '-c', place.conf, '-u', 'www-data'], { as });
  t.equal(refused.status, 2);
  t.match(refused.stderr, /Error: user: supd must be started as root to run as "www-data"/);
});

test('an ordinary user’s supd keeps its places below its own directories', async (t) => {
  const place = makePlace(t, '');
  writeFileSync(
    place.conf,
    section('supd', { logfile: '%(here)s/supd.log', pidfile: '%(here)s/supd.pid', childlogdir: '%(here)s' }) +
      program('a', 'waits'),
  );
  const as = isRoot ? asUser('nobody') : [];
  if (isRoot) chownSync(place.dir, accountOf('nobody').uid, accountOf('nobody').gid);
  const env = { XDG_RUNTIME_DIR: path.join(place.dir, 'r'), XDG_STATE_HOME: path.join(place.dir, 's') };
  const supd = place.supd(['-n', '-c', place.conf], { as, env });
  await until('supd to serve', () => /started with pid/.test(place.read('supd.log')));
  const [instance = ''] = readdirSync(`${place.dir}/r/supd`);
  const names = readdirSync(`${place.dir}/r/supd/${instance}`);
  for (const name of ['fifo', 'supd.lock', 'supd.sock']) t.ok(names.includes(name), name);
  t.same(readdirSync(`${place.dir}/s/supd`), [instance]);
  supd.kill('SIGTERM');
  await until('it to end', () => supd.exitCode !== null);
});
