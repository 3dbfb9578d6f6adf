import fc from 'fast-check';
import { test } from 'tap';
import type { HealthSpec, ProbeOutcome } from '../../src/core/probe.js';
import type { GroupSpec, ProcessSpec } from '../../src/core/program.js';
import { recycleObstacle } from '../../src/core/recycle.js';
import { nextWake } from '../../src/core/world.js';
import { play } from '../helpers/play-world.js';
import { groupSpec, processSpec, program } from '../helpers/specs.js';

const health: HealthSpec = {
  probe: { kind: 'http', url: 'http://127.0.0.1:8081/ok' },
  intervalMs: 10_000,
  timeoutMs: 5000,
  retries: 3,
  startPeriodMs: 0,
};
const OK: ProbeOutcome = { ok: true };
const NO: ProbeOutcome = { ok: false, why: 'no answer within 5 s', work: 0.01 };
const BUSY: ProbeOutcome = { ok: false, why: 'no answer within 5 s', work: 0.9 };
const ID = 'zope:zope';

function zope(more: Partial<ProcessSpec> = {}) {
  const p = play([program('zope', 10, { health, startMs: 0, ...more })]);
  p.wait(0);
  return p;
}

/** One probe that is due, answered so. */
function probe(p: ReturnType<typeof play>, outcome: ProbeOutcome, id = ID): void {
  const due = nextWake(p.world()).mono ?? p.now();
  p.wait(Math.max(0, due - p.now()));
  p.answer(id, outcome);
}

function statusOf(p: ReturnType<typeof play>, id = ID): string | undefined {
  const state = p.world().processes.get(id)?.state;
  return state?.name === 'RUNNING' ? state.health?.status : state?.name;
}

test('nobody asks how it is before it is ready', async (t) => {
  const ready = { probe: { kind: 'tcp', host: 'h', port: 1 } as const, timeoutMs: 0 };
  const p = play([program('zope', 10, { health, ready, startMs: 0 })]);
  t.notOk(p.probes.get(ID)?.isHealth);
  p.answer(ID, OK);
  p.wait(0);
  t.ok(p.probes.get(ID)?.isHealth);
});

test('so many failures in a row are unhealthy, and it is restarted, with the reason kept', async (t) => {
  const p = zope();
  probe(p, OK);
  t.equal(statusOf(p), 'healthy');
  for (const outcome of [NO, NO, OK, NO, NO]) probe(p, outcome);
  t.equal(statusOf(p), 'healthy', 'not in a row');
  probe(p, NO);
  t.equal(statusOf(p), 'STOPPING');
  t.equal(p.log.at(-1), 'stop zope');
  t.match(p.world().processes.get(ID)?.recycled, {
    why: 'unhealthy: no answer within 5 s, 3 times in a row',
    count: 1,
  });
  p.end(ID);
  p.wait(0);
  t.equal(p.stateOf(ID), 'RUNNING');
  t.equal(p.log.filter((entry) => entry === 'start zope').length, 2);
  t.equal(p.world().processes.get(ID)?.restarts, 1);
});

test('one that is busy for long is told, once, and goes on', async (t) => {
  const p = zope();
  for (let look = 0; look < 30; look += 1) {
    t.same(p.told, ['busy'].slice(0, look));
    probe(p, BUSY);
  }
  t.same(p.told, ['busy', 'busy for 290000']);
  for (let look = 0; look < 30; look += 1) probe(p, BUSY);
  t.equal(p.told.length, 2);
  t.equal(statusOf(p), 'busy');
  probe(p, OK);
  for (let look = 0; look < 30; look += 1) probe(p, BUSY);
  t.same(p.told.slice(2), ['healthy', 'busy', 'busy for 290000'], 'and anew after an answer');
});

test('busy is not dead: a program that works while it does not answer is never restarted', async (t) => {
  const p = zope();
  for (let i = 0; i < 500; i += 1) probe(p, BUSY);
  t.equal(statusOf(p), 'busy');
  t.notOk(p.log.includes('stop zope'));
  probe(p, OK);
  t.equal(statusOf(p), 'healthy');
});

test('in the start period failures do not count, a good answer does', async (t) => {
  const p = zope({ health: { ...health, startPeriodMs: 60_000 } });
  for (let i = 0; i < 6; i += 1) probe(p, NO);
  t.equal(statusOf(p), 'starting');
  for (let i = 0; i < 3; i += 1) probe(p, NO);
  t.equal(statusOf(p), 'STOPPING');
});

test('a second restart has to wait, the third longer', async (t) => {
  const p = zope({ health: { ...health, intervalMs: 1000 } });
  const restarts: number[] = [];
  let seen = 0;
  for (let i = 0; i < 2000 && restarts.length < 4; i += 1) {
    probe(p, NO);
    const now = p.log.filter((entry) => entry === 'stop zope').length;
    if (now === seen) continue;
    seen = now;
    restarts.push(p.now());
    p.end(ID);
    p.wait(0);
  }
  const process = p.world().processes.get(ID);
  t.match(
    process && recycleObstacle(p.world(), process, { mono: p.now() + 1000, wall: 0 }),
    /^it was restarted for that not long ago, and rests for another 7m 59s$/,
  );
  const pauses = restarts.slice(1).map((at, i) => at - restarts[i]!);
  t.ok(pauses[0]! >= 60_000 && pauses[0]! < 62_000, String(pauses));
  t.ok(pauses[1]! >= 120_000 && pauses[2]! >= 240_000, String(pauses));
});

