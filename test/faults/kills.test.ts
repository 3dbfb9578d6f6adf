/** SIGKILL of supd at each write of its state, and at random instants under load. SUPD_KILLS=200 makes it thorough. */
import { readFileSync } from 'node:fs';
import path from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import tap, { type Test, test } from 'tap';
import { job, makePlace, program, section } from '../helpers/place.js';
import { isAlive, processesNaming } from '../helpers/proc.js';
import { type Supd, startIn } from '../helpers/start-supd.js';
import { until } from '../helpers/until.js';
import { wholeLog } from '../logs/scratch.js';
import { gapsIn, lostLines, unaccounted } from './accounts.js';

tap.setTimeout(3_600_000);

const KILLS = Number(process.env.SUPD_KILLS ?? 20);
const OFTEN = '*/4 * * * * *';
/** Each record of a run is synced to a disk that others use. */
const PATIENCE_SECONDS = 120;
const hook = path.resolve(import.meta.dirname, '../../../test/fixtures/kill-at-write.cjs');

/** Waits until supd and the kernel agree on what runs. */
async function agree(t: Test, supd: Supd, jobs: readonly string[]): Promise<void> {
  const look = async () => {
    const wrong = await unaccounted(supd, jobs, (what) => t.fail(what));
    if (wrong) throw new Error(`${wrong}\n${supd.read('supd.log').slice(-2000)}`);
    return true;
  };
  await until('every process to be accounted for', look, PATIENCE_SECONDS);
}

/** Calls of a client that doesn't mind that supd dies. */
async function quietly(work: () => AsyncIterable<unknown>): Promise<void> {
  try {
    for await (const _ of work());
  } catch {
    // supd is gone, or busy with what was asked before.
  }
}

test('killed at random instants under load: no child lost, none doubled, every pid accounted for', async (t) => {
  const place = makePlace(
    t,
    [1, 2, 3].map((n) => program(`quiet${n}`, `counts %(here)s/quiet${n}.pids 0.1`)).join('\n') +
      program('flood', 'counts %(here)s/flood.pids 0', { stdout_logfile_backups: 50 }) +
      [1, 2]
        .map((n) =>
          program(`direct${n}`, `counts %(here)s/direct${n}.pids ${n === 1 ? 0 : 0.05}`, {
            logfile_mode: 'direct',
            stdout_logfile_maxbytes: 8192,
            stdout_logfile_backups: 10_000,
          }),
        )
        .join('\n') +
      program('crashes', 'exits-after 0.1 1', { autorestart: true }) +
      program('tree', 'setsid-child', { autorestart: true }) +
      [1, 2].map((n) => program(`restarted${n}`, 'waits')).join('\n') +
      job('one', 'adds-a-line %(here)s/one 0.2') +
      job('two', 'adds-a-line %(here)s/two 0.2') +
      section('job:night', { steps: 'one,two', schedule: OFTEN }),
  );
  const supds: Supd[] = [await startIn(t, place)];
  const current = () => supds.at(-1) as Supd;
  let isOver = false;
  const client = (async () => {
    while (!isOver) {
      const targets = [['restarted1'], ['restarted2'], ['tree']][Math.floor(Math.random() * 3)] as string[];
      await quietly(() => current().client.restartProcesses({ targets }));
      await pause(20);
    }
  })();
  const pids = new Map<string, number>();
  for (const name of ['quiet1', 'quiet2', 'quiet3', 'flood', 'direct1', 'direct2'])
    pids.set(name, (await current().state(name, 'RUNNING')).pid);
  for (let kill = 0; kill < KILLS; kill += 1) {
    await pause(Math.random() * 600);
    await current().ended('SIGKILL');
    supds.push(await startIn(t, place));
    await agree(t, current(), ['night']);
    for (const [name, pid] of pids) t.equal((await current().state(name, 'RUNNING')).pid, pid, name);
  }
  isOver = true;
  await client;
  await current().ended('SIGTERM');
  const left = processesNaming(place.dir).filter(isAlive);
  t.same(left, [], 'nothing is left after the stop');
  for (const name of pids.keys())
    t.equal(place.read(`${name}.pids`).trim().split('\n').length, 1, 'started once');
  for (const n of [1, 2, 3]) {
    const lost = lostLines(place.read(`quiet${n}.out`));
    t.ok(lost <= KILLS / 10, `${lost} lines lost: only what was in flight`);
  }
  for (const name of ['quiet1', 'quiet2', 'quiet3', 'flood']) {
    const { gaps, wrong } = gapsIn(place.read(`${name}.out`));
    t.ok(gaps.length <= KILLS, `${name}: one read a kill at most is missing: ${gaps.join(' ')}`);
    t.equal(wrong, 0, `${name}: nothing is doubled or torn`);
  }
  for (const n of [1, 2]) {
    // Every byte once, in order, over all rotations.
    const text = wholeLog(`${place.dir}/direct${n}.out`).toString();
    const count = text.split('\n').length - 1;
    t.ok(count > KILLS, `direct${n}: ${count} lines`);
    t.equal(text, Array.from({ length: count }, (_, i) => `${i + 1}\n`).join(''), 'not one byte is missing');
  }
  // One due time is one run of each step at most, whatever died when.
  for (const name of ['one', 'two']) {
    const runs = place.read(name).trim().split('\n');
    t.equal(new Set(runs.map((line) => line.split(' ').slice(0, 2).join(' '))).size, runs.length, name);
  }
});

