/** Restarts one after the other: order, waits, failures, and what others want meanwhile. */
import fc from 'fast-check';
import { test } from 'tap';
import type { ProcessSpec } from '../../src/core/program.js';
import type { RollingPlan } from '../../src/core/rolling.js';
import { describeRolling } from '../../src/core/rolling-words.js';
import { isActive } from '../../src/core/slots.js';
import { play } from '../helpers/play-world.js';
import { program } from '../helpers/specs.js';

const IDS = ['a:a', 'b:b', 'c:c'];
const PLAN: RollingPlan = {
  kind: 'request',
  ids: IDS,
  maxUnavailable: 1,
  force: false,
  by: 'me',
  reason: '',
};

/** Three that run, each with a server of HAProxy and a page to warm. */
function three(more: Partial<ProcessSpec> = {}, drained = true) {
  const traffic = (server: string) => ({
    ...(drained ? { haproxy: { socket: '/s', backend: 'b', server } } : {}),
    warmup: ['http://h/'],
    drainMs: 60_000,
    warmupMs: 60_000,
  });
  const p = play(
    ['a', 'b', 'c'].map((name) =>
      program(name, 1, { autorestart: 'always', traffic: traffic(name), ...more }),
    ),
  );
  up(p, ...IDS);
  p.log.length = 0;
  return p;
}

type Play = ReturnType<typeof three>;

/** Up, warm and served. */
function up(p: Play, ...ids: readonly string[]): void {
  p.wait(1000);
  for (const id of ids) p.obey(id);
  for (const id of ids) p.obey(id);
}

function roll(p: Play, more: Partial<RollingPlan> = {}): void {
  p.send({ type: 'rolling', event: { type: 'begin', plan: { ...PLAN, ...more } } });
}

/** HAProxy's word. */
function may(p: Play, why?: string): void {
  const id = p.asked.shift();
  if (id !== undefined)
    p.send({ type: 'rolling', event: { type: 'mayLeave', id, ...(why === undefined ? {} : { why }) } });
}

/** The whole restart of this one. */
function through(p: Play, id: string): void {
  may(p);
  p.obey(id);
  p.end(id);
  up(p, id);
}

test('each leaves, stops, starts, is warmed up and arrives before the next one is asked for', async (t) => {
  const p = three();
  roll(p);
  t.same(p.asked, ['a:a'], 'nothing happens before HAProxy has said that others are there');
  may(p);
  t.same(p.log, ['leave a']);
  p.obey('a:a');
  t.same(p.log, ['leave a', 'stop a']);
  p.end('a:a');
  p.wait(1000);
  p.obey('a:a');
  t.same(p.log, ['leave a', 'stop a', 'start a', 'warmUp a', 'arrive a']);
  t.same(p.asked, [], 'it runs, and its visitors are not back');
  p.obey('a:a');
  t.same(p.asked, ['b:b']);
  through(p, 'b:b');
  through(p, 'c:c');
  t.equal(p.rolled.length, 1);
  t.equal(p.rolled[0]?.ending, undefined);
  t.equal(describeRolling(p.rolled[0]!), 'rolling restart: 3 restarted');
});

test('the first that fails ends it, and the rest is left as it was', async (t) => {
  const failures: readonly (readonly [string, (p: Play) => void, RegExp])[] = [
    ['HAProxy has no other', (p) => may(p, 'no other server of b is UP'), /no other server of b is UP/],
    [
      'its visitors can not be sent elsewhere',
      (p) => {
        may(p);
        p.obey('a:a', 'pre_stop: exit status 4');
      },
      /pre_stop: exit status 4; it runs on as it was/,
    ],
    [
      'it ends before it is up',
      (p) => {
        may(p);
        p.obey('a:a');
        p.end('a:a');
        p.end('a:a', 1);
      },
      /Exited too quickly/,
    ],
    [
      'its pages do not answer',
      (p) => {
        may(p);
        p.obey('a:a');
        p.end('a:a');
        p.wait(1000);
        p.obey('a:a', 'status 500');
      },
      /status 500/,
    ],
    [
      'HAProxy does not find it UP',
      (p) => {
        may(p);
        p.obey('a:a');
        p.end('a:a');
        p.wait(1000);
        p.obey('a:a');
        p.obey('a:a', 'DOWN after 60 s');
      },
      /DOWN after 60 s/,
    ],
  ];
  for (const [what, fail, why] of failures) {
    const p = three();
    roll(p);
    fail(p);
    const [rolling] = p.rolled;
    t.equal(rolling?.ending, 'failed', what);
    t.match(
      rolling?.members.map(({ step }) => step),
      [{ name: 'failed', why }, { name: 'untouched' }, { name: 'untouched' }],
      what,
    );
    t.notOk(
      p.log.some((line) => /[bc]$/.test(line)),
      what,
    );
  }
});

