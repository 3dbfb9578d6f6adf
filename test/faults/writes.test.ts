/**
 * SIGKILL of supd before and after each change that it makes in its directories: lines of its state, records and due times
 * of runs, what people were told and are to be told, how programs ended, when jobs did well, locks, sockets. All of them
 * with SUPD_KILLS=200, else some.
 */
import { readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';
import tap, { type Test, test } from 'tap';
import { job, makePlace, type Options, type Place, program, section } from '../helpers/place.js';
import { isAlive, processesNaming } from '../helpers/proc.js';
import { ONCE_FAR_OFF } from '../helpers/schedules.js';
import { type Supd, startIn } from '../helpers/start-supd.js';
import { until } from '../helpers/until.js';
import { agree, lostLines, quietly } from './accounts.js';

tap.setTimeout(3_600_000);

const isThorough = Number(process.env.SUPD_KILLS ?? 0) >= 200;
const hook = path.resolve(import.meta.dirname, '../../../test/fixtures/kill-at-change.cjs');
/** The first ones, of a start, each; then some. */
const after = (at: number) => (isThorough || at < 4 ? at + 1 : at + 9);

function site(t: Test, ofA: Options = {}): Place {
  return makePlace(
    t,
    program('a', 'counts %(here)s/a.pids 0.1', ofA) +
      program('b', 'waits') +
      program('dies', 'exits-after 0 3', { startsecs: 5, startretries: 0 }) +
      job('one', 'adds-a-line %(here)s/one') +
      job('two', 'adds-a-line %(here)s/two 0.1') +
      section('job:all', { steps: 'one,two', max_age: '1d', history: 1, schedule: ONCE_FAR_OFF }) +
      section('notify:ops', { command: `sh -c 'cat >>%(here)s/told'`, on: 'fatal' }),
  );
}

/** A supd that dies at that change, if it comes to it. */
function startToDie(t: Test, place: Place, when: number): Promise<Supd> {
  const env = {
    NODE_OPTIONS: `--require=${hook}`,
    SUPD_TEST_KILL: String(when),
    SUPD_TEST_COUNT: `${place.dir}/changes`,
  };
  return startIn(t, place, { env });
}

/** Waits for its death, or until all of that is so; then ends it. @returns whether it made so many changes at all */
async function comesTo(at: number, supd: Supd, isDone: () => boolean): Promise<boolean> {
  const made = () => supd.read('changes').split('\n').length - 1;
  await until(
    'supd to die, or to have done it all',
    () => supd.child.signalCode !== null || (isDone() && made() < at),
  );
  await supd.ended('SIGKILL');
  return made() >= at;
}

/** People heard of the program that is FATAL, and how it ended is kept. */
function isTold(place: Place): boolean {
  return /Program: dies/.test(place.read('told')) && place.read('state/deaths').includes('"dies:dies"');
}

/** Everything is as if it had never died; then ends it. */
async function judge(t: Test, place: Place, what: string): Promise<void> {
  const supd = await startIn(t, place);
  const a = await supd.state('a', 'RUNNING');
  // It was stopped or started as supd died.
  await until(`${what}: b to come to rest`, async () => {
    const { state } = await supd.client.getProcess({ name: 'b' });
    return state === 'RUNNING' || state === 'STOPPED';
  });
  await supd.state('dies', 'FATAL');
  await agree(t, supd, ['all']);
  await until(`${what}: no run to be left`, async () => {
    const runs = await supd.client.listRuns({ job: 'all' });
    return runs.every(({ outcome }) => outcome !== 'running');
  });
  await until(`${what}: people to have heard`, () => place.read('told').includes('dies'));
  t.equal(place.read('a.pids').trim(), String(a.pid), `${what}: a was started once`);
  for (const name of ['one', 'two']) {
    const ran = place.read(name).trim().split('\n').filter(Boolean);
    t.equal(new Set(ran.map((line) => line.split(' ')[0])).size, ran.length, `${what}: ${name} once a run`);
  }
  for (const name of readdirSync(`${place.dir}/state`, { recursive: true, encoding: 'utf8' }))
    t.notMatch(name, /\.broken$/, `${what}: no file was half written`);
  t.notMatch(place.read('supd.log'), /defect in supd|damaged/, what);
  await supd.ended('SIGTERM');
  t.same(processesNaming(place.dir).filter(isAlive), [], `${what}: nothing is left`);
  t.equal(lostLines(readFileSync(`${place.dir}/a.out`, 'utf8')), 0, what);
}

/** Lives of which one dies after, and one before, each of its changes, until there are no more. */
async function atEach(t: Test, live: (at: number, when: number) => Promise<boolean>): Promise<void> {
  for (let at = 1; ; at = after(at)) {
    const reached = await Promise.all([live(at, at), live(at, -at)]);
    if (!reached.includes(true)) return t.comment(`no change ${at}`);
  }
}

test('killed before and after each change of a first life: the next one takes everything back', async (t) => {
  await atEach(t, async (at, when) => {
    const place = site(t);
    const supd = await startToDie(t, place, when);
    const { client } = supd;
    await quietly(() => client.stopProcesses({ targets: ['b'] }));
    await quietly(() => client.startProcesses({ targets: ['b'] }));
    await quietly(() => client.runJob({ job: 'all' }));
    await quietly(() => client.runJob({ job: 'all' }));
    await quietly(() => client.restartProcesses({ targets: ['b'] }));
    const isReached = await comesTo(at, supd, () => isTold(place));
    await judge(t, place, `killed at ${when}`);
    return isReached;
  });
});

test('killed before and after each change of a life that takes another one’s processes back: the same', async (t) => {
  await atEach(t, async (at, when) => {
    // The first one dies at any instant: pumped, a line may be in flight.
    const place = site(t, { logfile_mode: 'direct', stdout_logfile_maxbytes: 0 });
    const first = await startIn(t, place);
    await until('the first to be told', () => isTold(place));
    void quietly(() => first.client.runJob({ job: 'all' }));
    await until('the run to begin', () => place.read('one') !== '');
    await first.ended('SIGKILL');
    const second = await startToDie(t, place, when);
    const isReached = await comesTo(at, second, () => hasEndedRun(place));
    await judge(t, place, `taken back, killed at ${when}`);
    return isReached;
  });
});

function hasEndedRun({ dir }: Place): boolean {
  const runs = `${dir}/state/jobs/runs/all`;
  const records = readdirSync(runs).filter((name) => name.endsWith('.json'));
  return records.some((name) => !readFileSync(`${runs}/${name}`, 'utf8').includes('"running"'));
}
