import { test } from 'tap';
import { newPool, type Pool, type PoolEvent, stepPool } from '../../src/core/pool.js';
import { listenersOf, noPoolsSaved, readPools, resumePool, savePool } from '../../src/core/pool-saved.js';
import type { GroupSpec } from '../../src/core/program.js';
import { groupSpec, processSpec } from '../helpers/specs.js';

const spec = { events: ['EVENT'], bufferSize: 10, eventLength: 'characters' } as const;
const group: GroupSpec = {
  ...groupSpec(
    'g',
    ['a', 'b'].map((name) => processSpec(name, { group: 'g' })),
  ),
  kind: 'eventlistener',
  pool: spec,
};
const [a, b] = ['g:a', 'g:b'];

function after(pool: Pool, ...events: PoolEvent[]): Pool {
  return events.reduce((next, event) => {
    const step = stepPool(next, event);
    const isSent = step.effects.some(({ type }) => type === 'send');
    return isSent ? after(step.pool, { type: 'sent' }) : step.pool;
  }, pool);
}

const wrote = (id: string, text: string): PoolEvent => ({ type: 'wrote', id, bytes: Buffer.from(text) });
const accepted = (serial: number): PoolEvent => ({
  type: 'accepted',
  event: { serial, type: 'TICK_5', payload: `when:${serial}` },
});

/** `a` is BUSY with the first event and has said half of its answer, `b` is READY no more: two events wait. */
const talking = after(
  newPool(group, spec),
  { type: 'served', id: a },
  { type: 'served', id: b },
  wrote(a, 'READY\n'),
  accepted(0),
  accepted(1),
  accepted(2),
  wrote(a, 'RESULT 2\nO'),
);

/** As the state file brings it to the next supd. */
function handedOn(pool: Pool, isWhole: (id: string) => boolean, isLeft: (id: string) => boolean): Pool {
  const text = JSON.stringify({ lastSerial: 2, pools: [savePool(pool, isWhole)] });
  const saved = readPools(JSON.parse(text));
  const [first] = saved.pools;
  if (!first) throw new Error('it can be read');
  return resumePool(group, spec, first, isLeft);
}

test('a conversation goes on in the midst of an answer, and what waited is told in its order', async (t) => {
  const pool = handedOn(
    talking,
    () => true,
    () => true,
  );
  const next = after(pool, wrote(a, 'KREADY\n'), accepted(3));
  const state = next.members[0]?.listener.state;
  t.match(state, { name: 'BUSY', event: { serial: 1, poolSerial: 1 } });
  t.same(
    next.buffer.map(({ serial, poolSerial }) => [serial, poolSerial]),
    [
      [2, 2],
      [3, 3],
    ],
  );
});

test('an event of a listener that is lost, or that it was not written whole, is the next one again', async (t) => {
  for (const pool of [
    handedOn(
      talking,
      () => false,
      () => true,
    ),
    handedOn(
      talking,
      () => true,
      (id) => id !== a,
    ),
  ]) {
    t.same(
      pool.buffer.map(({ serial }) => serial),
      [0, 1, 2],
    );
    t.equal(pool.members[0]?.listener.state.name, 'ACKNOWLEDGED');
    t.equal(pool.members[0]?.serving, false);
  }
});

test('one that broke the protocol is not gone on with', async (t) => {
  const pool = after(talking, wrote(b, 'nonsense\n'));
  t.same(listenersOf({ lastSerial: 2, pools: [savePool(pool, () => true)] }), [a]);
});

test('what is no state of pools is none', async (t) => {
  const saved = { lastSerial: 2, pools: [savePool(talking, () => true)] };
  t.same(readPools(JSON.parse(JSON.stringify(saved))), JSON.parse(JSON.stringify(saved)));
  for (const wrong of [
    undefined,
    7,
    { lastSerial: 2 },
    { lastSerial: 'x', pools: [] },
    { lastSerial: 2, pools: [{ ...saved.pools[0], buffer: [{ serial: 1 }] }] },
    { lastSerial: 2, pools: [{ ...saved.pools[0], members: [{ id: a }] }] },
  ])
    t.same(readPools(wrong), noPoolsSaved);
});
