/** Restarts one after the other behind a real HAProxy, with programs that are stand-ins. */
import { existsSync, rmSync, writeFileSync } from 'node:fs';
import tap, { type Test, test } from 'tap';
import { haproxyProgram, haproxySays, serverOf, stateOf, writeHaproxy } from '../helpers/haproxy.js';
import { load } from '../helpers/load.js';
import { job, makePlace, type Options, program } from '../helpers/place.js';
import { freePort } from '../helpers/ports.js';
import { requireStack } from '../helpers/require.js';
import { type Supd, startIn, startSupd } from '../helpers/start-supd.js';
import { until } from '../helpers/until.js';

tap.jobs = 3;
tap.setTimeout(240_000);

interface Site {
  readonly supd: Supd;
  readonly url: string;
  readonly names: readonly string[];
}

/** `count` web servers behind HAProxy, all of them UP. undefined: there is no HAProxy here, and the test was skipped. */
async function openSite(t: Test, count: number, more: Options = {}): Promise<Site | undefined> {
  if (!requireStack(t, ['haproxy'])) return undefined;
  const front = await freePort();
  const names = Array.from({ length: count }, (_, at) => `web${at + 1}`);
  const ports = Object.fromEntries(
    await Promise.all(names.map(async (name) => [name, await freePort()] as const)),
  );
  const programs = names.map((name) => {
    const address = `http://127.0.0.1:${ports[name]}`;
    return program(name, `serves ${ports[name]} 100`, {
      autorestart: 'true',
      startretries: 0,
      ready: `${address}/ok`,
      warmup: `${address}/warm`,
      warmup_timeout: 60,
      haproxy: serverOf(name),
      ...more,
    });
  });
  const place = makePlace(
    t,
    `${programs.join('')}${haproxyProgram()}${job('backup', WAITS, { holds: 'web2' })}`,
  );
  writeHaproxy(place, front, ports);
  const supd = await startIn(t, place);
  await supd.state('haproxy', 'RUNNING');
  for (const name of names) {
    await supd.state(name, 'RUNNING');
    await haproxySays(supd, name, /^UP/);
  }
  return { supd, url: `http://127.0.0.1:${front}/page`, names };
}

const WAITS = `sh -c 'until test -e %(here)s/go; do sleep 0.05; done'`;

async function pids({ supd, names }: Site): Promise<readonly number[]> {
  return Promise.all(names.map(async (name) => (await supd.client.getProcess({ name })).pid));
}

test('under load, no request is lost; each phase is told', async (t) => {
  const site = await openSite(t, 3);
  if (!site) return;
  const before = await pids(site);
  const end = load(t, site.supd.dir, site.url);
  const answer = await site.supd.told('restart', '--rolling', 'web*', '--reason', 'new release');
  const told = await end();
  t.equal(answer.status, 0, answer.stderr);
  const phases = ['draining', 'stopping', 'starting', 'warming up', 'joining', 'restarted'];
  for (const name of site.names) {
    const lines = answer.stdout.split('\n').filter((line) => line.startsWith(`${name}: `));
    const seen = lines.map((line) => line.slice(name.length + 2));
    t.same(
      seen.filter((one) => !phases.includes(one)),
      [],
    );
    t.ok(seen.includes('draining') && seen.at(-1) === 'restarted', seen.join(', '));
  }
  t.ok(told.requests > 100, `${told.requests} requests`);
  t.same(told.failures, {});
  const after = await pids(site);
  t.ok(
    after.every((pid, at) => pid > 0 && pid !== before[at]),
    'each one is new',
  );
  for (const name of site.names) t.match(await stateOf(site.supd, name), /^UP/);
  for (const { restarts } of await site.supd.status()) t.equal(restarts, 0, 'they were asked for');
  await site.supd.logs(/rolling restart web\* asked for by uid \d+ .*: new release/);
  await site.supd.logs('rolling restart: 3 restarted');
  t.match(await site.supd.told('why', 'web1'), {
    stdout: /^Asked for last: rolling restart at .*: new release\.$/m,
  });
});

test('a plain restart, stop and start drain too', async (t) => {
  const site = await openSite(t, 2);
  if (!site) return;
  const end = load(t, site.supd.dir, site.url);
  t.match(await site.supd.told('restart', 'web1'), { status: 0, stdout: 'web1: stopped\nweb1: started\n' });
  await haproxySays(site.supd, 'web1', /^UP/);
  t.match(await site.supd.told('stop', 'web2'), { status: 0 });
  t.equal(await stateOf(site.supd, 'web2'), 'MAINT');
  t.match(await site.supd.told('start', 'web2'), { status: 0 });
  await haproxySays(site.supd, 'web2', /^UP/);
  t.same((await end()).failures, {});
});

