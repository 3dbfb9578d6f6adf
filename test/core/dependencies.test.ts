import fc from 'fast-check';
import { test } from 'tap';
import { blockersOf, describeBlocker, isStuck } from '../../src/core/dependencies.js';
import type { ReadySpec } from '../../src/core/probe.js';
import type { Dependency, ProcessSpec } from '../../src/core/program.js';
import { nextWake } from '../../src/core/world.js';
import { play } from '../helpers/play-world.js';
import { groupSpec, processSpec, program } from '../helpers/specs.js';

const ruok: ReadySpec = { probe: { kind: 'zeo', host: '127.0.0.1', port: 8100 }, timeoutMs: 0 };
const on = (name: string, condition: Dependency['condition'] = 'ready'): Dependency => ({
  on: name,
  condition,
});
const OK = { ok: true } as const;

/** ZEO, which says when it is ready, and two that wait for that. */
function site(zeo: Partial<ProcessSpec> = {}) {
  return play([
    program('instance1', 1, { dependsOn: [on('zeoserver')] }),
    program('instance2', 1, { dependsOn: [on('zeoserver')] }),
    program('zeoserver', 999, { ready: ruok, startMs: 0, ...zeo }),
  ]);
}

const I1 = 'instance1:instance1';
const I2 = 'instance2:instance2';
const ZEO = 'zeoserver:zeoserver';

test('what depends on another starts when that is ready, all at once, whatever the priorities say', async (t) => {
  const p = site();
  t.same(p.log, ['start zeoserver', 'probe zeoserver']);
  t.equal(p.stateOf(I1), 'STARTING', 'what waits shows as STARTING');
  t.equal(p.world().processes.get(I1)?.state.name, 'WAITING');
  p.wait(10_000);
  t.same(p.log, ['start zeoserver', 'probe zeoserver'], 'however long that takes');
  p.answer(ZEO, OK);
  t.same(p.log.slice(2), ['start instance1', 'start instance2']);
  t.same(
    [I1, I2].map((id) => p.world().processes.get(id)?.restarts),
    [0, 0],
    'no try is spent on waiting',
  );
});

test('it says what it waits for', async (t) => {
  const p = site();
  const { processes } = p.world();
  const told = (id: string) => blockersOf(processes.get(id)!.spec, processes).map(describeBlocker);
  t.same(told(I1), ['zeoserver to be ready (STARTING)']);
  t.same(told(ZEO), []);
});

test('a restart or an end of a dependency does nothing to what depends on it', async (t) => {
  const p = site({ autorestart: 'never' });
  p.answer(ZEO, OK);
  p.wait(1000);
  p.end(ZEO);
  t.equal(p.stateOf(ZEO), 'EXITED');
  t.equal(p.stateOf(I1), 'RUNNING');
  p.send({ type: 'start', ids: [ZEO] });
  p.answer(ZEO, OK);
  t.equal(p.stateOf(I1), 'RUNNING');
  t.notOk(p.log.includes('stop instance1'));
});

test('what crashes while its dependency is away waits for that, without spending a try', async (t) => {
  const p = site();
  p.answer(ZEO, OK);
  p.wait(1000);
  p.send({ type: 'stop', ids: [ZEO] });
  p.end(ZEO);
  p.end(I1, 1);
  t.equal(p.world().processes.get(I1)?.state.name, 'WAITING');
  t.ok(isStuck(I1, p.world().processes), 'for ever, if nobody does anything');
  p.wait(100_000);
  p.send({ type: 'start', ids: [ZEO] });
  t.notOk(isStuck(I1, p.world().processes));
  p.answer(ZEO, OK);
  p.wait(1000);
  t.equal(p.stateOf(I1), 'RUNNING');
  t.equal(p.world().processes.get(I1)?.restarts, 1);
});

test('a next try waits, too, and goes on counting where it was', async (t) => {
  const p = site();
  p.answer(ZEO, OK);
  p.end(I1, 1);
  t.equal(p.stateOf(I1), 'BACKOFF');
  p.end(ZEO, 1);
  p.wait(1000);
  t.match(p.world().processes.get(I1)?.state, { name: 'WAITING', attempt: 2 });
  p.answer(ZEO, OK);
  t.match(p.world().processes.get(I1)?.state, { name: 'STARTING', attempt: 2 });
});

