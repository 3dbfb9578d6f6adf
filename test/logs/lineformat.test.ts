import { test } from 'tap';
import { makeLineFormat } from '../../src/logs/lineformat.js';

const at = Date.UTC(2026, 2, 4, 5, 6, 7, 89);
const time = '2026-03-04T05:06:07.089Z';
const of = (text: string) => Buffer.from(text, 'latin1');

test('text puts the time before each line, whose bytes stay as they are', async (t) => {
  const format = makeLineFormat('text', 'a', 'stdout', () => at);
  t.equal(
    format.take(of('one\n\ntwo\xff\r\nthr')).toString('latin1'),
    `${time} one\n${time} \n${time} two\xff\r\n`,
  );
  t.equal(format.take(of('ee')).toString(), '', 'a line that has begun is held back');
  t.equal(format.take(of('\n')).toString(), `${time} three\n`);
  t.equal(format.end().toString(), '');
  format.take(of('four'));
  t.equal(format.end().toString(), `${time} four\n`, 'and given when nobody will end it');
});

test('json makes an object of each line, with its time, program and stream', async (t) => {
  const format = makeLineFormat('json', 'a "b"', 'stderr', () => at);
  const lines = format.take(Buffer.from('say "ä"\n\x1b[1m\t\\\n\xff'.replace('\xff', ''), 'utf8')).toString();
  t.same(
    lines
      .trimEnd()
      .split('\n')
      .map((line) => JSON.parse(line)),
    ['say "ä"', '\x1b[1m\t\\'].map((text) => ({ time, program: 'a "b"', stream: 'stderr', text })),
  );
  format.take(of('\xff'));
  t.equal(JSON.parse(format.end().toString()).text, '\ufffd', 'what is no UTF-8 is U+FFFD');
});

test('a line without an end is bounded: each 64 KiB are a line', async (t) => {
  const format = makeLineFormat('text', 'a', 'stdout', () => at);
  let out = '';
  for (let count = 0; count < 100; count += 1) out += format.take(Buffer.alloc(1500, 'x')).toString();
  out += format.end().toString();
  t.same(
    out.split('\n').map((line) => line.replace(`${time} `, '').length),
    [65536, 65536, 150_000 - 2 * 65536, 0],
  );
});

test('what is held back can be handed on as it came', async (t) => {
  const format = makeLineFormat('text', 'a', 'stdout', () => at);
  format.take(of('one\ntw'));
  t.equal(format.rest().toString(), 'tw');
  t.equal(format.end().toString(), '');
});
