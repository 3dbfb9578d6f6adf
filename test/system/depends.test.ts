/** Programs that wait for others: ZEO that is late, starts by hand, stops in reverse. */
import { writeFileSync } from 'node:fs';
import tap, { test } from 'tap';
import { job, makePlace, program } from '../helpers/place.js';
import { freePort } from '../helpers/ports.js';
import { type Supd, startIn, startSupd } from '../helpers/start-supd.js';
import { until } from '../helpers/until.js';

tap.jobs = 4;
tap.setTimeout(180_000);

/** ZEO that answers `ruok` once there is a file zeoserver.open, two instances that wait for that, and what waits for one of those. */
async function siteText(more: Readonly<Record<string, string | number>> = {}): Promise<string> {
  const port = await freePort();
  const onZeo = { depends_on: 'zeoserver:ready', startretries: 0, priority: 1 };
  return [
    program('zeoserver', `answers zeo ${port}`, { ready: `zeo://127.0.0.1:${port}`, priority: 9, ...more }),
    program('instance1', 'waits', onZeo),
    program('instance2', 'waits', onZeo),
    program('haproxy', 'waits', { depends_on: 'instance1:started, instance2:started' }),
  ].join('');
}

const openZeo = (supd: Supd) => writeFileSync(`${supd.dir}/zeoserver.open`, '');
const NAMES = ['zeoserver', 'instance1', 'instance2', 'haproxy'];

test('ZEO is late: the instances wait for ruok and start then, none goes FATAL, none spends a retry', async (t) => {
  const supd = await startSupd(t, await siteText());
  await until('zeoserver to be asked', async () =>
    /connection refused/.test((await supd.client.getProcess({ name: 'zeoserver' })).description),
  );
  t.match(
    (await supd.told('status')).stdout,
    /^instance1 +STARTING +waits for zeoserver to be ready \(STARTING\)$/m,
  );
  t.match(
    (await supd.told('why', 'instance1')).stdout,
    /^Next: it is started when it need not wait any more for zeoserver to be ready \(STARTING\)\.$/m,
  );
  const [json] = JSON.parse((await supd.told('status', '--json', 'instance2')).stdout);
  t.match(json, {
    state: 'STARTING',
    pid: 0,
    ready: false,
    waitingFor: ['zeoserver to be ready (STARTING)'],
  });
  openZeo(supd);
  for (const name of NAMES) t.match(await supd.state(name, 'RUNNING'), { restarts: 0, ready: true });
  const log = supd.read('supd.log');
  t.ok(log.indexOf("spawned: 'instance1'") > log.indexOf('success: zeoserver'));
  t.ok(log.indexOf("spawned: 'haproxy'") > log.indexOf("spawned: 'instance2'"));
  t.notMatch(log, /FATAL|BACKOFF|spawnerr|not expected/);
});

test('a restart of ZEO leaves the instances alone; one that crashes meanwhile waits for it', async (t) => {
  const supd = await startSupd(t, await siteText());
  openZeo(supd);
  const { pid } = await supd.state('instance1', 'RUNNING');
  await supd.state('instance2', 'RUNNING');
  t.equal((await supd.told('stop', 'zeoserver')).status, 0);
  t.match(await supd.state('instance1', 'RUNNING'), { pid });
  t.equal((await supd.told('signal', 'KILL', 'instance2')).status, 0);
  t.match(await supd.state('instance2', 'STARTING'), { waitingFor: ['zeoserver to be ready (STOPPED)'] });
  t.equal((await supd.told('start', 'zeoserver')).status, 0);
  await supd.state('instance2', 'RUNNING');
  t.match(await supd.state('instance1', 'RUNNING'), { pid });
});

