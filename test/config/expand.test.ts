import fc from 'fast-check';
import { test } from 'tap';
import { expand } from '../../src/config/expand.js';

const NAMES = new Map<string, string | number>([
  ['program_name', 'web'],
  ['process_num', 7],
  ['here', '/srv'],
  ['ENV_HOME', '/home/zope'],
]);

function textOf(text: string): string {
  const expanded = expand(text, NAMES);
  return expanded.ok ? expanded.text : `refused: ${expanded.why}`;
}

test('names are filled in, %% is a percent sign', async (t) => {
  t.equal(textOf('%(here)s/%(program_name)s 100%% %(ENV_HOME)s'), '/srv/web 100% /home/zope');
});

test('numbers take width, zeros, sign, base and precision as in Python', async (t) => {
  t.equal(textOf('%(process_num)02d'), '07');
  t.equal(textOf('%(process_num)d|%(process_num)3d|%(process_num)-3d|'), '7|  7|7  |');
  t.equal(textOf('%(process_num)+d %(process_num)x %(process_num)#o %(process_num).3d'), '+7 7 0o7 007');
  t.equal(textOf('%(process_num)s %(process_num).2f %(process_num)e'), '7 7.00 7.000000e+00');
});

test('text takes width and precision', async (t) => {
  t.equal(
    textOf('[%(program_name)5s][%(program_name)-5s][%(program_name).1s][%(program_name)r]'),
    "[  web][web  ][w]['web']",
  );
});

test('an unknown name is refused with the nearest one', async (t) => {
  t.match(
    textOf('%(proces_num)d'),
    /^refused: %\(proces_num\)s is not known here; did you mean process_num\?/,
  );
  t.match(textOf('%(ENV_HOM)s'), /the environment has no HOM; did you mean HOME\?/);
  t.match(textOf('%(ENV_NOPE)s'), /the environment has no NOPE$/);
});

test('a bad item is refused with what would be right', async (t) => {
  t.match(textOf('50%'), /ends in the middle of a % item; write %% for a percent sign/);
  t.match(textOf('%(here'), /has no closing "\)"/);
  t.match(
    textOf('%(program_name)d'),
    /asks for a number, but program_name is text; write %\(program_name\)s/,
  );
  t.match(textOf('date +%Y'), /"%Y" is no item .* write "%%Y"/);
  t.match(textOf('%(here)q'), /there is no conversion "q"/);
  t.match(textOf('%(process_num)999999999d'), /too large/);
});

test('a lone %s, which supervisord fills with rubbish, is left alone and told of', async (t) => {
  t.match(expand('date +%s', NAMES), { ok: true, text: 'date +%s', note: /write "%%s"/ });
});

test('no text makes it throw', async (t) => {
  const part = fc.constantFrom(
    '%',
    '(',
    ')',
    's',
    'd',
    '0',
    '9',
    '.',
    '-',
    '#',
    'here',
    'process_num',
    'l',
    ' ',
    'x',
  );
  fc.assert(
    fc.property(fc.array(part, { maxLength: 30 }), (parts) => {
      const expanded = expand(parts.join(''), NAMES);
      return expanded.ok || expanded.why.length > 10;
    }),
    { numRuns: 3000 },
  );
  t.pass('held for all');
});
