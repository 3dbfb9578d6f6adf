import { spawn } from 'node:child_process';
import { readFileSync, writeFileSync } from 'node:fs';
import tap, { test } from 'tap';
import { job, makePlace, program } from '../helpers/place.js';
import { isAlive } from '../helpers/proc.js';
import { hourlyFarOff, ONCE_FAR_OFF } from '../helpers/schedules.js';
import { type Supd, startIn, startSupd } from '../helpers/start-supd.js';
import { until } from '../helpers/until.js';

tap.jobs = 4;
tap.setTimeout(180_000);

const EVERY_SECOND = '* * * * * *';

async function lastRun(supd: Supd, name: string) {
  const [run] = await supd.client.listRuns({ job: name, limit: 1 });
  return run;
}

/** Waits until the newest run of the job has ended. */
function ended(supd: Supd, name: string) {
  return until(`${name} to have run`, async () => {
    const run = await lastRun(supd, name);
    return run !== undefined && run.outcome !== 'running' && run;
  });
}

/** The pids that adds-a-line or a child told. */
async function told(supd: Supd, file: string): Promise<readonly number[]> {
  const text = await until(file, () => supd.read(file) !== '' && supd.read(file));
  return text
    .trim()
    .split('\n')
    .map((line) => Number(line.split(' ').at(-1)));
}

test('job run waits for the end and exits by the outcome', async (t) => {
  const supd = await startSupd(
    t,
    job('good', 'sh -c "echo out; echo err >&2"') +
      job('bad', 'exits-after 0 3') +
      job('warned', 'exits-after 0 24', { warn_exitcodes: 24 }) +
      job('loud', 'echo oops', { fail_on_output: true }) +
      job('expected', 'exits-after 0 5', { exitcodes: '0,5' }),
  );
  t.equal((await supd.told('job', 'run', 'good')).status, 0);
  t.equal((await supd.told('job', 'run', 'bad')).status, 1);
  t.equal((await supd.told('job', 'run', 'warned')).status, 3);
  t.equal((await supd.told('job', 'run', 'loud')).status, 1);
  t.equal((await supd.told('job', 'run', 'expected')).status, 0);
  t.match(await supd.told('job', 'run', 'nosuch'), { status: 1 });
  const good = await lastRun(supd, 'good');
  t.match(good, { outcome: 'ok', trigger: 'request' });
  t.match(good?.steps, [{ name: 'good', outcome: 'ok', exitStatus: 0, attempts: 1, output: 'out\nerr\n' }]);
  t.match(await lastRun(supd, 'bad'), { outcome: 'failed', reason: 'exit status 3' });
  t.match(await lastRun(supd, 'loud'), { outcome: 'failed', steps: [{ output: 'oops\n' }] });
  const [json] = JSON.parse((await supd.told('job', 'runs', 'bad', '--json')).stdout);
  t.match(json, {
    job: 'bad',
    outcome: 'failed',
    steps: [{ name: 'bad', outcome: 'failed', exitStatus: 3 }],
  });
  t.match(json.startTime, /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d/);
  t.match(await supd.told('job', 'log', 'good'), { status: 0, stdout: /out\nerr\n/ });
});

test('a sequence runs its steps in order, and what they need decides', async (t) => {
  const supd = await startSupd(
    t,
    job('one', 'adds-a-line %(here)s/ran.one') +
      job('two', 'exits-after 0 1') +
      job('three', 'adds-a-line %(here)s/ran.three') +
      job('logs', 'adds-a-line %(here)s/ran.logs', { needs: '' }) +
      job('mild', 'exits-after 0 1', { needs: '', on_failure: 'degrade' }) +
      '[job:night]\nsteps = one,two,three,logs\n' +
      '[job:soft]\nsteps = one,mild\n',
  );
  t.equal((await supd.told('job', 'run', 'night')).status, 1);
  const night = await lastRun(supd, 'night');
  t.same(
    night?.steps.map(({ name, outcome }) => [name, outcome]),
    [
      ['one', 'ok'],
      ['two', 'failed'],
      ['three', 'skipped'],
      ['logs', 'ok'],
    ],
  );
  t.match(night?.steps[2]?.reason, /two/);
  t.equal(supd.read('ran.three'), '');
  t.equal((await supd.told('job', 'run', 'soft')).status, 3);
  t.match(await lastRun(supd, 'soft'), { outcome: 'degraded' });
  t.equal((await supd.told('job', 'run', 'night', '--from', 'logs')).status, 0);
});