test('a restart that somebody asked for is not counted as one of its own, one for memory is', async (t) => {
  for (const [kind, count] of [
    ['request', 0],
    ['memory', 1],
  ] as const) {
    const p = three();
    roll(p, { kind, ids: ['a:a'] });
    through(p, 'a:a');
    t.equal(p.world().processes.get('a:a')?.restarts, count, kind);
    p.end('a:a', 1);
    up(p, 'a:a');
    t.equal(p.world().processes.get('a:a')?.restarts, count + 1, 'a crash afterwards is');
  }
});

test('one whose visitors can not be sent elsewhere runs on, and has them back', async (t) => {
  const p = three();
  const pid = p.live.get('a:a');
  roll(p);
  may(p);
  p.obey('a:a', 'pre_stop: exit status 4');
  t.equal(p.stateOf('a:a'), 'RUNNING');
  t.same(p.log, ['leave a', 'arrive a']);
  t.match(p.orders.get('a:a'), { type: 'arrive', isRolled: false }, 'whatever comes of that');
  p.obey('a:a');
  t.equal(p.live.get('a:a'), pid);
  p.log.length = 0;
  p.send({ type: 'stop', ids: ['a:a'] });
  p.obey('a:a', 'pre_stop: exit status 4');
  t.same(p.log, ['leave a', 'stop a'], 'a stop that is asked for comes all the same');
});

test('a stop of one that a rolling restart sends away is a stop, with all of its time', async (t) => {
  const p = three();
  roll(p);
  may(p);
  p.send({ type: 'stop', ids: ['a:a'] });
  p.obey('a:a', 'pre_stop: exit status 4');
  t.same(p.log, ['leave a', 'leave a'], 'what a rolling restart gave up is done to the end');
  p.obey('a:a', 'pre_stop: exit status 4');
  t.same(p.log, ['leave a', 'leave a', 'stop a']);
  p.end('a:a');
  t.equal(p.stateOf('a:a'), 'STOPPED');
});

test('a cold one is not sent any visitors; when it is started again by itself it is', async (t) => {
  const p = three();
  roll(p);
  may(p);
  p.obey('a:a');
  p.end('a:a');
  p.wait(1000);
  p.obey('a:a', 'status 500');
  t.notOk(p.log.includes('arrive a'));
  p.end('a:a', 1);
  up(p, 'a:a');
  t.ok(p.log.includes('arrive a'));
});

test('one that was left without visitors comes first, and is mended by its restart', async (t) => {
  const p = three();
  roll(p);
  through(p, 'a:a');
  may(p);
  p.obey('b:b');
  p.end('b:b');
  p.wait(1000);
  p.obey('b:b', 'status 500');
  t.equal(p.rolled.length, 1);
  roll(p);
  t.same(p.asked, ['b:b']);
  for (const id of ['b:b', 'a:a', 'c:c']) through(p, id);
  t.equal(p.rolled[1]?.ending, undefined);
});

test('one whose visitors are on their way back keeps its place, and is waited for', (t) => {
  const p = three();
  p.end('c:c');
  p.wait(1000);
  p.obey('c:c');
  t.match(p.world().processes.get('c:c')?.state, { name: 'RUNNING', arrival: { name: 'asked' } });
  roll(p);
  t.same(p.asked, []);
  p.obey('c:c');
  t.same(p.asked, ['a:a']);
  for (const id of IDS) through(p, id);
  t.equal(p.rolled[0]?.ending, undefined);
  t.end();
});

