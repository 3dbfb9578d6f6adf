/** Programs that hang, that work hard, that come late; and what is told of it. */
import { readFileSync, rmSync, writeFileSync } from 'node:fs';
import tap, { test } from 'tap';
import { job, makePlace, type Options, program, section } from '../helpers/place.js';
import { freePort } from '../helpers/ports.js';
import { isAlive } from '../helpers/proc.js';
import { type Supd, startIn, startSupd } from '../helpers/start-supd.js';
import { until } from '../helpers/until.js';

tap.jobs = 4;
tap.setTimeout(180_000);

const QUICK = { health_interval: 1, health_timeout: 1, health_retries: 2 };
const mark = (supd: Supd, name: string) => writeFileSync(`${supd.dir}/${name}`, '');

/** A program that answers HTTP on the port once NAME.open is there; by its answers it is ready, and healthy. */
function answering(name: string, port: number, options: Options): string {
  const url = `http://127.0.0.1:${port}/`;
  return program(name, `answers http ${port}`, { ready: url, health: url, ...options });
}

async function isNow(supd: Supd, name: string, health: string) {
  return until(`${name} to be ${health}`, async () => {
    const one = await supd.client.getProcess({ name });
    return one.health === health && one;
  });
}

test('an instance that accepts and never answers is restarted, the other is left alone, and it is told', async (t) => {
  const [one, two] = [await freePort(), await freePort()];
  const instance = (name: string, port: number) => answering(name, port, { stopwaitsecs: 5, ...QUICK });
  const supd = await startSupd(
    t,
    [
      instance('instance1', one),
      instance('instance2', two),
      section('notify:me', { command: "sh -c 'cat >> %(here)s/mail'", on: 'unhealthy,recovered' }),
    ].join(''),
  );
  for (const name of ['instance1', 'instance2']) mark(supd, `${name}.open`);
  const sick = await isNow(supd, 'instance1', 'healthy');
  const well = await isNow(supd, 'instance2', 'healthy');
  mark(supd, 'instance1.hang');
  await supd.logs(/instance1 is unhealthy: no answer within 1 s/);
  await supd.logs(/WARN instance1: unhealthy: no answer within 1 s, 2 times in a row; supd ends it/);
  await supd.logs(/stopped: instance1/);
  rmSync(`${supd.dir}/instance1.hang`);
  const fresh = await isNow(supd, 'instance1', 'healthy');
  t.not(fresh.pid, sick.pid);
  t.notOk(isAlive(sick.pid));
  t.match(await supd.client.getProcess({ name: 'instance2' }), {
    pid: well.pid,
    restarts: 0,
    health: 'healthy',
  });
  t.match(
    (await supd.told('why', 'instance1')).stdout,
    /^Supd restarted it [\dms ]+ ago, since it was unhealthy: no answer within 1 s, 2 times in a row\.$/m,
  );
  await until('the mail', () =>
    /instance1[\s\S]*unhealthy[\s\S]*no answer within 1 s/.test(supd.read('mail')),
  );
  t.match(JSON.parse((await supd.told('status', '--json', 'instance1')).stdout)[0], {
    health: 'healthy',
    ready: true,
  });
});

test('one that works hard and does not answer is busy, and goes on', async (t) => {
  const port = await freePort();
  const supd = await startSupd(t, answering('web', port, QUICK));
  mark(supd, 'web.open');
  const { pid } = await isNow(supd, 'web', 'healthy');
  mark(supd, 'web.busy');
  const busy = await isNow(supd, 'web', 'busy');
  t.match(busy.description, /^pid \d+, uptime \S+, busy for \S+: no answer within 1 s, but it works$/);
  rmSync(`${supd.dir}/web.busy`);
  t.match(await isNow(supd, 'web', 'healthy'), { pid, restarts: 0 });
});

