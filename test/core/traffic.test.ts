/** Visitors leave before a stop that somebody asked for, and come back after a start. */
import { test } from 'tap';
import type { TrafficSpec } from '../../src/core/traffic.js';
import { play } from '../helpers/play-world.js';
import { program } from '../helpers/specs.js';

const haproxy = { socket: '/s', backend: 'zope', server: 'a' };
const traffic: TrafficSpec = { haproxy, warmup: [], drainMs: 60_000, warmupMs: 120_000 };
const A = 'a:a';

function playA(more: Partial<TrafficSpec> = {}) {
  return play([program('a', 1, { autorestart: 'always', traffic: { ...traffic, ...more } })]);
}

test('it leaves before it is asked to end, and arrives when it runs', async (t) => {
  const p = playA();
  p.wait(1000);
  t.same(p.log, ['start a', 'arrive a']);
  t.equal(p.stateOf(A), 'RUNNING', 'what follows is not waited for');
  p.obey(A);
  p.log.length = 0;
  p.send({ type: 'stop', ids: [A] });
  t.same(p.log, ['leave a']);
  t.equal(p.stateOf(A), 'STOPPING');
  p.obey(A);
  t.same(p.log, ['leave a', 'stop a']);
  p.end(A);
  t.equal(p.stateOf(A), 'STOPPED');
});

test('one that is not well leaves too, in a short time, and comes back', async (t) => {
  const health = {
    probe: { kind: 'http', url: 'http://h/ok' } as const,
    intervalMs: 1000,
    timeoutMs: 1000,
    retries: 1,
    startPeriodMs: 0,
  };
  const p = play([program('a', 1, { autorestart: 'always', traffic, health })]);
  p.wait(1000);
  p.obey(A);
  p.wait(0);
  p.log.length = 0;
  p.answer(A, { ok: false, why: 'no answer within 1 s', work: 0 });
  t.same(p.log, ['leave a']);
  t.match(p.orders.get(A), { withinMs: 5000 });
  p.wait(10_000);
  t.same(p.log, ['leave a', 'stop a'], 'what it has will hardly end');
  p.end(A);
  p.wait(1000);
  t.match(p.log.slice(2), ['start a', 'arrive a']);
});

test('a leave that is never answered ends by its deadline, and the stop has all of its own time', async (t) => {
  const p = playA();
  p.wait(1000);
  p.obey(A);
  p.log.length = 0;
  p.send({ type: 'stop', ids: [A] });
  p.wait(64_999);
  t.same(p.log, ['leave a']);
  p.wait(1);
  t.same(p.log, ['leave a', 'stop a']);
  p.obey(A);
  t.same(p.log, ['leave a', 'stop a'], 'an answer that comes too late changes nothing');
  p.wait(9999);
  t.notOk(p.log.includes('kill a'));
  p.wait(1);
  t.ok(p.log.includes('kill a'));
});

test('a crash leaves nobody the time to leave; the new one arrives', async (t) => {
  const p = playA();
  p.wait(1000);
  p.obey(A);
  p.log.length = 0;
  p.end(A, 1);
  p.wait(1000);
  t.same(p.log, ['start a', 'arrive a']);
});

test('a start while it leaves is a restart, and an end while it leaves is its end', async (t) => {
  const p = playA();
  p.wait(1000);
  p.obey(A);
  p.log.length = 0;
  p.send({ type: 'stop', ids: [A] });
  p.send({ type: 'start', ids: [A] });
  p.end(A);
  t.same(p.log, ['leave a', 'start a']);
  p.obey(A);
  t.notOk(p.log.includes('stop a'), 'the answer of the one before is nobody else’s');
});

test('warm-up belongs to STARTING; a cold one runs too, at the latest after warmup_timeout', async (t) => {
  const p = playA({ warmup: ['http://h/'] });
  p.wait(1000);
  t.same(p.log, ['start a', 'warmUp a']);
  t.equal(p.stateOf(A), 'STARTING');
  p.obey(A);
  t.same(p.log, ['start a', 'warmUp a', 'arrive a']);
  t.equal(p.stateOf(A), 'RUNNING');

  const cold = playA({ warmup: ['http://h/'] });
  cold.wait(1000);
  cold.obey(A, 'status 500');
  t.equal(cold.stateOf(A), 'RUNNING');
  t.ok(cold.log.includes('arrive a'), 'nobody rolls: better cold than none');

  const lost = playA({ warmup: ['http://h/'] });
  lost.wait(1000);
  lost.wait(125_000);
  t.equal(lost.stateOf(A), 'RUNNING');
});

test('an end during the warm-up is a start that has failed', async (t) => {
  const p = playA({ warmup: ['http://h/'] });
  p.wait(1000);
  p.end(A, 1);
  t.equal(p.stateOf(A), 'BACKOFF');
});

test('in a shutdown they leave, too', async (t) => {
  const p = playA();
  p.wait(1000);
  p.obey(A);
  p.log.length = 0;
  p.send({ type: 'shutdown', mode: 'shutdown' });
  t.same(p.log, ['leave a']);
  p.obey(A);
  p.end(A);
  t.same(p.ended, ['shutdown']);
});
