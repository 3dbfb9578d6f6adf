/** A job that holds programs: their stop, restart and update wait, are refused, or go through. */
import { writeFileSync } from 'node:fs';
import tap, { test } from 'tap';
import { job, makePlace, program } from '../helpers/place.js';
import { isAlive } from '../helpers/proc.js';
import { type Supd, startIn, startSupd } from '../helpers/start-supd.js';
import { until } from '../helpers/until.js';

tap.jobs = 4;
tap.setTimeout(180_000);

/** Ends once there is a file `go`. */
const WAITS_FOR_GO = `sh -c 'until test -e %(here)s/go; do sleep 0.05; done'`;
const NIGHT = `${job('pack', 'true')}${job('backup', WAITS_FOR_GO, { holds: 'zeo' })}[job:night]\nsteps=pack,backup\n`;

/** Starts the night; in it the backup runs. */
async function begin(supd: Supd): Promise<void> {
  await supd.state('zeo', 'RUNNING');
  await supd.told('job', 'run', 'night', '--no-wait');
  await until('the backup', async () => {
    const [run] = await supd.client.listRuns({ job: 'night', limit: 1 });
    return run?.steps[1]?.outcome === 'running';
  });
}

async function outcome(supd: Supd): Promise<string | undefined> {
  return (await supd.client.listRuns({ job: 'night', limit: 1 }))[0]?.outcome;
}

test('a stop and a restart wait for the job that holds the program, and say for whom', async (t) => {
  const supd = await startSupd(t, program('zeo', 'waits') + program('web', 'waits') + NIGHT);
  await begin(supd);
  const { pid } = await supd.client.getProcess({ name: 'zeo' });
  t.equal((await supd.told('restart', 'web')).status, 0, 'who is not held does not wait');
  const restarted = supd.told('restart', 'zeo');
  await supd.logs(/zeo:zeo is held by night \(backup, run \S+\) for .*; the change that was asked for waits/);
  t.ok(isAlive(pid));
  t.match(await supd.told('why', 'zeo'), {
    stdout:
      /^Next: .*; it is held by night \(backup, run \S+\) for .*, and a stop or restart waits for the end of that\.$/m,
  });
  t.equal(await outcome(supd), 'running');
  writeFileSync(`${supd.dir}/go`, '');
  const answer = await restarted;
  t.match(answer, { status: 0, stdout: 'zeo: stopped\nzeo: started\n' });
  t.match(
    answer.stderr,
    /^supctl: zeo is held by night \(backup\), run \S+, for .*; waiting for its end \(--force goes on\)$/m,
  );
  t.notOk(isAlive(pid));
  t.equal(await outcome(supd), 'ok', 'the job came to its end first');
});

test('with --no-wait what is held is refused, with who and how long; the rest is done', async (t) => {
  const supd = await startSupd(t, program('zeo', 'waits') + program('web', 'waits') + NIGHT);
  await begin(supd);
  const answer = await supd.told('stop', 'zeo', 'web', '--no-wait');
  t.equal(answer.status, 1);
  t.match(answer.stdout, /^zeo: ERROR \(held by night \(backup, run \S+\) for .*\)$/m);
  await supd.state('web', 'STOPPED');
  t.equal((await supd.client.getProcess({ name: 'zeo' })).state, 'RUNNING');
});

test('a rolling restart with --no-wait is refused whole, with --force it goes through', async (t) => {
  const supd = await startSupd(t, program('zeo', 'waits') + program('web', 'waits') + NIGHT);
  await begin(supd);
  const { pid } = await supd.client.getProcess({ name: 'zeo' });
  const web = await supd.state('web', 'RUNNING');
  const refused = await supd.told('restart', '--rolling', 'web', 'zeo', '--no-wait');
  t.match(refused, {
    status: 1,
    stdout: /^error: nothing was restarted: zeo is held by night \(backup, run \S+\) for .*; .*--force/,
  });
  t.equal((await supd.client.getProcess({ name: 'web' })).pid, web.pid);
  t.ok(isAlive(pid));
  t.equal((await supd.told('restart', '--rolling', 'web', 'zeo', '--force')).status, 0);
  t.notOk(isAlive(pid));
  t.equal(await outcome(supd), 'running');
});

test('with --force it goes on at once', async (t) => {
  const supd = await startSupd(t, program('zeo', 'waits') + NIGHT);
  await begin(supd);
  t.match(await supd.told('stop', 'zeo', '--force'), { status: 0, stdout: 'zeo: stopped\n', stderr: '' });
  t.equal(await outcome(supd), 'running');
});

