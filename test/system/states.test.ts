import { existsSync, writeFileSync } from 'node:fs';
import tap, { test } from 'tap';
import { program } from '../helpers/place.js';
import { isAlive } from '../helpers/proc.js';
import { startSupd } from '../helpers/start-supd.js';
import { until } from '../helpers/until.js';

tap.jobs = 4;
tap.setTimeout(180_000);

test('a program is STARTING until it has stayed up for startsecs, then RUNNING', async (t) => {
  const supd = await startSupd(
    t,
    program('a', 'waits', { startsecs: 1 }) + program('b', 'waits', { startsecs: 3600 }),
  );
  const running = await supd.state('a', 'RUNNING');
  t.ok(running.uptimeMs >= 1000, `up for ${running.uptimeMs} ms`);
  t.match(running.description, /^pid \d+, uptime 0:00:\d\d$/);
  t.ok(isAlive(running.pid));
  const starting = await supd.state('b', 'STARTING');
  t.ok(isAlive(starting.pid));
  t.equal(starting.description, '');
  t.match(await supd.told('stop', 'b'), { status: 0, stdout: 'b: stopped\n' });
  t.notOk(isAlive(starting.pid));
});

test('with startsecs=0 any exit is an exit, never a failed start', async (t) => {
  const supd = await startSupd(t, program('a', 'exits-after 0 0', { startsecs: 0 }));
  const exited = await supd.state('a', 'EXITED');
  t.equal(exited.exitStatus, 0);
  t.match(
    supd.read('supd.log'),
    /success: a entered RUNNING state.*\n.*exited: a \(exit status 0; expected\)/,
  );
});

test('a program that ends too early is tried again, then is FATAL', async (t) => {
  const supd = await startSupd(t, program('a', 'exits-after 0 0', { startsecs: 60, startretries: 1 }));
  const fatal = await supd.state('a', 'FATAL');
  t.equal(fatal.description, 'Exited too quickly (process log may have details)');
  t.equal(fatal.pid, 0);
  const log = supd.read('supd.log');
  t.equal(log.match(/spawned: 'a'/g)?.length, 2, 'one start and one retry');
  t.equal(log.match(/WARN exited: a \(exit status 0; not expected\)/g)?.length, 2);
  t.match(log, /gave up: a entered FATAL state, too many start retries too quickly/);
});

test('with restart_delay a program that ends again and again rests longer each time and is not given up', async (t) => {
  const restless = {
    startsecs: 0,
    startretries: 0,
    autorestart: 'true',
    restart_delay: 1,
    restart_delay_max: 2,
  };
  const supd = await startSupd(t, program('a', 'exits-after 0 7', restless));
  await until('the third try', () => (supd.read('supd.log').match(/spawned: 'a'/g)?.length ?? 0) >= 3);
  const resting = await supd.state('a', 'BACKOFF');
  t.equal(resting.description, 'Bad exit code 7');
  t.notMatch(supd.read('supd.log'), /gave up/);
  t.match((await supd.told('why', 'a')).stdout, /try \d+ in /);
  t.match(await supd.told('stop', 'a'), { status: 0, stdout: 'a: stopped\n' });
});

test('startretries=0 is one attempt', async (t) => {
  const supd = await startSupd(t, program('a', 'exits-after 0 7', { startsecs: 60, startretries: 0 }));
  const fatal = await supd.state('a', 'FATAL');
  t.equal(fatal.exitStatus, 7);
  t.equal(supd.read('supd.log').match(/spawned: 'a'/g)?.length, 1);
});

test('a program in BACKOFF that can start after all recovers', async (t) => {
  const patient = { startsecs: 1, startretries: 100 };
  const supd = await startSupd(t, program('a', 'fails-until %(here)s/go', patient));
  const waiting = await supd.state('a', 'BACKOFF');
  t.equal(waiting.pid, 0);
  t.equal(waiting.spawnError, 'Exited too quickly (process log may have details)');
  writeFileSync(`${supd.dir}/go`, '');
  t.ok(isAlive((await supd.state('a', 'RUNNING')).pid));
});

test('a stop in BACKOFF ends the tries, and the next start counts anew', async (t) => {
  const failing = { startsecs: 60, startretries: 5, autostart: false };
  const supd = await startSupd(t, program('a', 'exits-after 0 1', failing));
  const tries: string[] = [];
  const over = new AbortController();
  const watching = (async () => {
    for await (const seen of supd.client.watchEvents({}, { signal: over.signal }))
      if (seen.kind === 'event' && seen.event.type === 'PROCESS_STATE_BACKOFF')
        tries.push(seen.event.details.tries ?? '');
  })().catch(() => {});
  t.match(await supd.told('start', 'a'), { status: 7, stdout: 'a: ERROR (spawn error)\n' });
  await until('a retry', () => tries.includes('2'));
  t.match(await supd.told('stop', 'a'), { status: 0, stdout: 'a: stopped\n' });
  t.equal((await supd.state('a', 'STOPPED')).pid, 0);
  t.match(await supd.told('start', 'a'), { status: 7, stdout: 'a: ERROR (spawn error)\n' });
  await until('a first failure again', () => tries.lastIndexOf('1') > 0);
  over.abort();
  await watching;
});

