import { execFileSync } from 'node:child_process';
import fs from 'node:fs';
import path from 'node:path';
import { type Test, test } from 'tap';
import { LogFile } from '../../src/logs/logfile.js';
import { until } from '../helpers/until.js';
import { filesOf, makeFifo, scratchDir, wholeLog } from './scratch.js';

const NEVER = { maxBytes: 0, backups: 0 };
const text = (file: string) => fs.readFileSync(file, 'latin1');
const add = (log: LogFile, words: string) => log.append(Buffer.from(words, 'latin1'));

test('a file is filled to the exact bound and rotated at a line end', async (t) => {
  const file = path.join(scratchDir(t), 'a.log');
  const log = LogFile.open(file, { maxBytes: 10, backups: 2 });
  add(log, '11\n22\n');
  add(log, '333\n');
  t.equal(text(file), '11\n22\n333\n', 'ten bytes fit into ten');
  add(log, '4\n');
  t.strictSame(filesOf(file).map(text), ['11\n22\n333\n', '4\n']);
  add(log, '5\n6\n7\n8\n9\n');
  t.strictSame(filesOf(file).map(text), ['11\n22\n333\n', '4\n5\n6\n7\n8\n', '9\n']);
  add(log, 'aaaaaa\nbbbbbb\ncccccc\n');
  t.strictSame(filesOf(file).map(text), ['9\naaaaaa\n', 'bbbbbb\n', 'cccccc\n'], 'only two are kept');
  t.equal(log.written, 43, 'every byte ever written is counted');
  t.equal(log.failure, undefined);
});

test('a line that arrives in pieces is not cut by a rotation', async (t) => {
  const file = path.join(scratchDir(t), 'a.log');
  const log = LogFile.open(file, { maxBytes: 10, backups: 2 });
  for (const piece of ['aaaa\nbb', 'bb', 'bb', '\nc\n']) add(log, piece);
  t.strictSame(filesOf(file).map(text), ['aaaa\n', 'bbbbbb\nc\n']);
  t.equal(log.size, 9);
});

test('a line that a former daemon left unfinished is not cut either', async (t) => {
  const file = path.join(scratchDir(t), 'a.log');
  fs.writeFileSync(file, 'aaaa\nbb');
  const log = LogFile.open(file, { maxBytes: 10, backups: 1 });
  add(log, 'bbbb\n');
  t.strictSame(filesOf(file).map(text), ['aaaa\n', 'bbbbbb\n']);
});

test('a file that is too large when it is opened is rotated by the next write', async (t) => {
  const file = path.join(scratchDir(t), 'a.log');
  fs.writeFileSync(file, 'much too large already\n');
  const log = LogFile.open(file, { maxBytes: 10, backups: 1 });
  add(log, 'new\n');
  t.strictSame(filesOf(file).map(text), ['much too large already\n', 'new\n']);
});

test('with no backups the file is emptied in place', async (t) => {
  const file = path.join(scratchDir(t), 'a.log');
  const log = LogFile.open(file, { maxBytes: 10, backups: 0 });
  const { ino } = fs.statSync(file);
  add(log, '12345678\n');
  add(log, 'new\n');
  t.strictSame(filesOf(file).map(text), ['new\n']);
  t.equal(fs.statSync(file).ino, ino);
  t.equal(log.truncations, 1);
});

test('with no bound a file grows on', async (t) => {
  const file = path.join(scratchDir(t), 'a.log');
  const log = LogFile.open(file, NEVER);
  for (let i = 0; i < 100; i += 1) add(log, `${'x'.repeat(999)}\n`);
  t.strictSame(filesOf(file), [file]);
  t.equal(log.size, 100_000);
});

test('only the part of the buffer that was meant is written', async (t) => {
  const file = path.join(scratchDir(t), 'a.log');
  LogFile.open(file, NEVER).append(Buffer.from('..abc..'), 2, 3);
  t.equal(text(file), 'abc');
});

