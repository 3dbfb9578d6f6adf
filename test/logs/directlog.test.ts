import { spawn } from 'node:child_process';
import { once } from 'node:events';
import fs from 'node:fs';
import path from 'node:path';
import { type Test, test } from 'tap';
import { DirectLog } from '../../src/logs/directlog.js';
import { follow } from '../../src/logs/follow.js';
import type { Heads } from '../../src/logs/heads.js';
import { copyHead, takeOffHead, takeOffHeadNow, whyNotHeadless } from '../../src/os/head.js';
import { until } from '../helpers/until.js';
import { filesOf, scratchDir, wholeLog } from './scratch.js';

const heads: Heads = {
  whyNot: whyNotHeadless,
  copy: copyHead,
  takeOff: takeOffHead,
  takeOffNow: takeOffHeadNow,
};
const BLOCK = 4096;
const CALLS = ['writeSync', 'renameSync', 'rmSync'] as const;

/** A directory on a file system that can take off a file's head; undefined: this machine has none for tests. */
function placeFor(t: Test): string | undefined {
  const dir = scratchDir(t);
  const fd = fs.openSync(path.join(dir, 'probe'), 'w+');
  const why = whyNotHeadless(fd);
  fs.closeSync(fd);
  if (why === undefined && fs.statfsSync(dir).bsize === BLOCK) return path.join(dir, 'a.log');
  t.plan(0, `needs a file system with blocks of ${BLOCK} bytes for temporary files: ${why}`);
  return undefined;
}

/** Numbered lines of exactly so many bytes. */
function lines(from: number, count: number, bytes = 16): string {
  return Array.from({ length: count }, (_, i) => `${String(from + i).padStart(bytes - 1, '0')}\n`).join('');
}

function open(t: Test, file: string, maxBytes: number, backups = 50): DirectLog {
  const log = DirectLog.open(file, { maxBytes, backups, heads });
  t.teardown(() => log.close());
  return log;
}

test('what a writer appends meanwhile is neither lost nor doubled by moving the head away', async (t) => {
  const file = placeFor(t);
  if (!file) return;
  const log = open(t, file, 4 * BLOCK, 5000);
  const fd = log.openForChild();
  const count = 50_000;
  const writer = spawn('seq', ['-f', '%015.0f', '1', String(count)], { stdio: ['ignore', fd, 'inherit'] });
  fs.closeSync(fd);
  await once(writer, 'exit');
  await until('the file to be within its bound', () => fs.statSync(file).size <= 4 * BLOCK);
  const files = filesOf(file);
  t.ok(files.length > 20, `${files.length} files`);
  t.equal(wholeLog(file).toString(), lines(1, count));
  const rotated = files.slice(0, -1);
  t.ok(
    rotated.every((one) => fs.statSync(one).size <= 4 * BLOCK),
    'each is within its bound',
  );
  t.ok(
    rotated.every((one) => fs.readFileSync(one, 'latin1').endsWith('\n')),
    'each ends with a line, since lines end with blocks',
  );
});

test('the head ends with a line where one ends with a block, and else within one', async (t) => {
  const file = placeFor(t);
  if (!file) return;
  // Of 3 bytes each: only at every third block one ends.
  const text = 'ab\n'.repeat(4 * BLOCK);
  fs.writeFileSync(file, text);
  open(t, file, 5 * BLOCK);
  await until('it to be moved', () => fs.statSync(file).size <= 5 * BLOCK);
  t.same(
    filesOf(file).map((one) => fs.statSync(one).size / BLOCK),
    [3, 3, 3, 3],
  );
  t.equal(wholeLog(file).toString(), text);
  const long = `${'x'.repeat(7 * BLOCK)}\n`;
  const other = path.join(path.dirname(file), 'b.log');
  fs.writeFileSync(other, long);
  open(t, other, 2 * BLOCK);
  await until('it to be cut', () => fs.statSync(other).size <= 2 * BLOCK);
  t.equal(wholeLog(other).toString(), long);
});

test('so many rotated files are kept, and with none what is old is dropped', async (t) => {
  const file = placeFor(t);
  if (!file) return;
  const text = lines(1, 4000);
  fs.writeFileSync(file, text);
  open(t, file, 2 * BLOCK, 3);
  await until('the end', () => fs.statSync(file).size <= 2 * BLOCK);
  t.equal(filesOf(file).length, 4);
  t.ok(text.endsWith(wholeLog(file).toString()));
  const other = path.join(path.dirname(file), 'b.log');
  fs.writeFileSync(other, text);
  open(t, other, 2 * BLOCK, 0);
  await until('the end', () => fs.statSync(other).size <= 2 * BLOCK);
  t.equal(filesOf(other).length, 1);
  t.ok(text.endsWith(wholeLog(other).toString()));
});

test('a follower misses and repeats nothing, also one that lags by several files', async (t) => {
  const file = placeFor(t);
  if (!file) return;
  const log = open(t, file, 2 * BLOCK);
  const end = new AbortController();
  t.teardown(() => end.abort());
  const text = lines(1, 3000);
  let seen = '';
  let isHeld = false;
  const reading = (async () => {
    for await (const chunk of follow(file, 0, log, { signal: end.signal })) {
      seen += chunk.toString('latin1');
      while (isHeld) await new Promise((resolve) => setImmediate(resolve));
    }
  })();
  const fd = log.openForChild();
  for (let at = 0; at < text.length; at += 5000) {
    isHeld = at % 15_000 !== 0;
    fs.writeSync(fd, text.slice(at, at + 5000));
    await until('it to be moved', () => fs.statSync(file).size <= 2 * BLOCK);
  }
  isHeld = false;
  fs.closeSync(fd);
  await until('all of it', () => seen.length >= text.length);
  t.equal(seen, text);
  log.clear();
  fs.appendFileSync(file, 'new\n');
  await until('what comes after it was emptied', () => seen.endsWith('new\n'));
  end.abort();
  await reading;
});

