import { test } from 'tap';
import { LinePrefixer, lastLines } from '../../src/cli/prefix.js';
import { progressLine } from '../../src/cli/render/runs.js';
import { spokenBytes } from '../../src/cli/render/sizes.js';
import { localTime, rfc3339, spokenDuration } from '../../src/cli/render/times.js';
import { run, step } from './samples.js';

test('durations are spoken with at most two units', (t) => {
  const cases: readonly (readonly [number, string])[] = [
    [-5, '0.0 s'],
    [400, '0.4 s'],
    [949, '0.9 s'],
    [950, '1 s'],
    [3000, '3 s'],
    [59_499, '59 s'],
    [59_600, '1 min'],
    [125_000, '2 min 5 s'],
    [3_600_000, '1 h'],
    [3_605_000, '1 h'],
    [11_520_000, '3 h 12 min'],
    [187_200_000, '2 d 4 h'],
  ];
  for (const [ms, words] of cases) t.equal(spokenDuration(ms), words);
  t.end();
});

test('times are local for people and UTC for programs', (t) => {
  const at = new Date(2026, 0, 2, 3, 4, 5).getTime();
  t.equal(localTime(at), '2026-01-02 03:04:05');
  t.equal(rfc3339(0), '1970-01-01T00:00:00.000Z');
  t.equal(rfc3339(undefined), null);
  t.end();
});

test('a prefixer gives whole lines, and what has no end at the end', (t) => {
  const prefixer = new LinePrefixer('a | ');
  t.equal(prefixer.add(Buffer.from('one\ntw')).toString(), 'a | one\n');
  t.equal(prefixer.add(Buffer.from('o\n\nthree')).toString(), 'a | two\na | \n');
  t.equal(prefixer.rest().toString(), 'a | three\n');
  t.equal(prefixer.rest().length, 0);
  t.end();
});

test('a prefixer gives up waiting for the end of a line that has none', (t) => {
  const prefixer = new LinePrefixer('');
  t.equal(prefixer.add(Buffer.alloc(60_000, 'x')).length, 0);
  t.equal(prefixer.add(Buffer.alloc(60_000, 'x')).length, 120_001);
  t.end();
});

test('the last lines, with or without an end', (t) => {
  const last = (text: string, count: number) => Buffer.from(lastLines(Buffer.from(text), count)).toString();
  t.equal(last('a\nb\nc\n', 2), 'b\nc\n');
  t.equal(last('a\nb\nc', 2), 'b\nc');
  t.equal(last('a\nb\n', 5), 'a\nb\n');
  t.equal(last('\n\n\n', 2), '\n\n');
  t.equal(last('a\n', 0), '');
  t.equal(last('', 3), '');
  t.end();
});

test('the progress of a run shows what runs, for how long, and how long it usually takes', async (t) => {
  const steps = [step('zeopack'), step('backup', { outcome: 'running', startTime: 1000, usualMs: 61_000 })];
  const going = run('nightly', { outcome: 'running', steps, usualMs: 99_000 });
  t.equal(progressLine(going, 4000), 'nightly: backup running, 3 s, usually 1 min 1 s (2 of 2)');
  const alone = [step('backup', { outcome: 'running', startTime: 1000, attempts: 2 })];
  const first = run('backup', { outcome: 'running', steps: alone });
  t.equal(progressLine(first, 4000), 'backup: running, 3 s, attempt 2');
});

test('sizes are spoken by 1024', async (t) => {
  t.strictSame([0, 812, 1024, 3500, 58 << 20, 1.25 * 2 ** 30].map(spokenBytes), [
    '0 B',
    '812 B',
    '1.0 KB',
    '3.4 KB',
    '58 MB',
    '1.3 GB',
  ]);
});
