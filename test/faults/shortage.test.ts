/** No descriptors, or no processes, for more programs: EMFILE and EAGAIN. */
import { execFileSync } from 'node:child_process';
import { chownSync } from 'node:fs';
import net from 'node:net';
import tap, { test } from 'tap';
import { makePlace, program } from '../helpers/place.js';
import { descriptorsOf, isAlive, limitOf, statusOf } from '../helpers/proc.js';
import { requireStack } from '../helpers/require.js';
import { type Supd, startIn } from '../helpers/start-supd.js';
import { until } from '../helpers/until.js';
import { accountOf, asUser } from '../helpers/users.js';
import { isHealed, isTold, supervisionGoesOn } from './supervision.js';

tap.jobs = 3;

/** How many processes are in that state. */
async function countOf(supd: Supd, state: string): Promise<number> {
  return (await supd.status()).filter((one) => one.state === state).length;
}

const MANY = { numprocs: 60, process_name: '%(program_name)s_%(process_num)d', startretries: 1 };

test('without descriptors for more programs these wait, supervision goes on, and they start once there are some', async (t) => {
  if (!requireStack(t, ['prlimit'])) return;
  const place = makePlace(
    t,
    program('victim', 'waits', { priority: 1 }) + program('many', 'waits', { ...MANY, autostart: false }),
  );
  const supd = await startIn(t, place);
  await supd.state('victim', 'RUNNING');
  const limit = (soft: number) => execFileSync('prlimit', ['--pid', `${supd.pid}`, `--nofile=${soft}:`]);
  limit(120);
  const started = supd.told('start', 'many:*');
  await isTold(t, supd, /^too many open files to spawn 'many_\d+'; tried again until it can be$/);
  t.match((await started).stdout, /many:many_\d+: ERROR \(spawn error\)/);
  t.ok((await countOf(supd, 'RUNNING')) > 10, 'those that it has descriptors for run');
  const waiting = await until('some to wait', async () => {
    const found = (await supd.status()).filter(({ state }) => state === 'BACKOFF');
    return found.length > 10 && found;
  });
  t.match(waiting[0]?.description, /^too many open files to spawn 'many_\d+'$/);
  await supervisionGoesOn(t, supd);
  t.equal(await countOf(supd, 'FATAL'), 0);

  // Clients that ask nothing make room for who asks.
  const idle = Array.from({ length: 100 }, () =>
    net.connect(`${place.dir}/run/supd.sock`).on('error', () => {}),
  );
  t.teardown(() => {
    for (const one of idle) one.destroy();
  });
  await until('it to have no more descriptors', () => descriptorsOf(supd.pid).size >= 102);
  await supervisionGoesOn(t, supd);
  t.ok(isAlive(supd.pid));

  limit(1000);
  await until('all to run', async () => (await countOf(supd, 'RUNNING')) === 61);
  await isHealed(t, supd, /too many open files to spawn/);
});

test('without processes for more programs these wait, and start once there are some', async (t) => {
  if (!requireStack(t, ['root', 'prlimit', 'setpriv'])) return;
  // Limited is what all processes of a user are together: one whom no other test takes.
  const { uid, gid } = accountOf('uucp');
  const place = makePlace(
    t,
    program('victim', 'waits', { priority: 1 }) + program('many', 'waits', { ...MANY, autostart: false }),
    { minprocs: 1 },
  );
  chownSync(place.dir, uid, gid);
  const supd = await startIn(t, place, { as: asUser('uucp') });
  await supd.state('victim', 'RUNNING');
  // Threads count, too.
  const tasks = Number(statusOf(supd.pid).get('Threads'));
  const limit = (soft: string) => {
    const [file = '', ...words] = [...asUser('uucp'), 'prlimit', '--pid', `${supd.pid}`, `--nproc=${soft}:`];
    execFileSync(file, words);
  };
  limit(`${tasks + 10}`);
  const started = supd.told('start', 'many:*');
  await isTold(
    t,
    supd,
    /^Too many processes in process table to spawn 'many_\d+'; tried again until it can be$/,
  );
  t.match((await started).stdout, /many:many_\d+: ERROR \(spawn error\)/);
  t.ok((await countOf(supd, 'RUNNING')) > 3);
  // What ends is started again: its place is its own.
  const before = await supd.state('victim', 'RUNNING');
  process.kill(before.pid, 'SIGKILL');
  await until('victim', async () => (await supd.state('victim', 'RUNNING')).pid !== before.pid, 60);
  t.match(await supd.told('stop', 'victim'), { status: 0 });
  t.equal(await countOf(supd, 'FATAL'), 0);
  // Followed logs are read by Node's threads: they are there already.
  for await (const content of supd.client.followLog({
    name: 'victim',
    channel: 'stdout',
    historyBytes: 100,
  })) {
    t.match(Buffer.from(content).toString(), /ready/);
    break;
  }
  limit(limitOf(supd.pid, 'Max processes')[1]);
  t.match(await supd.told('start', 'victim'), { status: 0 });
  await until('all to run', async () => (await countOf(supd, 'RUNNING')) === 61);
  await supervisionGoesOn(t, supd);
  await isHealed(t, supd, /Too many processes in process table/);
});