test('the first that fails ends it: no visitor is sent to it, the rest is left and named', async (t) => {
  const site = await openSite(t, 3, { warmup_timeout: 3 });
  if (!site) return;
  const { supd } = site;
  const [, , last] = await pids(site);
  const end = load(t, site.supd.dir, site.url);
  writeFileSync(`${supd.dir}/web2.cold`, '');
  const answer = await supd.told('restart', '--rolling', 'web1', 'web2', 'web3');
  t.equal(answer.status, 1);
  t.match(answer.stdout, /^web1: restarted$/m);
  t.match(
    answer.stdout,
    /^web2: ERROR \(not warm within 3 s \(warmup_timeout\): http:\/\/\S+\/warm: status 503 instead of 200 to 399\)$/m,
  );
  t.match(answer.stdout, /^web3: left as it was$/m);
  t.same((await end()).failures, {});
  t.equal(await stateOf(supd, 'web2'), 'MAINT');
  t.match(await supd.status(), [{}, { state: 'RUNNING' }, { state: 'RUNNING' }, { pid: last }]);
  t.match(await supd.told('status', 'web2'), {
    stdout: /^web2 +RUNNING +pid \d+, uptime [\d:]+, without visitors: not warm within 3 s/,
  });
  await supd.logs(/rolling restart ended at web2 \(not warm .*\): 1 restarted; left as they were: web3/);
  rmSync(`${supd.dir}/web2.cold`);
  t.equal((await supd.told('restart', '--rolling', 'web*')).status, 0, 'once it is mended, it goes through');
  t.match(await stateOf(supd, 'web2'), /^UP/);
});

test('the last that is UP is not drained', async (t) => {
  const site = await openSite(t, 2);
  if (!site) return;
  const { supd } = site;
  await supd.told('stop', 'web2');
  const answer = await supd.told('restart', '--rolling', 'web1');
  t.equal(answer.status, 1);
  t.match(answer.stdout, 'web1: ERROR (no other server of web is UP (web2 is MAINT))\n');
  t.match(await stateOf(supd, 'web1'), /^UP/, 'it was not touched');
  t.equal((await supd.told('restart', 'web1')).status, 0, 'who asks for no more than a restart gets it');
  await supd.logs(/web1: not drained: no other server of web is UP \(web2 is MAINT\)/);
});

test('one that is not well is drained too before it is restarted: no visitor is cut off', async (t) => {
  const site = await openSite(t, 2, {
    health: 'exec:/usr/bin/test ! -e %(here)s/%(program_name)s.sick',
    health_interval: 1,
    health_retries: 2,
  });
  if (!site) return;
  const { supd } = site;
  const [first] = await pids(site);
  const end = load(t, supd.dir, site.url);
  writeFileSync(`${supd.dir}/web1.sick`, '');
  await supd.logs(/web1 is unhealthy/);
  await haproxySays(supd, 'web1', /^MAINT/);
  rmSync(`${supd.dir}/web1.sick`);
  await until('another web1', async () => {
    const { pid, health } = await supd.client.getProcess({ name: 'web1' });
    return pid !== first && health === 'healthy';
  });
  await haproxySays(supd, 'web1', /^UP/);
  const told = await end();
  t.ok(told.requests > 50, `${told.requests} requests`);
  t.same(told.failures, {});
});

test('those that take more than twice their max_memory are drained too, one at a time, whatever the hour', async (t) => {
  // A node takes some 40 MB.
  const quiet = (new Date().getHours() + 12) % 24;
  const site = await openSite(t, 2, { max_memory: '10MB', quiet_hours: `${quiet}:00-${quiet}:01` });
  if (!site) return;
  const { supd } = site;
  const end = load(t, supd.dir, site.url);
  for (const name of site.names) {
    await supd.logs(new RegExp(`${name}: \\d+ MB over max_memory=10 MB in 3 looks; supd restarts it`));
    await until(`another ${name}`, async () => {
      const { state, restarts } = await supd.client.getProcess({ name });
      return state === 'RUNNING' && restarts === 1;
    });
    await haproxySays(supd, name, /^UP/);
  }
  const told = await end();
  t.ok(told.requests > 50, `${told.requests} requests`);
  t.same(told.failures, {});
  await supd.logs(/restart for memory: 1 restarted\n[\s\S]*restart for memory: 1 restarted/);
});

