/** When a program counts as ready, by each way to ask. */
import { writeFileSync } from 'node:fs';
import tap, { test } from 'tap';
import { makePlace, program } from '../helpers/place.js';
import { freePort } from '../helpers/ports.js';
import { isAlive, processesNaming } from '../helpers/proc.js';
import { type Supd, startIn, startSupd } from '../helpers/start-supd.js';
import { until } from '../helpers/until.js';

tap.jobs = 4;
tap.setTimeout(180_000);

const open = (supd: Supd, name: string, mark = 'open') => writeFileSync(`${supd.dir}/${name}.${mark}`, '');

/** Waits until it has been asked in vain, and gives what `status` says of it. */
async function unready(supd: Supd, name: string, why: RegExp): Promise<void> {
  await until(`${name} to be asked`, async () => {
    const { description, state, ready } = await supd.client.getProcess({ name });
    return state === 'STARTING' && !ready && why.test(description);
  });
}

test('a program is STARTING until somebody accepts at its port, and RUNNING then', async (t) => {
  const port = await freePort();
  const supd = await startSupd(
    t,
    program('web', `answers tcp ${port}`, { ready: `tcp://127.0.0.1:${port}` }),
  );
  await unready(supd, 'web', /^pid \d+, not ready yet: connection refused$/);
  t.match(await supd.told('why', 'web'), {
    stdout: new RegExp(
      `^It is not ready yet: connection refused\\.$[^]*^Next: it counts as RUNNING when tcp://127.0.0.1:${port} says that it is ready; if it is not in \\S+.*, this start has failed \\(ready_timeout\\)\\.$`,
      'm',
    ),
  });
  t.match(await supd.told('start', 'web'), { stdout: 'web: ERROR (already started)\n' });
  open(supd, 'web');
  t.match(await supd.state('web', 'RUNNING'), { ready: true, restarts: 0, waitingFor: [] });
});

test('a unix socket, a page and its text, a ZEO server and a command can say it, too', async (t) => {
  const [page, zeo] = [await freePort(), await freePort()];
  const supd = await startSupd(
    t,
    [
      program('unix', 'answers tcp %(here)s/run/unix.sock', { ready: 'unix://%(here)s/run/unix.sock' }),
      program('page', `answers http ${page}`, { ready: `http://127.0.0.1:${page}/ok status=200 body=well` }),
      program('zeo', `answers zeo ${zeo}`, { ready: `zeo://127.0.0.1:${zeo}` }),
      program('command', 'waits', { ready: 'exec:/usr/bin/test -e %(here)s/command.open' }),
    ].join(''),
  );
  await unready(supd, 'unix', /there is no such socket/);
  await unready(supd, 'page', /connection refused/);
  await unready(supd, 'zeo', /connection refused/);
  await unready(supd, 'command', /exit status 1/);
  for (const name of ['unix', 'page', 'zeo', 'command']) {
    open(supd, name);
    await supd.state(name, 'RUNNING');
  }
});

test('a page that says something else, and who does not speak as ZEO does, are not ready, and it is told why', async (t) => {
  const [page, other, zeo] = [await freePort(), await freePort(), await freePort()];
  const supd = await startSupd(
    t,
    [
      program('page', `answers http ${page}`, { ready: `http://127.0.0.1:${page}/ body=Plone` }),
      program('moved', `answers http ${other}`, { ready: `http://127.0.0.1:${other}/ status=302` }),
      program('zeo', `answers http ${zeo}`, { ready: `zeo://127.0.0.1:${zeo}` }),
    ].join(''),
  );
  for (const name of ['page', 'moved', 'zeo']) open(supd, name);
  await unready(supd, 'page', /the answer does not say "Plone"$/);
  await unready(supd, 'moved', /status 200 instead of 302$/);
  await unready(supd, 'zeo', /what answers there is no ZEO server$/);
});

