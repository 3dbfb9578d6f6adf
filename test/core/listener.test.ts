import * as fc from 'fast-check';
import { test } from 'tap';
import { hear, type Listener, newListener, type QueuedEvent } from '../../src/core/listener.js';

const event: QueuedEvent = { serial: 4, poolSerial: 2, type: 'TICK_5', payload: 'when:5' };
const busy: Listener = { state: { name: 'BUSY', event }, heard: '' };

/** The state after these pieces, what was logged, and the events that came back. */
function said(from: Listener, ...pieces: readonly (string | Uint8Array)[]) {
  let listener = from;
  const told: string[] = [];
  const returned: number[] = [];
  for (const piece of pieces) {
    const step = hear(listener, 'x', typeof piece === 'string' ? Buffer.from(piece) : piece);
    listener = step.listener;
    for (const one of step.outcomes) {
      if (one.type === 'returned') returned.push(one.event.serial);
      else if (one.level === 'warn') told.push(one.text);
    }
  }
  return { state: listener.state.name, told, returned, heard: listener.heard };
}

const UNKNOWN =
  'x: has entered the UNKNOWN state and will no longer receive events, this usually indicates the process violated the eventlistener protocol';

test('READY makes it ready, wherever the reads split it', async (t) => {
  t.match(said(newListener, 'READY\n'), { state: 'READY', told: [] });
  t.match(said(newListener, 'RE', 'AD', 'Y', '\n'), { state: 'READY', told: [] });
  t.match(said(newListener, 'READY'), { state: 'ACKNOWLEDGED', heard: 'READY' });
});

test('any other word instead of READY loses it', async (t) => {
  t.same(said(newListener, 'hello world\n'), {
    state: 'UNKNOWN',
    told: [UNKNOWN],
    returned: [],
    heard: '',
  });
  t.match(said(newListener, 'READY\r\n'), { state: 'UNKNOWN' });
  t.match(said(newListener, 'hm'), { state: 'ACKNOWLEDGED' }, 'too little to judge');
});

test('a word while it is ready loses it', async (t) => {
  t.match(said(newListener, 'READY\n', 'x'), { state: 'UNKNOWN', told: [UNKNOWN] });
  t.match(said(newListener, 'READY\nREADY\n'), { state: 'UNKNOWN' });
});

test('a result of OK is done with, any other one gives the event back', async (t) => {
  t.same(said(busy, 'RESULT 2\nOK'), { state: 'ACKNOWLEDGED', told: [], returned: [], heard: '' });
  const rejected = { state: 'ACKNOWLEDGED', told: ['x: event was rejected'], returned: [4] };
  t.match(said(busy, 'RESULT 4\nFAIL'), rejected);
  t.match(said(busy, 'RESULT 3\nOK\n'), rejected);
  t.match(said(busy, 'RESULT 0\n'), rejected);
  t.match(said(busy, 'RESULT 70000\n', 'OK', 'x'.repeat(69_998)), rejected);
});

test('result and the next READY are understood in one read and in many', async (t) => {
  t.match(said(busy, 'RESULT 2\nOKREADY\n'), { state: 'READY', told: [] });
  t.match(said(busy, ...'RESULT 2\nOKREADY\n'), { state: 'READY', told: [] });
});

test('of a result line only the number counts, as supervisord reads it', async (t) => {
  t.match(said(busy, 'anysort 2 \nOK'), { state: 'ACKNOWLEDGED', returned: [] });
  t.match(said(busy, 'RESULT +0_2\nOK'), { state: 'ACKNOWLEDGED', returned: [] });
});

test('a bad result line loses the listener and gives the event back', async (t) => {
  t.same(said(busy, 'RESULT two\n'), {
    state: 'UNKNOWN',
    told: ["x: bad result line: 'RESULT two'", UNKNOWN],
    returned: [4],
    heard: '',
  });
  t.match(said(busy, 'RESULT -1\n'), { state: 'UNKNOWN', returned: [4] });
  t.match(said(busy, '\n'), { state: 'UNKNOWN', told: ["x: bad result line: ''", UNKNOWN] });
  t.match(said(busy, Uint8Array.from([0xff, 0x0a])).told[0], "x: bad result line: 'Undecodable: b'\\xff''");
});

test('a result line without an end is not kept for ever', async (t) => {
  const { state, told, returned } = said(busy, 'R'.repeat(1000), 'R'.repeat(1000));
  t.match({ state, returned }, { state: 'UNKNOWN', returned: [4] });
  t.equal(told[0], `x: bad result line: '${'R'.repeat(100)}…'`);
});

test('of an endless result next to nothing is kept', async (t) => {
  const step = hear(busy, 'x', Buffer.from(`RESULT 99999999999999\n${'y'.repeat(100_000)}`));
  t.ok(JSON.stringify(step.listener).length < 300);
});

test('what was lost is not listened to', async (t) => {
  const lost = hear(newListener, 'x', Buffer.from('nonsense')).listener;
  t.equal(hear(lost, 'x', Buffer.from('READY\n')).listener, lost);
});

test('how reads split what it says changes nothing', async (t) => {
  const words = fc.constantFrom(
    'READY\n',
    'RESULT 2\nOK',
    'RESULT 5\nwrong',
    'RESULT 0\n',
    'RESULT x\n',
    '\n',
    'ü',
  );
  fc.assert(
    fc.property(
      fc.array(words, { maxLength: 6 }),
      fc.array(fc.integer({ min: 1, max: 9 }), { maxLength: 12 }),
      fc.boolean(),
      (all, cuts, isBusy) => {
        const whole = Buffer.from(all.join(''));
        const pieces: Uint8Array[] = [];
        let at = 0;
        for (const cut of cuts) {
          pieces.push(whole.subarray(at, at + cut));
          at += cut;
        }
        const from = isBusy ? busy : newListener;
        const once = said(from, whole);
        return JSON.stringify(said(from, ...pieces, whole.subarray(at))) === JSON.stringify(once);
      },
    ),
  );
  t.pass();
});