test('without HAProxy a stop goes on and says so; a rolling restart does nothing', async (t) => {
  const site = await openSite(t, 2);
  if (!site) return;
  const { supd } = site;
  const before = await pids(site);
  await supd.told('stop', 'haproxy');
  const answer = await supd.told('restart', '--rolling', 'web*');
  t.match(answer, {
    status: 1,
    stdout: /^web1: ERROR \(.*haproxy.sock: (?:connection refused|there is no such socket)\)$/m,
  });
  t.same(await pids(site), before);
  t.match(await supd.told('restart', 'web1'), { status: 0 });
  await supd.logs(
    /web1: not drained: .*haproxy.sock: (?:connection refused|there is no such socket); it is stopped all the same/,
  );
});

test('it goes on without its client; status and why tell of it, a second one is refused, --cancel ends it', async (t) => {
  const site = await openSite(t, 3);
  if (!site) return;
  const { supd } = site;
  const [, , last] = await pids(site);
  writeFileSync(`${supd.dir}/web1.cold`, '');
  t.match(await supd.told('restart', '--rolling', 'web*', '--no-wait'), {
    status: 0,
    stdout: 'web*: rolling restart begun\n',
  });
  await until('web1 to be warmed up', async () => {
    const { rolling } = await supd.client.getProcess({ name: 'web1' });
    return rolling === 'warming';
  });
  t.match(await supd.told('status'), {
    stderr:
      /^supctl: a rolling restart is under way: web1 is warming up; to come: web2, web3 \(supctl -c \S+\/supd.conf restart --cancel ends it\)$/m,
  });
  t.match(await supd.told('why', 'web2'), {
    stdout: /^A rolling restart is under way, and it is waiting for web1\.$/m,
  });
  t.match(await supd.told('restart', '--rolling', 'web3'), {
    status: 1,
    stdout:
      /a rolling restart of web1, web2, web3 is under way, asked for by uid \d+ .*; wait for its end, or end it \(restart --cancel\)/,
  });
  t.match(await supd.told('restart', '--cancel'), {
    status: 0,
    stdout: 'finishing: web1\nleft as they are: web2, web3\n',
  });
  rmSync(`${supd.dir}/web1.cold`);
  await supd.logs('rolling restart was cancelled: 1 restarted; left as they were: web2, web3');
  t.equal((await supd.client.getProcess({ name: 'web3' })).pid, last);
  t.match(await supd.told('restart', '--cancel'), { stdout: /no rolling restart is under way/ });
});

test('an upgrade in the middle of it: the one that was begun gets its visitors back, the rest is left and named', async (t) => {
  const site = await openSite(t, 3);
  if (!site) return;
  const { supd } = site;
  const [first, second, third] = await pids(site);
  writeFileSync(`${supd.dir}/web1.cold`, '');
  const roll = supd.told('restart', '--rolling', 'web*');
  await haproxySays(supd, 'web1', /^MAINT/);
  await until('web1 to be warmed up', async () => {
    return (await supd.client.getProcess({ name: 'web1' })).rolling === 'warming';
  });
  t.match(await supd.told('upgrade'), { status: 0 });
  t.match(await roll, {
    status: 1,
    stderr: /^supctl: the rolling restart ends with this supd: what was begun comes to its end/,
  });
  rmSync(`${supd.dir}/web1.cold`);
  await supd.logs(
    /rolling restart was interrupted: 0 restarted; goes on by itself: web1; left as they were: web2, web3/,
  );
  await haproxySays(supd, 'web1', /^UP/);
  t.equal((await supd.state('web1', 'RUNNING')).pid === first, false);
  t.same((await pids(site)).slice(1), [second, third]);
  t.equal((await supd.told('restart', '--rolling', 'web*')).status, 0);
});

