/** Programs that say by sd_notify that they are ready, and that they live. */
import { spawn } from 'node:child_process';
import { rmSync, writeFileSync } from 'node:fs';
import tap, { test } from 'tap';
import { makePlace, program } from '../helpers/place.js';
import { requireStack } from '../helpers/require.js';
import { type Supd, startIn, startSupd } from '../helpers/start-supd.js';
import { until } from '../helpers/until.js';

tap.jobs = 4;
tap.setTimeout(180_000);

const mark = (supd: Supd, name: string) => writeFileSync(`${supd.dir}/${name}`, '');

test('a program is ready when it says READY=1, and until then shows the STATUS that it tells', async (t) => {
  if (!requireStack(t, ['python3'])) return;
  const supd = await startSupd(
    t,
    program('zope', "notifies 'STATUS=opening the database' READY=1", { ready: 'notify' }) +
      program('web', 'waits', { depends_on: 'zope' }),
  );
  mark(supd, 'zope.STATUS');
  await until('its status', async () => {
    const { description } = await supd.client.getProcess({ name: 'zope' });
    return /^pid \d+, not ready yet: opening the database$/.test(description);
  });
  mark(supd, 'zope.READY');
  await supd.state('zope', 'RUNNING');
  await supd.state('web', 'RUNNING');
});

test('what others say to its socket counts for nothing, what its own children say does', async (t) => {
  if (!requireStack(t, ['python3'])) return;
  const supd = await startSupd(
    t,
    program('zope', "sh -c 'echo $NOTIFY_SOCKET; bin/notifies READY=1; wait'", {
      ready: 'notify',
      directory: '%(here)s',
    }),
  );
  const name = await until('the name', () => /@(supd\S+)/.exec(supd.read('zope.out'))?.[1]);
  const script = [
    'import socket; s = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)',
    `for text in (b'', b'READY', b'=', b'READY=1'): s.sendto(text, chr(0) + '${name}')`,
    'input()',
  ].join('\n');
  const stranger = spawn('python3', ['-c', script], { stdio: ['pipe', 'inherit', 'inherit'] });
  t.teardown(() => stranger.kill());
  await supd.logs(
    new RegExp(`zope: pid ${stranger.pid} is none of its processes; what it says of it counts for nothing`),
  );
  t.equal((await supd.client.getProcess({ name: 'zope' })).state, 'STARTING');
  mark(supd, 'zope.READY');
  await supd.state('zope', 'RUNNING');
});

test('a program that stops saying WATCHDOG=1 is restarted', async (t) => {
  if (!requireStack(t, ['python3'])) return;
  const supd = await startSupd(
    t,
    program('zope', 'notifies READY=1', {
      ready: 'notify',
      health: 'notify',
      health_timeout: 1,
      health_interval: 0,
      health_retries: 2,
    }),
  );
  mark(supd, 'zope.READY');
  mark(supd, 'zope.pings');
  const { pid } = await until('it to be healthy', async () => {
    const one = await supd.client.getProcess({ name: 'zope' });
    return one.health === 'healthy' && one;
  });
  rmSync(`${supd.dir}/zope.pings`);
  await supd.logs(/zope is unhealthy: no WATCHDOG=1 within 1 s/);
  await until('another process', async () => {
    const one = await supd.client.getProcess({ name: 'zope' });
    return one.pid > 0 && one.pid !== pid;
  });
});

test('after kill -9 of supd its programs are heard by the next', async (t) => {
  if (!requireStack(t, ['python3'])) return;
  const place = makePlace(t, program('zope', 'notifies READY=1', { ready: 'notify' }));
  const first = await startIn(t, place);
  const { pid } = await until('its pid', async () => {
    const one = await first.client.getProcess({ name: 'zope' });
    return one.pid > 0 && one;
  });
  await first.ended('SIGKILL');
  const second = await startIn(t, place);
  t.match(await second.state('zope', 'STARTING'), { pid });
  mark(second, 'zope.READY');
  t.match(await second.state('zope', 'RUNNING'), { pid, restarts: 0 });
});