test('a wait can be ended, also by a stop of all and a shutdown', async (t) => {
  const p = site();
  p.send({ type: 'stop', ids: [I1] });
  t.equal(p.stateOf(I1), 'STOPPED');
  p.answer(ZEO, OK);
  t.notOk(p.log.includes('start instance1'));
  t.ok(p.log.includes('start instance2'));
  const q = site();
  q.send({ type: 'shutdown', mode: 'shutdown' });
  t.equal(q.stateOf(I1), 'STOPPED');
  q.end(ZEO);
  t.same(q.ended, ['shutdown']);
  t.notOk(q.log.includes('start instance1'));
});

test('started asks for less than ready, completed for a good end', async (t) => {
  const p = play([
    program('web', 1, { dependsOn: [on('cache', 'started'), on('migrate', 'completed')] }),
    program('cache', 2, { ready: ruok, startMs: 0 }),
    program('migrate', 3, { startMs: 0, autorestart: 'never' }),
  ]);
  t.equal(p.stateOf('cache:cache'), 'STARTING');
  p.wait(0);
  p.end('migrate:migrate', 1);
  t.notOk(p.log.includes('start web'), 'it ended, but badly');
  t.ok(isStuck('web:web', p.world().processes));
  p.send({ type: 'start', ids: ['migrate:migrate'] });
  p.wait(0);
  p.end('migrate:migrate', 0);
  t.ok(p.log.includes('start web'));
});

test('a program stands for all its copies, a group for all its members', async (t) => {
  const copies = ['a', 'b'].map((name) =>
    processSpec(name, { group: 'pool', program: 'worker', startMs: 0 }),
  );
  for (const name of ['worker', 'pool', 'pool:*']) {
    const p = play([program('web', 1, { dependsOn: [on(name)] }), groupSpec('pool', copies)]);
    t.match(p.log, ['start a', 'start b'], name);
    p.send({ type: 'stop', ids: ['pool:a'] });
    p.wait(0);
    t.notOk(p.log.includes('start web'), 'one is not enough');
    p.end('pool:a');
    p.send({ type: 'start', ids: ['pool:a'] });
    p.wait(0);
    t.ok(p.log.includes('start web'), name);
  }
});

test('a dependency that is not there is waited for until it is added', async (t) => {
  const p = play([program('web', 1, { dependsOn: [on('zeo')] })]);
  t.equal(p.world().processes.get('web:web')?.state.name, 'WAITING');
  p.send({ type: 'addGroups', groups: [program('zeo', 1, { startMs: 0 })], autostart: true });
  p.wait(0);
  t.same(p.log, ['start zeo', 'start web']);
});

test('a stop goes by waves of dependency, and by priority where nothing depends', async (t) => {
  const p = play([
    program('zeoserver', 50, { startMs: 0 }),
    program('instance1', 20, { startMs: 0, dependsOn: [on('zeoserver')] }),
    program('instance2', 20, { startMs: 0, dependsOn: [on('zeoserver')] }),
    program('haproxy', 10, { startMs: 0, dependsOn: [on('instance1', 'started')] }),
    program('cron', 5, { startMs: 0 }),
  ]);
  for (let i = 0; i < 4; i += 1) p.wait(0);
  p.log.length = 0;
  p.send({ type: 'stop', ids: [...p.world().processes.keys()] });
  const waves: string[][] = [];
  while (p.log.length > 0) {
    const wave = p.log.splice(0).map((entry) => entry.replace('stop ', ''));
    waves.push(wave);
    for (const name of wave) p.end(`${name}:${name}`);
  }
  t.same(waves, [['instance2'], ['haproxy'], ['instance1'], ['zeoserver'], ['cron']]);
});

test('a run that has programs started again is told when one of them can but wait', async (t) => {
  const p = site({ startRetries: 0 });
  p.answer(ZEO, OK);
  p.wait(1000);
  const world = p.world();
  t.equal(isStuck(I1, world.processes), false);
  p.send({ type: 'stop', ids: [I1, I2, ZEO] });
  for (const id of [I1, I2, ZEO]) p.end(id);
  p.send({ type: 'start', ids: [ZEO, I1] });
  t.notOk(isStuck(I1, p.world().processes));
  p.end(ZEO, 1);
  t.equal(p.stateOf(ZEO), 'FATAL');
  t.ok(isStuck(I1, p.world().processes));
});