test('a renamed file is written on until reopen, then a new one is made', async (t) => {
  const file = path.join(scratchDir(t), 'a.log');
  const log = LogFile.open(file, { maxBytes: 100, backups: 1 });
  add(log, '1\n');
  fs.renameSync(file, `${file}.old`);
  add(log, '2\n');
  log.reopen();
  add(log, '3\n');
  t.equal(text(`${file}.old`), '1\n2\n');
  t.equal(text(file), '3\n');
});

test('clear starts a new file and leaves the rotated ones', async (t) => {
  const file = path.join(scratchDir(t), 'a.log');
  const log = LogFile.open(file, { maxBytes: 4, backups: 3 });
  add(log, 'aaa\nbbb\n');
  log.clear();
  t.strictSame(filesOf(file).map(text), ['aaa\n', '']);
  add(log, 'c\n');
  t.equal(text(file), 'c\n');
});

test('a file is made with the mode asked for, less the umask', async (t) => {
  const file = path.join(scratchDir(t), 'a.log');
  const log = LogFile.open(file, { maxBytes: 4, backups: 1, mode: 0o600 });
  add(log, 'aaa\nbbb\n');
  t.equal(fs.statSync(file).mode & 0o777, 0o600, 'also after a rotation');
});

test('a file belongs to the owner asked for', {
  skip: process.getuid?.() !== 0 && 'needs root',
}, async (t) => {
  const file = path.join(scratchDir(t), 'a.log');
  const log = LogFile.open(file, { maxBytes: 4, backups: 1, uid: 65534, gid: 65533 });
  add(log, 'aaa\nbbb\n');
  for (const one of filesOf(file)) {
    t.match(fs.statSync(one), { uid: 65534, gid: 65533 });
  }
});

test('opening says what is wrong', async (t) => {
  const dir = scratchDir(t);
  t.throws(() => LogFile.open(dir, NEVER), { code: 'EISDIR' });
  t.throws(() => LogFile.open(path.join(dir, 'no/such.log'), NEVER), { code: 'ENOENT' });
});

test('a directory that vanishes is a failure, and its return heals it', async (t) => {
  const dir = path.join(scratchDir(t), 'logs');
  fs.mkdirSync(dir);
  const file = path.join(dir, 'a.log');
  const log = LogFile.open(file, NEVER);
  fs.rmSync(dir, { recursive: true });
  log.reopen();
  t.match(log.failure, /a\.log: cannot be opened: ENOENT/);
  add(log, 'waits\n');
  t.equal(log.written, 0);
  fs.mkdirSync(dir);
  await until('it to heal', () => log.failure === undefined);
  t.equal(text(file), 'waits\n');
  t.equal(log.dropped, 0);
  log.close();
});

test('a file that was removed is made again, with all that was written since', async (t) => {
  const dir = path.join(scratchDir(t), 'logs');
  fs.mkdirSync(dir);
  const file = path.join(dir, 'a.log');
  const told: string[] = [];
  const log = LogFile.open(file, { ...NEVER, told: (_, line) => told.push(line) });
  add(log, 'before\n');
  fs.rmSync(file);
  add(log, 'one\ntwo\n');
  await until('it to be there again', () => fs.existsSync(file));
  // What was there in the second before is kept, too: nobody knows when it was removed.
  t.match(text(file), /^(before\n)?one\ntwo\n$/);
  t.equal(log.failure, undefined);
  t.strictSame(told, [`${file}: was removed; made it again`]);
  // Its directory, too: it waits in the file without a name.
  fs.rmSync(dir, { recursive: true });
  add(log, 'three\n');
  await until('it to be missed', () =>
    /was removed and cannot be made again: ENOENT/.test(log.failure ?? ''),
  );
  add(log, 'four\n');
  fs.mkdirSync(dir);
  await until('it to heal', () => log.failure === undefined);
  t.match(text(file), /three\nfour\n$/);
  t.equal(log.dropped, 0);
  log.close();
});