test('calls of a rolling restart that are wrong, or come twice, restart nobody and say why', async (t) => {
  const supd = await startSupd(t, ['a', 'b'].map((name) => program(name, 'waits')).join(''));
  for (const name of ['a', 'b']) await supd.state(name, 'RUNNING');
  const before = await supd.status();
  for (const bad of ['0', '-1', 'x', '1.5', ''])
    t.match(await supd.told('restart', '--rolling', 'all', '--max-unavailable', bad), {
      status: 1,
      stdout: /--max-unavailable ".*" can't be; right is 1 or more/,
    });
  t.match(await supd.told('restart', '--rolling'), { status: 1 });
  t.match(await supd.told('restart', '--rolling', 'nogroup:*'), {
    status: 1,
    stdout: /nothing was restarted/,
  });
  await t.rejects(all(supd.client.rollProcesses({ targets: [], maxUnavailable: 1 })), {
    code: 'BAD_ARGUMENT',
    field: 'targets',
  });
  await t.rejects(all(supd.client.rollProcesses({ targets: ['a'], maxUnavailable: -1 })), {
    code: 'BAD_ARGUMENT',
    field: 'max_unavailable',
  });
  t.same(
    (await supd.status()).map(({ pid }) => pid),
    before.map(({ pid }) => pid),
  );
  const { status, stdout } = await supd.told(
    'restart',
    '--rolling',
    'all',
    '--json',
    '--max-unavailable',
    '2',
  );
  t.equal(status, 0);
  const lines = stdout
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line) as { name: string; phase: string });
  t.same(
    lines.filter(({ phase }) => phase === 'restarted').map(({ name }) => name),
    ['a', 'b'],
  );
});

test('a group is named by its name: all of it is restarted, and nobody else', async (t) => {
  const copies = { numprocs: 2, process_name: 'w%(process_num)d' };
  const supd = await startSupd(t, program('w', 'waits', copies) + program('other', 'waits'));
  const { pid } = await supd.state('other', 'RUNNING');
  await supd.state('w:w1', 'RUNNING');
  const { status, stdout } = await supd.told('restart', '--rolling', 'w');
  t.equal(status, 0);
  t.match(stdout, /^w:w0: restarted\n(.*\n)*w:w1: restarted\n$/m);
  t.equal((await supd.state('other', 'RUNNING')).pid, pid);
});

test('a client that goes away in the middle, and the next one hears that it goes on', async (t) => {
  const SLOW = `sh -c 'trap "until test -e %(here)s/go; do sleep 0.05; done; exit" TERM; echo up; while :; do sleep 0.05; done'`;
  const supd = await startSupd(t, program('a', SLOW, { stopwaitsecs: 120 }) + program('b', 'waits'));
  for (const name of ['a', 'b']) await supd.state(name, 'RUNNING');
  await supd.says('a', 'up');
  const { pid } = await supd.client.getProcess({ name: 'b' });
  const abort = new AbortController();
  const gone = all(
    supd.client.rollProcesses({ targets: ['all'], maxUnavailable: 1 }, { signal: abort.signal }),
  );
  await supd.state('a', 'STOPPING');
  abort.abort();
  await t.rejects(gone);
  t.match(await supd.told('restart', '--rolling', 'b'), {
    status: 1,
    stdout: /a rolling restart of a, b is under way, asked for by uid \d+/,
  });
  writeFileSync(`${supd.dir}/go`, '');
  await until(
    'b to have been restarted',
    async () => (await supd.client.getProcess({ name: 'b' })).pid !== pid,
  );
  await supd.logs(/rolling restart/);
});

async function all<T>(from: AsyncIterable<T>): Promise<readonly T[]> {
  const found: T[] = [];
  for await (const one of from) found.push(one);
  return found;
}

test('a name that is nobody’s restarts nobody', async (t) => {
  const supd = await startSupd(t, program('web', 'waits'));
  const { pid } = await supd.state('web', 'RUNNING');
  const answer = await supd.told('restart', '--rolling', 'web', 'wbe');
  t.match(answer, { status: 1, stdout: /nothing was restarted: no process is named "wbe"/ });
  t.equal((await supd.client.getProcess({ name: 'web' })).pid, pid);
});

test('what a job holds has its turn after the job', async (t) => {
  const site = await openSite(t, 2);
  if (!site) return;
  const { supd } = site;
  await supd.told('job', 'run', 'backup', '--no-wait');
  const rolled = supd.told('restart', '--rolling', 'web*');
  await until('web2 to wait for the job', async () => {
    const { stdout } = await supd.told('why', 'web2');
    return / and it is waiting for backup \(run \S+\), which holds web2:web2\.$/m.test(stdout);
  });
  writeFileSync(`${supd.dir}/go`, '');
  t.match(await rolled, {
    status: 0,
    stdout: /^web2: waits for backup \(run \S+\), which holds web2:web2$/m,
  });
});