test('autorestart decides by the exit status what becomes of a program', async (t) => {
  const supd = await startSupd(
    t,
    program('always', 'exits-after 1 0', { autorestart: true }) +
      program('never', 'exits-after 0 3', { autorestart: false }) +
      program('expected', 'exits-after 0 4', { autorestart: 'unexpected', exitcodes: '0,4' }) +
      program('surprise', 'exits-after 1 5', { autorestart: 'unexpected', exitcodes: '0,4' }),
  );
  t.equal((await supd.state('never', 'EXITED')).exitStatus, 3);
  t.equal((await supd.state('expected', 'EXITED')).exitStatus, 4);
  for (const name of ['always', 'surprise']) {
    const { pid } = await supd.state(name, 'RUNNING');
    await until(`${name} to be started again`, async () => {
      const now = await supd.state(name, 'RUNNING');
      return now.pid !== pid && now.restarts > 0;
    });
  }
  const log = supd.read('supd.log');
  t.match(log, /INFO exited: always \(exit status 0; expected\)/);
  t.match(log, /WARN exited: never \(exit status 3; not expected\)/);
  t.match(log, /INFO exited: expected \(exit status 4; expected\)/);
  t.match(log, /WARN exited: surprise \(exit status 5; not expected\)/);
  t.equal(log.match(/spawned: 'never'/g)?.length, 1);
  t.equal(log.match(/spawned: 'expected'/g)?.length, 1);
});

test('a program killed with SIGKILL comes back with another pid', async (t) => {
  const supd = await startSupd(t, program('a', 'waits', { exitcodes: '0,9,137' }));
  const { pid } = await supd.state('a', 'RUNNING');
  process.kill(pid, 'SIGKILL');
  const again = await until('another pid', async () => {
    const now = await supd.state('a', 'RUNNING');
    return now.pid !== pid && now;
  });
  t.equal(again.restarts, 1);
  t.match(supd.read('supd.log'), /WARN exited: a \(terminated by SIGKILL; not expected\)/);
});

test('what a crashed program has left behind is gone before it starts again', async (t) => {
  const supd = await startSupd(t, program('a', 'forks-a-child', { autorestart: true }));
  const child = Number(/child (\d+)/.exec(await supd.says('a', /child \d+\n/))?.[1]);
  const { pid } = await supd.state('a', 'RUNNING');
  process.kill(pid, 'SIGKILL');
  await supd.says('a', /child \d+\n.*child \d+\n/s);
  t.notOk(isAlive(child), 'the first one’s child');
});

test('autostart=false waits for a start', async (t) => {
  const supd = await startSupd(t, program('a', 'waits', { autostart: false }));
  t.match(await supd.told('status'), { status: 3, stdout: /^a +STOPPED +Not started\n$/ });
  t.match(await supd.told('start', 'a'), { status: 0, stdout: 'a: started\n' });
  t.match(await supd.told('start', 'a'), { status: 0, stdout: 'a: ERROR (already started)\n' });
  t.ok(isAlive((await supd.state('a', 'RUNNING')).pid));
});

test('a restart gives a new process that is up when supctl answers', async (t) => {
  const supd = await startSupd(t, program('a', 'waits', { startsecs: 1 }));
  const { pid } = await supd.state('a', 'RUNNING');
  t.match(await supd.told('restart', 'a'), { status: 0, stdout: 'a: stopped\na: started\n' });
  const [again] = await supd.status();
  t.equal(again?.state, 'RUNNING');
  t.not(again?.pid, pid);
  t.notOk(existsSync(`/proc/${pid}`));
});

test('the last request wins: a start during a slow stop starts it again', async (t) => {
  const supd = await startSupd(t, program('a', 'ends-once %(here)s/go', { stopwaitsecs: 60 }));
  await supd.says('a', 'ready');
  const { pid } = await supd.state('a', 'RUNNING');
  const stopping = supd.told('stop', 'a');
  await supd.state('a', 'STOPPING');
  const starting = supd.told('start', 'a');
  await supd.logs('start a asked for');
  writeFileSync(`${supd.dir}/go`, '');
  t.match(await stopping, { status: 0, stdout: 'a: stopped\n' });
  t.match(await starting, { status: 0, stdout: 'a: started\n' });
  t.not((await supd.state('a', 'RUNNING')).pid, pid);
  t.notOk(isAlive(pid));
});

test('the last request wins: a stop cancels a start that waits for an earlier stop', async (t) => {
  const supd = await startSupd(t, program('a', 'ends-once %(here)s/go', { stopwaitsecs: 60 }));
  await supd.says('a', 'ready');
  const first = supd.told('stop', 'a');
  await supd.state('a', 'STOPPING');
  const starting = supd.told('start', 'a');
  await supd.logs('start a asked for');
  const second = supd.told('stop', 'a');
  await supd.logs(/(stop a asked for.*){2}/s);
  writeFileSync(`${supd.dir}/go`, '');
  t.match(await first, { status: 0, stdout: 'a: stopped\n' });
  t.match(await second, { status: 0, stdout: 'a: stopped\n' });
  t.match(await starting, { status: 7, stdout: 'a: ERROR (abnormal termination)\n' });
  t.equal((await supd.state('a', 'STOPPED')).pid, 0);
  t.equal(supd.read('supd.log').match(/spawned: 'a'/g)?.length, 1);
});
