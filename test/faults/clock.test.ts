/** Time: the clock is set by hours, or supd stands still. The clock is libfaketime's, never the machine's own. */
import { existsSync, readdirSync, writeFileSync } from 'node:fs';
import tap, { type Test, test } from 'tap';
import { job, makePlace, type Place, program, section } from '../helpers/place.js';
import { isAlive, statusOf } from '../helpers/proc.js';
import { requireStack } from '../helpers/require.js';
import { startIn } from '../helpers/start-supd.js';
import { until } from '../helpers/until.js';
import { lostLines } from './accounts.js';
import { everyDueTimeRan } from './dues.js';
import { isHealed, isTold, supervisionGoesOn } from './supervision.js';

tap.jobs = 3;

const HOUR = 3600;

/** A wall clock of its own for a supd, which begins at half past ten in the morning. */
function makeClock(place: Place) {
  const library = readdirSync('/usr/lib')
    .map((name) => `/usr/lib/${name}/faketime/libfaketimeMT.so.1`)
    .find((file) => existsSync(file));
  const file = `${place.dir}/clock`;
  const midnight = Math.floor(Date.now() / 1000 / 86400) * 86400;
  const begin = midnight + 10.5 * HOUR - Math.floor(Date.now() / 1000);
  let offset = 0;
  const set = (seconds: number) => {
    offset = begin + seconds;
    writeFileSync(file, `${offset >= 0 ? '+' : ''}${offset}`);
  };
  set(0);
  const env = {
    LD_PRELOAD: library ?? '',
    FAKETIME_TIMESTAMP_FILE: file,
    FAKETIME_NO_CACHE: '1',
    FAKETIME_DONT_FAKE_MONOTONIC: '1',
    DONT_FAKE_MONOTONIC: '1',
  };
  /** Seconds since the full hour. */
  const inHour = () => (Date.now() / 1000 + offset) % HOUR;
  return { env, set, inHour };
}

/** A supd by that clock, with two jobs that are due each hour and two programs that have something to wait for. */
async function startByClock(t: Test) {
  const place = makePlace(
    t,
    program('victim', 'waits') +
      program('crashes', 'exits-after 0 1', { startsecs: 1, startretries: 1000 }) +
      program('stubborn', 'ignores-sigterm', { stopwaitsecs: 1 }) +
      job('hourly', 'says-and-adds %(here)s/ticks', { schedule: '0 * * * *', timezone: 'UTC' }) +
      job('strict', 'says-and-adds %(here)s/strict', {
        schedule: '0 * * * *',
        timezone: 'UTC',
        catchup: '10m',
      }),
    { environment: 'LD_PRELOAD=""' },
  );
  const clock = makeClock(place);
  const supd = await startIn(t, place, { env: clock.env });
  await supd.state('victim', 'RUNNING');
  await supd.says('stubborn', 'ready');
  const runs = async (name: string) => {
    const found = (await supd.client.listRuns({ job: name })).filter(({ outcome }) => outcome !== 'running');
    return found
      .reverse()
      .map(({ dueTime, outcome }) => `${new Date(Number(dueTime)).getUTCHours()} ${outcome}`);
  };
  return { supd, clock, runs };
}

test('the clock set forward by two hours: what came due runs once or is skipped and told, durations are not touched', async (t) => {
  if (!requireStack(t, ['libfaketime'])) return;
  const { supd, clock, runs } = await startByClock(t);
  const { uptimeMs } = await supd.state('victim', 'RUNNING');
  clock.set(2 * HOUR);
  await isTold(t, supd, /^the clock was set forward by (2h|1h 59m|2h 0m)/);
  await until('the runs', async () => (await runs('hourly')).length > 1 && (await runs('strict')).length > 0);
  t.same(await runs('hourly'), ['11 skipped', '12 ok'], 'of two that were missed the newest runs');
  t.same(await runs('strict'), ['12 skipped'], 'and none where that is too late');
  const [missed] = await supd.client.listRuns({ job: 'strict' });
  t.match(missed?.reason, /missed.*the clock was set, or the machine or supd stood still/);
  t.ok((await supd.state('victim', 'RUNNING')).uptimeMs < uptimeMs + HOUR * 500, 'uptimes go on');
  t.match(await supd.told('stop', 'stubborn'), { status: 0 }, 'a stop waits its second');
  const tries = () => supd.read('supd.log').split("spawned: 'crashes'").length;
  const before = tries();
  await until('the next try of what crashes', () => tries() > before);
  await supervisionGoesOn(t, supd);
  await isHealed(t, supd, /the clock was set forward/);

  clock.set(2.5 * HOUR - 2);
  await until('the next hour', async () => (await runs('hourly')).length > 2);
  t.same(await runs('hourly'), ['11 skipped', '12 ok', '13 ok']);
  t.same(await runs('strict'), ['12 skipped', '13 ok']);
  t.equal(supd.read('ticks').trim().split('\n').length, 2, 'each of them once');
});

