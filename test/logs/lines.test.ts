import fc from 'fast-check';
import { test } from 'tap';
import { Lines } from '../../src/logs/lines.js';

/** The lines of pieces, told in memory that is used again. */
function linesOf(pieces: readonly Buffer[], maxBytes = 100, end = true): readonly string[] {
  const told: string[] = [];
  const lines = new Lines((line) => told.push(line.toString('latin1')), maxBytes);
  for (const piece of pieces) {
    const memory = Buffer.from(piece);
    lines.take(memory);
    memory.fill('x');
  }
  if (end) lines.end();
  return told;
}

const texts = (...pieces: string[]) => pieces.map((piece) => Buffer.from(piece, 'latin1'));

test('lines are told whole, one that has begun when it ends', async (t) => {
  t.same(linesOf(texts('one\ntw', 'o\n\nthr', 'ee', '\n')), ['one', 'two', '', 'three']);
  t.same(linesOf(texts('one\ntwo'), 100, false), ['one']);
  t.same(linesOf(texts('one\ntwo')), ['one', 'two'], 'nobody will end it any more');
  t.same(linesOf(texts('one\n')), ['one']);
});

test('a line is told in pieces where it is longer than the bound, between characters', async (t) => {
  t.same(linesOf(texts('abcdefgh\n'), 4), ['abcd', 'efgh']);
  t.same(linesOf(texts('abc', 'defghi'), 4, false), ['abcd', 'efgh'], 'without waiting for its end');
  const utf8 = linesOf([Buffer.from('aäöü\n')], 4).map((line) => Buffer.from(line, 'latin1').toString());
  t.same(utf8, ['aä', 'öü']);
  t.same(linesOf(texts('\x80\x80\x80\x80\x80\x80\n'), 4), ['\x80\x80\x80\x80', '\x80\x80']);
});

test('the lines are the same wherever the reads split the text, and no byte is lost', async (t) => {
  fc.assert(
    fc.property(fc.array(fc.string({ unit: fc.constantFrom('a', '\n', 'ä', '€') })), (pieces) => {
      const buffers = pieces.map((piece) => Buffer.from(piece));
      const whole = Buffer.concat(buffers);
      t.strictSame(linesOf(buffers, 1000), linesOf([whole], 1000));
      const joined = linesOf(buffers, 3).join('');
      return joined === whole.toString('latin1').replaceAll('\n', '');
    }),
  );
});