test('a line of its output says it, also of stderr and only since this start', async (t) => {
  const says = (text: string, where = '') =>
    `sh -c 'echo loading; until test -e %(here)s/go; do sleep 0.02; done; echo ${text} ${where}; exec sleep 100000'`;
  const supd = await startSupd(
    t,
    [
      program('out', says('Serving on http'), { ready: 'log:/^serving ON/i' }),
      program('err', says('Ready', '>&2'), { ready: 'log:/Ready$/' }),
      program('none', says('Ready'), { ready: 'log:/Ready/', stdout_logfile: 'NONE' }),
    ].join(''),
  );
  await until('the first lines', () => supd.read('out.out') === 'loading\n' && supd.read('err.out') !== '');
  t.equal((await supd.client.getProcess({ name: 'out' })).state, 'STARTING');
  writeFileSync(`${supd.dir}/go`, '');
  for (const name of ['out', 'err', 'none']) await supd.state(name, 'RUNNING');
  const first = (await supd.client.getProcess({ name: 'out' })).pid;
  t.equal((await supd.told('restart', 'out')).status, 0);
  t.not((await supd.client.getProcess({ name: 'out' })).pid, first);
  t.equal(supd.read('out.out'), 'loading\nServing on http\nloading\nServing on http\n', 'the log has all');
});

test('not ready within ready_timeout is a failed start, and startretries of those are FATAL', async (t) => {
  const supd = await startSupd(
    t,
    program('web', 'waits', { ready: 'exec:/bin/false', ready_timeout: 1, startretries: 0 }),
  );
  const pid = Number(/spawned: 'web' with pid (\d+)/.exec(await supd.logs("spawned: 'web' with pid"))?.[1]);
  t.ok(pid > 1);
  t.match(await supd.state('web', 'FATAL'), {
    description: 'not ready within 1 s (ready_timeout): exit status 1',
  });
  await supd.logs(/WARN web: not ready within 1 s \(ready_timeout\): exit status 1; supd ends it/);
  t.notOk(isAlive(pid), 'it was stopped');
  await supd.logs(/gave up: web entered FATAL state/);
});

test('a check by a command is made as the program is run, and ends with all that it started', async (t) => {
  const supd = await startSupd(
    t,
    program('web', 'waits', {
      ready: `exec:sh -c 'test "$WHO" = me && pwd > %(here)s/where && (sleep 4711 & sleep 4711 & wait)'`,
      environment: 'WHO="me"',
      directory: '/',
    }),
  );
  await until('the check', () => supd.read('where') === '/\n' && processesNaming('4711').length >= 2);
  t.equal((await supd.told('stop', 'web')).status, 0);
  await until('its end', () => processesNaming('4711').length === 0);
});

test('a stop of a program that is not ready yet ends it', async (t) => {
  const supd = await startSupd(t, program('web', 'waits', { ready: 'log:/never/' }));
  const { pid } = await until('its pid', async () => {
    const one = await supd.client.getProcess({ name: 'web' });
    return one.pid > 0 && one;
  });
  t.match(await supd.told('stop', 'web'), { status: 0, stdout: 'web: stopped\n' });
  t.notOk(isAlive(pid));
});

test('after kill -9 of supd what was ready is, and what was not is asked again', async (t) => {
  const port = await freePort();
  const place = makePlace(
    t,
    [
      program('web', `answers tcp ${port}`, { ready: `tcp://127.0.0.1:${port}` }),
      program('done', "sh -c 'echo Ready; exec sleep 100000'", { ready: 'log:/Ready/' }),
      program('waiting', 'waits', { depends_on: 'web' }),
    ].join(''),
  );
  const first = await startIn(t, place);
  const { pid } = await first.state('done', 'RUNNING');
  await unready(first, 'web', /connection refused/);
  await first.ended('SIGKILL');
  const second = await startIn(t, place);
  t.match(await second.client.getProcess({ name: 'done' }), { state: 'RUNNING', pid, ready: true });
  await unready(second, 'web', /connection refused/);
  t.match(await second.client.getProcess({ name: 'waiting' }), {
    state: 'STARTING',
    pid: 0,
    waitingFor: ['web to be ready (STARTING)'],
  });
  open(second, 'web');
  await second.state('waiting', 'RUNNING');
  t.equal((await second.client.getProcess({ name: 'web' })).restarts, 0);
});