test('so many at a time as is said, and those that are down first', async (t) => {
  const p = three({}, false);
  p.send({ type: 'stop', ids: ['c:c'] });
  p.end('c:c');
  p.log.length = 0;
  roll(p);
  t.same(p.log, ['start c']);
  up(p, 'c:c');
  t.same(p.log, ['start c', 'warmUp c', 'stop a']);

  const two = three({}, false);
  roll(two, { maxUnavailable: 2 });
  t.same(two.log, ['stop a', 'stop b']);
  two.end('b:b');
  up(two, 'b:b');
  t.same(two.log.slice(2), ['start b', 'warmUp b', 'stop c']);
});

test('who crashes meanwhile is waited for; who does not come back ends it', async (t) => {
  const p = three({ startRetries: 0 }, false);
  roll(p, { ids: ['a:a', 'b:b'] });
  p.end('a:a');
  up(p, 'a:a');
  t.same(p.log, ['stop a', 'start a', 'warmUp a', 'stop b']);
  p.end('a:a', 1);
  p.end('b:b');
  up(p, 'b:b');
  t.equal(p.rolled[0]?.ending, undefined, 'b has nobody after it');

  const q = three({ startRetries: 0 }, false);
  roll(q);
  q.end('a:a');
  up(q, 'a:a');
  q.end('b:b');
  q.end('a:a', 1);
  q.wait(1000);
  q.obey('b:b');
  t.same(
    q.log.filter((line) => line.endsWith('c')),
    [],
    'a is away: c has to wait',
  );
  q.end('a:a', 1);
  t.equal(q.stateOf('a:a'), 'FATAL');
  t.match(q.rolled[0]?.members[0]?.step, { name: 'failed', why: 'it is FATAL' });
});

test('others’ wishes count more: who is stopped meanwhile stays so', async (t) => {
  const p = three({}, false);
  roll(p);
  p.send({ type: 'stop', ids: ['b:b'] });
  p.end('b:b');
  p.end('a:a');
  up(p, 'a:a');
  t.same(p.log, ['stop a', 'stop b', 'start a', 'warmUp a', 'stop c']);
  p.end('c:c');
  up(p, 'c:c');
  t.match(p.rolled[0]?.members[1]?.step, { name: 'passed', why: 'somebody stopped it meanwhile' });
  t.equal(p.stateOf('b:b'), 'STOPPED');

  const q = three({}, false);
  roll(q);
  q.send({ type: 'stop', ids: ['a:a'] });
  t.match(q.rolled[0]?.members[0]?.step, { name: 'failed', why: 'somebody stopped it meanwhile' });
  q.end('a:a');
  t.equal(q.stateOf('a:a'), 'STOPPED');
});

test('a cancel lets the one that is under way come to its end; a second one is none', async (t) => {
  const p = three({}, false);
  roll(p);
  roll(p, { ids: ['c:c'] });
  p.send({ type: 'rolling', event: { type: 'cancel' } });
  t.equal(p.rolled.length, 0);
  p.end('a:a');
  up(p, 'a:a');
  t.match(p.rolled, [{ ending: 'cancelled' }]);
  t.match(
    p.rolled[0]?.members.map(({ step }) => step.name),
    ['done', 'untouched', 'untouched'],
  );
  t.equal(p.world().rolling, undefined);
});

test('what is urgent asks nobody, and its visitors have a short time to leave', async (t) => {
  const p = three();
  roll(p, { kind: 'memory', ids: ['a:a'], isUrgent: true });
  t.same(p.asked, []);
  t.match(p.orders.get('a:a'), { type: 'leave', withinMs: 5000 });
  const q = three();
  roll(q);
  may(q);
  t.match(q.orders.get('a:a'), { type: 'leave', withinMs: 60_000 });
});

test('a shutdown ends it', async (t) => {
  const p = three({}, false);
  roll(p);
  p.send({ type: 'shutdown', mode: 'shutdown' });
  t.match(p.rolled, [{ ending: 'interrupted' }]);
  for (const id of IDS) p.end(id);
  t.same(p.ended, ['shutdown']);
});

