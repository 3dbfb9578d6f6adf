/** The deaths of programs on disk: the last five of each, in a file that stays small. */
import { readFileSync, statSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { test } from 'tap';
import type { Death } from '../../src/core/death.js';
import { DeathBook } from '../../src/daemon/deathbook.js';

function death(pid: number, time = Date.now()): Death {
  const output = 'what it said last '.repeat(20);
  return {
    time,
    pid,
    exit: { code: 1 },
    expected: false,
    cause: { kind: 'own' },
    output,
    environment: 'ab12',
  };
}

function open(file: string, told: string[] = [], configured: readonly string[] = ['a:a']): DeathBook {
  return new DeathBook({
    file,
    told: (line) => told.push(line),
    isConfigured: (id) => configured.includes(id),
  });
}

test('the next life has the last five, newest first, and adds to them', (t) => {
  const file = path.join(t.testdir(), 'deaths');
  const first = open(file);
  for (let pid = 1; pid <= 7; pid += 1) first.add('a:a', death(pid));
  first.add('b:b', death(99));
  first.close();
  const second = open(file);
  t.strictSame(
    second.of('a:a').map(({ pid }) => pid),
    [7, 6, 5, 4, 3],
  );
  second.add('a:a', death(8));
  t.equal(second.last('a:a')?.pid, 8);
  t.strictSame(
    second.of('a:a').map(({ pid }) => pid),
    [8, 7, 6, 5, 4],
  );
  t.equal(second.last('b:b')?.pid, 99);
  t.equal(second.last('c:c'), undefined);
  second.close();
  t.end();
});

test('what was added before anybody asked is not told twice', (t) => {
  const file = path.join(t.testdir(), 'deaths');
  const book = open(file);
  book.add('a:a', death(1));
  book.close();
  t.equal(book.of('a:a').length, 1);
  t.end();
});

test('a program that dies ten thousand times leaves five, and what is gone for a week leaves nothing', (t) => {
  const file = path.join(t.testdir(), 'deaths');
  const week = 7 * 86_400_000;
  const before = open(file);
  before.add('gone:gone', death(1, Date.now() - week - 1000));
  before.add('new:gone', death(2, Date.now() - week / 2));
  before.close();
  for (let life = 0; life < 5; life += 1) {
    const book = open(file);
    for (let pid = 0; pid < 2000; pid += 1) book.add('a:a', death(pid));
    book.close();
  }
  t.ok(statSync(file).size < 1 << 20, 'the file stays small');
  const book = open(file);
  t.equal(book.of('a:a').length, 5);
  t.equal(book.of('gone:gone').length, 0);
  t.equal(book.of('new:gone').length, 1);
  book.close();
  t.end();
});

test('half a line of a supd that was killed costs that line alone', (t) => {
  const file = path.join(t.testdir(), 'deaths');
  writeFileSync(file, `"a:a" ${JSON.stringify(death(1))}\n"a:a" {"time":17`);
  const told: string[] = [];
  const book = open(file, told);
  book.add('a:a', death(2));
  book.close();
  const next = open(file, told);
  t.strictSame(
    next.of('a:a').map(({ pid }) => pid),
    [2, 1],
  );
  t.match(told, [/damaged records of a:a are left out \(1\)/]);
  t.end();
});

test('what can not be written is told once, and written when it can be', (t) => {
  const dir = t.testdir();
  const file = path.join(dir, 'nowhere', 'deaths');
  const told: string[] = [];
  const book = open(file, told);
  book.add('a:a', death(1));
  book.close();
  book.close();
  t.match(told, [/how programs ended could not be kept: .*ENOENT/]);
  t.testdir({ nowhere: {} });
  book.close();
  t.match(readFileSync(file, 'utf8'), /"pid":1,/);
  t.end();
});