test('one that is busy without end is told to people, once, and goes on', async (t) => {
  const port = await freePort();
  const supd = await startSupd(
    t,
    answering('web', port, { health_interval: 0, health_timeout: 1, health_retries: 1 }) +
      section('notify:me', { command: "sh -c 'cat >> %(here)s/mail'", on: 'unhealthy,recovered' }),
  );
  mark(supd, 'web.open');
  const { pid } = await isNow(supd, 'web', 'healthy');
  mark(supd, 'web.busy');
  // Ten looks, each of a second's wait and a second's watching.
  await until('the mail', () => /it is busy for .* now, and goes on: no answer/.test(supd.read('mail')), 120);
  await supd.logs(/web is busy for .* now, and goes on: no answer within 1 s, but it works/);
  t.match(await supd.told('why', 'web'), {
    stdout: /^It is busy for .*: no answer within 1 s, but it works\.$/m,
  });
  rmSync(`${supd.dir}/web.busy`);
  t.match(await isNow(supd, 'web', 'healthy'), { pid, restarts: 0 });
  await until('the other mail', () => supd.read('mail').includes('it is healthy again'));
});

test('a slow starter is not shot: nobody asks how it is before it is ready', async (t) => {
  const port = await freePort();
  const supd = await startSupd(
    t,
    program('web', `answers http ${port}`, {
      ready: 'exec:/usr/bin/test -e %(here)s/ready',
      health: `http://127.0.0.1:${port}/`,
      health_interval: 0,
      health_retries: 1,
    }),
  );
  const { pid } = await until('its pid', async () => {
    const now = await supd.client.getProcess({ name: 'web' });
    return /exit status 1/.test(now.description) && now;
  });
  t.equal((await supd.client.getProcess({ name: 'web' })).health, 'starting');
  mark(supd, 'web.open');
  await until('it to listen', () => supd.read('web.out').includes('open'));
  mark(supd, 'ready');
  t.match(await isNow(supd, 'web', 'healthy'), { pid, restarts: 0 });
});

test('a job that holds it keeps an unhealthy program from its restart', async (t) => {
  const supd = await startSupd(
    t,
    program('zeo', 'waits', { health: 'exec:/usr/bin/test ! -e %(here)s/sick', ...QUICK }) +
      job('backup', "sh -c 'until test -e %(here)s/go; do sleep 0.05; done'", { holds: 'zeo' }),
  );
  const { pid } = await isNow(supd, 'zeo', 'healthy');
  await supd.told('job', 'run', 'backup', '--no-wait');
  await until(
    'the backup',
    async () => (await supd.client.listRuns({ job: 'backup' }))[0]?.outcome === 'running',
  );
  mark(supd, 'sick');
  t.match(await isNow(supd, 'zeo', 'unhealthy'), { pid });
  t.match(
    (await supd.told('why', 'zeo')).stdout,
    /^Next: it is restarted for being unhealthy as soon as may be: held by backup \(run \S+\)\.$/m,
  );
  t.ok(isAlive(pid));
  mark(supd, 'go');
  await until('the restart', async () => (await supd.client.getProcess({ name: 'zeo' })).pid !== pid);
  rmSync(`${supd.dir}/sick`);
  await isNow(supd, 'zeo', 'healthy');
});

test('after kill -9 of supd it is asked on', async (t) => {
  const place = makePlace(
    t,
    program('zeo', 'waits', {
      health: 'exec:/usr/bin/test ! -e %(here)s/sick',
      ...QUICK,
      autorestart: false,
    }),
  );
  const first = await startIn(t, place);
  const { pid } = await isNow(first, 'zeo', 'healthy');
  await first.ended('SIGKILL');
  const second = await startIn(t, place);
  mark(second, 'sick');
  t.match(await isNow(second, 'zeo', 'unhealthy'), { pid, state: 'RUNNING' });
  rmSync(`${second.dir}/sick`);
  t.match(await isNow(second, 'zeo', 'healthy'), { pid });
  t.notMatch(readFileSync(`${second.dir}/supd.log`, 'utf8'), /stopped: zeo/);
});

test('health that nothing can tell is refused by the check', async (t) => {
  const place = makePlace(
    t,
    program('a', 'waits', { health: 'log:/x/' }) + program('b', 'waits', { health: 'delay' }),
  );
  const { status, stderr } = await place.run(['--check', '-c', place.conf]);
  t.equal(status, 2);
  t.match(
    stderr,
    /\[program:a\] health: log can't tell that a program is well; right are tcp, http, unix, zeo, exec and notify/,
  );
  t.match(stderr, /\[program:b\] health: delay can't tell/);
});