test('killed at any point of it, what is opened again has every byte once', async (t) => {
  const text = lines(1, 2000);
  /** Whatever happens to the file system from the given call on, does not. */
  for (const point of ['copy', 'renameSync 1', 'takeOff', 'renameSync 2', 'renameSync 3']) {
    await t.test(`before ${point}`, async (t) => {
      const file = placeFor(t);
      if (!file) return;
      const [name, nth = '1'] = point.split(' ');
      fs.writeFileSync(file, text);
      fs.writeFileSync(`${file}.1`, 'older\n');
      let isDead = false;
      const dies = () => {
        isDead = true;
        throw Object.assign(new Error('killed'), { code: 'KILLED' });
      };
      let renames = 0;
      const real = { ...fs };
      const deadly = (call: (typeof CALLS)[number]) => {
        (fs as Record<string, unknown>)[call] = (...args: unknown[]) => {
          if (call === 'renameSync' && !isDead) {
            renames += 1;
            if (name === call && renames === Number(nth)) dies();
          }
          // The dead do nothing.
          if (isDead) throw Object.assign(new Error('killed'), { code: 'KILLED' });
          return (real[call] as (...args: unknown[]) => unknown)(...args);
        };
      };
      const mortal: Heads = {
        ...heads,
        copy: (...args) => (name === 'copy' ? dies() : copyHead(...args)),
        takeOff: (...args) => (name === 'takeOff' ? dies() : takeOffHead(...args)),
      };
      const log = DirectLog.open(file, { maxBytes: 4 * BLOCK, backups: 5, heads: mortal });
      for (const call of CALLS) deadly(call);
      try {
        await until('its death', () => log.failure?.includes('KILLED'));
      } finally {
        for (const call of CALLS) (fs as Record<string, unknown>)[call] = real[call];
      }
      log.close();
      fs.appendFileSync(file, 'written meanwhile\n');
      const again = open(t, file, 0);
      again.close();
      open(t, file, 4 * BLOCK, 5);
      await until('it to be moved', () => fs.statSync(file).size <= 4 * BLOCK);
      t.equal(wholeLog(file).toString(), `older\n${text}written meanwhile\n`);
      t.notOk(
        fs.readdirSync(path.dirname(file)).some((one) => /\.00?$/.test(one)),
        'nothing is left beside',
      );
    });
  }
});

test('a log that begins with the words of supd’s own mark loses nothing by it', async (t) => {
  const file = placeFor(t);
  if (!file) return;
  const text = `<supd: what was here is in the file beside this one, of the same name and .0>\n${lines(1, 1000)}`;
  fs.writeFileSync(file, text);
  // A copy that was cut short.
  fs.writeFileSync(`${file}.00`, text.slice(0, 1000));
  open(t, file, 0);
  t.equal(wholeLog(file).toString(), text);
  t.same(filesOf(file), [file]);
});

test('where the file system can’t, it is known when the file is opened', async (t) => {
  const file = path.join(scratchDir(t), 'a.log');
  const why = () => 'it can’t';
  t.throws(
    () => DirectLog.open(file, { maxBytes: 1, backups: 1, heads: { ...heads, whyNot: why } }),
    /it can’t/,
  );
  const unbound = DirectLog.open(file, { maxBytes: 0, backups: 1, heads: { ...heads, whyNot: why } });
  unbound.close();
  t.throws(() => DirectLog.open('/dev/null', { maxBytes: 1, backups: 1, heads }), /not a regular file/);
  if (!fs.existsSync('/dev/shm')) return;
  const dir = fs.mkdtempSync('/dev/shm/supd-');
  t.teardown(() => fs.rmSync(dir, { recursive: true }));
  t.throws(
    () => DirectLog.open(`${dir}/a`, { maxBytes: 1, backups: 1, heads }),
    /take off .* \(EOPNOTSUPP|ENOTSUP\)/,
  );
});

test('moved away by others, the old file is its child’s until that is started again', async (t) => {
  const file = placeFor(t);
  if (!file) return;
  const log = open(t, file, 0);
  const fd = log.openForChild();
  fs.renameSync(file, `${file}.old`);
  log.reopen();
  t.match(log.failure, /was moved or removed; its program writes on to the old file/);
  fs.writeSync(fd, 'old\n');
  fs.closeSync(fd);
  const next = log.openForChild();
  fs.writeSync(next, 'new\n');
  fs.closeSync(next);
  t.equal(log.failure, undefined);
  t.equal(fs.readFileSync(file, 'utf8'), 'new\n');
  t.equal(fs.readFileSync(`${file}.old`, 'utf8'), 'old\n');
});

test('emptied, it goes on at its begin', async (t) => {
  const file = placeFor(t);
  if (!file) return;
  const log = open(t, file, 0);
  const fd = log.openForChild();
  fs.writeSync(fd, 'old\n');
  log.clear();
  fs.writeSync(fd, 'new\n');
  fs.closeSync(fd);
  t.equal(fs.readFileSync(file, 'utf8'), 'new\n');
});
