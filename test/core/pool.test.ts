import * as fc from 'fast-check';
import { test } from 'tap';
import {
  isIdle,
  newPool,
  type Pool,
  type PoolEffect,
  type PoolEvent,
  stepPool,
} from '../../src/core/pool.js';
import type { GroupSpec } from '../../src/core/program.js';
import { processSpec } from '../helpers/specs.js';

function groupOf(names: readonly string[], bufferSize: number): GroupSpec {
  return {
    name: 'l',
    kind: 'eventlistener',
    priority: -1,
    pool: { events: ['EVENT'], bufferSize, eventLength: 'characters' },
    processes: names.map((name) => processSpec(name, { group: 'l' })),
  };
}

/** A shell for one pool: who takes what is written to it can be said; nothing real. */
class FakeShell {
  pool: Pool;
  /** Listeners whose stdin takes nothing. */
  readonly full = new Set<string>();
  readonly told: string[] = [];
  /** Serial and listener of all that was taken. */
  readonly sent: string[] = [];
  processed = 0;
  asksLater = 0;
  serial = -1;

  constructor(names: readonly string[] = ['a'], bufferSize = 10) {
    const group = groupOf(names, bufferSize);
    this.pool = newPool(group, group.pool!);
  }

  dispatch(event: PoolEvent): void {
    const queue = [event];
    for (let next = queue.shift(); next; next = queue.shift()) {
      const step = stepPool(this.pool, next);
      this.pool = step.pool;
      for (const effect of step.effects) queue.push(...this.#perform(effect));
    }
  }

  accept(count = 1): void {
    for (let i = 0; i < count; i += 1) {
      this.serial += 1;
      this.dispatch({
        type: 'accepted',
        event: { serial: this.serial, type: 'TICK_5', payload: `when:${this.serial}` },
      });
    }
  }

  says(name: string, text: string): void {
    this.dispatch({ type: 'wrote', id: `l:${name}`, bytes: Buffer.from(text) });
  }

  up(...names: readonly string[]): void {
    for (const name of names) {
      this.dispatch({ type: 'begun', id: `l:${name}` });
      this.dispatch({ type: 'served', id: `l:${name}` });
      this.says(name, 'READY\n');
    }
  }

  waiting(): readonly number[] {
    return this.pool.buffer.map(({ serial }) => serial);
  }

  held(): readonly number[] {
    return this.pool.members.flatMap(({ listener: { state } }) =>
      state.name === 'BUSY' ? [state.event.serial] : [],
    );
  }

  #perform(effect: PoolEffect): readonly PoolEvent[] {
    switch (effect.type) {
      case 'send':
        if (this.full.has(effect.id)) return [{ type: 'notSent' }];
        this.sent.push(`${effect.event.serial} ${effect.id.slice(2)}`);
        return [{ type: 'sent' }];
      case 'tell':
        if (effect.text.endsWith('event was processed')) this.processed += 1;
        if (effect.level !== 'debug') this.told.push(`${effect.level} ${effect.text}`);
        return [];
      case 'askLater':
        this.asksLater += 1;
        return [];
      default:
        return effect satisfies never;
    }
  }
}

test('events wait until a listener runs and is ready, then go oldest first, one for each READY', async (t) => {
  const shell = new FakeShell();
  shell.accept(2);
  shell.dispatch({ type: 'begun', id: 'l:a' });
  shell.says('a', 'READY\n');
  t.same(shell.sent, [], 'it is not RUNNING yet');
  shell.dispatch({ type: 'served', id: 'l:a' });
  t.same(shell.sent, ['0 a']);
  shell.says('a', 'RESULT 2\nOK');
  t.same(shell.sent, ['0 a'], 'done is not ready');
  shell.says('a', 'READY\n');
  t.same(shell.sent, ['0 a', '1 a']);
});

test('the first that is ready gets the event, the next one the next', async (t) => {
  const shell = new FakeShell(['a', 'b', 'c']);
  shell.up('c', 'b');
  shell.accept(3);
  t.same(shell.sent, ['0 b', '1 c']);
  t.same(shell.waiting(), [2]);
});

test('a rejected event is the next one again', async (t) => {
  const shell = new FakeShell();
  shell.up('a');
  shell.accept(2);
  shell.says('a', 'RESULT 4\nFAIL');
  t.same(shell.waiting(), [0, 1]);
  shell.says('a', 'READY\n');
  t.same(shell.sent, ['0 a'], 'but not at once: it would reject it again');
  t.ok(shell.asksLater > 0);
  shell.dispatch({ type: 'askAgain' });
  t.same(shell.sent, ['0 a', '0 a']);
  t.same(shell.told, ['warn a: event was rejected']);
});

test('an event that one rejects goes to another one that is ready', async (t) => {
  const shell = new FakeShell(['a', 'b']);
  shell.up('a', 'b');
  shell.accept();
  shell.says('a', 'RESULT 4\nFAILREADY\n');
  t.same(shell.sent, ['0 a', '0 b']);
});

test('death with an event gives it back, to another one if there is one', async (t) => {
  const shell = new FakeShell(['a', 'b']);
  shell.up('a');
  shell.accept();
  shell.dispatch({ type: 'ended', id: 'l:a' });
  t.same(shell.waiting(), [0]);
  shell.up('b');
  t.same(shell.sent, ['0 a', '0 b']);
});

