import fs from 'node:fs';
import path from 'node:path';
import { test } from 'tap';
import { READ_MAX_BYTES, readLog, tailBytes, tailLog } from '../../src/logs/read.js';
import { makeFifo, scratchDir } from './scratch.js';

function logOf(t: Parameters<typeof scratchDir>[0], text: string): string {
  const file = path.join(scratchDir(t), 'a.log');
  fs.writeFileSync(file, text);
  return file;
}

test('offsets count from the start, negative ones from the end', async (t) => {
  const file = logOf(t, '0123456789');
  t.equal(readLog(file, 0, 0).toString(), '0123456789', 'length 0 is to the end');
  t.equal(readLog(file, 3, 4).toString(), '3456');
  t.equal(readLog(file, 3, 0).toString(), '3456789');
  t.equal(readLog(file, 8, 100).toString(), '89');
  t.equal(readLog(file, 10, 5).toString(), '');
  t.equal(readLog(file, 50, 0).toString(), '');
  t.equal(readLog(file, -3, 0).toString(), '789');
  t.equal(readLog(file, -50, 0).toString(), '0123456789');
});

test('arguments that mean nothing are refused', async (t) => {
  const file = logOf(t, '0123456789');
  t.throws(() => readLog(file, -3, 2), RangeError);
  t.throws(() => readLog(file, 0, -1), RangeError);
  t.throws(() => readLog(`${file}.none`, 0, 0), { code: 'ENOENT' });
});

test('a pipe is not read: what went there is gone, and a read would wait', async (t) => {
  const fifo = makeFifo(scratchDir(t));
  t.throws(() => readLog(fifo.path, 0, 0), { code: 'EINVAL' });
  fs.closeSync(fifo.readEnd);
});

test('nobody gets more than 16 MiB at once', async (t) => {
  const file = logOf(t, '');
  fs.truncateSync(file, READ_MAX_BYTES * 2);
  t.equal(readLog(file, 0, 0).length, READ_MAX_BYTES);
  t.equal(readLog(file, -READ_MAX_BYTES * 2, 0).length, READ_MAX_BYTES);
});

test('tailBytes gives the last bytes, or what there is', async (t) => {
  const file = logOf(t, '0123456789');
  t.equal(tailBytes(file, 4).toString(), '6789');
  t.equal(tailBytes(file, 40).toString(), '0123456789');
  t.equal(tailBytes(file, 0).toString(), '');
});

test('tailLog counts as supervisord does', async (t) => {
  const file = logOf(t, '0123456789');
  const tail = (offset: number, length: number) => {
    const { content, offset: next, overflow } = tailLog(file, offset, length);
    return [content.toString(), next, overflow];
  };
  t.strictSame(tail(0, 4), ['6789', 10, true], 'more was written than asked for: the last of it');
  t.strictSame(tail(6, 4), ['6789', 10, false]);
  t.strictSame(tail(8, 4), ['6789', 10, false], 'short: filled up from before');
  t.strictSame(tail(10, 4), ['', 10, false], 'nothing new');
  t.strictSame(tail(12, 4), ['', 10, false]);
  t.strictSame(tail(0, 100), ['0123456789', 10, false]);
  t.strictSame(tail(0, 0), ['', 10, true]);
  t.same(tailLog(`${file}.none`, 5, 4), { content: Buffer.alloc(0), offset: 5, overflow: false });
});
