import { writeFileSync } from 'node:fs';
import path from 'node:path';
import tap, { test } from 'tap';
import { listener, makePlace, program } from '../helpers/place.js';
import { type Supd, startIn } from '../helpers/start-supd.js';
import { until } from '../helpers/until.js';

tap.jobs = 3;
tap.setTimeout(300_000);

/** Numbers of the events that it was told, within its pool. */
function toldTo(supd: Supd, name: string): readonly number[] {
  return [...supd.read(`${name}.err`).matchAll(/^ver:3\.0 .* poolserial:(\d+) /gm)].map(([, serial]) =>
    Number(serial),
  );
}

/** How often it was told of this process. */
function timesTold(supd: Supd, name: string, about: string): number {
  return supd.read(`${name}.err`).match(new RegExp(`^processname:${about} `, 'gm'))?.length ?? 0;
}

const upTo = (count: number) => Array.from({ length: count }, (_, i) => i);

/** One event: the program is restarted until it is RUNNING. */
async function makeEvent(supd: Supd): Promise<void> {
  const answer = await supd.told('restart', 'p');
  if (answer.status !== 0) throw new Error(answer.stderr + answer.stdout);
}

test('over upgrades event listeners run on, and each event is told once, also those that wait', async (t) => {
  const place = makePlace(
    t,
    listener('idle', 'listens ok', 'PROCESS_STATE_RUNNING') +
      listener('busy', 'listens late', 'PROCESS_STATE_RUNNING', { buffer_size: 100 }) +
      program('p', 'waits'),
  );
  const supd = await startIn(t, place);
  await supd.state('p', 'RUNNING');
  const pidsOf = async () =>
    Promise.all(['idle', 'busy'].map(async (name) => (await supd.state(name, 'RUNNING')).pid));
  const pids = await pidsOf();
  for (let upgrade = 1; upgrade <= 3; upgrade += 1) {
    await until('it to be told of what came before', () => timesTold(supd, 'idle', 'p') === upgrade);
    t.match(await supd.told('upgrade'), { status: 0 });
    t.same(await pidsOf(), pids);
    await makeEvent(supd);
  }
  await until('it to be told of all', () => timesTold(supd, 'idle', 'p') === 4);
  const { length } = toldTo(supd, 'idle');
  t.same(toldTo(supd, 'idle'), upTo(length));
  t.equal(toldTo(supd, 'busy').length, 1, 'it has not answered yet');
  writeFileSync(path.join(supd.dir, 'go'), '');
  await until('what waited to be told', () => timesTold(supd, 'busy', 'p') === 4);
  t.same(toldTo(supd, 'busy'), upTo(length));
  t.same(await pidsOf(), pids);
});

test('a listener that died with its event while the code was replaced: the event is told to its successor', async (t) => {
  const place = makePlace(
    t,
    listener('busy', 'listens late', 'PROCESS_STATE_RUNNING', { autorestart: true }) + program('p', 'waits'),
  );
  let supd = await startIn(t, place);
  await until('it to be told', () => toldTo(supd, 'busy').length === 1);
  const { pid } = await supd.state('busy', 'RUNNING');
  // Ends by itself, as for an upgrade or a restart of its service.
  t.match(await supd.ended('SIGUSR1'), { code: 0 });
  process.kill(pid, 'SIGKILL');
  supd = await startIn(t, place);
  writeFileSync(path.join(supd.dir, 'go'), '');
  await until('it to be told again', () => toldTo(supd, 'busy').length >= 2);
  t.same(toldTo(supd, 'busy').slice(0, 2), [0, 0]);
  t.not((await supd.state('busy', 'RUNNING')).pid, pid);
});

test('after kill -9 of supd a listener is started anew, since nobody knows what it was told', async (t) => {
  const place = makePlace(
    t,
    listener('l', 'listens ok', 'PROCESS_STATE_RUNNING', { autorestart: true }) + program('p', 'waits'),
  );
  const first = await startIn(t, place);
  await until('it to be told', () => toldTo(first, 'l').length >= 1);
  const { pid } = await first.state('l', 'RUNNING');
  await first.ended('SIGKILL');
  const second = await startIn(t, place);
  await until('another one', async () => (await second.state('l', 'RUNNING')).pid !== pid);
  const before = toldTo(second, 'l').length;
  await makeEvent(second);
  await until('it to be told', () => toldTo(second, 'l').length > before);
});