/** Starts, stops, deaths, probes and time in any order: no start before its time, no wish lost, always an end. */
test('whatever happens, nobody starts before what it depends on is ready, and every wish is met in the end', async (t) => {
  const groups = [
    program('zeo', 5, { ready: ruok, startMs: 500 }),
    program('a', 1, { ready: ruok, dependsOn: [on('zeo')] }),
    program('b', 9, { dependsOn: [on('zeo'), on('a', 'started')] }),
  ];
  const ids = ['zeo:zeo', 'a:a', 'b:b'];
  const event = fc.oneof(
    fc.record({ what: fc.constantFrom('start', 'stop', 'probed', 'refused'), id: fc.constantFrom(...ids) }),
    fc.record({
      what: fc.constant('exit' as const),
      id: fc.constantFrom(...ids),
      code: fc.nat(1),
      leftover: fc.boolean(),
    }),
    fc.record({ what: fc.constant('swept' as const), id: fc.constantFrom(...ids) }),
    fc.record({ what: fc.constant('wait' as const), ms: fc.nat(5000) }),
  );
  fc.assert(
    fc.property(fc.array(event, { maxLength: 50 }), (events) => {
      const p = play(
        groups.map((group) => ({
          ...group,
          processes: group.processes.map((spec) => ({
            ...spec,
            autorestart: 'always' as const,
            startRetries: 1000,
          })),
        })),
      );
      const wanted = new Set(ids);
      let seen = 0;
      const check = (before: ReadonlyMap<string, string | undefined>) => {
        for (const entry of p.log.slice(seen)) {
          const zeo = [before.get('zeo:zeo'), p.stateOf('zeo:zeo')];
          if (/start [ab]/.test(entry) && !zeo.includes('RUNNING'))
            throw new Error(`${entry}, zeo is ${zeo}`);
        }
        seen = p.log.length;
      };
      for (const one of events) {
        const before = new Map(ids.map((id) => [id, p.stateOf(id)]));
        switch (one.what) {
          case 'start':
            wanted.add(one.id);
            p.send({ type: 'start', ids: [one.id] });
            break;
          case 'stop':
            wanted.delete(one.id);
            p.send({ type: 'stop', ids: [one.id] });
            break;
          case 'exit':
            p.end(one.id, one.code, one.leftover);
            break;
          case 'swept':
            p.send({ type: 'process', id: one.id, event: { type: 'swept' } });
            break;
          case 'wait':
            p.wait(one.ms);
            break;
          default:
            if (p.probes.has(one.id)) p.answer(one.id, one.what === 'probed' ? OK : { ok: false, why: 'no' });
        }
        check(before);
      }
      // Then everything goes well.
      for (let round = 0; round < 60; round += 1) {
        const before = new Map(ids.map((id) => [id, p.stateOf(id)]));
        for (const id of ids) {
          if (p.stateOf(id) === 'STOPPING') p.end(id);
          p.send({ type: 'process', id, event: { type: 'swept' } });
          if (p.probes.has(id)) p.answer(id, OK);
        }
        const due = nextWake(p.world()).mono;
        p.wait(due === undefined ? 0 : Math.max(0, due - p.now()));
        check(before);
      }
      const zeoIsUp = wanted.has('zeo:zeo');
      const aIsUp = zeoIsUp && wanted.has('a:a');
      for (const id of ids) {
        const name = p.world().processes.get(id)?.state.name;
        if (!wanted.has(id) && name !== 'STOPPED') throw new Error(`${id} is ${name} and nobody wants it`);
        if (!wanted.has(id)) continue;
        const mayRun = id === 'zeo:zeo' || (id === 'a:a' ? zeoIsUp : aIsUp);
        const isUp = name === 'RUNNING';
        const isWaiting = name === 'WAITING';
        if (mayRun ? !isUp : !(isUp || isWaiting)) throw new Error(`${id} is ${name}`);
      }
    }),
    { numRuns: 1000 },
  );
  t.pass('always an end');
});