test('an update waits too, for what it has to restart', async (t) => {
  const place = makePlace(t, program('zeo', 'waits') + NIGHT);
  const supd = await startIn(t, place);
  await begin(supd);
  const { pid } = await supd.client.getProcess({ name: 'zeo' });
  place.configure(program('zeo', 'waits', { priority: 7 }) + NIGHT);
  t.match((await supd.told('update')).stdout, /^zeo: changed without a restart \(priority\)\n/);
  place.configure(program('zeo', 'waits anew') + program('web', 'waits') + NIGHT);
  const refused = await supd.told('update', '--no-wait');
  t.match(refused, {
    status: 1,
    stdout: 'zeo: has problems; not removing\nweb: added process group\n',
    stderr: /^supctl: zeo: held by night \(backup, run \S+\) for /m,
  });
  t.ok(isAlive(pid));
  const updated = supd.told('update');
  await supd.logs(/the change that was asked for waits/);
  t.ok(isAlive(pid));
  writeFileSync(`${place.dir}/go`, '');
  t.match(await updated, {
    status: 0,
    stdout: /zeo: stopped\nzeo: updated process group/,
    stderr: /zeo is held by night/,
  });
  t.notOk(isAlive(pid));
});

test('a stop that waits goes on when its client has left', async (t) => {
  const supd = await startSupd(t, program('zeo', 'waits') + NIGHT);
  await begin(supd);
  const leave = new AbortController();
  const stopped = (async () => {
    for await (const _ of supd.client.stopProcesses({ targets: ['zeo'] }, { signal: leave.signal }));
  })();
  await supd.logs(/the change that was asked for waits/);
  leave.abort();
  await stopped.catch(() => {});
  writeFileSync(`${supd.dir}/go`, '');
  await supd.state('zeo', 'STOPPED');
});

test('a shutdown waits for nobody: the run is cancelled, and that is on record', async (t) => {
  const place = makePlace(t, program('zeo', 'waits') + NIGHT);
  const first = await startIn(t, place);
  await begin(first);
  const waiting = first.told('stop', 'zeo');
  await first.logs(/the change that was asked for waits/);
  await first.told('shutdown');
  t.match(await first.ended(), { code: 0 });
  await waiting;
  const second = await startIn(t, place);
  t.equal(await outcome(second), 'cancelled');
});

test('a run that would stop what another one holds fails, and says who holds it', async (t) => {
  const supd = await startSupd(
    t,
    program('zeo', 'waits') + NIGHT + job('restore', 'true', { requires_stopped: 'zeo' }),
  );
  await begin(supd);
  t.equal((await supd.told('job', 'run', 'restore')).status, 1);
  const [run] = await supd.client.listRuns({ job: 'restore' });
  t.match(run?.reason, /programs not stopped: zeo is held by night \(run \S+\)/);
  t.equal((await supd.client.getProcess({ name: 'zeo' })).state, 'RUNNING');
});

test('what a run keeps stopped nobody starts meanwhile, and no other run takes it for its own', async (t) => {
  const wait = `sh -c 'until test -e %(here)s/go; do sleep 0.05; done'`;
  const rest =
    program('web', 'waits') +
    job('restore', wait, { requires_stopped: 'zeo' }) +
    job('other', '/bin/true', { requires_stopped: 'zeo' });
  const supd = await startSupd(t, program('zeo', 'waits') + rest);
  const run = supd.told('job', 'run', 'restore');
  await until('the run to be under way', async () => {
    const [one] = await supd.client.listRuns({ job: 'restore' });
    return one?.steps[0]?.attempts === 1;
  });
  const kept =
    /zeo: ERROR \(kept stopped by restore \(run \S+\) for .*; wait for its end, or supctl job cancel restore\)/;
  t.match(await supd.told('start', 'zeo'), { stdout: kept });
  t.not((await supd.told('start', 'zeo')).status, 0);
  t.match((await supd.told('restart', 'zeo', 'web')).stdout, kept);
  t.match((await supd.told('stop', 'zeo')).stdout, kept, 'it would come up again at the end');
  t.match(await supd.told('why', 'zeo'), {
    stdout: /^Next: it is kept stopped by restore \(run \S+\) for /m,
  });
  t.match(await supd.told('job', 'run', 'other'), { status: 1 });
  const [other] = await supd.client.listRuns({ job: 'other' });
  t.match(other?.reason, /^programs not stopped: zeo is held by restore \(run \S+\)$/);
  const isKept = async () => (await supd.client.getProcess({ name: 'zeo' })).state === 'STOPPED';
  t.ok(await isKept());
  t.match(await supd.told('remove', 'zeo'), { status: 0 });
  t.match(await supd.told('add', 'zeo'), { status: 0 });
  t.ok(await isKept(), 'nor by its group’s addition');
  supd.configure(`${program('zeo', 'waits', { priority: 5 })}[group:g]\nprograms = zeo\n${rest}`);
  t.match(await supd.told('update'), { status: 0 });
  supd.configure(program('zeo', 'waits', { priority: 6 }) + rest);
  t.match(await supd.told('update'), { status: 0 });
  t.ok(await isKept(), 'nor by an update');
  t.equal((await supd.client.getProcess({ name: 'web' })).state, 'RUNNING', 'the others are not concerned');
  writeFileSync(`${supd.dir}/go`, '');
  t.match(await run, { status: 0 });
  t.equal((await supd.client.getProcess({ name: 'zeo' })).state, 'RUNNING');
});