test('a full buffer loses its oldest, with a line', async (t) => {
  const shell = new FakeShell(['a'], 2);
  shell.accept(3);
  t.same(shell.waiting(), [1, 2]);
  t.same(shell.told, ['error pool l event buffer overflowed, discarding event 0']);
});

test('an event that comes back to a full buffer takes the place of the oldest there', async (t) => {
  const shell = new FakeShell(['a'], 2);
  shell.up('a');
  shell.accept(3);
  shell.says('a', 'RESULT 1\nx');
  t.same(shell.waiting(), [0, 2]);
  t.match(shell.told[1], /overflowed, discarding event 1/);
});

test('who does not take an event is passed over and asked again later', async (t) => {
  const shell = new FakeShell(['a', 'b']);
  shell.full.add('l:a');
  shell.up('a', 'b');
  shell.accept();
  t.same(shell.sent, ['0 b']);
  shell.accept();
  t.same(shell.sent, ['0 b']);
  t.ok(shell.asksLater > 0);
  shell.full.clear();
  shell.dispatch({ type: 'askAgain' });
  t.same(shell.sent, ['0 b', '1 a']);
});

test('a listener that broke the protocol gets nothing until it is started again', async (t) => {
  const shell = new FakeShell();
  shell.up('a');
  shell.says('a', 'nonsense');
  shell.accept();
  t.same(shell.sent, []);
  shell.dispatch({ type: 'ended', id: 'l:a' });
  shell.up('a');
  t.same(shell.sent, ['0 a']);
});

test('one that is asked to stop gets nothing more, but may finish', async (t) => {
  const shell = new FakeShell();
  shell.up('a');
  shell.accept(2);
  shell.dispatch({ type: 'ceased', id: 'l:a' });
  shell.says('a', 'RESULT 2\nOKREADY\n');
  t.same(shell.sent, ['0 a']);
  t.same(shell.waiting(), [1]);
});

test('a pool is idle when nothing waits that anybody could do', async (t) => {
  const shell = new FakeShell();
  t.ok(isIdle(shell.pool));
  shell.accept();
  t.ok(isIdle(shell.pool), 'nobody is there');
  shell.up('a');
  t.notOk(isIdle(shell.pool), 'it works');
  shell.says('a', 'RESULT 2\nOK');
  t.ok(isIdle(shell.pool), 'it is done');
  shell.accept();
  t.notOk(isIdle(shell.pool), 'it will be ready again');
  shell.says('a', 'nonsense');
  t.ok(isIdle(shell.pool), 'it is lost');
});

/** What a listener may say: right, wrong, in pieces, or noise. */
const words = fc.oneof(
  fc.constantFrom(
    'READY\n',
    'RESULT 2\nOK',
    'RESULT 4\nFAIL',
    'RESULT 2\nOKREADY\n',
    'RESULT x\n',
    'RESULT 999\n',
    'REA',
    'DY\n',
  ),
  fc.string({ maxLength: 40 }),
  fc.uint8Array({ maxLength: 3000 }).map((bytes) => Buffer.from(bytes).toString('latin1')),
);
const who = fc.constantFrom('a', 'b');
const action = fc.oneof(
  { weight: 4, arbitrary: fc.record({ do: fc.constant('says' as const), who, text: words }) },
  { weight: 3, arbitrary: fc.record({ do: fc.constant('accept' as const) }) },
  fc.record({ do: fc.constantFrom('up', 'begun', 'ended', 'ceased', 'served', 'full', 'free'), who }),
  fc.record({ do: fc.constant('askAgain' as const) }),
);

test('whatever listeners say and do, no event is lost without a line or with two at once, and memory is bounded', async (t) => {
  const BUFFER = 3;
  fc.assert(
    fc.property(fc.array(action, { maxLength: 60 }), (actions) => {
      const shell = new FakeShell(['a', 'b'], BUFFER);
      for (const one of actions) {
        act(shell, one);
        const now = [...shell.held(), ...shell.waiting()];
        if (new Set(now).size !== now.length) throw new Error(`twice: ${now}`);
        if (shell.waiting().length > BUFFER) throw new Error('the buffer grew');
        for (const { listener } of shell.pool.members) {
          if (listener.heard.length > 2048) throw new Error('what was heard grew');
        }
        const lost = shell.told.filter((line) => line.includes('discarding event')).length;
        const accounted = now.length + lost + shell.processed;
        if (accounted !== shell.serial + 1) throw new Error(`${accounted} of ${shell.serial + 1} events`);
      }
    }),
    { numRuns: 500 },
  );
  t.pass();
});

function act(shell: FakeShell, one: { do: string; who?: string; text?: string }): void {
  const { who = 'a', text = '' } = one;
  const id = `l:${who}`;
  switch (one.do) {
    case 'says':
      return shell.dispatch({ type: 'wrote', id, bytes: Buffer.from(text, 'latin1') });
    case 'accept':
      return shell.accept();
    case 'up':
      return shell.up(who);
    case 'full':
      shell.full.add(id);
      return;
    case 'free':
      shell.full.delete(id);
      return;
    case 'askAgain':
      return shell.dispatch({ type: 'askAgain' });
    default:
      return shell.dispatch({ type: one.do as 'begun' | 'ended' | 'ceased' | 'served', id });
  }
}
