import { closeSync, constants, existsSync, openSync, readSync, renameSync, writeFileSync } from 'node:fs';
import tap, { test } from 'tap';
import { program, section } from '../helpers/place.js';
import { isAlive, processesNaming } from '../helpers/proc.js';
import { startSupd } from '../helpers/start-supd.js';
import { until } from '../helpers/until.js';

tap.jobs = 4;
tap.setTimeout(180_000);

for (const signal of ['SIGTERM', 'SIGINT', 'SIGQUIT'] as const) {
  test(`${signal} ends supd with status 0`, async (t) => {
    const supd = await startSupd(t, program('a', 'waits'));
    await supd.state('a', 'RUNNING');
    t.equal(supd.read('supd.pid'), `${supd.pid}\n`);
    t.same(await supd.ended(signal), { code: 0, signal: null });
    t.match(supd.read('supd.log'), `WARN received ${signal} indicating exit request`);
    t.notOk(existsSync(`${supd.dir}/supd.pid`));
    t.notOk(existsSync(`${supd.dir}/run/supd.sock`));
    t.same(processesNaming(supd.dir), []);
  });
}

test('SIGHUP stops all and starts all by the new configuration, in the same daemon', async (t) => {
  const supd = await startSupd(t, program('a', 'waits') + program('gone', 'waits'));
  const { pid } = await supd.state('a', 'RUNNING');
  supd.configure(program('a', 'waits') + program('new', 'waits'));
  supd.child.kill('SIGHUP');
  await until('the new one to run', async () => (await supd.state('new', 'RUNNING')).pid > 0);
  const a = await supd.state('a', 'RUNNING');
  t.not(a.pid, pid);
  t.notOk(isAlive(pid));
  t.same(
    (await supd.status()).map(({ name }) => name),
    ['a', 'new'],
  );
  t.equal((await supd.client.getDaemon()).pid, supd.pid);
  t.match(supd.read('supd.log'), 'WARN received SIGHUP indicating restart request');
});

test('SIGHUP with a broken configuration leaves everything running and says why', async (t) => {
  const supd = await startSupd(t, program('a', 'waits'));
  const { pid } = await supd.state('a', 'RUNNING');
  supd.configure(program('a', 'waits', { stopsignal: 'SIGTREM', startsecs: 'soon' }));
  supd.child.kill('SIGHUP');
  await supd.logs('not restarted: the configuration has errors');
  const log = supd.read('supd.log');
  t.match(log, /ERRO .*supd\.conf:\d+: \[program:a\] stopsignal: "SIGTREM" .*did you mean SIGTERM/);
  t.match(log, /ERRO .*supd\.conf:\d+: \[program:a\] startsecs: /);
  t.equal((await supd.state('a', 'RUNNING')).pid, pid);
  t.match(await supd.told('reload'), { status: 1, stdout: /not reloaded/ });
  t.equal((await supd.state('a', 'RUNNING')).pid, pid);
});

for (const [what, text, daemon] of [
  ['a socket', section('grpc_server', { socket: '%(here)s/bin' }), {}],
  ['a log', '', { logfile: '%(here)s/bin' }],
] as const) {
  test(`SIGHUP to a configuration with ${what} that can't be had goes on by the old one`, async (t) => {
    const supd = await startSupd(t, program('a', 'waits'));
    await supd.state('a', 'RUNNING');
    supd.configure(text + program('b', 'waits'), daemon);
    supd.child.kill('SIGHUP');
    await supd.logs(/ERRO could not serve by the new configuration: .*bin.*; supd goes on by the one before/);
    t.ok((await supd.state('a', 'RUNNING')).pid > 0);
    t.same(
      (await supd.status()).map(({ name }) => name),
      ['a'],
    );
    t.equal(supd.child.exitCode, null);
  });
}