test('a start by hand waits; when nobody is about to start what it waits for, that is said at once', async (t) => {
  const supd = await startSupd(t, (await siteText()).replaceAll('startsecs', 'autostart = false\nstartsecs'));
  const told = await supd.told('start', 'instance1');
  t.match(told, {
    status: 1,
    stdout: 'instance1: ERROR (it waits for zeoserver to be ready (STOPPED), and is started then)\n',
  });
  const waiting = supd.told('start', 'instance2', 'zeoserver');
  await until('both to be asked for', async () => {
    const [one, two] = await Promise.all(
      ['instance2', 'zeoserver'].map((name) => supd.client.getProcess({ name })),
    );
    return one?.state === 'STARTING' && two?.state === 'STARTING';
  });
  t.equal((await supd.told('stop', 'instance1')).stdout, 'instance1: stopped\n', 'a wait can be ended');
  openZeo(supd);
  t.match(await waiting, { status: 0, stdout: /instance2: started/ });
  t.match(await supd.client.getProcess({ name: 'instance1' }), { state: 'STOPPED' });
});

test('all is stopped in reverse, each when what depends on it is gone, and a shutdown goes the same way', async (t) => {
  const place = makePlace(t, await siteText());
  const supd = await startIn(t, place);
  openZeo(supd);
  await supd.state('haproxy', 'RUNNING');
  await supd.state('instance2', 'RUNNING');
  const order = () => [...supd.read('supd.log').matchAll(/stopped: (\w+)/g)].map(([, name]) => name);
  t.equal((await supd.told('stop', 'all')).status, 0);
  t.match(order(), ['haproxy', /instance/, /instance/, 'zeoserver']);
  t.equal((await supd.told('start', 'all')).status, 0);
  await supd.told('shutdown');
  t.match(await supd.ended(), { code: 0 });
  t.match(order().slice(4), ['haproxy', /instance/, /instance/, 'zeoserver']);
});

test('a job that needs them stopped has them started again in their order, and is not kept waiting by what can but wait', async (t) => {
  const text = await siteText({ startretries: 0, ready_timeout: '5s' });
  const supd = await startSupd(
    t,
    text +
      job('restore', 'rm -f %(here)s/zeoserver.open', { requires_stopped: 'zeoserver,instance1,instance2' }),
  );
  openZeo(supd);
  await supd.state('instance1', 'RUNNING');
  await supd.state('instance2', 'RUNNING');
  // The job takes zeoserver.open away: ZEO is never ready again.
  t.equal((await supd.told('job', 'run', 'restore')).status, 3, 'degraded: not all came up again');
  const [run] = await supd.client.listRuns({ job: 'restore' });
  t.match(run?.reason, /zeoserver/);
  t.equal((await supd.client.getProcess({ name: 'zeoserver' })).state, 'FATAL');
  t.match(await supd.client.getProcess({ name: 'instance1' }), {
    state: 'STARTING',
    waitingFor: ['zeoserver to be ready (FATAL)'],
  });
  t.match(await supd.told('why', 'instance1'), {
    stdout: /^Next: .* for zeoserver to be ready \(FATAL\); that does not come by itself\.$/m,
  });
});

test('what can never be met is found by the check, with its place', async (t) => {
  const place = makePlace(
    t,
    program('a', 'waits', { depends_on: 'b' }) +
      program('b', 'waits', { depends_on: 'c:started' }) +
      program('c', 'waits', { depends_on: 'a:ready, zeoserver, b:redy, b:up' }),
  );
  const { status, stderr } = await place.run(['--check', '-c', place.conf]);
  t.equal(status, 2);
  t.match(stderr, /supd.conf:\d+: \[program:a\] depends_on: goes round in a circle: a -> b -> c -> a\n/);
  t.match(stderr, /supd.conf:\d+: \[program:c\] depends_on: there is no program or group "zeoserver"\n/);
  t.match(
    stderr,
    /depends_on: there is no program or group "b:redy"; its condition may be started, ready, completed; did you mean ready\?/,
  );
  t.match(stderr, /no program or group "b:up"; its condition may be started, ready, completed\n/);
});