test('whatever else is asked for: never two copies, never a lost wish, always an end', async () => {
  const id = fc.constantFrom(...IDS);
  const event = fc.oneof(
    { weight: 1, arbitrary: fc.record({ what: fc.constantFrom('start' as const, 'stop' as const), id }) },
    { weight: 1, arbitrary: fc.record({ what: fc.constant('restart' as const), id }) },
    { weight: 4, arbitrary: fc.record({ what: fc.constant('obey' as const), id, isWrong: fc.boolean() }) },
    { weight: 3, arbitrary: fc.record({ what: fc.constant('exit' as const), id, code: fc.nat(1) }) },
    { weight: 3, arbitrary: fc.record({ what: fc.constant('may' as const), isWrong: fc.boolean() }) },
    { weight: 3, arbitrary: fc.record({ what: fc.constant('wait' as const), ms: fc.nat(3000) }) },
    {
      weight: 1,
      arbitrary: fc.record({ what: fc.constant('roll' as const), max: fc.integer({ min: 1, max: 2 }) }),
    },
    { weight: 1, arbitrary: fc.record({ what: fc.constant('update' as const), id }) },
    { weight: 1, arbitrary: fc.constantFrom({ what: 'cancel' as const }, { what: 'stopAll' as const }) },
  );
  fc.assert(
    fc.property(
      fc.array(event, { maxLength: 60 }),
      fc.boolean(),
      fc.boolean(),
      (events, drained, shutdown) => {
        const p = three({}, drained);
        /** What was asked for last of each one, by somebody else than the rolling restart. */
        const wish = new Map(IDS.map((one) => [one, 'up']));
        roll(p);
        for (const one of events) {
          switch (one.what) {
            case 'start':
            case 'stop':
              p.send({ type: one.what, ids: [one.id] });
              wish.set(one.id, one.what === 'start' ? 'up' : 'down');
              break;
            case 'restart':
              p.send({ type: 'stop', ids: [one.id] });
              p.send({ type: 'start', ids: [one.id] });
              wish.set(one.id, 'up');
              break;
            case 'stopAll':
              p.send({ type: 'stop', ids: IDS });
              for (const each of IDS) wish.set(each, 'down');
              break;
            case 'update': {
              // As the api does it: what has changed is stopped, and comes back when it is gone.
              const state = p.world().processes.get(one.id)?.state;
              const [name = ''] = one.id.split(':');
              const group = p.world().groups.get(name);
              if (!state || !group || isActive(state)) break;
              p.send({ type: 'removeGroup', name });
              p.send({ type: 'addGroups', groups: [group], autostart: true });
              wish.set(one.id, 'up');
              break;
            }
            case 'obey':
              p.obey(one.id, one.isWrong ? 'wrong' : undefined);
              break;
            case 'exit':
              p.end(one.id, one.code);
              break;
            case 'may':
              may(p, one.isWrong ? 'wrong' : undefined);
              break;
            case 'roll':
              // It starts what is down when it begins: that is a wish, too.
              if (p.world().rolling === undefined) for (const each of IDS) wish.set(each, 'rolled');
              roll(p, { maxUnavailable: one.max });
              break;
            case 'cancel':
              p.send({ type: 'rolling', event: { type: 'cancel' } });
              break;
            default:
              p.wait(one.ms);
          }
        }
        if (shutdown) p.send({ type: 'shutdown', mode: 'shutdown' });
        // The shell's and the kernel's part: all that is ordered is done.
        for (let turn = 0; turn < 60; turn += 1) {
          p.wait(1000);
          may(p);
          for (const each of IDS) {
            p.obey(each);
            if (p.stateOf(each) === 'STOPPING' && !p.orders.has(each)) p.end(each);
          }
        }
        if (p.world().rolling !== undefined)
          throw new Error(
            `no end: ${JSON.stringify(p.world().rolling)} ${JSON.stringify([...p.world().processes.values()].map((x) => x.state))} ${JSON.stringify(p.world().plans)}`,
          );
        if (shutdown) {
          if (p.live.size > 0 || p.ended.length === 0) throw new Error('the shutdown did not end');
          return;
        }
        for (const [each, wanted] of wish) {
          const state = p.stateOf(each);
          if (wanted === 'down' && state !== 'STOPPED')
            throw new Error(`${each} is ${state}: a stop was lost`);
          const isDown = state !== 'RUNNING' && state !== 'FATAL';
          if (wanted === 'up' && isDown) throw new Error(`${each} is ${state}: a start was lost`);
        }
      },
    ),
    { numRuns: 1000 },
  );
});
