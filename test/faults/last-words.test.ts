/** What programs print before they end while no supd is there to read it: SIGKILL of supd, and nothing is missing. */
import { readdirSync, readFileSync } from 'node:fs';
import { writeFile } from 'node:fs/promises';
import { setTimeout as pause } from 'node:timers/promises';
import tap, { type Test, test } from 'tap';
import { makePlace, program } from '../helpers/place.js';
import { descriptorsOf, familyOf, isAlive } from '../helpers/proc.js';
import { type Supd, startIn, startSupd } from '../helpers/start-supd.js';
import { until } from '../helpers/until.js';

tap.setTimeout(600_000);

// A quarter of those in kills.test.ts, which has all else in it.
const KILLS = Math.max(20, Number(process.env.SUPD_KILLS ?? 0) / 4);
const ONCE = { autorestart: false, startsecs: 0 };

/** Who keeps the pipes of the supd in this directory open: by the gate that each waits at. */
function keepers(dir: string): readonly number[] {
  return readdirSync('/proc')
    .filter((name) => /^\d+$/.test(name))
    .map(Number)
    .filter((pid) => {
      try {
        return readFileSync(`/proc/${pid}/cmdline`, 'utf8').includes(`${dir}/run/keeper.`) && isAlive(pid);
      } catch {
        return false; // gone while we looked
      }
    });
}

/** The one that there is, once those `before` it are gone. */
const keeper = (dir: string, ...before: readonly number[]) =>
  until('one keeper', () => {
    const [pid, ...others] = keepers(dir);
    return others.length === 0 && pid !== undefined && !before.includes(pid) && pid;
  });

const isGone = (pids: readonly number[]) =>
  until('the programs to end', () => !pids.some((pid) => isAlive(pid)));

async function pidsOf(supd: Supd, names: readonly string[]): Promise<readonly number[]> {
  const views = await Promise.all(names.map((name) => supd.state(name, 'RUNNING')));
  return views.map(({ pid }) => pid);
}

test('programs that end while no supd lives: each last word is in its log, once', async (t) => {
  const says = (text: string) => `says "${text}" go`;
  const place = makePlace(
    t,
    program('plain', says('a word\\n'), ONCE) +
      program('unended', says('no end of line'), ONCE) +
      program('both', `sh -c '%(here)s/bin/says "out\\n" go; echo err >&2'`, ONCE) +
      program('one', `sh -c '%(here)s/bin/says "out\\n" go; echo err >&2'`, {
        ...ONCE,
        redirect_stderr: true,
      }) +
      program('json', says('a word\\n'), { ...ONCE, log_format: 'json' }) +
      program('stripped', says('\\033[1mbold\\033[0m\\n'), ONCE) +
      program('later', says('a word\\n'), { ...ONCE, autostart: false }) +
      program('copies', says('a word\\n'), {
        ...ONCE,
        numprocs: 150,
        process_name: 'c%(process_num)d',
        stdout_logfile: '%(here)s/copies.out',
        stderr_logfile: 'NONE',
      }),
    { strip_ansi: true },
  );
  const supd = await startIn(t, place);
  await supd.told('start', 'later');
  const names = ['plain', 'unended', 'both', 'one', 'json', 'stripped', 'later'];
  const copies = Array.from({ length: 150 }, (_, n) => `copies:c${n}`);
  const pids = await pidsOf(supd, [...names, ...copies]);
  await supd.ended('SIGKILL');
  await writeFile(`${place.dir}/go`, '');
  await isGone(pids);
  for (const name of names) t.equal(place.read(`${name}.out`), '', 'nobody has read it');

  const next = await startIn(t, place);
  for (const name of [...names, ...copies]) await next.state(name, 'EXITED');
  t.equal(place.read('plain.out'), 'a word\n');
  t.equal(place.read('unended.out'), 'no end of line');
  t.equal(place.read('both.out'), 'out\n');
  t.equal(place.read('both.err'), 'err\n');
  t.equal(place.read('one.out'), 'out\nerr\n');
  t.match(JSON.parse(place.read('json.out')), { text: 'a word' });
  t.equal(place.read('stripped.out'), 'bold\n');
  t.equal(place.read('later.out'), 'a word\n');
  t.equal(place.read('copies.out'), 'a word\n'.repeat(150));
});