test('retries come after their pauses, and each attempt counts', async (t) => {
  const supd = await startSupd(
    t,
    job('again', `sh -c 'echo $SUPD_ATTEMPT >>%(here)s/tries; test -e %(here)s/go'`, {
      retries: 5,
      retry_delay: '0s,1s',
    }) + job('picky', 'exits-after 0 2', { retries: 5, retry_delay: 0, retry_exitcodes: '10' }),
  );
  const running = supd.told('job', 'run', 'again');
  await until('two tries', () => supd.read('tries') === '1\n2\n');
  writeFileSync(`${supd.dir}/go`, '');
  t.equal((await running).status, 0);
  t.match((await lastRun(supd, 'again'))?.steps[0], { attempts: 3, outcome: 'ok' });
  t.equal((await supd.told('job', 'run', 'picky')).status, 1);
  t.equal((await lastRun(supd, 'picky'))?.steps[0]?.attempts, 1);
});

test('a cancelled run is over when nothing of its tree is left', async (t) => {
  const supd = await startSupd(t, job('j', `sh -c 'exec %(here)s/bin/setsid-child >%(here)s/children'`));
  const running = supd.told('job', 'run', 'j');
  const [child = 0] = await told(supd, 'children');
  t.ok(isAlive(child));
  t.equal((await supd.told('job', 'cancel', 'j')).status, 0);
  await ended(supd, 'j');
  t.notOk(isAlive(child));
  t.match(await lastRun(supd, 'j'), { outcome: 'cancelled' });
  t.not((await running).status, 0);
  t.equal((await supd.told('job', 'cancel', 'j')).status, 7, 'there is nothing to cancel');
});

test('a timeout ends the tree of a step that ignores SIGTERM, and what it left behind', async (t) => {
  const supd = await startSupd(
    t,
    job('j', `sh -c 'exec %(here)s/bin/setsid-child >%(here)s/children'`, { timeout: 1 }),
  );
  t.equal((await supd.told('job', 'run', 'j')).status, 1);
  t.match(await lastRun(supd, 'j'), { outcome: 'failed', reason: 'timed out after 1s' });
  const [child = 0] = await told(supd, 'children');
  t.notOk(isAlive(child));
});

test('what a step leaves running is ended before the next step begins', async (t) => {
  // A zombie, which supd may not have reaped yet, is not alive.
  const look = `grep -qs "^State:.[^ZX]" /proc/$(sed "s/child //" %(here)s/children)/status && echo alive; true`;
  const supd = await startSupd(
    t,
    job('first', `sh -c '%(here)s/bin/daemonises 0 >%(here)s/children'`) +
      job('second', `sh -c '${look}'`) +
      '[job:both]\nsteps = first,second\n',
  );
  t.equal((await supd.told('job', 'run', 'both')).status, 0);
  t.equal((await lastRun(supd, 'both'))?.steps[1]?.output, '');
});

test('a lock that somebody else holds makes the run skipped, with who it is', async (t) => {
  const supd = await startSupd(t, job('j', 'adds-a-line %(here)s/ran', { lock: '%(here)s/lock' }));
  const other = spawn('flock', [`${supd.dir}/lock`, 'cat'], { stdio: ['pipe', 'ignore', 'ignore'] });
  t.teardown(() => other.kill());
  await until('the lock to be held', async () => {
    const { outcome } = await supd
      .told('job', 'run', 'j')
      .then(async () => (await lastRun(supd, 'j')) ?? { outcome: '' });
    return outcome === 'skipped';
  });
  const before = supd.read('ran');
  t.equal((await supd.told('job', 'run', 'j')).status, 75);
  const run = await lastRun(supd, 'j');
  t.match(run, { outcome: 'skipped', reason: /lock .*\/lock is held by process \d+ \((flock|cat)\)/ });
  t.equal(supd.read('ran'), before);
  other.stdin?.end();
  await until('the other to end', () => other.exitCode !== null);
  t.equal((await supd.told('job', 'run', 'j')).status, 0);
});

test('a lock that another run holds: skipped, with the name of that run', async (t) => {
  const wait = `sh -c 'until test -e %(here)s/go; do sleep 0.05; done'`;
  const supd = await startSupd(
    t,
    job('long', wait, { lock: '%(here)s/lock' }) + job('j', '/bin/true', { lock: '%(here)s/lock' }),
  );
  const long = supd.told('job', 'run', 'long');
  await until(
    'the lock to be held',
    async () => (await lastRun(supd, 'long'))?.steps[0]?.outcome === 'running',
  );
  const { id } = (await lastRun(supd, 'long'))!;
  t.match(await supd.told('job', 'run', 'j'), { status: 75 });
  t.match(await lastRun(supd, 'j'), {
    outcome: 'skipped',
    reason: `lock ${supd.dir}/lock is held by run ${id}`,
  });
  writeFileSync(`${supd.dir}/go`, '');
  t.equal((await long).status, 0);
});

