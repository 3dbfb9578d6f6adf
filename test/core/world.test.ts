import fc from 'fast-check';
import { test } from 'tap';
import { emptyWorld, nextWake, step } from '../../src/core/world.js';
import { play } from '../helpers/play-world.js';
import { groupSpec, processSpec, program } from '../helpers/specs.js';

const seed = [
  program('zeoserver', 10),
  program('instance1', 20),
  program('instance2', 20),
  program('haproxy', 40),
];

test('autostart goes by ascending priority, and inside a group by the priority of its members', async (t) => {
  const group = groupSpec(
    'zope',
    [processSpec('b', { group: 'zope', priority: 2 }), processSpec('a', { group: 'zope', priority: 1 })],
    15,
  );
  t.same(play([...seed, group]).log, [
    'start zeoserver',
    'start a',
    'start b',
    'start instance1',
    'start instance2',
    'start haproxy',
  ]);
});

test('autostart=false stays down', async (t) => {
  const p = play([program('debug', 1, { autostart: false })]);
  t.same(p.log, []);
  t.equal(p.stateOf('debug:debug'), 'STOPPED');
});

test('a shutdown stops in reverse order, each priority when the one before is gone, then ends once', async (t) => {
  const p = play(seed);
  p.wait(1000);
  p.log.length = 0;
  p.send({ type: 'shutdown', mode: 'shutdown' });
  t.same(p.log, ['stop haproxy']);
  p.end('haproxy:haproxy');
  t.same(p.log, ['stop haproxy', 'stop instance2', 'stop instance1'], 'equal priorities go together');
  p.end('instance1:instance1');
  t.equal(p.log.length, 3, 'the server waits for both');
  p.end('instance2:instance2');
  t.equal(p.log.at(-1), 'stop zeoserver');
  t.same(p.ended, []);
  p.end('zeoserver:zeoserver');
  t.same(p.ended, ['shutdown']);
});

test('a crash during the shutdown is not answered by a start', async (t) => {
  const p = play(seed);
  p.wait(1000);
  p.send({ type: 'shutdown', mode: 'restarting' });
  p.log.length = 0;
  p.end('zeoserver:zeoserver', 1);
  t.notOk(p.log.some((line) => line.startsWith('start')));
  for (const id of ['haproxy:haproxy', 'instance1:instance1', 'instance2:instance2']) p.end(id);
  t.same(p.ended, ['restarting']);
});

test('a process that waits for its next try does not hold up a shutdown', async (t) => {
  const p = play([program('flaky', 10), program('solid', 20)]);
  p.end('flaky:flaky', 1);
  t.equal(p.stateOf('flaky:flaky'), 'BACKOFF');
  p.send({ type: 'shutdown', mode: 'shutdown' });
  p.end('solid:solid');
  t.same(p.ended, ['shutdown']);
});

test('what is started while a stop of all is under way stays up', async (t) => {
  const p = play(seed);
  p.wait(1000);
  p.send({ type: 'stop', ids: seed.map(({ name }) => `${name}:${name}`) });
  p.send({ type: 'start', ids: ['zeoserver:zeoserver'] });
  p.end('haproxy:haproxy');
  p.end('instance1:instance1');
  p.end('instance2:instance2');
  t.equal(p.stateOf('zeoserver:zeoserver'), 'RUNNING');
  t.notOk(p.log.includes('stop zeoserver'));
});

test('a group can be removed only when nothing of it runs', async (t) => {
  const p = play([program('x')]);
  p.send({ type: 'removeGroup', name: 'x' });
  t.ok(p.world().groups.has('x'));
  p.send({ type: 'stop', ids: ['x:x'] });
  p.end('x:x');
  p.send({ type: 'removeGroup', name: 'x' });
  t.notOk(p.world().groups.has('x'));
  t.equal(p.world().processes.size, 0);
});

test('restarts are counted from the last requested start', async (t) => {
  const p = play([program('x', 1, { autorestart: 'always' })]);
  p.wait(1000);
  p.end('x:x');
  p.wait(1000);
  p.end('x:x');
  t.equal(p.world().processes.get('x:x')?.restarts, 2);
  p.wait(1000);
  p.send({ type: 'stop', ids: ['x:x'] });
  p.end('x:x');
  p.send({ type: 'start', ids: ['x:x'] });
  t.equal(p.world().processes.get('x:x')?.restarts, 0);
});

test('whatever happens: never two live copies, a stop ends in a stop, every deadline is armed', async () => {
  const ids = ['a:a', 'b:b', 'c:c'];
  const event = fc.oneof(
    fc.record({ what: fc.constant('start' as const), id: fc.constantFrom(...ids) }),
    fc.record({ what: fc.constant('stop' as const), id: fc.constantFrom(...ids) }),
    fc.record({
      what: fc.constant('exit' as const),
      id: fc.constantFrom(...ids),
      code: fc.nat(2),
      leftover: fc.boolean(),
    }),
    fc.record({ what: fc.constant('swept' as const), id: fc.constantFrom(...ids) }),
    fc.record({ what: fc.constant('wait' as const), ms: fc.nat(12_000) }),
    fc.constant({ what: 'stopAll' as const }),
  );
  fc.assert(
    fc.property(fc.array(event, { maxLength: 60 }), fc.boolean(), (events, shutdown) => {
      const p = play([
        program('a', 1),
        program('b', 2, { autorestart: 'always' }),
        program('c', 2, { startMs: 0 }),
      ]);
      for (const one of events) {
        switch (one.what) {
          case 'start':
          case 'stop':
            p.send({ type: one.what, ids: [one.id] });
            break;
          case 'stopAll':
            p.send({ type: 'stop', ids });
            break;
          case 'exit':
            p.end(one.id, one.code, one.leftover);
            break;
          case 'swept':
            p.send({ type: 'process', id: one.id, event: { type: 'swept' } });
            break;
          default:
            p.wait(one.ms);
        }
      }
      const waits = [...p.world().processes.values()].some(({ state }) => 'deadline' in state);
      if (waits && nextWake(p.world()).mono === undefined) throw new Error('a deadline is not armed');
      if (shutdown) p.send({ type: 'shutdown', mode: 'shutdown' });
      else p.send({ type: 'stop', ids });
      // The kernel's part: what is signalled ends, what is swept is gone.
      for (let turn = 0; turn < 10; turn += 1) {
        for (const id of ids) {
          if (p.stateOf(id) === 'STOPPING') p.end(id);
          p.send({ type: 'process', id, event: { type: 'swept' } });
        }
      }
      if (p.live.size > 0) throw new Error(`still alive: ${[...p.live.keys()]}`);
      if (shutdown && p.ended.length === 0) throw new Error('the shutdown never ended');
    }),
    { numRuns: 500 },
  );
});

test('a try that could not be executed is the last start, and no end', async (t) => {
  const spec = processSpec('a');
  const now = { mono: 7, wall: 1007 };
  let { world } = step(
    emptyWorld,
    { type: 'addGroups', groups: [groupSpec('a', [spec])], autostart: true },
    now,
  );
  const event = { type: 'spawnFailed', why: "can't find command 'a'", code: 'NO_FILE' } as const;
  world = step(world, { type: 'process', id: spec.id, event }, now).world;
  const { started, stopped } = world.processes.get(spec.id) ?? {};
  t.same({ started, stopped }, { started: now, stopped: undefined });
});
