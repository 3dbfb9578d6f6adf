/** SIGKILL of supd at random instants under load. SUPD_KILLS=200 makes it thorough. */
import { setTimeout as pause } from 'node:timers/promises';
import tap, { test } from 'tap';
import { job, makePlace, program, section } from '../helpers/place.js';
import { isAlive, processesNaming } from '../helpers/proc.js';
import { type Supd, startIn } from '../helpers/start-supd.js';
import { wholeLog } from '../logs/scratch.js';
import { agree, gapsIn, lostLines, quietly } from './accounts.js';

tap.setTimeout(3_600_000);

const KILLS = Number(process.env.SUPD_KILLS ?? 20);
const OFTEN = '*/4 * * * * *';

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
  for (const n of [1, 2, 3])
    t.equal(lostLines(place.read(`quiet${n}.out`)), 0, 'not one line of a quiet one');
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