test('killed at random instants, each word of programs that come and go all the time is in its log, once', async (t) => {
  const names = ['a', 'b', 'c', 'd'];
  const place = makePlace(
    t,
    names
      .map((name) => program(name, `leaves-a-word %(here)s/words ${name} 0.05`, { autorestart: true }))
      .join('\n'),
  );
  for (let kill = 0; kill < KILLS; kill += 1) {
    const before = place.read('words').length;
    const supd = await startIn(t, place);
    await pause(Math.random() * 300);
    if (kill % 2 === 0) await until('another word', () => place.read('words').length > before);
    await supd.ended('SIGKILL');
    // Some live on for a moment.
    await pause(Math.random() * 100);
  }
  const last = await startIn(t, place);
  await last.ended('SIGTERM');
  const written = place.read('words').trim().split('\n').sort();
  const logged = names.flatMap((name) => place.read(`${name}.out`).trim().split('\n')).sort();
  t.ok(written.length >= KILLS / 2, `${written.length} words`);
  t.same(logged, written);
  t.same(keepers(place.dir), []);
});

test('who keeps the pipes belongs to no program, survives supd, and goes with its shutdown', async (t) => {
  const place = makePlace(t, program('a', 'setsid-child') + program('b', 'waits'));
  const supd = await startIn(t, place);
  const [pid = 0] = await pidsOf(supd, ['a', 'b']);
  const first = await keeper(place.dir);
  t.equal(familyOf(first).sid, first, 'a session of its own: no Ctrl-C ends it');
  const held = [...descriptorsOf(first).values()].filter((file) => file.startsWith(`${place.dir}/run/fifo/`));
  t.equal(held.length, 4);
  t.match(await supd.told('restart', 'a'), { status: 0 });
  t.notOk(isAlive(pid));
  t.equal(await keeper(place.dir), first, 'neither a stop nor a start concerns it');

  await supd.ended('SIGKILL');
  t.equal(await keeper(place.dir), first);
  const next = await startIn(t, place);
  // Each supd has its own.
  const second = await keeper(place.dir, first);
  t.equal(familyOf(second).ppid, next.pid);
  t.match(await next.told('upgrade'), { status: 0 });
  await keeper(place.dir, second);
  t.same(await next.client.getDaemon().then(({ conditions }) => conditions), []);
  t.notMatch(place.read('supd.log'), /left alone|keeper/);
  await next.ended('SIGTERM');
  t.same(keepers(place.dir), []);
});

test('without it nothing stops: status says so until there is another', async (t) => {
  const supd = await startSupd(t, program('a', 'waits'));
  await supd.state('a', 'RUNNING');
  const first = await keeper(supd.dir);
  process.kill(first, 'SIGKILL');
  const said = await supd.logs(/nobody keeps the programs’ pipes open/);
  t.ok(said);
  const failing = async () => (await supd.client.getDaemon()).conditions;
  t.match(await supd.told('status'), {
    stdout: /^a +RUNNING/,
    stderr: /nobody keeps the programs’ pipes open/,
  });
  await until('it to be over', async () => (await failing()).length === 0);
  await keeper(supd.dir, first);
  await lastWord(t, supd);
});

/** Kills supd, and has `a` be taken back by the next one. */
async function lastWord(t: Test, supd: Supd): Promise<void> {
  const { pid } = await supd.state('a', 'RUNNING');
  await supd.ended('SIGKILL');
  const next = await startIn(t, supd);
  t.equal((await next.state('a', 'RUNNING')).pid, pid);
}

test('programs that write their logs themselves need nobody to keep anything', async (t) => {
  const supd = await startSupd(t, program('a', 'waits', { logfile_mode: 'direct' }));
  await supd.state('a', 'RUNNING');
  t.same(keepers(supd.dir), []);
});
