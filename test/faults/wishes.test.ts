/** What was asked for outlives supd: who is stopped to be started again comes back, who is stopped for good does not. */
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import tap, { test } from 'tap';
import { job, makePlace, type Options, program } from '../helpers/place.js';
import { isAlive } from '../helpers/proc.js';
import { type Supd, startIn, startSupd } from '../helpers/start-supd.js';
import { until } from '../helpers/until.js';

tap.jobs = 3;
tap.setTimeout(180_000);

/** It takes SIGTERM, and ends when %(here)s/go is there. */
const SLOW = `sh -c 'trap : TERM; echo up; until test -e %(here)s/go; do sleep 0.05; done; echo %(program_name)s'`;

const slow = (name: string, options: Options = {}) =>
  program(name, SLOW, { stopwaitsecs: 120, autorestart: false, ...options });
const quick = (name: string, options: Options = {}) =>
  program(name, 'waits', { autorestart: false, ...options });
const go = (supd: Supd) => writeFileSync(`${supd.dir}/go`, '');

/** Both run, and the slow one has its trap. */
async function bothUp(supd: Supd, group = ''): Promise<void> {
  for (const name of ['quick', 'slow']) await supd.state(`${group}${name}`, 'RUNNING');
  await until('slow to be up', () => supd.read('slow.out') === 'up\n');
}

/** The one is down, the other still on its way down. */
async function halfDown(supd: Supd): Promise<number> {
  await supd.state('quick', 'STOPPED');
  return (await supd.state('slow', 'STOPPING')).pid;
}

/** It says its name at its end. */
async function hasTwoLives(supd: Supd): Promise<void> {
  await until('slow to have lived twice', () => {
    const said = supd.read('slow.out');
    if (said === 'up\nslow\nup\nslow\n') return true;
    throw new Error(`${said}${supd.read('supd.log')}`);
  });
}

/** SIGKILL, or an upgrade in place. */
async function interrupt(supd: Supd, how: 'kill' | 'upgrade'): Promise<void> {
  if (how === 'kill') await supd.ended('SIGKILL');
  else await supd.told('upgrade');
}

for (const how of ['kill', 'upgrade'] as const)
  test(`${how} in the middle of a restart: both come back, none before the other is down`, async (t) => {
    const place = makePlace(t, quick('quick') + slow('slow'));
    const first = await startIn(t, place);
    await bothUp(first);
    await first.told('restart', 'quick', 'slow', '--no-wait');
    const pid = await halfDown(first);
    await interrupt(first, how);
    const next = how === 'kill' ? await startIn(t, place) : first;
    await next.state('slow', 'STOPPING');
    t.match(await next.client.getProcess({ name: 'quick' }), { state: 'STOPPED' });
    t.match(await next.told('why', 'quick'), {
      stdout: /^Next: it is started again as soon as all that are restarted with it are down\.$/m,
    });
    t.match(await next.told('why', 'slow'), { stdout: /^Next: SIGKILL in .*, then it is started again\.$/m });
    go(next);
    await hasTwoLives(next);
    await next.state('quick', 'RUNNING');
    t.notOk(isAlive(pid));
  });

test('kill -9 in the middle of an update: the members come back, by their new configuration', async (t) => {
  const text = (words: string) =>
    quick('quick', { environment: `A="${words}"` }) +
    slow('slow', { environment: `A="${words}"` }) +
    quick('other') +
    '[group:g]\nprograms=quick,slow,other\n';
  const place = makePlace(t, text('old'));
  const first = await startIn(t, place);
  const { pid } = await first.state('g:other', 'RUNNING');
  await bothUp(first, 'g:');
  place.configure(text('new'));
  const update = first.told('update');
  await first.state('g:quick', 'STOPPED');
  await first.state('g:slow', 'STOPPING');
  await first.ended('SIGKILL');
  await update;
  const next = await startIn(t, place);
  go(next);
  await next.state('g:quick', 'RUNNING');
  await hasTwoLives(next);
  t.equal((await next.state('g:other', 'RUNNING')).pid, pid, 'who was not concerned was not touched');
  t.equal((await next.told('plan')).stdout, 'nothing to do\n');
  const { pid: fresh } = await next.state('g:quick', 'RUNNING');
  t.match(readFileSync(`/proc/${fresh}/environ`, 'utf8'), /(?:^|\0)A=new\0/);
});

test('a program of its own comes back from an update that was cut short, also with autostart=false', async (t) => {
  const text = (words: string) => slow('slow', { autostart: false, environment: `A="${words}"` });
  const place = makePlace(t, text('old'));
  const first = await startIn(t, place);
  await first.told('start', 'slow');
  await until('slow to be up', () => first.read('slow.out') === 'up\n');
  place.configure(text('new'));
  const update = first.told('update');
  const { pid } = await first.state('slow', 'STOPPING');
  await first.ended('SIGKILL');
  await update;
  const next = await startIn(t, place);
  // What it writes while no supd is there to read is lost with it.
  await next.logs("took back: 'slow'");
  go(next);
  await hasTwoLives(next);
  t.notOk(isAlive(pid));
});

test('a stop during a restart, or an update, is the last word', async (t) => {
  const supd = await startSupd(t, slow('slow') + quick('quick'));
  await bothUp(supd);
  const restart = supd.told('restart', 'quick', 'slow');
  await halfDown(supd);
  const stop = supd.told('stop', 'slow');
  await supd.logs(/stop slow asked for/);
  go(supd);
  t.match(await restart, { stdout: /^slow: ERROR \(.*somebody else stopped it meanwhile\)$/m });
  t.match(await stop, { status: 0, stdout: 'slow: stopped\n' });
  await supd.state('quick', 'RUNNING');
  await supd.state('slow', 'STOPPED');
});

test('a start before its turn to be stopped keeps a program, and whoever waits for that hears of it', async (t) => {
  // The one of the higher priority is stopped first, the other waits for that.
  const supd = await startSupd(t, quick('quick', { priority: 1 }) + slow('slow', { priority: 2 }));
  const { pid } = await supd.state('quick', 'RUNNING');
  await bothUp(supd);
  const stop = supd.told('stop', 'quick', 'slow');
  await supd.state('slow', 'STOPPING');
  t.match(await supd.told('start', 'quick'), { status: 0, stdout: 'quick: started\n' });
  go(supd);
  t.match(await stop, { stdout: /^quick: ERROR \(it goes on: somebody had it started meanwhile\)$/m });
  t.equal((await supd.state('quick', 'RUNNING')).pid, pid);
  await supd.state('slow', 'STOPPED');
});

test('what a job needs down is kept down from its stop on: a start meanwhile is refused, and the job goes on', async (t) => {
  const supd = await startSupd(
    t,
    quick('quick', { priority: 1 }) +
      slow('slow', { priority: 2 }) +
      job('restore', `sh -c 'rm %(here)s/go; touch %(here)s/restored'`, { requires_stopped: 'quick,slow' }),
  );
  const { pid } = await supd.state('quick', 'RUNNING');
  await bothUp(supd);
  const run = supd.told('job', 'run', 'restore');
  await supd.state('slow', 'STOPPING');
  t.match(await supd.told('start', 'quick'), { stdout: /^quick: ERROR \(kept stopped by restore / });
  go(supd);
  t.match(await run, { status: 0 });
  t.ok(existsSync(`${supd.dir}/restored`));
  t.not((await supd.state('quick', 'RUNNING')).pid, pid);
  await supd.state('slow', 'RUNNING');
});
