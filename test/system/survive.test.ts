import { execFileSync, spawn } from 'node:child_process';
import { existsSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { release } from 'node:os';
import tap, { test } from 'tap';
import { job, makePlace, program, section } from '../helpers/place.js';
import { familyOf, isAlive } from '../helpers/proc.js';
import { type Supd, startIn } from '../helpers/start-supd.js';
import { until } from '../helpers/until.js';

tap.jobs = 4;
tap.setTimeout(300_000);

/** Kills the daemon as an OOM killer would. */
async function kill(supd: Supd): Promise<void> {
  await supd.ended('SIGKILL');
}

/** Waits until what is read is the same for some looks. */
async function settled(read: () => string): Promise<void> {
  let last = '';
  let same = 0;
  await until('nothing to change any more', () => {
    const now = read();
    same = now === last ? same + 1 : 0;
    last = now;
    return same >= 5;
  });
}

/** Gone, so that nobody can tell how it ended. */
function isReaped(pid: number): boolean {
  return !existsSync(`/proc/${pid}`);
}

/** Numbers from 1, each once: nothing lost, nothing doubled, nothing torn. */
function isCounted(text: string): boolean {
  const lines = text.split('\n');
  return lines.pop() === '' && lines.every((line, index) => line === String(index + 1));
}

test('kill -9 of supd ends no program; the next start takes it back: pid, state, uptime, output', async (t) => {
  const place = makePlace(
    t,
    program('a', 'counts %(here)s/a.pids 0.02 %(here)s/pause') +
      program('auto', 'counts %(here)s/auto.pids 0.02 %(here)s/pause', { stdout_logfile: 'AUTO' }),
  );
  const first = await startIn(t, place);
  await first.says('a', '3\n');
  const a = await first.state('a', 'RUNNING');
  const auto = await first.state('auto', 'RUNNING');
  // Quiet at that instant: nothing is on its way from the pipe to the file.
  writeFileSync(`${place.dir}/pause`, '');
  await settled(() => place.read('a.out') + readFileSync(auto.stdoutLogfile, 'utf8'));
  await kill(first);
  rmSync(`${place.dir}/pause`);
  t.ok(isAlive(a.pid));
  const before = place.read('a.out');
  const second = await startIn(t, place);
  const again = await second.state('a', 'RUNNING');
  t.equal(again.pid, a.pid);
  t.ok(again.uptimeMs >= a.uptimeMs, 'the uptime goes on');
  t.same(again.startTime, a.startTime);
  const autoAgain = await second.state('auto', 'RUNNING');
  t.equal(autoAgain.pid, auto.pid);
  t.equal(autoAgain.stdoutLogfile, auto.stdoutLogfile, 'an AUTO log keeps its name');
  await until('more output', () => place.read('a.out').length > before.length + 20);
  t.match(await second.told('stop', 'all'), { status: 0 });
  for (const file of [`${place.dir}/a.out`, auto.stdoutLogfile])
    t.ok(isCounted(readFileSync(file, 'utf8')), file);
  t.equal(place.read('a.pids'), `${a.pid}\n`, 'it was started once');
  t.notOk(isAlive(a.pid));
});

test('a program taken back is as any other: stopped with its tree, restarted, its end seen and known', async (t) => {
  const place = makePlace(
    t,
    program('tree', 'setsid-child', { stopwaitsecs: 1 }) +
      program('stubborn', 'ignores-sigterm', { stopwaitsecs: 1 }) +
      program('a', 'waits') +
      program('ends', 'ends-as-told 7', { autorestart: false }) +
      program('killed', 'waits', { autorestart: true }),
  );
  const first = await startIn(t, place);
  const child = Number((await first.says('tree', /child \d+\n/)).match(/child (\d+)/)?.[1]);
  for (const name of ['stubborn', 'a', 'ends', 'killed']) await first.says(name, 'ready');
  await kill(first);
  const second = await startIn(t, place);
  const pidOf = async (name: string) => (await second.state(name, 'RUNNING')).pid;
  const [tree, stubborn, a, ends, killed] = await Promise.all(
    ['tree', 'stubborn', 'a', 'ends', 'killed'].map(pidOf),
  );

  t.match(await second.told('stop', 'tree', 'stubborn'), { status: 0 });
  for (const pid of [tree, child, stubborn]) t.notOk(isAlive(pid!), 'stopped means gone');
  t.match(await second.told('restart', 'a'), { status: 0 });
  t.notOk(isAlive(a!));
  t.ok(isAlive(await pidOf('a')));
  process.kill(killed!, 'SIGKILL');
  await until('it to come back', async () => (await pidOf('killed')) !== killed);
  t.match(await second.told('signal', 'USR1', 'ends'), { status: 0 });
  const ended = await second.state('ends', 'EXITED');
  const [major = 0, minor = 0] = release().split('.').map(Number);
  // Before, only a zombie that nobody has reaped yet tells it.
  if (major > 6 || (major === 6 && minor >= 15)) t.equal(ended.exitStatus, 7);
  t.notOk(isAlive(ends!));
});

test('one that ended while no supd was there is started again, after what it left has been ended', async (t) => {
  const place = makePlace(
    t,
    program('tree', 'setsid-child') + program('once', 'waits', { autorestart: false }),
  );
  const first = await startIn(t, place);
  const child = Number((await first.says('tree', /child \d+\n/)).match(/child (\d+)/)?.[1]);
  const { pid } = await first.state('tree', 'RUNNING');
  const once = await first.state('once', 'RUNNING');
  await kill(first);
  for (const one of [pid, once.pid]) process.kill(one, 'SIGKILL');
  await until('both to be gone', () => isReaped(pid) && isReaped(once.pid));
  const second = await startIn(t, place);
  const again = await second.state('tree', 'RUNNING');
  t.not(again.pid, pid);
  t.notOk(isAlive(child));
  t.equal(again.restarts, 1);
  await second.state('once', 'EXITED');
  await second.logs(/WARN exited: once \(exit status unknown; not expected\)/);
});

test('what is stopped stays stopped, a stop under way goes on, and a shutdown leaves nothing to take back', async (t) => {
  const place = makePlace(
    t,
    program('off', 'waits') +
      program('slow', 'ignores-sigterm', { stopwaitsecs: 2 }) +
      program('idle', 'waits', { autostart: false }),
  );
  const first = await startIn(t, place);
  await first.says('off', 'ready');
  await first.says('slow', 'ready');
  const slow = await first.state('slow', 'RUNNING');
  t.match(await first.told('stop', 'off'), { status: 0 });
  void first.told('stop', 'slow');
  await first.state('slow', 'STOPPING');
  await kill(first);
  const second = await startIn(t, place);
  await second.state('slow', 'STOPPED');
  t.notOk(isAlive(slow.pid));
  await second.state('off', 'STOPPED');
  await second.state('idle', 'STOPPED');
  t.same(await second.ended('SIGTERM'), { code: 0, signal: null });
  t.notOk(existsSync(`${place.dir}/state/state`));
  const third = await startIn(t, place);
  await third.state('off', 'RUNNING');
});

test('SIGUSR1 ends supd alone, with all output written', async (t) => {
  const place = makePlace(t, program('a', 'counts %(here)s/a.pids 0'));
  const first = await startIn(t, place);
  await first.says('a', '100\n');
  const a = await first.state('a', 'RUNNING');
  t.same(await first.ended('SIGUSR1'), { code: 0, signal: null });
  t.ok(isAlive(a.pid));
  t.equal(place.read('supd.pid'), '');
  const second = await startIn(t, place);
  t.equal((await second.state('a', 'RUNNING')).pid, a.pid);
  t.match(await second.told('stop', 'a'), { status: 0 });
  t.ok(isCounted(place.read('a.out')));
});

test('configured otherwise meanwhile: what is gone is stopped, what changed runs on until an update', async (t) => {
  const place = makePlace(
    t,
    program('gone', 'waits') + program('changed', 'waits') + program('same', 'waits'),
  );
  const first = await startIn(t, place);
  for (const name of ['gone', 'changed', 'same']) await first.says(name, 'ready');
  const [gone, changed, same] = await Promise.all(
    ['gone', 'changed', 'same'].map(async (name) => (await first.state(name, 'RUNNING')).pid),
  );
  await kill(first);
  place.configure(program('changed', 'prints-again') + program('same', 'waits') + program('new', 'waits'));
  const second = await startIn(t, place);
  await second.says('new', 'ready');
  await until('the one that is gone to be stopped', () => !isAlive(gone!));
  await until('its group to be gone', async () => (await second.status()).length === 3);
  await second.logs(/WARN gone is not configured any more: stopped/);
  t.equal((await second.state('changed', 'RUNNING')).pid, changed);
  t.equal((await second.state('same', 'RUNNING')).pid, same);
  t.match(await second.told('update'), { status: 0, stdout: /changed: updated process group/ });
  t.not((await second.state('changed', 'RUNNING')).pid, changed);
  t.equal((await second.state('same', 'RUNNING')).pid, same);
});

test('a process that only has the pid of ours is neither taken for it nor signalled', async (t) => {
  const place = makePlace(t, program('a', 'waits'));
  const first = await startIn(t, place);
  await first.says('a', 'ready');
  const { pid } = await first.state('a', 'RUNNING');
  await kill(first);
  process.kill(pid, 'SIGKILL');
  const stranger = spawn('sleep', ['1000'], { detached: true, stdio: 'ignore' });
  t.teardown(() => stranger.kill('SIGKILL'));
  const file = `${place.dir}/state/state`;
  writeFileSync(file, readFileSync(file, 'utf8').replaceAll(`"pid":${pid}`, `"pid":${stranger.pid}`));
  const second = await startIn(t, place);
  t.not((await second.state('a', 'RUNNING')).pid, stranger.pid);
  t.match(await second.told('stop', 'all'), { status: 0 });
  await second.ended('SIGTERM');
  t.ok(isAlive(stranger.pid!));
});

for (const [how, spoil] of [
  ['damaged', (file: string) => writeFileSync(file, 'garbage\n')],
  ['gone', (file: string) => rmSync(file)],
] as const) {
  test(`with its state ${how} supd still knows its programs by what they carry`, async (t) => {
    const place = makePlace(t, program('a', 'waits') + program('tree', 'setsid-child'));
    const first = await startIn(t, place);
    await first.says('a', 'ready');
    await first.says('tree', 'child');
    const a = await first.state('a', 'RUNNING');
    const tree = await first.state('tree', 'RUNNING');
    await kill(first);
    spoil(`${place.dir}/state/state`);
    const second = await startIn(t, place);
    t.equal((await second.state('a', 'RUNNING')).pid, a.pid);
    t.equal((await second.state('tree', 'RUNNING')).pid, tree.pid);
    if (how === 'damaged') await second.logs(/ERRO .*state: line 1 .*kept as state\.broken/);
    t.notMatch(place.read('supd.log'), 'of no program');
  });
}

test('a state file that somebody removes is made again', async (t) => {
  const place = makePlace(t, program('a', 'waits') + program('b', 'waits', { autostart: false }));
  const first = await startIn(t, place);
  await first.says('a', 'ready');
  rmSync(`${place.dir}/state/state`);
  t.match(await first.told('start', 'b'), { status: 0 });
  const a = await first.state('a', 'RUNNING');
  const b = await first.state('b', 'RUNNING');
  await kill(first);
  t.match(place.read('state/state'), /"id":"a:a"/);
  const second = await startIn(t, place);
  t.equal((await second.state('a', 'RUNNING')).pid, a.pid);
  t.equal((await second.state('b', 'RUNNING')).pid, b.pid);
});

test('a state that can’t be written is a condition, supervision goes on, and it heals', async (t) => {
  const place = makePlace(t, program('a', 'waits') + program('b', 'waits', { autostart: false }));
  const supd = await startIn(t, place);
  await supd.says('a', 'ready');
  // A directory where the next whole file would be made.
  execFileSync('mkdir', [`${place.dir}/state/state.new`]);
  rmSync(`${place.dir}/state/state`);
  t.match(await supd.told('start', 'b'), { status: 0 });
  const conditions = async () => (await supd.client.getDaemon({})).conditions;
  t.match(await conditions(), [/\/state\/state: EISDIR.*; kept in .*\/run\/state$/]);
  rmSync(`${place.dir}/state/state.new`, { recursive: true });
  await until('it to heal', async () => (await conditions()).length === 0);
  t.match(place.read('state/state'), /"id":"b:b"/);
});

test('a job that runs when supd dies goes on, its lock held throughout, and so does its sequence', async (t) => {
  const place = makePlace(
    t,
    job('one', 'ends-as-told 0', { lock: '%(here)s/lock' }) +
      job('two', 'adds-a-line %(here)s/two') +
      section('job:all', { steps: 'one,two', lock: '%(here)s/outer' }),
  );
  const first = await startIn(t, place);
  void first.told('job', 'run', 'all');
  const pid = await until('the step to run', () => runningStep(first, 'one'));
  await kill(first);
  const isFree = (lock: string) => {
    try {
      execFileSync('flock', ['-n', `${place.dir}/${lock}`, 'true'], { stdio: 'ignore' });
      return true;
    } catch {
      return false;
    }
  };
  t.notOk(isFree('lock'));
  t.notOk(isFree('outer'));
  const second = await startIn(t, place);
  t.match((await second.client.listRuns({ job: 'all' }))[0], { outcome: 'running' });
  t.match(await second.told('job', 'run', 'all'), { status: 75 }, 'it is running');
  process.kill(pid, 'SIGUSR1');
  const run = await runOf(second, 'all');
  t.match(run, {
    outcome: 'ok',
    steps: [
      { name: 'one', outcome: 'ok', attempts: 1 },
      { name: 'two', outcome: 'ok' },
    ],
  });
  t.ok(isFree('lock') && isFree('outer'));
  t.equal((await second.client.listRuns({ job: 'all' })).length, 1);
});

test('a step that ended while no supd was there has failed: what needs it is not run, and the run says so', async (t) => {
  const place = makePlace(
    t,
    job('one', 'ends-as-told 0') +
      job('two', 'adds-a-line %(here)s/two') +
      job('three', 'adds-a-line %(here)s/three', { needs: '' }) +
      section('job:all', { steps: 'one,two,three' }),
  );
  const first = await startIn(t, place);
  void first.told('job', 'run', 'all');
  const pid = await until('the step to run', () => runningStep(first, 'one'));
  await until('it to be on record', () => place.read('state/state').includes(`"pid":${pid}`));
  await kill(first);
  process.kill(pid, 'SIGUSR1');
  await until('it to be gone', () => isReaped(pid));
  const second = await startIn(t, place);
  t.match(await runOf(second, 'all'), {
    outcome: 'failed',
    steps: [
      { name: 'one', outcome: 'failed', reason: /exit status unknown/ },
      { name: 'two', outcome: 'skipped', reason: /needs one/ },
      { name: 'three', outcome: 'ok' },
    ],
  });
  t.equal(place.read('two'), '');
  t.match(place.read('three'), /^\S+ 1 \d+\n$/);
});

async function runningStep(supd: Supd, step: string): Promise<number | undefined> {
  const pids = readdirSync('/proc').filter((name) => /^\d+$/.test(name));
  return pids.map(Number).find((pid) => {
    try {
      const environment = readFileSync(`/proc/${pid}/environ`, 'utf8');
      return (
        environment.includes(`SUPD_STEP=${step}\0`) &&
        environment.includes(`SUPD_TEST=${supd.dir}\0`) &&
        familyOf(pid).pgid === pid
      );
    } catch {
      return false;
    }
  });
}

async function runOf(supd: Supd, name: string) {
  return until(`${name} to end`, async () => {
    const [run] = await supd.client.listRuns({ job: name });
    return run !== undefined && run.outcome !== 'running' && run;
  });
}
