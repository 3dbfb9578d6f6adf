import { test } from 'tap';
import {
  isTooMuch,
  isUrgent,
  looked,
  type MemoryRecord,
  type MemorySpec,
  whyNotNow,
} from '../../src/core/memory.js';
import { play } from '../helpers/play-world.js';
import { groupSpec, processSpec, program } from '../helpers/specs.js';

const memory: MemorySpec = { maxBytes: 1000 };
const NOON = 12 * 60;
const after = (pid: number, ...bytes: readonly number[]) =>
  bytes.reduce<MemoryRecord | undefined>((record, one) => looked(record, pid, one, memory), undefined)!;

/** a and b in one group, c alone; all of them RUNNING. */
function started() {
  const pair = ['a', 'b'].map((name) => processSpec(name, { group: 'g', autorestart: 'always' }));
  const p = play([groupSpec('g', pair), program('c', 1)]);
  p.wait(1000);
  const why = (
    id: string,
    bytes = 1001,
    minutes = NOON,
    more: Partial<MemorySpec> = {},
    restarted?: number,
  ) =>
    whyNotNow(
      p.world(),
      p.world().processes.get(id)!,
      { ...after(1, bytes, bytes, bytes), ...(restarted === undefined ? {} : { restarted }) },
      { ...memory, ...more },
      p.now(),
      minutes,
    );
  return { p, why };
}

test('three looks in a row at the same process count, no two and no others', async (t) => {
  t.notOk(isTooMuch(after(1, 2000, 2000)));
  t.ok(isTooMuch(after(1, 1001, 1001, 1001)));
  t.notOk(isTooMuch(after(1, 1001, 1001, 1000)), 'the limit itself is not over it');
  t.notOk(isTooMuch(after(1, 1001, 1001, 900, 1001)));
  t.notOk(isTooMuch(looked(after(1, 2000, 2000), 2, 2000, memory)), 'another process begins anew');
  t.ok(isUrgent(after(1, 2000), memory));
  t.notOk(isUrgent(after(1, 1999), memory));
});

test('only while another can do its work; one that has none is restarted all the same', async (t) => {
  const { p, why } = started();
  t.equal(why('g:a'), undefined);
  t.equal(why('c:c'), undefined);
  p.send({ type: 'stop', ids: ['g:b'] });
  t.equal(why('g:a'), 'none of b can do its work');
  t.equal(why('g:a', 2000), undefined, 'past twice the limit nobody is waited for');
});

test('the servers of one backend stand in for each other', async (t) => {
  const traffic = (server: string) => ({
    haproxy: { socket: '/s', backend: 'zope', server },
    warmup: [],
    drainMs: 1,
    warmupMs: 1,
  });
  const p = play([program('a', 1, { traffic: traffic('a') }), program('b', 1, { traffic: traffic('b') })]);
  p.wait(1000);
  const why = () =>
    whyNotNow(p.world(), p.world().processes.get('a:a')!, after(1, 1001), memory, p.now(), NOON);
  t.equal(why(), 'none of b can do its work', 'b has not arrived yet');
  p.obey('b:b');
  t.equal(why(), undefined);
});

test('only in its quiet hours, which may go over midnight', async (t) => {
  const { why } = started();
  const night = { quiet: { from: 22 * 60, to: 6 * 60 } };
  t.equal(why('c:c', 1001, NOON, night), 'it is not in its quiet_hours');
  t.equal(why('c:c', 1001, 23 * 60, night), undefined);
  t.equal(why('c:c', 1001, 0, night), undefined);
  t.equal(why('c:c', 1001, 6 * 60, night), 'it is not in its quiet_hours');
  t.equal(why('c:c', 2000, NOON, night), undefined);
  t.equal(why('c:c', 1001, 13 * 60, { quiet: { from: NOON, to: 14 * 60 } }), undefined);
});

test('not twice within ten minutes, nor beside another restart of its kind, whatever it uses', async (t) => {
  const { p, why } = started();
  t.match(why('c:c', 9000, NOON, {}, p.now() - 599_000), /ten minutes/);
  t.equal(why('c:c', 9000, NOON, {}, p.now() - 600_000), undefined);
  const plan = {
    kind: 'memory',
    ids: ['g:a'],
    maxUnavailable: 1,
    force: false,
    by: 'supd',
    reason: '',
  } as const;
  p.send({ type: 'rolling', event: { type: 'begin', plan } });
  t.equal(why('c:c', 9000), 'a rolling restart is under way');
});
