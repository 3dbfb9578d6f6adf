import tap, { test } from 'tap';
import { makePlace, program } from '../helpers/place.js';
import { startIn, startSupd } from '../helpers/start-supd.js';
import { until } from '../helpers/until.js';

tap.jobs = 3;
tap.setTimeout(120_000);

const STAMP = /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/;

test('log_format=text has the time before each line, json an object for each, raw nothing', async (t) => {
  const supd = await startSupd(
    t,
    program('text', 'prints-both', { log_format: 'text' }) +
      program('json', 'prints-both', { log_format: 'json' }) +
      program('both', 'prints-both', { log_format: 'json', redirect_stderr: true }) +
      program('raw', 'prints-both', { log_format: 'raw' }),
  );
  for (const file of ['text.out', 'text.err', 'json.out', 'json.err', 'raw.out', 'raw.err'])
    await until(file, () => supd.read(file).endsWith('\n'));
  await until('both lines', () => supd.read('both.out').split('\n').length === 3);
  t.equal(supd.read('raw.out'), 'to stdout\n');
  for (const [file, line] of [
    ['text.out', 'to stdout\n'],
    ['text.err', 'to stderr\n'],
  ] as const) {
    const [time = '', ...words] = supd.read(file).split(' ');
    t.match(time, STAMP);
    t.ok(Math.abs(Date.parse(time) - Date.now()) < 600_000);
    t.equal(words.join(' '), line);
  }
  const objects = (file: string) =>
    supd
      .read(file)
      .trimEnd()
      .split('\n')
      .map((line) => JSON.parse(line));
  t.match(objects('json.out'), [{ time: STAMP, program: 'json', stream: 'stdout', text: 'to stdout' }]);
  t.match(objects('json.err'), [{ time: STAMP, program: 'json', stream: 'stderr', text: 'to stderr' }]);
  t.match(
    objects('both.out').map(({ text }) => text),
    ['to stdout', 'to stderr'],
  );
});

test('a line without its end is logged when its program ends', async (t) => {
  const supd = await startSupd(
    t,
    program('a', `/bin/sh -c "printf 'one\\\\ntwo'"`, { log_format: 'json', autorestart: false }),
  );
  await supd.state('a', 'EXITED');
  const texts = () =>
    supd
      .read('a.out')
      .split('\n')
      .slice(0, -1)
      .map((line) => JSON.parse(line).text);
  await until('both', () => texts().length === 2);
  t.same(texts(), ['one', 'two']);
});

test('an upgrade tears no line, also one that has begun', async (t) => {
  const place = makePlace(
    t,
    program(
      'a',
      `/bin/sh -c "printf beg; trap 'echo un' USR1; echo said >%(here)s/said; while :; do sleep 0.05; done"`,
      {
        log_format: 'text',
      },
    ),
  );
  const supd = await startIn(t, place);
  await until('its begin', () => supd.read('said') !== '');
  t.equal(supd.read('a.out'), '');
  t.match(await supd.told('upgrade'), { status: 0 });
  t.match(await supd.told('signal', 'USR1', 'a'), { status: 0 });
  await until('its line', () => supd.read('a.out').endsWith('\n'));
  t.match(supd.read('a.out'), /^\S+ begun\n$/);
});