test('supd’s own lock keeps flock(1) out while the run goes on', async (t) => {
  const supd = await startSupd(
    t,
    job('j', `sh -c 'flock -n %(here)s/lock true && echo free || echo held'`, { lock: '%(here)s/lock' }),
  );
  t.equal((await supd.told('job', 'run', 'j')).status, 0);
  t.equal((await lastRun(supd, 'j'))?.steps[0]?.output, 'held\n');
});

test('programs that must be stopped are, and come back whatever happened', async (t) => {
  const supd = await startSupd(
    t,
    program('db', 'ends-with TERM %(here)s/order db-stopped') +
      program('idle', 'waits', { autostart: false }) +
      job('restore', `sh -c 'echo restore >>%(here)s/order; exit 1'`, { requires_stopped: 'db,idle' }),
  );
  await supd.says('db', 'ready');
  const { pid } = await supd.state('db', 'RUNNING');
  t.equal((await supd.told('job', 'run', 'restore')).status, 1);
  t.equal(supd.read('order'), 'db-stopped\nrestore\n');
  t.not((await supd.state('db', 'RUNNING')).pid, pid);
  t.equal((await supd.state('idle', 'STOPPED')).pid, 0, 'what did not run is not started');
});

test('a job is due once at each time of its schedule', async (t) => {
  const supd = await startSupd(t, job('j', 'adds-a-line %(here)s/ran', { schedule: EVERY_SECOND }));
  await until('four runs', () => supd.read('ran').split('\n').length > 4);
  const runs = (await supd.client.listRuns({ job: 'j' })).filter(({ outcome }) => outcome !== 'running');
  const due = runs.map(({ dueTime }) => dueTime ?? 0);
  t.equal(new Set(due).size, due.length, 'none twice');
  for (const [i, time] of due.entries()) {
    t.equal(time % 1000, 0);
    if (i > 0) t.equal((due[i - 1] ?? 0) - time, 1000, 'none left out');
  }
  for (const { outcome, reason, trigger, startTime = 0, dueTime = 0 } of runs) {
    // On a machine that has no time for it, one may take longer than until the next is due.
    if (outcome !== 'skipped' || !/goes on/.test(reason ?? '')) {
      t.equal(outcome, 'ok');
      t.ok(startTime >= dueTime, 'not too early');
    }
    t.equal(trigger, 'schedule');
  }
  const [row] = JSON.parse((await supd.told('job', 'list', '--json')).stdout);
  t.match(row, { name: 'j', schedule: EVERY_SECOND, overdue: false });
  t.ok(Date.parse(row.nextRun) > 0);
});

test('a run that is due while the one before goes on is skipped, or waits with overlap=queue', async (t) => {
  const supd = await startSupd(
    t,
    job('skips', 'adds-a-line %(here)s/skips 2.5', { schedule: EVERY_SECOND }) +
      job('queues', 'adds-a-line %(here)s/queues 1.5', { schedule: EVERY_SECOND, overlap: 'queue' }),
  );
  await until('a skip', async () => {
    const runs = await supd.client.listRuns({ job: 'skips' });
    return runs.some(({ outcome, reason }) => outcome === 'skipped' && /goes on/.test(reason));
  });
  await until('two runs one after the other', async () => {
    const runs = (await supd.client.listRuns({ job: 'queues' })).filter(({ outcome }) => outcome === 'ok');
    return runs.length >= 2 && (runs[0]?.startTime ?? 0) >= (runs[1]?.endTime ?? 0);
  });
});

test('what came due while no supd ran is run once if it is not too old, else recorded as missed', async (t) => {
  const { next, ...hourly } = hourlyFarOff();
  const place = makePlace(
    t,
    job('late', 'adds-a-line %(here)s/late', { ...hourly, catchup: '1d' }) +
      job('stale', 'adds-a-line %(here)s/stale', { ...hourly, catchup: '1s' }) +
      job('fresh', 'adds-a-line %(here)s/fresh', hourly),
  );
  const first = await startIn(t, place);
  await first.ended('SIGTERM');
  const file = `${place.dir}/state/jobs/schedule.json`;
  const kept = JSON.parse(readFileSync(file, 'utf8'));
  const hoursAgo = next.getTime() - 4 * 3_600_000;
  for (const name of ['late', 'stale']) kept[name].due = hoursAgo;
  writeFileSync(file, JSON.stringify(kept));

  const supd = await startIn(t, place);
  t.match(await ended(supd, 'late'), { outcome: 'ok', trigger: 'catchup' });
  const late = await supd.client.listRuns({ job: 'late' });
  t.equal(late.length, 2, 'one run, and one record of those before');
  t.match(late.find(({ outcome }) => outcome === 'skipped')?.reason, /^missed.*supd was not running/);
  const stale = await supd.client.listRuns({ job: 'stale' });
  t.equal(stale.length, 1);
  t.match(stale[0], { outcome: 'skipped', reason: /^missed/ });
  t.equal(supd.read('stale'), '');
  t.same(await supd.client.listRuns({ job: 'fresh' }), []);
  t.equal(supd.read('late').trim().split('\n').length, 1);
  await supd.ended('SIGTERM');
  const third = await startIn(t, place);
  t.equal((await third.client.listRuns({ job: 'late' })).length, 2, 'and never again');
});