/** What a client asks for in the life that is to be cut short. */
async function ask(supd: Supd): Promise<void> {
  const { client } = supd;
  await quietly(() => client.stopProcesses({ targets: ['b'] }));
  await quietly(() => client.startProcesses({ targets: ['b'] }));
  await quietly(() => client.runJob({ job: 'all' }));
  await quietly(() => client.restartProcesses({ targets: ['b'] }));
}

test('killed before and after each write of its state: the same', async (t) => {
  // The first ones, of the start, each; then some.
  const after = (at: number) => (KILLS >= 200 || at < 4 ? at + 1 : at + 5);
  let writes = 1;
  for (let at = 1; at <= writes; at = after(at)) {
    for (const when of [at, -at]) {
      const place = makePlace(
        t,
        program('a', 'counts %(here)s/a.pids 0.1') +
          program('b', 'waits') +
          job('one', 'adds-a-line %(here)s/one') +
          job('two', 'adds-a-line %(here)s/two 0.1') +
          section('job:all', { steps: 'one,two' }),
      );
      const environment = { NODE_OPTIONS: `--require=${hook}`, SUPD_TEST_KILL: String(when) };
      const first = await startIn(t, place, { env: environment });
      await ask(first);
      const survived = await first.client.getDaemon().then(
        () => true,
        () => false,
      );
      // If it has done all of it, that many writes there are.
      writes = survived ? at : Math.max(writes, after(at));
      await (survived ? first.ended('SIGKILL') : first.ended());
      const second = await startIn(t, place);
      const a = await second.state('a', 'RUNNING');
      await agree(t, second, ['all']);
      await until('the run to end', async () => {
        const [run] = await second.client.listRuns({ job: 'all' });
        return run?.outcome !== 'running';
      });
      t.equal(place.read('a.pids').trim(), String(a.pid), `killed at ${when}: started once`);
      for (const name of ['one', 'two'])
        t.ok(place.read(name).split('\n').length <= 2, `killed at ${when}: ${name} ran once at most`);
      await second.ended('SIGTERM');
      t.same(processesNaming(place.dir).filter(isAlive), []);
      t.equal(lostLines(readFileSync(`${place.dir}/a.out`, 'utf8')), 0);
    }
  }
  t.comment(`${writes} writes`);
});
