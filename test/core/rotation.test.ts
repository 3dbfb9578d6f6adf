import fc from 'fast-check';
import { test } from 'tap';
import { cutForRotation, rotationRenames, unendedAfter } from '../../src/core/rotation.js';

/** Writes chunks the way a log file does; what each file holds, oldest first. */
function write(chunks: readonly string[], maxBytes: number): string[] {
  const files = [''];
  let unended = 0;
  for (const text of chunks) {
    // Something stands before and after the chunk, as in a shared buffer.
    const buffer = Buffer.from(`\n\n${text}\n\n`, 'latin1');
    const end = buffer.length - 2;
    let at = 2;
    while (at < end) {
      const current = files.at(-1) as string;
      const { keep, rotate, carry } = cutForRotation(buffer, at, end, current.length, unended, maxBytes);
      unended = unendedAfter(buffer, at, at + keep, unended);
      const now = current + buffer.toString('latin1', at, at + keep);
      at += keep;
      files[files.length - 1] = now.slice(0, now.length - carry);
      if (!rotate) continue;
      files.push(now.slice(now.length - carry));
      unended = carry;
    }
  }
  return files;
}

test('what fits stays in the file, to the last byte', async (t) => {
  t.strictSame(write(['aa\n', 'bb\n', 'c\nd\n'], 10), ['aa\nbb\nc\nd\n']);
});

test('one byte more goes to the next file', async (t) => {
  t.strictSame(write(['aa\n', 'bb\n', 'c\nd\n', 'e'], 10), ['aa\nbb\nc\nd\n', 'e']);
});

test('a chunk is cut after the last line that fits', async (t) => {
  t.strictSame(write(['1\n22\n333\n4444\n'], 10), ['1\n22\n333\n', '4444\n']);
});

test('a line that began in a full file moves to the next one whole', async (t) => {
  t.strictSame(write(['aaaa\nbbb', 'bbb\n'], 10), ['aaaa\n', 'bbbbbb\n']);
});

test('a line longer than the bound is cut at the bound', async (t) => {
  t.strictSame(write(['x\n', 'yyyyyyyyyyyyyyyyyyyyyyyyy\nz\n'], 10), [
    'x\n',
    'yyyyyyyyyy',
    'yyyyyyyyyy',
    'yyyyy\nz\n',
  ]);
});

test('without a bound nothing is ever cut', async (t) => {
  t.strictSame(write(['a'.repeat(1000), 'b\n'.repeat(1000)], 0), ['a'.repeat(1000) + 'b\n'.repeat(1000)]);
});

test('whatever the chunks: no byte lost or moved, no file too large, no line cut that fits a file', async (t) => {
  const text = fc.array(fc.integer({ min: 0, max: 14 }), { maxLength: 60 });
  const cuts = fc.array(fc.integer({ min: 1, max: 25 }), { minLength: 1 });
  fc.assert(
    fc.property(text, cuts, fc.integer({ min: 1, max: 20 }), (lengths, sizes, maxBytes) => {
      const all = lengths
        .map((length, i) => `${String.fromCharCode(97 + (i % 26)).repeat(length)}\n`)
        .join('');
      const chunks: string[] = [];
      for (let at = 0, i = 0; at < all.length; i += 1) {
        const size = sizes[i % sizes.length] as number;
        chunks.push(all.slice(at, at + size));
        at += size;
      }
      const files = write(chunks, maxBytes);
      const isWhole = files.join('') === all;
      const isBounded = files.every((file) => file.length <= maxBytes);
      const isUncut = files
        .slice(0, -1)
        .every((file, i) => file.endsWith('\n') || lineAround(all, files.slice(0, i + 1)) > maxBytes);
      return isWhole && isBounded && isUncut;
    }),
    { numRuns: 2000 },
  );
  t.pass('2000 random logs');
});

/** The length of the line that the boundary after these files cuts, its newline included. */
function lineAround(all: string, files: readonly string[]): number {
  const boundary = files.join('').length;
  return all.indexOf('\n', boundary) + 1 - (all.lastIndexOf('\n', boundary - 1) + 1);
}

test('renames go from the oldest to the file itself', async (t) => {
  t.strictSame(rotationRenames('/var/log/a.log', 3), [
    ['/var/log/a.log.2', '/var/log/a.log.3'],
    ['/var/log/a.log.1', '/var/log/a.log.2'],
    ['/var/log/a.log', '/var/log/a.log.1'],
  ]);
  t.strictSame(rotationRenames('/var/log/a.log', 0), []);
});
