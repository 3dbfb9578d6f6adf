import { spawn } from 'node:child_process';
import { chmodSync, cpSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import tap, { type Test, test } from 'tap';
import { job, makePlace, type Place, program } from '../helpers/place.js';
import { environmentOf, familyOf, isAlive, limitOf } from '../helpers/proc.js';
import { type Supd, startIn, startSupd } from '../helpers/start-supd.js';
import { until } from '../helpers/until.js';

tap.jobs = 3;
tap.setTimeout(1_800_000);

const UPGRADES = Number(process.env.SUPD_UPGRADES ?? 6);
const root = path.resolve(import.meta.dirname, '../../..');

/** A place with an installation of supd of its own, which a test may change. */
function makeInstalled(t: Test, text: string): Place & { readonly install: string } {
  const place = makePlace(t, text);
  const install = path.join(place.dir, 'install');
  for (const name of ['bin', 'dist', 'package.json'])
    cpSync(path.join(root, name), path.join(install, name), { recursive: true });
  symlinkSync(path.join(root, 'node_modules'), path.join(install, 'node_modules'));
  return {
    ...place,
    install,
    supd: (args) =>
      spawn(path.join(install, 'bin/supd'), args, {
        cwd: place.dir,
        env: { PATH: process.env.PATH ?? '', HOME: place.dir, SUPD_TEST: place.dir },
        stdio: ['pipe', 'pipe', 'pipe'],
      }),
  };
}

/** Waits until so many lives have begun. */
async function lives(supd: Supd, count: number): Promise<void> {
  await until(`life ${count}`, () => supd.read('supd.log').split(/started with pid/).length - 1 >= count);
}

test('an upgrade keeps the pid, the programs and their statuses, and answers when the new code serves', async (t) => {
  const place = makePlace(
    t,
    program('a', 'waits') +
      program('ends', 'ends-as-told 7', { autorestart: false }) +
      job('j', 'ends-as-told 3'),
  );
  const supd = await startIn(t, place);
  await supd.says('a', 'ready');
  await supd.says('ends', 'ready');
  const a = await supd.state('a', 'RUNNING');
  const ends = await supd.state('ends', 'RUNNING');
  const limits = limitOf(a.pid, 'Max open files');
  const run = supd.told('job', 'run', 'j', '--no-wait');
  await run;
  t.match(await supd.told('upgrade', '--check'), {
    status: 0,
    stdout: /^supd \S+ can be upgraded to \S+\n$/,
  });
  const answer = await supd.told('upgrade', '--reason', 'test');
  t.match(answer, { status: 0, stdout: `(pid ${supd.pid})\n`, stderr: '' });
  t.match(await supd.client.getDaemon(), { pid: supd.pid, upgrades: 1, state: 'RUNNING' });
  t.equal((await supd.state('a', 'RUNNING')).pid, a.pid);
  t.equal(familyOf(ends.pid).ppid, supd.pid, 'its children are still its own');
  t.match(await supd.told('signal', 'USR1', 'ends'), { status: 0 });
  t.match(await supd.state('ends', 'EXITED'), { exitStatus: 7 });
  t.match(await supd.told('restart', 'a'), { status: 0 });
  const again = await supd.state('a', 'RUNNING');
  t.same(limitOf(again.pid, 'Max open files'), limits, 'what is started later is as what was started before');
  t.notOk('SUPD_UPGRADE' in environmentOf(again.pid));
  const [record] = await supd.client.listRuns({ job: 'j' });
  t.equal(record?.outcome, 'running');
  t.match(await supd.told('job', 'cancel', 'j'), { status: 0 });
  t.same(await supd.ended('SIGTERM'), { code: 0, signal: null });
  t.notOk(isAlive(again.pid));
});

test('upgrades in a row under a flood and restarts: same pids, no line lost or torn', async (t) => {
  const place = makePlace(
    t,
    program('flood', 'counts %(here)s/flood.pids 0') +
      program('steady', 'counts %(here)s/steady.pids 0.05') +
      program('bursts', 'says-and-ends %(here)s/bursts.pids 200 0', { autorestart: true }) +
      program('restarted', 'waits'),
  );
  const supd = await startIn(t, place);
  const pidOf = async (name: string) => (await supd.state(name, 'RUNNING')).pid;
  const before = await Promise.all([pidOf('flood'), pidOf('steady')]);
  for (let count = 1; count <= UPGRADES; count += 1) {
    const restart = supd.told('restart', 'restarted');
    t.match(await supd.told('upgrade'), { status: 0 }, `upgrade ${count}`);
    await restart;
  }
  t.same(await Promise.all([pidOf('flood'), pidOf('steady')]), before);
  t.match(await supd.client.getDaemon(), { pid: supd.pid, upgrades: UPGRADES });
  t.same(await supd.ended('SIGTERM'), { code: 0, signal: null });
  for (const name of ['flood', 'steady']) {
    const lines = supd.read(`${name}.out`).trimEnd().split('\n');
    const wrong = lines.findIndex((line, index) => line !== String(index + 1));
    t.equal(wrong, -1, `${name}: ${lines.length} lines in order`);
  }
  const bursts = supd.read('bursts.pids').trim().split('\n').length;
  const whole = Array.from({ length: 200 }, (_, n) => `${n + 1}\n`).join('');
  const text = supd.read('bursts.out');
  t.ok(bursts > UPGRADES, 'it ended and was started again all the time');
  // The last one may have been stopped in its midst.
  const rest = text.replaceAll(whole, '');
  t.ok(
    whole.startsWith(rest) && text.length >= (bursts - 1) * whole.length,
    `nothing of ${bursts} runs is lost`,
  );
});

test('a stop under way goes on over an upgrade, and its signal is sent once', async (t) => {
  const asks = `/bin/sh -c "trap 'echo asked' TERM; trap 'echo marker' WINCH; echo ready; while :; do sleep 0.05; done"`;
  const supd = await startSupd(t, program('a', asks, { stopwaitsecs: 600 }));
  await supd.says('a', 'ready');
  const { pid } = await supd.state('a', 'RUNNING');
  const stop = supd.told('stop', 'a');
  await supd.says('a', 'asked');
  t.match(await supd.told('upgrade'), { status: 0 });
  await stop;
  t.equal((await supd.state('a', 'STOPPING')).pid, pid);
  // The shell answers waiting signals by their number: this one is behind a TERM that was sent before.
  process.kill(pid, 'SIGWINCH');
  t.equal(await supd.says('a', 'marker'), 'ready\nasked\nmarker\n');
  process.kill(pid, 'SIGKILL');
  await supd.state('a', 'STOPPED');
});

test('in the background, and with a relative path of its configuration, the upgrade is the same', async (t) => {
  const place = makePlace(t, program('a', 'waits'), { directory: '/' });
  t.match(await place.run(['-c', 'supd.conf']), { status: 0, stderr: '' });
  const pid = Number(place.read('supd.pid'));
  t.match(await place.ctl(['upgrade']), { status: 0, stdout: `(pid ${pid})\n` });
  t.match(await place.ctl(['pid']), { stdout: `${pid}\n` });
  t.equal(familyOf(pid).sid, pid);
  t.match(await place.ctl(['shutdown']), { status: 0 });
  await until('supd to end', () => !isAlive(pid));
});

test('another version takes over what the one before wrote', async (t) => {
  const place = makeInstalled(t, program('a', 'waits'));
  const supd = await startIn(t, place);
  await supd.says('a', 'ready');
  const a = await supd.state('a', 'RUNNING');
  const bundle = path.join(place.install, 'dist/supd.cjs');
  // V8 knows its cache by the length of the source.
  rmSync(path.join(place.install, 'dist/supd.cache'));
  const { version } = await supd.client.getDaemon();
  writeFileSync(
    bundle,
    readFileSync(bundle, 'latin1').replace(`version:"${version}"`, 'version:"9.9.9"'),
    'latin1',
  );
  t.match(await supd.told('upgrade', '--check'), {
    status: 0,
    stdout: `supd ${version} can be upgraded to 9.9.9\n`,
  });
  t.match(await supd.told('upgrade'), { status: 0, stdout: /was upgraded to 9\.9\.9/ });
  t.equal((await supd.state('a', 'RUNNING')).pid, a.pid);
  t.equal((await supd.client.getDaemon()).version, '9.9.9');
  t.match(await supd.told('reread'), { stdout: 'No config updates to processes\n' });
});

test('code that does not start, and a configuration with an error, are found out before anything happens', async (t) => {
  const place = makeInstalled(t, program('a', 'waits'));
  const supd = await startIn(t, place);
  await supd.says('a', 'ready');
  const a = await supd.state('a', 'RUNNING');
  const isUntouched = async () => {
    t.equal((await supd.state('a', 'RUNNING')).pid, a.pid);
    t.match(await supd.client.getDaemon(), { upgrades: 0 });
    await lives(supd, 1);
  };
  place.configure('[program:a]\ncommand = /bin/true\nstartsecs = soon\n');
  for (const check of [true, false])
    await t.rejects(supd.client.upgrade({ check }), {
      message: /not upgraded/,
      details: [/not upgraded/, /startsecs/],
    });
  await isUntouched();
  place.configure(program('a', 'waits'));
  writeFileSync(path.join(place.install, 'dist/supd.cjs'), 'throw new Error("broken");');
  t.match(await supd.told('upgrade'), { status: 1, stderr: /not upgraded: .*broken/s });
  await isUntouched();
});

test('when the new code can’t be executed the old one goes on, and supctl says so', async (t) => {
  const place = makeInstalled(t, program('a', 'waits'));
  const supd = await startIn(t, place);
  await supd.says('a', 'ready');
  const a = await supd.state('a', 'RUNNING');
  const bin = path.join(place.install, 'bin/supd');
  // Passes every check, and is not executable from then on.
  writeFileSync(bin, '#!/bin/sh\ncase "$*" in *--version) echo 9.9.9 ;; *) chmod -x "$0" ;; esac\n');
  chmodSync(bin, 0o755);
  t.match(await supd.told('upgrade'), { status: 1, stderr: /not upgraded/ });
  await supd.logs(/ERRO not upgraded: execve .*EACCES; supd goes on by the code before/);
  t.equal((await supd.state('a', 'RUNNING')).pid, a.pid);
  t.match(await supd.told('restart', 'a'), { status: 0 });
  t.same(await supd.ended('SIGTERM'), { code: 0, signal: null });
});

test('supd --check also tells that the state of what runs can’t be read', async (t) => {
  const place = makePlace(t, program('a', 'waits'));
  const supd = await startIn(t, place);
  await supd.says('a', 'ready');
  t.match(await place.run(['--check', '-c', place.conf]), { status: 0 });
  const state = place.read('state/state');
  writeFileSync(`${place.dir}/state/state`, state.replace('"state":1', '"state":77'));
  t.match(await place.run(['--check', '-c', place.conf]), {
    status: 2,
    stderr: /state: it is of version 77/,
  });
  t.match(await supd.told('upgrade', '--check'), { status: 1, stderr: /version 77/ });
});