test('a run ends with supd’s stop, and says so', async (t) => {
  const place = makePlace(t, job('k', 'adds-a-line %(here)s/k 1000'));
  const first = await startIn(t, place);
  void first.told('job', 'run', 'k');
  const [pid = 0] = await told(first, 'k');
  t.same(await first.ended('SIGTERM'), { code: 0, signal: null });
  t.notOk(isAlive(pid));
  const second = await startIn(t, place);
  t.match(await ended(second, 'k'), { outcome: 'cancelled', reason: /shut down/ });
});

test('a damaged journal is set aside and told, and supd starts', async (t) => {
  const place = makePlace(t, job('j', 'adds-a-line %(here)s/ran', { schedule: ONCE_FAR_OFF }));
  const first = await startIn(t, place);
  t.equal((await first.told('job', 'run', 'j')).status, 0);
  const { id } = (await lastRun(first, 'j')) ?? { id: '' };
  await first.ended('SIGKILL');
  writeFileSync(`${place.dir}/state/jobs/schedule.json`, '{"j":');
  writeFileSync(`${place.dir}/state/jobs/runs/j/${id}.json`, 'garbage');
  const second = await startIn(t, place);
  t.same(await second.client.listRuns({ job: 'j' }), []);
  t.match(second.read('supd.log'), /WARN .*schedule\.json: damaged; kept as schedule\.json\.broken/);
  t.equal((await second.told('job', 'run', 'j')).status, 0);
});

test('update takes over new jobs and new schedules', async (t) => {
  const supd = await startSupd(t, job('a', 'adds-a-line %(here)s/a'));
  supd.configure(
    job('a', 'adds-a-line %(here)s/a', { schedule: EVERY_SECOND }) + job('b', 'adds-a-line %(here)s/b'),
  );
  t.equal((await supd.told('update')).status, 0);
  t.equal((await supd.told('job', 'run', 'b')).status, 0);
  t.match(await ended(supd, 'a'), { trigger: 'schedule', outcome: 'ok' });
  supd.configure(job('b', 'adds-a-line %(here)s/b'));
  t.equal((await supd.told('update')).status, 0);
  t.match(await supd.told('job', 'runs', 'a'), { status: 1 });
});

test('job run --no-wait answers at once, and the step’s environment says what it is', async (t) => {
  const supd = await startSupd(t, job('j', 'adds-a-line %(here)s/ran 1000'));
  t.equal((await supd.told('job', 'run', 'j', '--no-wait')).status, 0);
  const [pid = 0] = await told(supd, 'ran');
  t.ok(isAlive(pid));
  const [run, attempt] = supd.read('ran').split(' ');
  t.equal(run, (await lastRun(supd, 'j'))?.id);
  t.equal(attempt, '1');
  t.equal((await supd.told('job', 'run', 'j')).status, 75, 'it is running already');
});

test('job list, next and run --dry-run start nothing', async (t) => {
  // In Berlin's time, hours from now.
  const hour = new Date().getUTCHours() < 12 ? 18 : 10;
  const supd = await startSupd(
    t,
    job('a', 'adds-a-line %(here)s/a', { schedule: `0 ${hour} * * *`, timezone: 'Europe/Berlin' }) +
      job('b', 'adds-a-line %(here)s/a', { requires_stopped: 'web', holds: 'zeo' }) +
      '[job:all]\nsteps = a,b\n' +
      program('web', 'waits') +
      program('zeo', 'waits'),
  );
  t.match(await supd.told('job', 'list'), {
    status: 0,
    stdout: new RegExp(`^a .*0 ${hour} \\* \\* \\*`, 'm'),
  });
  const next = new RegExp(`${hour}:00 (CET|CEST|GMT\\+[12])`);
  t.match(await supd.told('job', 'next', 'a'), { status: 0, stdout: next });
  t.match(await supd.told('job', 'run', 'all', '--dry-run'), {
    status: 0,
    stdout: /^all: would run a: .*\nall: would run b: .*; needs a; stops web; holds zeo\n$/,
  });
  t.equal(supd.read('a'), '');
  t.same(await supd.client.listRuns({ job: 'all' }), []);
});