test('autorestart=false is told of and not restarted', async (t) => {
  const p = zope({ autorestart: 'never' });
  for (let i = 0; i < 5; i += 1) probe(p, NO);
  t.equal(statusOf(p), 'unhealthy');
});

/** Two copies in a group, and ZEO that they depend on. */
function pair(): readonly GroupSpec[] {
  const of = (name: string) =>
    processSpec(name, { group: 'zope', startMs: 0, health, dependsOn: [{ on: 'zeo', condition: 'ready' }] });
  return [program('zeo', 1, { startMs: 0 }), groupSpec('zope', [of('a'), of('b')])];
}

/** Both fail until each is unhealthy, or stopped. */
function failBoth(p: ReturnType<typeof play>): void {
  for (let i = 0; i < 3; i += 1) {
    const due = nextWake(p.world()).mono ?? p.now();
    p.wait(due - p.now());
    for (const id of ['zope:a', 'zope:b']) if (p.stateOf(id) === 'RUNNING') p.answer(id, NO);
  }
}

test('of those that do the same work one is restarted at a time, the next when it is RUNNING', async (t) => {
  const p = play(pair());
  p.wait(0);
  p.wait(0);
  failBoth(p);
  t.same([statusOf(p, 'zope:a'), statusOf(p, 'zope:b')], ['STOPPING', 'unhealthy']);
  p.end('zope:a');
  t.same([p.stateOf('zope:a'), statusOf(p, 'zope:b')], ['STARTING', 'unhealthy']);
  p.wait(0);
  t.same([p.stateOf('zope:a'), p.stateOf('zope:b')], ['RUNNING', 'STOPPING']);
});

test('servers of one backend in HAProxy do the same work, though each is a program of its own', async (t) => {
  const server = (name: string, backend: string) => {
    const haproxy = { socket: '/run/haproxy.sock', backend, server: name };
    const traffic = { haproxy, warmup: [], drainMs: 1000, warmupMs: 1000 };
    return program(name, 10, { health, startMs: 0, traffic });
  };
  const names = ['a', 'b', 'c'];
  const p = play([server('a', 'zope'), server('b', 'zope'), server('c', 'other')]);
  p.wait(0);
  for (let i = 0; i < 3; i += 1) {
    p.wait((nextWake(p.world()).mono ?? p.now()) - p.now());
    for (const name of names) if (p.stateOf(`${name}:${name}`) === 'RUNNING') p.answer(`${name}:${name}`, NO);
  }
  t.same(
    names.map((name) => statusOf(p, `${name}:${name}`)),
    ['STOPPING', 'unhealthy', 'STOPPING'],
  );
});

test('while what it depends on is away, nothing is gained by a restart', async (t) => {
  const p = play(pair());
  p.wait(0);
  p.wait(0);
  p.send({ type: 'stop', ids: ['zeo:zeo'] });
  p.end('zeo:zeo');
  failBoth(p);
  t.same([statusOf(p, 'zope:a'), statusOf(p, 'zope:b')], ['unhealthy', 'unhealthy']);
  const world = p.world();
  const obstacle = recycleObstacle(world, world.processes.get('zope:a')!, { mono: p.now(), wall: 0 });
  t.equal(obstacle, 'what it depends on is not there');
  p.send({ type: 'start', ids: ['zeo:zeo'] });
  p.wait(0);
  t.equal(statusOf(p, 'zope:a'), 'STOPPING');
});

test('a stop and a start while it is being restarted win', async (t) => {
  const p = zope();
  for (let i = 0; i < 3; i += 1) probe(p, NO);
  p.send({ type: 'stop', ids: [ID] });
  p.end(ID);
  t.equal(p.stateOf(ID), 'STOPPED');
});

test('whatever probes and deaths do: no two copies, no restart of one that is busy, always an end', async (t) => {
  const outcome = fc.constantFrom(OK, NO, BUSY);
  const event = fc.oneof(
    fc.record({ what: fc.constant('answer' as const), id: fc.constantFrom('zope:a', 'zope:b'), outcome }),
    fc.record({
      what: fc.constantFrom('exit', 'start', 'stop'),
      id: fc.constantFrom('zeo:zeo', 'zope:a', 'zope:b'),
    }),
    fc.record({ what: fc.constant('wait' as const), ms: fc.nat(30_000) }),
  );
  fc.assert(
    fc.property(fc.array(event, { maxLength: 80 }), (events) => {
      const p = play(pair());
      for (const one of events) {
        if (one.what === 'wait') p.wait(one.ms);
        else if (one.what === 'exit') p.end(one.id, 1);
        else if (one.what === 'answer') {
          const before = p.log.length;
          if (p.probes.has(one.id)) p.answer(one.id, one.outcome);
          const name = one.id.slice(5);
          if (one.outcome !== NO && p.log.slice(before).includes(`stop ${name}`))
            throw new Error('restarted although it answered or works');
        } else p.send({ type: one.what, ids: [one.id] });
      }
      p.send({ type: 'shutdown', mode: 'shutdown' });
      for (let round = 0; round < 10; round += 1)
        for (const id of [...p.live.keys()]) if (p.stateOf(id) === 'STOPPING') p.end(id, 1);
      if (p.ended.length !== 1) throw new Error('the shutdown never ended');
    }),
    { numRuns: 500 },
  );
  t.pass('always an end');
});
