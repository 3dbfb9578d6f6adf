import { spawn } from 'node:child_process';
import { once } from 'node:events';
import fs from 'node:fs';
import path from 'node:path';
import { test } from 'tap';
import { LogFile } from '../../src/logs/logfile.js';
import { Pump } from '../../src/logs/pump.js';
import { splicing } from '../../src/os/fifo.js';
import { until } from '../helpers/until.js';
import { filesOf, makeFifo, scratchDir, wholeLog } from './scratch.js';

const text = (file: string) => fs.readFileSync(file, 'latin1');
const line = (length: number, letter = 'x') => `${letter.repeat(length - 1)}\n`;

/** A log, and a pipe to move from into it. */
function pipeAndLog(t: Parameters<typeof scratchDir>[0], maxBytes = 0) {
  const dir = scratchDir(t);
  const fifo = makeFifo(dir);
  t.teardown(() => fs.closeSync(fifo.readEnd));
  const log = LogFile.open(path.join(dir, 'a.log'), { maxBytes, backups: 3 });
  const put = (words: string) => fs.writeSync(fifo.readEnd, words);
  return { log, put, move: () => log.moveFrom(fifo.readEnd, splicing) };
}

test('six floods at once are moved to their logs, in order, no line cut by a rotation', async (t) => {
  const dir = scratchDir(t);
  const expected = Array.from({ length: 300_000 }, (_, i) => `${i + 1}\n`).join('');
  let moved = 0;
  const floods = Array.from({ length: 6 }, (_, n) => {
    const fifo = makeFifo(dir, `fifo${n}`);
    const log = LogFile.open(path.join(dir, `${n}.log`), { maxBytes: 500_001, backups: 20 });
    const move = (fd: number) => {
      const count = log.moveFrom(fd, splicing);
      moved += Math.max(0, count);
      return count;
    };
    const sink = (buffer: Buffer, start: number, end: number) => log.append(buffer, start, end - start);
    const pump = new Pump(fifo.readEnd, sink, { move });
    const fd = fifo.openWriter();
    const child = spawn('seq', ['1', '300000'], { stdio: ['ignore', fd, 'inherit'] });
    fs.closeSync(fd);
    return { log, pump, child };
  });
  await Promise.all(floods.map(({ child }) => once(child, 'exit')));
  for (const { log, pump } of floods) {
    pump.drain(1 << 20);
    pump.close();
    const files = filesOf(log.path).map(text);
    t.ok(files.every((one) => one.length <= 500_001 && one.endsWith('\n')));
    t.ok(files.join('') === expected, 'every line, in order');
    t.equal(pump.bytes, expected.length);
    t.equal(log.written, expected.length);
  }
  t.ok(moved > 0, `${moved} bytes were moved`);
});

test('a line whose beginning was moved is not cut by a rotation', (t) => {
  const { log, put, move } = pipeAndLog(t, 100_000);
  put(`${line(30_000)}beginning,`);
  t.equal(move(), 30_010);
  t.equal(move(), -1, 'the pipe is empty');
  log.append(Buffer.from(`end\n${line(80_000, 'y')}`));
  t.strictSame(filesOf(log.path).map(text), [`${line(30_000)}beginning,end\n`, line(80_000, 'y')]);
  t.end();
});

test('a line that was begun before a move and ends after it is not cut either', (t) => {
  const { log, put, move } = pipeAndLog(t, 200_000);
  log.append(Buffer.from(`${line(100_000)}begins,`));
  put('goes on,'.repeat(1000));
  t.equal(move(), 8000);
  log.append(Buffer.from(`ends\n${line(150_000, 'y')}`));
  const [first, second] = filesOf(log.path).map(text);
  t.equal(first, `${line(100_000)}begins,${'goes on,'.repeat(1000)}ends\n`);
  t.equal(second, line(150_000, 'y'));
  t.end();
});

test('what somebody else appended is not written over', (t) => {
  const { log, put, move } = pipeAndLog(t);
  log.append(Buffer.from('mine\n'));
  fs.appendFileSync(log.path, 'theirs\n');
  put('moved\n');
  t.equal(move(), -1, 'it is to be read and appended');
  t.equal(text(log.path), 'mine\ntheirs\n');
  t.end();
});

test('a log that was emptied by somebody else gets no hole', (t) => {
  const { log, put, move } = pipeAndLog(t);
  log.append(Buffer.from('mine\n'));
  fs.truncateSync(log.path);
  put('moved\n');
  t.equal(move(), -1);
  t.equal(text(log.path), '');
  t.end();
});

test('moves follow the log to its next file', (t) => {
  const { log, put, move } = pipeAndLog(t);
  put('one\n');
  move();
  fs.renameSync(log.path, `${log.path}.1`);
  put('two\n');
  move();
  log.reopen();
  put('three\n');
  move();
  t.strictSame(filesOf(log.path).map(text), ['one\ntwo\n', 'three\n']);
  t.equal(wholeLog(log.path).length, log.written);
  log.close();
  put('four\n');
  t.equal(move(), -1, 'a closed log takes nothing');
  t.end();
});

test('a quiet stream is moved: it is in the pipe or in the log at any time, and rotated at line ends', async (t) => {
  const dir = scratchDir(t);
  const fifo = makeFifo(dir);
  const log = LogFile.open(path.join(dir, 'a.log'), { maxBytes: 1000, backups: 20 });
  let read = 0;
  const move = (fd: number, least: number) => log.moveFrom(fd, splicing, least);
  const sink = (buffer: Buffer, start: number, end: number) => {
    read += end - start;
    log.append(buffer, start, end - start);
  };
  const pump = new Pump(fifo.readEnd, sink, { move });
  const writer = fifo.openWriter();
  const lines = Array.from({ length: 90 }, (_, i) => line(100, String(i % 10)));
  for (const one of lines) {
    fs.writeSync(writer, one);
    pump.drain(1 << 20);
  }
  t.ok(filesOf(log.path).every((file) => fs.statSync(file).size <= 1000 && text(file).endsWith('\n')));
  t.equal(filesOf(log.path).map(text).join(''), lines.join(''));
  t.ok(read < 2000, `${read} bytes were read: those at a rotation alone`);
  fs.writeSync(writer, 'woken');
  await until('it to be moved', () => text(log.path).endsWith('woken'));
  fs.appendFileSync(log.path, ' theirs ');
  log.append(Buffer.from('ours'));
  t.match(text(log.path), /woken theirs ours$/, 'it is open for appending as before');
  pump.close();
  fs.closeSync(writer);
});

test('a device takes nothing by a move', (t) => {
  const dir = scratchDir(t);
  const fifo = makeFifo(dir);
  const log = LogFile.open('/dev/null', { maxBytes: 0, backups: 0 });
  fs.writeSync(fifo.readEnd, 'x');
  t.equal(log.moveFrom(fifo.readEnd, splicing), -1);
  fs.closeSync(fifo.readEnd);
  t.end();
});
