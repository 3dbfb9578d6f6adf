import { spawn } from 'node:child_process';
import { mkdirSync, rmSync, statSync, writeFileSync } from 'node:fs';
import tap, { test } from 'tap';
import { program, section } from '../helpers/place.js';
import { isAlive } from '../helpers/proc.js';
import { type Supd, startSupd } from '../helpers/start-supd.js';
import { until } from '../helpers/until.js';

tap.jobs = 4;
tap.setTimeout(180_000);

async function names(supd: Supd): Promise<readonly string[]> {
  return (await supd.status()).map(({ group, name }) => (group === name ? name : `${group}:${name}`));
}

test('status shows all in supervisorctl’s columns and exits by the worst', async (t) => {
  const supd = await startSupd(
    t,
    program('up', 'waits') +
      program('down', 'waits', { autostart: false }) +
      program('over', 'exits-after 0 0'),
  );
  await supd.state('up', 'RUNNING');
  await supd.state('over', 'EXITED');
  const { status, stdout } = await supd.told('status');
  t.equal(status, 3);
  const [down, over, up] = stdout.split('\n');
  t.match(down, /^down {29}STOPPED {3}Not started$/);
  t.match(over, /^over {29}EXITED {4}\w{3} \d\d \d\d:\d\d [AP]M$/);
  t.match(up, /^up {31}RUNNING {3}pid \d+, uptime 0:00:\d\d$/);
  t.match(await supd.told('status', 'up'), { status: 0, stdout: /^up / });
  t.match(await supd.told('status', 'nobody'), { status: 4, stdout: 'nobody: ERROR (no such process)\n' });
});

test('groups, patterns and all name several programs', async (t) => {
  const supd = await startSupd(
    t,
    program('web1', 'waits') +
      program('web2', 'waits') +
      program('db', 'waits') +
      section('group:g', { programs: 'web1,web2' }),
  );
  for (const name of ['g:web1', 'g:web2', 'db']) await supd.state(name, 'RUNNING');
  const stopped = await supd.told('stop', 'g:*');
  t.same(stopped.stdout.trim().split('\n').sort(), ['g:web1: stopped', 'g:web2: stopped']);
  t.ok((await supd.state('db', 'RUNNING')).pid > 0);
  t.match(await supd.told('stop', 'g:*'), { status: 0, stdout: '' });
  t.match(await supd.told('start', 'g:web1'), { status: 0, stdout: 'g:web1: started\n' });
  const restarted = await supd.told('restart', 'all');
  t.same(restarted.stdout.trim().split('\n').sort(), [
    'db: started',
    'db: stopped',
    'g:web1: started',
    'g:web1: stopped',
    'g:web2: started',
  ]);
  t.match(await supd.told('start', 'x:*'), { status: 2, stdout: 'x: ERROR (no such group)\n' });
  t.match(await supd.told('stop', 'x'), { status: 1, stdout: 'x: ERROR (no such process)\n' });
});

test('reread tells what changed and changes nothing, update does it', async (t) => {
  const supd = await startSupd(
    t,
    program('same', 'waits') + program('changed', 'waits') + program('gone', 'waits'),
  );
  const pids = new Map<string, number>();
  for (const name of ['same', 'changed', 'gone']) pids.set(name, (await supd.state(name, 'RUNNING')).pid);
  t.match(await supd.told('reread'), { status: 0, stdout: 'No config updates to processes\n' });
  supd.configure(program('same', 'waits') + program('changed', 'waits anew') + program('new', 'waits'));
  const told = 'changed: changed\ngone: disappeared\nnew: available\n';
  const reread = await supd.told('reread');
  t.same(reread.stdout.trim().split('\n').sort(), told.trim().split('\n'));
  t.same(await names(supd), ['changed', 'gone', 'same']);
  t.equal((await supd.state('changed', 'RUNNING')).pid, pids.get('changed'));

  const avail = await supd.told('avail');
  t.match(avail.stdout, /^changed +in use +auto +999:999\nnew +avail +auto +999:999\nsame +in use +auto/);

  t.match(await supd.told('update'), {
    status: 0,
    stdout:
      'gone: stopped\ngone: removed process group\nchanged: stopped\nchanged: updated process group\nnew: added process group\n',
  });
  t.same(await names(supd), ['changed', 'new', 'same']);
  t.equal((await supd.state('same', 'RUNNING')).pid, pids.get('same'));
  t.not((await supd.state('changed', 'RUNNING')).pid, pids.get('changed'));
  t.ok((await supd.state('new', 'RUNNING')).pid > 0);
  t.notOk(isAlive(pids.get('gone') ?? 0));
  t.match(await supd.told('update'), { status: 0, stdout: '' });
});