test('a rotation that cannot be done leaves the file growing, and nothing is lost', async (t) => {
  const file = path.join(scratchDir(t), 'a.log');
  fs.mkdirSync(`${file}.1`);
  fs.writeFileSync(`${file}.1/stays`, '');
  const log = LogFile.open(file, { maxBytes: 4, backups: 1 });
  add(log, 'aaa\nbbb\n');
  add(log, 'ccc\n');
  t.equal(text(file), 'aaa\nbbb\nccc\n');
  t.match(log.failure, /cannot be rotated/);
  fs.rmSync(`${file}.1`, { recursive: true });
  await until('it to heal', () => log.failure === undefined);
  t.equal(text(`${file}.1`), 'aaa\nbbb\nccc\n');
  add(log, 'ddd\n');
  t.equal(text(file), 'ddd\n');
  log.close();
});

test('a file that somebody emptied is not rotated before it is full again', async (t) => {
  const file = path.join(scratchDir(t), 'a.log');
  const log = LogFile.open(file, { maxBytes: 10, backups: 1 });
  add(log, '12345678\n');
  fs.truncateSync(file);
  add(log, 'abcdefg\n');
  t.strictSame(filesOf(file).map(text), ['abcdefg\n']);
});

/** Waits until a non-blocking descriptor has something. */
async function readSome(fd: number, into: Buffer): Promise<number> {
  for (;;) {
    try {
      return fs.readSync(fd, into);
    } catch {
      await new Promise((resolve) => setTimeout(resolve, 1));
    }
  }
}

const isRoot = process.getuid?.() === 0;

/** A log on a disk of 64 KiB, of which half is taken. */
function onSmallDisk(t: Test) {
  const dir = scratchDir(t);
  execFileSync('mount', ['-t', 'tmpfs', '-o', 'size=64k', 'supd-test', dir]);
  t.teardown(() => execFileSync('umount', [dir]));
  const file = path.join(dir, 'a.log');
  const told: string[] = [];
  const options = { maxBytes: 20_000_000, backups: 2, told: (_: string, line: string) => told.push(line) };
  const ballast = path.join(dir, 'ballast');
  fs.writeFileSync(ballast, Buffer.alloc(32768));
  const grow = () => execFileSync('mount', ['-o', 'remount,size=64m', dir]);
  return { file, told, log: LogFile.open(file, options), free: () => fs.rmSync(ballast), grow };
}

test('a full disk throws nothing, is told once, and heals by itself: what waited is written', {
  skip: !isRoot && 'needs root for a small tmpfs',
}, async (t) => {
  const { file, told, log, grow } = onSmallDisk(t);
  const lines = Array.from({ length: 1000 }, (_, i) => `${i} ${'x'.repeat(200)}\n`);
  for (const line of lines) add(log, line);
  t.match(log.failure, /a\.log: cannot be written: ENOSPC$/);
  t.equal(log.dropped, 0);
  grow();
  await until('it to heal', () => log.failure === undefined);
  t.equal(text(file), lines.join(''));
  t.strictSame(told, [`${file}: cannot be written: ENOSPC`, `${file}: can be written again`]);
  log.close();
});

test('of what a full disk does not take 1 MiB waits; beyond, whole lines are lost and counted', {
  skip: !isRoot && 'needs root for a small tmpfs',
}, async (t) => {
  const { file, told, log, grow } = onSmallDisk(t);
  const line = (n: number) => `${String(n).padStart(1000, '.')}\n`;
  for (let n = 1; n <= 2000; n += 1) {
    // In pieces, as a pipe gives them.
    add(log, line(n).slice(0, 700));
    add(log, line(n).slice(700));
  }
  // The rest of a line whose beginning was lost.
  add(log, line(2001).slice(0, 10));
  t.match(log.failure, /ENOSPC; \d+ bytes of output are lost/);
  grow();
  await until('it to heal', () => log.failure === undefined);
  const { dropped } = log;
  add(log, line(2001).slice(10));
  add(log, line(2002));
  const found = text(file).trimEnd().split('\n');
  const kept = found.length - 1;
  t.ok(kept * 1001 > 1024 * 1024 && kept < 1500, `${kept} lines are kept`);
  t.strictSame(
    found.map((one) => Number(one.replace(/^\.*/, ''))),
    [...Array(kept).keys()].map((n) => n + 1).concat(2002),
  );
  t.equal(dropped, 2000 * 1001 + 10 - kept * 1001);
  t.equal(log.dropped, dropped + 991);
  t.match(told.at(-1), `can be written again; ${dropped} bytes of output are lost`);
  log.close();
});