test('supctl reload is SIGHUP', async (t) => {
  const supd = await startSupd(t, program('a', 'waits'));
  const { pid } = await supd.state('a', 'RUNNING');
  t.match(await supd.told('reload'), { status: 0, stdout: 'Restarted supervisord\n' });
  await until('another pid', async () => (await supd.state('a', 'RUNNING')).pid !== pid);
  t.notOk(isAlive(pid));
});

test('SIGHUP during a shutdown is ignored', async (t) => {
  const supd = await startSupd(t, program('a', 'ends-once %(here)s/go', { stopwaitsecs: 60 }));
  await supd.says('a', 'ready');
  const end = supd.ended('SIGTERM');
  await supd.state('a', 'STOPPING');
  supd.child.kill('SIGHUP');
  await supd.logs('ignored SIGHUP indicating restart request (shutdown in progress)');
  writeFileSync(`${supd.dir}/go`, '');
  t.same(await end, { code: 0, signal: null });
});

test('SIGTERM during a reload ends supd for good', async (t) => {
  const supd = await startSupd(t, program('a', 'ends-once %(here)s/go', { stopwaitsecs: 60 }));
  await supd.says('a', 'ready');
  supd.child.kill('SIGHUP');
  await supd.state('a', 'STOPPING');
  const end = supd.ended('SIGTERM');
  await supd.logs('received SIGTERM');
  writeFileSync(`${supd.dir}/go`, '');
  t.same(await end, { code: 0, signal: null });
  t.same(processesNaming(supd.dir), []);
});

test('SIGUSR2 after a rename goes on in new files, and nothing is lost', async (t) => {
  const supd = await startSupd(t, program('a', 'prints-again'));
  await supd.says('a', 'ready');
  const { pid } = await supd.state('a', 'RUNNING');
  process.kill(pid, 'SIGUSR1');
  await supd.says('a', 'line 1');
  for (const file of ['a.out', 'supd.log']) renameSync(`${supd.dir}/${file}`, `${supd.dir}/${file}.old`);
  process.kill(pid, 'SIGUSR1');
  await until('the old file to get it', () => supd.read('a.out.old').includes('line 2'));
  supd.child.kill('SIGUSR2');
  await until('new files', () => existsSync(`${supd.dir}/a.out`) && existsSync(`${supd.dir}/supd.log`));
  process.kill(pid, 'SIGUSR1');
  await supd.says('a', 'line 3');
  t.equal(supd.read('a.out.old') + supd.read('a.out'), 'ready\nline 1\nline 2\nline 3\n');
  t.match(supd.read('supd.log.old'), 'received SIGUSR2 indicating log reopen request');
  t.equal((await supd.state('a', 'RUNNING')).pid, pid);
});

test('a program is not bothered by a signal meant for supd', async (t) => {
  const supd = await startSupd(t, program('a', 'tells-signals'));
  await supd.says('a', 'ready');
  supd.child.kill('SIGUSR2');
  await supd.logs('received SIGUSR2');
  const { pid } = await supd.state('a', 'RUNNING');
  process.kill(pid, 'SIGUSR1');
  await supd.says('a', 'got USR1');
  t.notMatch(supd.read('a.out'), 'got USR2');
});

test('kill -9 of supd takes no child with it, not even one that writes', async (t) => {
  const supd = await startSupd(t, program('a', 'prints-again'));
  await supd.says('a', 'ready');
  const { pid } = await supd.state('a', 'RUNNING');
  const stdout = openSync(`/proc/${pid}/fd/1`, constants.O_RDONLY | constants.O_NONBLOCK);
  t.teardown(() => closeSync(stdout));
  t.same(await supd.ended('SIGKILL'), { code: null, signal: 'SIGKILL' });
  process.kill(pid, 'SIGUSR1');
  const kept = Buffer.alloc(64);
  await until('what it wrote', () => kept.toString('utf8', 0, readSync(stdout, kept)) === 'line 1\n');
  t.ok(isAlive(pid));
});