test('a broken configuration refuses reread and update with every error, and nothing is touched', async (t) => {
  const supd = await startSupd(t, program('a', 'waits'));
  const { pid } = await supd.state('a', 'RUNNING');
  supd.configure(
    program('a', 'waits', { stopsignal: 'SIGTREM' }) + program('b', 'waits', { user: 'nosuch' }),
  );
  const reread = await supd.told('reread');
  t.equal(reread.status, 1);
  t.match(`${reread.stdout}${reread.stderr}`, /ERROR: CANT_REREAD: .*SIGTREM/);
  t.match(`${reread.stdout}${reread.stderr}`, /"nosuch"/);
  const update = await supd.told('update');
  t.equal(update.status, 1);
  t.match(`${update.stdout}${update.stderr}`, /SIGTREM/);
  t.equal((await supd.state('a', 'RUNNING')).pid, pid);
  t.same(await names(supd), ['a']);
});

test('update of one group leaves the others', async (t) => {
  const supd = await startSupd(t, program('a', 'waits') + program('b', 'waits'));
  const a = await supd.state('a', 'RUNNING');
  const b = await supd.state('b', 'RUNNING');
  supd.configure(program('a', 'waits 2') + program('b', 'waits 2'));
  t.match(await supd.told('update', 'b'), { status: 0, stdout: 'b: stopped\nb: updated process group\n' });
  t.equal((await supd.state('a', 'RUNNING')).pid, a.pid);
  t.not((await supd.state('b', 'RUNNING')).pid, b.pid);
  t.match(await supd.told('update', 'x'), { status: 1, stdout: 'ERROR: no such group: x\n' });
});

test('add and remove are for groups that were reread, and only stopped ones go', async (t) => {
  const supd = await startSupd(t, program('a', 'waits'));
  await supd.state('a', 'RUNNING');
  t.match(await supd.told('add', 'b'), { status: 1, stdout: 'ERROR: no such process/group: b\n' });
  supd.configure(program('a', 'waits') + program('b', 'waits'));
  await supd.told('reread');
  t.match(await supd.told('add', 'b'), { status: 0, stdout: 'b: added process group\n' });
  t.match(await supd.told('add', 'b'), { status: 0, stdout: 'ERROR: process group already active\n' });
  await supd.state('b', 'RUNNING');
  t.match(await supd.told('remove', 'b'), { status: 1, stdout: 'ERROR: process/group still running: b\n' });
  await supd.told('stop', 'b');
  t.match(await supd.told('remove', 'b'), { status: 0, stdout: 'b: removed process group\n' });
  t.same(await names(supd), ['a']);
});

test('included files count, and where they are wrong they are named', async (t) => {
  const supd = await startSupd(t, section('include', { files: 'conf.d/*.conf' }) + program('a', 'waits'));
  mkdirSync(`${supd.dir}/conf.d`);
  writeFileSync(
    `${supd.dir}/conf.d/b.conf`,
    program('b', `${supd.dir}/bin/waits`, { stdout_logfile: 'NONE', stderr_logfile: 'NONE' }),
  );
  t.match(await supd.told('update'), { status: 0, stdout: 'b: added process group\n' });
  await supd.state('b', 'RUNNING');
  writeFileSync(`${supd.dir}/conf.d/b.conf`, '[program:b]\ncommand=/bin/cat\nautostart=perhaps\n');
  const { status, stdout, stderr } = await supd.told('reread');
  t.equal(status, 1);
  t.match(`${stdout}${stderr}`, /conf\.d\/b\.conf:3: \[program:b\] autostart: "perhaps"/);
});

