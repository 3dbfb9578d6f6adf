import * as fc from 'fast-check';
import { test } from 'tap';
import { Capture } from '../../src/logs/capture.js';

const B = '<!--XSUPERVISOR:BEGIN-->';
const E = '<!--XSUPERVISOR:END-->';

/** What is logged and captured of these pieces, each written by itself, and after the writer's end. */
function fed(pieces: readonly string[], maxBytes = 1000, end = true) {
  let log = '';
  const captured: string[] = [];
  const capture = new Capture(maxBytes, {
    log: (bytes) => {
      log += bytes.toString('latin1');
    },
    capture: (bytes) => captured.push(bytes.toString('latin1')),
  });
  for (const piece of pieces) capture.take(Buffer.from(piece, 'latin1'));
  if (end) capture.end();
  return { log, captured };
}

test('what stands between the tags is captured, the rest logged, the tags dropped', async (t) => {
  t.same(fed([`a${B}one${E}b${B}two${E}c`]), { log: 'abc', captured: ['one', 'two'] });
  t.same(fed([`${B}${E}`]), { log: '', captured: [''] });
});

test('tags may be split anywhere', async (t) => {
  t.same(fed([...`a${B}one${E}b`]), { log: 'ab', captured: ['one'] });
  t.same(fed([`a<!--XSUPER`, `VISOR:BEGIN-->x<!--`, `XSUPERVISOR:END-->b`]), { log: 'ab', captured: ['x'] });
});

test('short output is logged at once; only what may begin a tag waits, and not beyond the end', async (t) => {
  t.equal(fed(['hi\n'], 1000, false).log, 'hi\n');
  t.equal(fed(['hi <!--X'], 1000, false).log, 'hi ');
  t.equal(fed(['hi <!--X']).log, 'hi <!--X');
  t.equal(fed(['hi <!--X', ' there'], 1000, false).log, 'hi <!--X there');
});

test('what an end tag is missing for goes to the log when its writer ends', async (t) => {
  t.same(fed([`a${B}one`]), { log: 'aone', captured: [] });
  t.same(fed([`a${B}one<!--XSUP`]), { log: 'aone<!--XSUP', captured: [] });
});

test('beyond the limit the newest bytes are kept', async (t) => {
  t.same(fed([`${B}0123456789${E}`], 4).captured, ['6789']);
  t.same(fed([B, '012', '345', '678', '9', E], 4).captured, ['6789']);
  t.same(fed([B, '0123', E, B, '45', E], 4).captured, ['0123', '45']);
});

test('any splitting gives what the whole gives', async (t) => {
  const part = fc.oneof(fc.constantFrom(B, E, '<!--', '<', '-->', 'x\n'), fc.string({ maxLength: 9 }));
  fc.assert(
    fc.property(
      fc.array(part, { maxLength: 12 }),
      fc.array(fc.nat(30), { maxLength: 30 }),
      fc.integer({ min: 1, max: 40 }),
      (parts, cuts, maxBytes) => {
        const whole = Buffer.from(parts.join('')).toString('latin1');
        const pieces: string[] = [];
        let at = 0;
        for (const cut of cuts) {
          pieces.push(whole.slice(at, at + cut));
          at += cut;
        }
        pieces.push(whole.slice(at));
        return JSON.stringify(fed(pieces, maxBytes)) === JSON.stringify(fed([whole], maxBytes));
      },
    ),
  );
  t.pass();
});
