import fc from 'fast-check';
import { test } from 'tap';
import { AnsiFilter } from '../../src/logs/ansi.js';

function filtered(...chunks: readonly string[]): string {
  const filter = new AnsiFilter();
  return chunks.map((chunk) => filter.filter(Buffer.from(chunk, 'latin1')).toString('latin1')).join('');
}

test('colours, cursor moves and titles go, the text stays', async (t) => {
  t.equal(filtered('\x1b[1;31mred\x1b[0m and \x1b[2Kplain\n'), 'red and plain\n');
  t.equal(filtered('\x1b]0;a title\x07text\x1b]8;;http://x/\x1b\\link\x1b]8;;\x1b\\\n'), 'textlink\n');
  t.equal(filtered('\x1b(Bascii\x1b7saved\x1b=\x1b[?25l\x1b[>4;2m\n'), 'asciisaved\n');
  t.equal(filtered('\x1bP1$r0m\x1b\\after DCS'), 'after DCS');
});

test('text without sequences comes back as the same memory', async (t) => {
  const buffer = Buffer.from('--no sequences here--');
  const out = new AnsiFilter().filter(buffer, 2, 19);
  t.equal(out.toString(), 'no sequences here');
  t.equal(out.buffer, buffer.buffer);
});

test('what is no sequence is not swallowed', async (t) => {
  t.equal(filtered('\x1b\nnext line'), '\nnext line');
  t.equal(filtered('\x1b[12\nnext line'), '\nnext line', 'a sequence never ended');
  t.equal(filtered('\x1b]0;never ended\nnext line'), '\nnext line');
  t.equal(filtered(`\x1b]${'x'.repeat(20_000)}`).length, 20_000 - 8192, 'nor is one without an end');
  t.equal(filtered('\x1b[31\x1b[32mgreen'), 'green');
  t.equal(filtered('bytes \x80\x9b\xff\x00 stay'), 'bytes \x80\x9b\xff\x00 stay');
});

test('the result is the same wherever the reads split the text', async (t) => {
  const piece = fc.constantFrom(
    ...[
      'a',
      'word',
      '\n',
      '\x1b',
      '\x1b[',
      '\x1b[0m',
      '\x1b[1;3',
      '\x1b]0;t',
      '\x07',
      '\x1b\\',
      '\x1b(B',
      ';1m',
      '\x9b',
    ],
  );
  fc.assert(
    fc.property(
      fc.array(piece),
      fc.array(fc.integer({ min: 1, max: 5 }), { minLength: 1 }),
      (pieces, sizes) => {
        const text = pieces.join('');
        const chunks: string[] = [];
        for (let at = 0, i = 0; at < text.length; i += 1) {
          chunks.push(text.slice(at, at + (sizes[i % sizes.length] as number)));
          at += sizes[i % sizes.length] as number;
        }
        return filtered(...chunks) === filtered(text);
      },
    ),
    { numRuns: 2000 },
  );
  t.pass('2000 random splits');
});
