import { test } from 'tap';
import type { ProbeOutcome, ReadySpec } from '../../src/core/probe.js';
import type { ProcessSpec } from '../../src/core/program.js';
import { nextWake } from '../../src/core/world.js';
import { play } from '../helpers/play-world.js';
import { program } from '../helpers/specs.js';

const port: ReadySpec = { probe: { kind: 'tcp', host: '127.0.0.1', port: 8081 }, timeoutMs: 60_000 };
const line: ReadySpec = { probe: { kind: 'log', pattern: 'Ready', flags: '' }, timeoutMs: 60_000 };
const OK: ProbeOutcome = { ok: true };
const NO: ProbeOutcome = { ok: false, why: 'connection refused' };
const ID = 'zope:zope';

/** One program with `ready`. */
function zope(more: Partial<ProcessSpec> = {}) {
  return play([program('zope', 10, { ready: port, ...more })]);
}

/** Lets the time of the next deadline come, again and again, answering each probe. */
function probe(p: ReturnType<typeof play>, outcome: ProbeOutcome, times: number): void {
  for (let i = 0; i < times; i += 1) {
    p.answer(ID, outcome);
    const due = nextWake(p.world()).mono ?? p.now();
    p.wait(due - p.now());
  }
}

test('with ready, a program is STARTING until it has answered, however long it is up', async (t) => {
  const p = zope();
  t.same(p.log, ['start zope', 'probe zope']);
  p.answer(ID, NO);
  p.wait(30_000);
  t.equal(p.stateOf(ID), 'STARTING');
  p.answer(ID, OK);
  t.equal(p.stateOf(ID), 'RUNNING');
});

test('ready before startsecs are over, it is RUNNING when they are', async (t) => {
  const p = zope({ startMs: 15_000 });
  p.answer(ID, OK);
  t.equal(p.stateOf(ID), 'STARTING');
  p.wait(14_999);
  t.equal(p.stateOf(ID), 'STARTING');
  p.wait(1);
  t.equal(p.stateOf(ID), 'RUNNING');
  t.equal(p.log.filter((entry) => entry === 'probe zope').length, 1, 'nobody asks again');
});

test('it is asked again after a pause that grows to a second, and each answer counts once', async (t) => {
  const p = zope();
  const first = p.probes.get(ID)!;
  p.answer(ID, NO);
  p.answer(ID, OK);
  t.equal(p.stateOf(ID), 'STARTING', 'an answer to what was answered already says nothing');
  const pauses: number[] = [];
  for (let i = 0; i < 40; i += 1) {
    const before = p.now();
    probe(p, NO, 0);
    const due = nextWake(p.world()).mono!;
    p.wait(due - before);
    pauses.push(due - before);
    p.answer(ID, NO);
  }
  t.equal(pauses[0], 100);
  t.equal(pauses.at(-1), 1000);
  const { pid, asked } = first;
  p.send({ type: 'process', id: ID, event: { type: 'probed', pid, asked, outcome: OK } });
  t.equal(p.stateOf(ID), 'STARTING', 'nor does one to a probe of long ago');
});

test('a probe whose answer never comes is made again', async (t) => {
  const p = zope();
  const lost = p.probes.get(ID)!;
  p.wait(nextWake(p.world()).mono! - p.now());
  t.not(p.probes.get(ID)?.asked, lost.asked);
  const { pid, asked } = lost;
  p.send({ type: 'process', id: ID, event: { type: 'probed', pid, asked, outcome: OK } });
  t.equal(p.stateOf(ID), 'STARTING');
  p.answer(ID, OK);
  t.equal(p.stateOf(ID), 'RUNNING');
});

test('what is waited for is asked once, and counts whenever it comes', async (t) => {
  const p = zope({ ready: line });
  p.wait(50_000);
  t.equal(p.log.filter((entry) => entry === 'probe zope').length, 1);
  p.answer(ID, OK);
  t.equal(p.stateOf(ID), 'RUNNING');
});

test('without a ready_timeout a wait has no end, and no deadline that is over', async (t) => {
  const p = zope({ ready: { ...line, timeoutMs: 0 } });
  for (let day = 0; day < 3; day += 1) {
    const due = nextWake(p.world()).mono!;
    t.ok(due > p.now());
    p.wait(due - p.now());
  }
  t.equal(p.stateOf(ID), 'STARTING');
});

test('not ready in time is a failed start: it is stopped in its own way and tried again', async (t) => {
  const p = zope();
  p.answer(ID, NO);
  p.wait(60_000);
  t.equal(p.stateOf(ID), 'STOPPING');
  t.equal(p.log.at(-1), 'stop zope');
  p.wait(10_000);
  t.equal(p.log.at(-1), 'kill zope');
  p.end(ID);
  t.equal(p.stateOf(ID), 'BACKOFF');
  t.equal(
    p.world().processes.get(ID)?.spawnError,
    'not ready within 60 s (ready_timeout): connection refused',
  );
  p.wait(1000);
  t.equal(p.stateOf(ID), 'STARTING');
  p.answer(ID, OK);
  p.wait(1000);
  t.equal(p.stateOf(ID), 'RUNNING');
});

test('starts that are never ready end in FATAL like any others', async (t) => {
  const p = zope({ startRetries: 1 });
  for (const leftover of [false, true]) {
    p.wait(60_000);
    p.end(ID, 0, leftover);
    if (leftover) p.send({ type: 'process', id: ID, event: { type: 'swept' } });
    p.wait(1000);
  }
  t.equal(p.stateOf(ID), 'FATAL');
  t.equal(p.log.filter((entry) => entry === 'start zope').length, 2);
});

test('a stop while an unready program is being ended wins over its next try, and so does a start', async (t) => {
  const stopped = zope();
  stopped.wait(60_000);
  stopped.send({ type: 'stop', ids: [ID] });
  stopped.end(ID);
  t.equal(stopped.stateOf(ID), 'STOPPED');
  const started = zope();
  started.wait(60_000);
  started.send({ type: 'start', ids: [ID] });
  started.end(ID);
  t.equal(started.stateOf(ID), 'STARTING');
});

test('an end before it was ready is a failed start, also after startsecs', async (t) => {
  const p = zope();
  p.wait(5000);
  p.end(ID, 0);
  t.equal(p.stateOf(ID), 'BACKOFF');
  p.answer(ID, OK);
  t.equal(p.stateOf(ID), 'BACKOFF', 'the answer is one about a process that is gone');
});

test('an end that is seen before the timer of startsecs is one of a program that was RUNNING', async (t) => {
  const p = zope({ startMs: 0, autorestart: 'never' });
  p.answer(ID, OK);
  p.end(ID, 0);
  t.equal(p.stateOf(ID), 'EXITED');
});
