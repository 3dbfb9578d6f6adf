import fs from 'node:fs';
import path from 'node:path';
import { test } from 'tap';
import { follow } from '../../src/logs/follow.js';
import { LogFile } from '../../src/logs/logfile.js';
import { makeFifo, scratchDir } from './scratch.js';

const add = (log: LogFile, words: string) => log.append(Buffer.from(words, 'latin1'));

/** Follows, and gives what has come once it is so many bytes. */
function reader(t: { teardown(end: () => void): unknown }, file: string, fromEnd: number, source?: LogFile) {
  const end = new AbortController();
  t.teardown(() => end.abort());
  const chunks = follow(file, fromEnd, source, { signal: end.signal });
  let text = '';
  return {
    end,
    chunks,
    async upTo(bytes: number): Promise<string> {
      while (text.length < bytes) {
        const { value, done } = await chunks.next();
        if (done) break;
        text += value.toString('latin1');
      }
      return text;
    },
  };
}

test('the end of a log comes first, then what is added', async (t) => {
  const file = path.join(scratchDir(t), 'a.log');
  const log = LogFile.open(file, { maxBytes: 0, backups: 0 });
  add(log, '0123456789');
  const { upTo } = reader(t, file, 4, log);
  t.equal(await upTo(4), '6789');
  add(log, 'abc');
  t.equal(await upTo(7), '6789abc');
});

test('without anybody who tells of growth the file is looked at', async (t) => {
  const file = path.join(scratchDir(t), 'a.log');
  const { upTo } = reader(t, file, 100);
  const first = upTo(4);
  fs.writeFileSync(file, 'late');
  t.equal(await first, 'late', 'also one that was not there yet');
  fs.appendFileSync(file, 'r\n');
  t.equal(await upTo(6), 'later\n');
});

test('a rotation loses and repeats nothing, whether the reader is ahead or behind', async (t) => {
  const file = path.join(scratchDir(t), 'a.log');
  const log = LogFile.open(file, { maxBytes: 20, backups: 5 });
  const { upTo } = reader(t, file, 1000, log);
  let all = '';
  for (let i = 0; i < 200; i += 1) {
    // Lines in pieces, so that rotations move beginnings of lines that were read before.
    const piece = i % 3 === 2 ? `${i}\n` : `${i}-`;
    all += piece;
    add(log, piece);
    if (i % 4 === 1 || i === 199) t.equal(await upTo(all.length), all);
  }
});

test('a reader that lags by several rotations goes on in the rotated files', async (t) => {
  const file = path.join(scratchDir(t), 'a.log');
  const log = LogFile.open(file, { maxBytes: 8, backups: 5 });
  add(log, 'first\n');
  const { upTo } = reader(t, file, 100, log);
  t.equal(await upTo(3), 'first\n');
  for (const line of ['2222222\n', '3333333\n', '4444444\n', '5555555\n']) add(log, line);
  t.equal(await upTo(38), 'first\n2222222\n3333333\n4444444\n5555555\n');
});

test('a reader that was overtaken goes on with the oldest that is left', async (t) => {
  const file = path.join(scratchDir(t), 'a.log');
  const log = LogFile.open(file, { maxBytes: 8, backups: 2 });
  add(log, 'first\n');
  const { upTo } = reader(t, file, 100, log);
  t.equal(await upTo(6), 'first\n');
  for (const line of ['2222222\n', '3333333\n', '4444444\n', '5555555\n']) add(log, line);
  t.equal(await upTo(30), 'first\n3333333\n4444444\n5555555\n');
});

test('a cleared log goes on with the new file, not with old rotated ones', async (t) => {
  const file = path.join(scratchDir(t), 'a.log');
  const log = LogFile.open(file, { maxBytes: 8, backups: 2 });
  for (const line of ['1111111\n', '2222222\n', '3333333\n']) add(log, line);
  const { upTo } = reader(t, file, 100, log);
  t.equal(await upTo(8), '3333333\n');
  log.clear();
  add(log, 'new\n');
  t.equal(await upTo(12), '3333333\nnew\n');
});

test('a log that is emptied in place starts again at 0', async (t) => {
  const file = path.join(scratchDir(t), 'a.log');
  const log = LogFile.open(file, { maxBytes: 8, backups: 0 });
  add(log, '1111111\n');
  const { upTo } = reader(t, file, 100, log);
  t.equal(await upTo(8), '1111111\n');
  add(log, '2222222\n');
  t.equal(await upTo(16), '1111111\n2222222\n', 'though it is as long as before');
  fs.truncateSync(file);
  add(log, '3\n');
  t.equal(await upTo(18), '1111111\n2222222\n3\n', 'also by somebody else');
});

test('a file that is renamed away by others is finished before the new one', async (t) => {
  const file = path.join(scratchDir(t), 'a.log');
  const log = LogFile.open(file, { maxBytes: 0, backups: 0 });
  const { upTo } = reader(t, file, 1000, log);
  add(log, '1\n');
  t.equal(await upTo(2), '1\n');
  fs.renameSync(file, `${file}-20261123`);
  add(log, '2\n');
  log.reopen();
  add(log, '3\n');
  t.equal(await upTo(6), '1\n2\n3\n');
});

test('chunks are at most 64 KiB, and only read when asked for', async (t) => {
  const file = path.join(scratchDir(t), 'a.log');
  fs.writeFileSync(file, Buffer.alloc(200_000));
  const { chunks } = reader(t, file, 1_000_000);
  const sizes: number[] = [];
  for (let i = 0; i < 4; i += 1) sizes.push(((await chunks.next()).value as Buffer).length);
  t.strictSame(sizes, [65536, 65536, 65536, 3392]);
});

test('an abort ends it, while it waits and before it starts', async (t) => {
  const file = path.join(scratchDir(t), 'a.log');
  const log = LogFile.open(file, { maxBytes: 0, backups: 0 });
  const { chunks, end } = reader(t, file, 1000, log);
  const next = chunks.next();
  end.abort();
  t.match(await next, { done: true });
  t.match(await reader(t, file, 0, log).chunks.return(), { done: true });
  const never = follow(file, 10, log, { signal: AbortSignal.abort() });
  t.match(await never.next(), { done: true });
});

test('what cannot be read is an error', async (t) => {
  const fifo = makeFifo(scratchDir(t));
  await t.rejects(follow(fifo.path, 10).next(), { code: 'EINVAL' });
  fs.closeSync(fifo.readEnd);
});