test('the clock set back by two hours: nothing runs twice, the next due time is kept, durations are not touched', async (t) => {
  if (!requireStack(t, ['libfaketime'])) return;
  const { supd, clock, runs } = await startByClock(t);
  const steps = () => supd.read('supd.log').split('ERRO the clock was set').length;
  clock.set(0.5 * HOUR - 2);
  await supd.logs(/the clock was set forward by 29m/);
  await until('eleven', async () => (await runs('hourly')).length > 0);
  const { uptimeMs } = await supd.state('victim', 'RUNNING');
  clock.set(-1.5 * HOUR);
  await supd.logs(/the clock was set back by (2h|1h 59m|2h 0m)/);
  t.ok((await supd.state('victim', 'RUNNING')).uptimeMs >= uptimeMs, 'uptimes go on');
  t.match(await supd.told('stop', 'stubborn'), { status: 0 }, 'a stop waits its second');
  const tries = () => supd.read('supd.log').split("spawned: 'crashes'").length;
  const before = tries();
  await until('the next try of what crashes', () => tries() > before);
  await supervisionGoesOn(t, supd);
  // Ten and eleven once more: they have been.
  for (const at of [-0.5, 0.5]) {
    const noticed = steps();
    clock.set(at * HOUR - 2);
    await until('the step to be noticed', () => steps() > noticed);
    await until('the hour to be over', () => clock.inHour() > 1 && clock.inHour() < HOUR / 2);
    t.match(await supd.told('status', 'victim'), { status: 0 });
    t.same(await runs('hourly'), ['11 ok']);
  }
  clock.set(1.5 * HOUR - 2);
  await until('twelve', async () => (await runs('hourly')).length > 1);
  t.same(await runs('hourly'), ['11 ok', '12 ok']);
});

test('supd stopped by SIGSTOP for a while: nothing that programs wrote is lost, what ended is started again, no due time is missed', async (t) => {
  const place = makePlace(
    t,
    program('victim', 'waits') +
      program('quiet', 'counts %(here)s/quiet.pids 0.05') +
      program('flood', 'floods-slowly %(here)s/at') +
      job('tick', 'says-and-adds %(here)s/ticks') +
      section('job:clock', { steps: 'tick', schedule: '*/2 * * * * *', history: 1000 }) +
      job('short', 'adds-a-line %(here)s/short 3', { timeout: '6s' }),
  );
  const supd = await startIn(t, place);
  await until('the job to run', () => place.read('ticks') !== '');
  const victim = await supd.state('victim', 'RUNNING');
  await until('some output', () => Number(place.read('at')) > 100);
  void supd.told('job', 'run', 'short', '--no-wait');
  await until('the run', () => place.read('short') !== '');

  process.kill(supd.pid, 'SIGSTOP');
  const since = performance.now();
  process.kill(victim.pid, 'SIGKILL');
  await until('it to be dead', () => !isAlive(victim.pid));
  await until('the flood to wait', () => {
    const at = place.read('at');
    return at !== '' && Number(at) > 150;
  });
  // Twelve seconds are six due times and twice the timeout.
  await until('twelve seconds', () => performance.now() - since > 12_000);
  t.match(statusOf(supd.pid).get('State'), /^T/);
  process.kill(supd.pid, 'SIGCONT');

  await isTold(t, supd, /^supd itself stood still for \d+s \(SIGSTOP, or no processor time\)$/);
  const again = await supd.state('victim', 'RUNNING');
  t.equal(again.restarts, victim.restarts + 1);
  await supervisionGoesOn(t, supd);
  const [short] = await supd.client.listRuns({ job: 'short' });
  t.match(short, { outcome: 'ok' }, 'it ended in time, though that was seen late');
  await until('the job to run on', async () => {
    const [run] = await supd.client.listRuns({ job: 'clock' });
    return Number(run?.dueTime) > Date.now() - 3000;
  });
  await everyDueTimeRan(t, supd);
  for (const name of ['quiet', 'flood']) t.match(await supd.told('stop', name), { status: 0 });
  t.equal(lostLines(place.read('quiet.out')), 0);
  const flood = place
    .read('flood.out')
    .trimEnd()
    .split('\n')
    .map((line) => Number.parseInt(line, 10));
  t.same(
    flood,
    Array.from(flood, (_, index) => index + 1),
  );
  await isHealed(t, supd, /stood still/);
});
