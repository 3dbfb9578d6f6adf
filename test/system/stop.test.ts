import { writeFileSync } from 'node:fs';
import tap, { test } from 'tap';
import { program, section } from '../helpers/place.js';
import { familyOf, isAlive, processesNaming } from '../helpers/proc.js';
import { type Supd, startSupd } from '../helpers/start-supd.js';

tap.jobs = 4;
tap.setTimeout(180_000);

/** The pid that a fixture told of its child. */
async function childOf(supd: Supd, name: string): Promise<number> {
  return Number(/child (\d+)/.exec(await supd.says(name, /child \d+\n/))?.[1]);
}

test('after a stop has answered nothing of the program is alive', async (t) => {
  const supd = await startSupd(t, program('a', 'forks-a-child'));
  const child = await childOf(supd, 'a');
  const { pid } = await supd.state('a', 'RUNNING');
  t.match(await supd.told('stop', 'a'), { status: 0, stdout: 'a: stopped\n' });
  t.notOk(isAlive(child));
  t.notOk(isAlive(pid));
});

test('a stop takes what has left the process group by a double fork and a session of its own', async (t) => {
  const supd = await startSupd(t, program('a', 'setsid-child'));
  const child = await childOf(supd, 'a');
  const { pid } = await supd.state('a', 'RUNNING');
  t.not(familyOf(child).pgid, pid);
  t.not(familyOf(child).ppid, pid);
  t.match(await supd.told('stop', 'a'), { status: 0, stdout: 'a: stopped\n' });
  t.notOk(isAlive(child));
});

test('a stop takes even what was started in a session of its own without any environment', async (t) => {
  const supd = await startSupd(t, program('a', 'scrubbed-child') + program('b', 'scrubbed-child'));
  const [a, b] = [await childOf(supd, 'a'), await childOf(supd, 'b')];
  t.match(await supd.told('stop', 'a'), { status: 0, stdout: 'a: stopped\n' });
  t.notOk(isAlive(a));
  t.ok(isAlive(b));
  await supd.ended('SIGTERM');
  t.notOk(isAlive(b));
});

test('a grandchild that ignores SIGTERM is killed', async (t) => {
  const supd = await startSupd(t, program('a', 'stubborn-child', { stopwaitsecs: 1 }));
  const child = await childOf(supd, 'a');
  await supd.state('a', 'RUNNING');
  t.match(await supd.told('stop', 'a'), { status: 0, stdout: 'a: stopped\n' });
  t.notOk(isAlive(child));
});

test('the setsid grandchildren of one program survive the stop of another', async (t) => {
  const supd = await startSupd(t, program('a', 'setsid-child') + program('b', 'setsid-child'));
  const [a, b] = [await childOf(supd, 'a'), await childOf(supd, 'b')];
  await supd.told('stop', 'a');
  t.notOk(isAlive(a));
  t.ok(isAlive(b));
  t.equal((await supd.state('b', 'RUNNING')).state, 'RUNNING');
});

test('what ignores stopsignal is killed after stopwaitsecs', async (t) => {
  const supd = await startSupd(t, program('a', 'ignores-sigterm', { stopwaitsecs: 1 }));
  await supd.says('a', 'ready');
  const { pid } = await supd.state('a', 'RUNNING');
  const begin = performance.now();
  t.match(await supd.told('stop', 'a'), { status: 0, stdout: 'a: stopped\n' });
  t.ok(performance.now() - begin >= 1000);
  t.notOk(isAlive(pid));
  t.match(supd.read('a.out'), 'asked to end');
  t.match(supd.read('supd.log'), /WARN killing 'a' \(\d+\) with SIGKILL/);
  t.match(supd.read('supd.log'), /WARN stopped: a \(terminated by SIGKILL\)/);
  t.equal((await supd.state('a', 'STOPPED')).exitSignal, 'SIGKILL');
});

test('stopsignal is what the program gets', async (t) => {
  const ends = (signal: string) => `ends-with ${signal} %(here)s/ended ${signal}`;
  const supd = await startSupd(
    t,
    program('a', ends('USR1'), { stopsignal: 'USR1' }) + program('b', ends('INT'), { stopsignal: 'SIGINT' }),
  );
  await supd.says('a', 'ready');
  await supd.says('b', 'ready');
  t.match(await supd.told('stop', 'a'), { status: 0 });
  t.equal(supd.read('ended'), 'USR1\n');
  t.match(await supd.told('stop', 'b'), { status: 0 });
  t.equal(supd.read('ended'), 'USR1\nINT\n');
});

test('stopsignal goes to the program alone, or with stopasgroup to its children too', async (t) => {
  const command = (name: string) => `ends-with-child USR1 %(here)s/${name}.ended`;
  const common = { stopsignal: 'USR1', stopwaitsecs: 1 };
  const supd = await startSupd(
    t,
    program('alone', command('alone'), common) +
      program('all', command('all'), { ...common, stopasgroup: true }),
  );
  for (const name of ['alone', 'all']) await supd.says(name, /child ready.*ready|ready.*child ready/s);
  t.match(await supd.told('stop', 'alone', 'all'), { status: 0 });
  t.equal(supd.read('alone.ended'), '');
  t.equal(supd.read('all.ended'), 'child\nparent\n');
  t.equal(
    supd
      .read('supd.log')
      .match(/WARN killing '(\w+)'/g)
      ?.join(),
    "WARN killing 'alone'",
  );
});