test('a device that is always full throws nothing', async (t) => {
  const log = LogFile.open('/dev/full', { maxBytes: 10, backups: 2 });
  add(log, 'a line\n');
  t.match(log.failure, /\/dev\/full: cannot be written: ENOSPC/);
  t.equal(log.dropped, 7);
  log.close();
});

test('a pipe is written as it is, whatever the bound', async (t) => {
  const fifo = makeFifo(scratchDir(t));
  const log = LogFile.open(fifo.path, { maxBytes: 4, backups: 3 });
  add(log, 'much more than four bytes\n');
  const got = Buffer.alloc(100);
  t.equal(got.toString('latin1', 0, fs.readSync(fifo.readEnd, got)), 'much more than four bytes\n');
  t.strictSame(filesOf(fifo.path), [fifo.path]);
  t.equal(log.written, 26);
  log.close();
  fs.closeSync(fifo.readEnd);
});

test('a pipe whose reader lags holds nobody up: 1 MiB waits, the rest is counted', async (t) => {
  const fifo = makeFifo(scratchDir(t));
  const log = LogFile.open(fifo.path, NEVER);
  const chunk = Buffer.alloc(65536, 'x');
  for (let i = 0; i < 32; i += 1) log.append(chunk);
  t.ok(log.congested);
  t.equal(log.written, 65536);
  t.equal(log.dropped, 2 * 1024 * 1024 - 65536 - 1024 * 1024);
  const got = Buffer.alloc(65536);
  let total = 0;
  while (total < 1024 * 1024 + 65536) total += await readSome(fifo.readEnd, got);
  t.notOk(log.congested);
  t.equal(log.written, 1024 * 1024 + 65536, 'what waited got through');
  log.close();
  fs.closeSync(fifo.readEnd);
});

test('a pipe without a reader kills nobody', async (t) => {
  const fifo = makeFifo(scratchDir(t));
  fs.closeSync(fifo.readEnd);
  const log = LogFile.open(fifo.path, NEVER);
  add(log, 'nobody reads\n');
  t.match(log.failure, /ENXIO/);
  const reader = fifo.openWriter();
  add(log, 'now\n');
  t.equal(log.failure, undefined);
  fs.closeSync(reader);
  add(log, 'gone\n');
  t.match(log.failure, /EPIPE/);
  t.equal(log.dropped, 18);
  log.close();
});

test('growth is told until it is no longer listened to', async (t) => {
  const log = LogFile.open(path.join(scratchDir(t), 'a.log'), NEVER);
  let heard = 0;
  const end = log.onGrowth(() => {
    heard += 1;
  });
  add(log, 'a');
  log.clear();
  log.reopen();
  t.equal(heard, 3);
  end();
  add(log, 'b');
  t.equal(heard, 3);
});

test('a 100 MB line goes through files of 10 MB, none larger, with bounded memory', async (t) => {
  const file = path.join(scratchDir(t), 'a.log');
  const log = LogFile.open(file, { maxBytes: 10_000_000, backups: 20 });
  const chunk = Buffer.alloc(65536, 'x');
  const before = process.memoryUsage().rss;
  for (let left = 100_000_000; left > 0; left -= chunk.length)
    log.append(chunk, 0, Math.min(chunk.length, left));
  add(log, '\nthe next line\n');
  t.ok(process.memoryUsage().rss - before < 32 * 1024 * 1024, 'under 32 MiB more');
  const sizes = filesOf(file).map((one) => fs.statSync(one).size);
  t.strictSame(sizes, [...Array(10).fill(10_000_000), 15]);
  t.equal(wholeLog(file).length, 100_000_015);
});