test('when supd is killed, the one that was drained is made ready, and the rest is left', async (t) => {
  const site = await openSite(t, 3);
  if (!site) return;
  const { supd } = site;
  const [first, second] = await pids(site);
  writeFileSync(`${supd.dir}/web1.cold`, '');
  await supd.told('restart', '--rolling', 'web*', '--no-wait');
  await haproxySays(supd, 'web1', /^MAINT/);
  await supd.ended('SIGKILL');
  rmSync(`${supd.dir}/web1.cold`);
  const next = await startIn(t, supd);
  await next.state('web1', 'RUNNING');
  await haproxySays(next, 'web1', /^UP/);
  const after = await pids({ ...site, supd: next });
  t.not(after[0], first);
  t.equal(after[1], second);
  await next.logs(
    /rolling restart was interrupted: 0 restarted; goes on by itself: web1; left as they were: web2, web3/,
  );
  t.equal((await next.told('restart', '--rolling', 'web*')).status, 0);
});

test('pre_stop and post_start run as the program does; one that fails is told, and fails a rolling restart', async (t) => {
  const text = program('web', 'waits', {
    pre_stop: `sh -c 'echo out $SUPERVISOR_PROCESS_NAME >>%(here)s/told'`,
    post_start: `sh -c 'echo in >>%(here)s/told; test ! -e %(here)s/bad || { echo "the cache says no" >&2; exit 1; }'`,
  });
  const supd = await startSupd(t, text);
  await until('post_start', () => existsSync(`${supd.dir}/told`));
  t.equal((await supd.told('restart', '--rolling', 'web')).status, 0);
  t.equal(supd.read('told'), 'in\nout web\nin\n');
  writeFileSync(`${supd.dir}/bad`, '');
  t.match(await supd.told('restart', '--rolling', 'web'), {
    status: 1,
    stdout: /^web: ERROR \(post_start: exit status 1: the cache says no\)$/m,
  });
  t.match(await supd.told('why', 'web'), {
    stdout: /^Its rolling restart failed, .*: post_start: exit status 1: the cache says no\.$/m,
  });
  t.equal((await supd.told('restart', 'web')).status, 0);
  await supd.logs(/web: post_start: exit status 1: the cache says no/);
});

test('a pre_stop that fails ends a rolling restart before anybody is stopped; a stop by hand comes all the same', async (t) => {
  const text = ['a', 'b'].map((name) =>
    program(name, 'waits', {
      pre_stop: `sh -c 'test ! -e %(here)s/bad || { echo "the cache says no" >&2; exit 4; }'`,
      post_start: `sh -c 'echo in $SUPERVISOR_PROCESS_NAME >>%(here)s/told'`,
    }),
  );
  const supd = await startSupd(t, text.join(''));
  await until('post_start of both', () => /in a\n[\s\S]*in b\n|in b\n[\s\S]*in a\n/.test(supd.read('told')));
  const pids = [(await supd.state('a', 'RUNNING')).pid, (await supd.state('b', 'RUNNING')).pid];
  writeFileSync(`${supd.dir}/bad`, '');
  t.match(await supd.told('restart', '--rolling', 'all'), {
    status: 1,
    stdout:
      /^a: ERROR \(pre_stop: exit status 4: the cache says no; it runs on as it was\)$[\s\S]*^b: left as it was$/m,
  });
  await until('its visitors to be back', () => supd.read('told').split('in a\n').length === 3);
  await supd.logs(/WARN a goes on: its rolling restart ended before its stop/);
  t.same([(await supd.state('a', 'RUNNING')).pid, (await supd.state('b', 'RUNNING')).pid], pids);
  t.equal((await supd.told('stop', 'a')).status, 0);
  await supd.logs(/a: pre_stop: exit status 4: the cache says no; it is stopped all the same/);
});

test('a program that cannot start ends it, and nothing of the rest is touched', async (t) => {
  const ids = ['a', 'b'].map((name) => program(name, 'waits', { startsecs: 1 })).join('');
  const supd = await startSupd(t, ids);
  await supd.state('a', 'RUNNING');
  const { pid } = await supd.state('b', 'RUNNING');
  rmSync(`${supd.dir}/bin/waits`);
  const answer = await supd.told('restart', '--rolling', 'all');
  t.match(answer, { status: 1, stdout: /^a: ERROR \(.*\)$[\s\S]*^b: left as it was$/m });
  t.equal((await supd.client.getProcess({ name: 'b' })).pid, pid);
  await supd.told('shutdown');
  await supd.ended();
});