test('with killasgroup SIGKILL takes the children at once, without asking them', async (t) => {
  const command = `sh -c '%(here)s/bin/ignores-sigterm & exec %(here)s/bin/ignores-sigterm'`;
  const supd = await startSupd(t, program('a', command, { stopwaitsecs: 1, killasgroup: true }));
  await supd.says('a', /ready.*ready/s);
  t.match(await supd.told('stop', 'a'), { status: 0 });
  t.equal(supd.read('a.out').match(/asked to end/g)?.length, 1);
});

test('stop all ends by descending priority, each only when the one before is gone', async (t) => {
  const ends = (name: string, priority: number) =>
    program(name, `ends-with TERM %(here)s/ended ${name}`, { priority });
  const supd = await startSupd(t, ends('last', 1) + ends('middle', 10) + ends('first', 20));
  for (const name of ['last', 'middle', 'first']) await supd.says(name, 'ready');
  t.match(await supd.told('stop', 'all'), { status: 0 });
  t.equal(supd.read('ended'), 'first\nmiddle\nlast\n');
});

test('SIGTERM ends everything in reverse order, then the daemon with status 0', async (t) => {
  const ends = (name: string, more = {}) => program(name, `ends-with TERM %(here)s/ended ${name}`, more);
  const supd = await startSupd(
    t,
    ends('a1', { priority: 1 }) +
      ends('a2', { priority: 2 }) +
      ends('b1', { priority: 5 }) +
      ends('alone', { priority: 50 }) +
      section('group:a', { programs: 'a1,a2', priority: 100 }) +
      section('group:b', { programs: 'b1', priority: 10 }),
  );
  for (const name of ['a1', 'a2', 'b1', 'alone']) await supd.says(name, 'ready');
  t.same(await supd.ended('SIGTERM'), { code: 0, signal: null });
  t.equal(supd.read('ended'), 'a2\na1\nalone\nb1\n');
  t.equal(supd.read('supd.pid'), '', 'the pidfile is removed');
  t.same(processesNaming(supd.dir), []);
});

test('a slow program holds up only those that started before it', async (t) => {
  const supd = await startSupd(
    t,
    program('late', 'ends-with TERM %(here)s/ended late', { priority: 20 }) +
      program('slow', 'ends-once %(here)s/go', { priority: 10, stopwaitsecs: 60 }) +
      program('early', 'ends-with TERM %(here)s/ended early', { priority: 1 }),
  );
  for (const name of ['late', 'slow', 'early']) await supd.says(name, 'ready');
  const end = supd.ended('SIGTERM');
  await supd.says('slow', 'asked to end');
  t.equal(supd.read('ended'), 'late\n');
  t.equal((await supd.state('early', 'RUNNING')).state, 'RUNNING');
  writeFileSync(`${supd.dir}/go`, '');
  t.same(await end, { code: 0, signal: null });
  t.equal(supd.read('ended'), 'late\nearly\n');
});

test('supctl shutdown answers at once and leaves nothing', async (t) => {
  const supd = await startSupd(t, program('a', 'setsid-child') + program('b', 'forks-a-child'));
  await childOf(supd, 'a');
  await childOf(supd, 'b');
  t.match(await supd.told('shutdown'), { status: 0, stdout: 'Shut down\n' });
  t.same(await supd.ended(), { code: 0, signal: null });
  t.same(processesNaming(supd.dir), []);
  t.match(await supd.told('status'), { status: 4 });
});

test('nothing is started again while supd ends', async (t) => {
  const supd = await startSupd(
    t,
    program('crashes', `sh -c 'until test -e %(here)s/crash; do sleep 0.05; done; exit 1'`, {
      autorestart: true,
      priority: 1,
    }) + program('slow', 'ends-once %(here)s/go', { stopwaitsecs: 60, priority: 100 }),
  );
  await supd.says('slow', 'ready');
  await supd.state('crashes', 'RUNNING');
  const end = supd.ended('SIGTERM');
  await supd.says('slow', 'asked to end');
  writeFileSync(`${supd.dir}/crash`, '');
  await supd.state('crashes', 'EXITED');
  writeFileSync(`${supd.dir}/go`, '');
  t.same(await end, { code: 0, signal: null });
  const log = supd.read('supd.log');
  t.notMatch(log.slice(log.indexOf('received SIGTERM')), 'spawned');
});

test('a second SIGTERM changes nothing, and a start is refused while supd ends', async (t) => {
  const supd = await startSupd(
    t,
    program('slow', 'ends-once %(here)s/go', { stopwaitsecs: 60 }) +
      program('other', 'waits', { autostart: false }),
  );
  await supd.says('slow', 'ready');
  const end = supd.ended('SIGTERM');
  await supd.state('slow', 'STOPPING');
  supd.child.kill('SIGTERM');
  await supd.logs(/(received SIGTERM.*){2}/s);
  const refused = await supd.told('start', 'other');
  t.equal(refused.status, 1);
  t.match(`${refused.stdout}${refused.stderr}`, /shutting down/i);
  writeFileSync(`${supd.dir}/go`, '');
  t.same(await end, { code: 0, signal: null });
});

test('start goes by ascending priority', async (t) => {
  const says = (name: string, priority: number) =>
    program(name, `sh -c 'echo ${name} >>%(here)s/began; exec sleep 1000'`, { priority });
  const supd = await startSupd(t, says('c', 30) + says('a', 10) + says('b', 20));
  for (const name of ['a', 'b', 'c']) await supd.state(name, 'RUNNING');
  const spawned = [...supd.read('supd.log').matchAll(/spawned: '(\w+)'/g)].map(([, name]) => name);
  t.same(spawned, ['a', 'b', 'c']);
});