test('signal reaches the program, by name or number', async (t) => {
  const supd = await startSupd(
    t,
    program('a', 'tells-signals') + program('b', 'waits', { autostart: false }),
  );
  await supd.says('a', 'ready');
  t.match(await supd.told('signal', 'HUP', 'a'), { status: 0, stdout: 'a: signalled\n' });
  await supd.says('a', 'got HUP');
  t.match(await supd.told('signal', 'SIGUSR1', 'all'), { status: 0, stdout: 'a: signalled\n' });
  await supd.says('a', 'got USR1');
  t.match(await supd.told('signal', '12', 'a'), { status: 0, stdout: 'a: signalled\n' });
  await supd.says('a', 'got USR2');
  t.match(await supd.told('signal', 'TREM', 'a'), { status: 1, stdout: 'a: ERROR (bad signal name)\n' });
  t.match(await supd.told('signal', 'HUP', 'b'), { status: 7, stdout: 'b: ERROR (not running)\n' });
});

test('fg sends what is typed and shows what is answered, until the program ends', async (t) => {
  const supd = await startSupd(t, program('a', 'reads-stdin', { autorestart: false }));
  await supd.says('a', 'ready');
  const { pid } = await supd.state('a', 'RUNNING');
  const fg = spawn(`${import.meta.dirname}/../../../bin/supctl`, ['-c', supd.conf, 'fg', 'a'], {
    stdio: ['pipe', 'pipe', 'pipe'],
  });
  let shown = '';
  fg.stdout.on('data', (bytes: Buffer) => {
    shown += bytes.toString();
  });
  await until('it to begin', () => shown.includes('Press Ctrl-C to exit'));
  fg.stdin.write('one\n');
  await until('the answer', () => shown.includes('heard one\n'));
  fg.stdin.write('two\n');
  await until('the answer', () => shown.includes('heard two\n'));
  process.kill(pid, 'SIGKILL');
  await until('it to end', () => fg.exitCode !== null);
  t.equal(fg.exitCode, 0);
  t.match(shown, /Process got killed\nExiting foreground/);
});

test('interactive supctl answers line by line', async (t) => {
  const supd = await startSupd(t, program('a', 'waits'));
  await supd.state('a', 'RUNNING');
  const { status, stdout } = await supd.ctl([], 'stop a\nversion\nstart a\nquit\n');
  t.equal(status, 0);
  t.match(stdout, /^a +RUNNING .*a: stopped\n.*\d+\.\d+\.\d+\n.*a: started\n/s);
});

test('a missing daemon is told in words, with supervisorctl’s status', async (t) => {
  const supd = await startSupd(t, program('a', 'waits'));
  await supd.ended('SIGKILL');
  const dead = await supd.told('stop', 'a');
  t.equal(dead.status, 4);
  t.match(`${dead.stdout}${dead.stderr}`, /refused connection/);
  rmSync(`${supd.dir}/run/supd.sock`);
  const missing = await supd.told('stop', 'a');
  t.equal(missing.status, 7);
  t.match(`${missing.stdout}${missing.stderr}`, /no such file/);
});

test('the control socket is its owner’s alone, and the read-only one only answers', async (t) => {
  const supd = await startSupd(
    t,
    section('grpc_server', { readonly_socket: '%(here)s/ro.sock', readonly_mode: '0666' }) +
      program('a', 'waits'),
  );
  t.equal(statSync(`${supd.dir}/run/supd.sock`).mode & 0o777, 0o700);
  t.equal(statSync(`${supd.dir}/ro.sock`).mode & 0o777, 0o666);
  const { pid } = await supd.state('a', 'RUNNING');
  const reading = ['-s', `unix://${supd.dir}/ro.sock`];
  t.match(await supd.ctl([...reading, 'status']), { status: 0, stdout: /^a +RUNNING/ });
  const refused = await supd.ctl([...reading, 'stop', 'a']);
  t.equal(refused.status, 1);
  t.match(`${refused.stdout}${refused.stderr}`, /read-only|readonly|may only/i);
  t.ok(isAlive(pid));
});
