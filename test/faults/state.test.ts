/** The disk of the state and of the journal takes nothing more: full, or read-only. */
import { execFileSync } from 'node:child_process';
import { chownSync, existsSync, mkdirSync, readdirSync, rmSync } from 'node:fs';
import tap, { test } from 'tap';
import { job, makePlace, program, section } from '../helpers/place.js';
import { isAlive, processesNaming } from '../helpers/proc.js';
import { requireStack } from '../helpers/require.js';
import { startIn } from '../helpers/start-supd.js';
import { until } from '../helpers/until.js';
import { accountOf, asUser } from '../helpers/users.js';
import { lostLines, unaccounted } from './accounts.js';
import { mountDisk } from './disk.js';
import { everyDueTimeRan, moreTicks } from './dues.js';
import { isHealed, isTold, supervisionGoesOn } from './supervision.js';

tap.jobs = 3;

const PROGRAMS =
  program('victim', 'waits') +
  program('a', 'counts %(here)s/a.pids 0.02') +
  program('off', 'waits') +
  job('tick', 'says-and-adds %(here)s/ticks') +
  section('job:clock', { steps: 'tick', schedule: '*/2 * * * * *', history: 1000 });

for (const [what, code] of [
  ['full', 'ENOSPC'],
  ['read-only', 'EACCES'],
] as const) {
  test(`a ${what} state disk: programs and jobs go on, and a supd killed meanwhile takes all of it back`, async (t) => {
    if (!requireStack(t, ['root', 'mount'])) return;
    const place = makePlace(t, PROGRAMS);
    const disk = mountDisk(t, place, 'state', '256k');
    // Root may write everywhere.
    const { uid, gid } = accountOf('nobody');
    for (const dir of [place.dir, disk.dir]) chownSync(dir, uid, gid);
    const start = what === 'full' ? {} : { as: asUser('nobody') };
    const protect = (how: string) => execFileSync('chmod', ['-R', how, disk.dir]);
    const first = await startIn(t, place, start);
    await first.says('off', 'ready');
    await until('the job to run', () => place.read('ticks') !== '');
    if (what === 'full') disk.fill();
    else {
      protect('a-w');
      rmSync(`${disk.dir}/state`);
    }
    t.match(await first.told('stop', 'off'), { status: 0 });
    await moreTicks(place);
    const conditions = [
      new RegExp(`/state/state: ${code}.*; kept in .*/run/state$`),
      new RegExp(`/state/jobs/.*: ${code}.*; kept in .*/run/jobs$`),
    ];
    await isTold(t, first, ...conditions);
    await supervisionGoesOn(t, first);
    const a = await first.state('a', 'RUNNING');
    const victim = await first.state('victim', 'RUNNING');

    await first.ended('SIGKILL');
    const second = await startIn(t, place, start);
    t.equal((await second.state('a', 'RUNNING')).pid, a.pid);
    t.match(await second.state('victim', 'RUNNING'), { pid: victim.pid, restarts: victim.restarts });
    await second.state('off', 'STOPPED');
    await moreTicks(place);
    await isTold(t, second, ...conditions);
    await everyDueTimeRan(t, second);

    if (what === 'full') disk.free();
    else protect('u+w');
    // Once in each life.
    await isHealed(t, second, new RegExp(`/state/state: ${code}`), 2);
    await until('all to be where it belongs', () => {
      const waiting = readdirSync(`${place.dir}/run/jobs`, { recursive: true, withFileTypes: true });
      return !existsSync(`${place.dir}/run/state`) && waiting.every((one) => !/json$/.test(one.name));
    });
    t.match(place.read('state/state'), /"id":"victim:victim"/);
    await second.ended('SIGKILL');
    const third = await startIn(t, place, start);
    await moreTicks(place);
    await everyDueTimeRan(t, third);
    await until('all to be accounted for', async () => {
      const wrong = await unaccounted(third, ['clock'], (doubled) => t.fail(doubled));
      return wrong === '';
    });
    t.equal((await third.state('a', 'RUNNING')).pid, a.pid);
    await third.ended('SIGTERM');
    t.same(processesNaming(place.dir).filter(isAlive), []);
    t.equal(place.read('a.pids'), `${a.pid}\n`, 'started once');
    t.ok(lostLines(place.read('a.out')) <= 2, 'but for the read in flight');
  });
}

test('no room for the state anywhere: told, and after a kill programs are known by what they carry', async (t) => {
  if (!requireStack(t, ['root', 'mount'])) return;
  const programs = program('victim', 'waits') + program('a', 'counts %(here)s/a.pids 0.02');
  const place = makePlace(t, section('grpc_server', { socket: '%(here)s/run/supd.sock' }) + programs, {
    statedir: '%(here)s/disk/state',
    rundir: '%(here)s/disk/run',
  });
  mkdirSync(`${place.dir}/run`);
  const disk = mountDisk(t, place, 'disk', '512k');
  const first = await startIn(t, place);
  await first.says('a', '1\n');
  disk.fill();
  await supervisionGoesOn(t, first);
  // Its last block has some room yet.
  await until('it to be full', async () => {
    t.match(await first.told('restart', 'victim'), { status: 0 });
    return (await first.client.getDaemon()).conditions.length > 0;
  });
  await isTold(t, first, /\/state\/state: ENOSPC.*; a restart of supd would not know what it runs$/);
  const a = await first.state('a', 'RUNNING');
  const victim = await first.state('victim', 'RUNNING');
  await first.ended('SIGKILL');
  const second = await startIn(t, place);
  t.equal((await second.state('a', 'RUNNING')).pid, a.pid);
  t.equal((await second.state('victim', 'RUNNING')).pid, victim.pid);
  disk.free();
  await until('it to heal', async () => (await second.client.getDaemon()).conditions.length === 0);
  await second.ended('SIGKILL');
  const third = await startIn(t, place);
  t.equal((await third.state('a', 'RUNNING')).pid, a.pid);
  t.equal(place.read('a.pids'), `${a.pid}\n`, 'started once');
});
