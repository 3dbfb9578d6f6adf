import fc from 'fast-check';
import { test } from 'tap';
import { parseText } from '../../src/config/parse.js';

const SOURCE = { file: 'supd.conf', here: '/srv' };

/** Values by key of all sections as one, as they are read by default. */
function valuesOf(text: string): Record<string, string> {
  const parsed = parseText(text, SOURCE);
  return Object.fromEntries(
    parsed.blocks.flatMap((block) => block.entries.map((entry) => [entry.key, entry.value])),
  );
}

function strictValuesOf(text: string): Record<string, string> {
  const parsed = parseText(text, SOURCE);
  return Object.fromEntries(
    parsed.blocks.flatMap((block) => block.entries.map((entry) => [entry.key, entry.strictValue])),
  );
}

test('a key ends at the first = or :, is lower case, and blanks around do not count', async (t) => {
  t.same(valuesOf('[s]\nKey = a=b:c\nOther: x = y\n  \nthird=\n'), {
    key: 'a=b:c',
    other: 'x = y',
    third: '',
  });
});

test('each key knows its file and line', async (t) => {
  const { blocks } = parseText('; first\n[a]\n\nx=1\n[b]\ny=2\n', SOURCE);
  t.same(
    blocks.map((block) => [block.header, block.line, block.entries.map((entry) => [entry.key, entry.line])]),
    [
      ['a', 2, [['x', 4]]],
      ['b', 5, [['y', 6]]],
    ],
  );
});

test('section names keep their case and blanks, and text behind the bracket is ignored', async (t) => {
  const { blocks } = parseText('[ A:b ] rest\n[c]; note\n', SOURCE);
  t.same(
    blocks.map((block) => block.header),
    [' A:b ', 'c'],
  );
});

test('a line that begins with ; or # is a comment, even between continuation lines', async (t) => {
  t.same(valuesOf('[s]\nk=a\n  ; note\n  b\n# note\n  c\n'), { k: 'a\nb\nc' });
});

test('; and # behind a blank begin a comment, elsewhere they do not', async (t) => {
  const text = '[s]\na=x;y\nb=x ;y\nc=x\t#y\nd=;x\ne= ;x\nf=x#y ; z\n';
  t.same(valuesOf(text), { a: 'x;y', b: 'x', c: 'x', d: ';x', e: '', f: 'x#y' });
});

test('of two comment signs the search ends with the first turn that meets one, as with supervisord', async (t) => {
  t.same(valuesOf('[s]\nk=a;b ;c #d\n'), { k: 'a;b ;c' });
});

test('a comment sign inside the quotes of a command or an environment is no comment', async (t) => {
  const text = '[s]\ncommand=sh -c "a ;b" ; note\nenvironment=A="x #y",B=2 # note\n';
  t.same(valuesOf(text), { command: 'sh -c "a ;b"', environment: 'A="x #y",B=2' });
});

test('supervisord cuts there, and with compat=strict so does supd', async (t) => {
  t.same(strictValuesOf('[s]\ncommand=sh -c "a ;b" ; note\n'), { command: 'sh -c "a' });
});

test('quotes that do not close protect nothing', async (t) => {
  t.same(valuesOf('[s]\ncommand="a ;b\nenvironment=A="x ;y\n'), { command: '"a', environment: 'A="x' });
});

test('an apostrophe in a word of an environment opens no quotes', async (t) => {
  t.same(valuesOf("[s]\nenvironment=A=don't ;x isn't\n"), { environment: "A=don't" });
});

test('quotes of other keys protect nothing', async (t) => {
  t.same(valuesOf('[s]\nstdout_logfile="a ;b"\n'), { stdout_logfile: '"a' });
});

test('quotes may go on over lines', async (t) => {
  t.same(valuesOf('[s]\ncommand=sh -c "a\n  b ;c"\n'), { command: 'sh -c "a\nb ;c"' });
});

test('a line that is indented more than its key goes on, and blank lines inside are kept', async (t) => {
  t.same(valuesOf('[s]\nk=a\n  b\n\n  c\n\n\nl=d\n'), { k: 'a\nb\n\nc', l: 'd' });
});

test('an indented key under a key is swallowed, an indented one under a header is not', async (t) => {
  t.same(valuesOf('[s]\n  a=1\n  b=2\n    c=3\n'), { a: '1', b: '2\nc=3' });
});

test('a backslash at the end of a line has no meaning', async (t) => {
  t.same(valuesOf('[s]\nk=a\\\nl=b\n'), { k: 'a\\', l: 'b' });
});

test('CRLF and CR end lines as LF does', async (t) => {
  t.same(valuesOf('[s]\r\na=1\r\nb=2\rc=3'), { a: '1', b: '2', c: '3' });
});

test('keys that mean something to JavaScript are keys like others', async (t) => {
  const { blocks } = parseText('[__proto__]\n__proto__=x\nconstructor=y\n', SOURCE);
  t.same(
    blocks[0]?.entries.map((entry) => [entry.key, entry.value]),
    [
      ['__proto__', 'x'],
      ['constructor', 'y'],
    ],
  );
});

test('lines that belong to nothing are errors, all of them, and the rest is read', async (t) => {
  const parsed = parseText('[s]\njunk\na=1\n= x\nmore junk\n', SOURCE);
  t.same(
    parsed.problems.map((problem) => [problem.line, problem.message]),
    [
      [2, '"junk" is neither a [section] nor a key = value'],
      [4, 'there is no key before the ='],
      [5, '"more junk" is neither a [section] nor a key = value'],
    ],
  );
  t.same(parsed.blocks[0]?.entries.length, 1);
});

test('text before the first header is one error', async (t) => {
  const parsed = parseText('; note\na=1\nb=2\n[s]\nc=3\n', SOURCE);
  t.same(
    parsed.problems.map((problem) => [problem.line, problem.message]),
    [[2, '"a" stands before any [section] header']],
  );
  t.same(parsed.blocks.length, 1);
});

test('a byte order mark is called by its name', async (t) => {
  const [problem] = parseText('\ufeff[supd]\n', SOURCE).problems;
  t.match(problem, { line: 1, message: /byte order mark; save the file as UTF-8 without one/ });
});

const fragment = fc.constantFrom(
  '[a]',
  '[',
  ']',
  '\n',
  '\r\n',
  ' ',
  '\t',
  ';',
  '#',
  '=',
  ':',
  '"',
  "'",
  '\\',
  'command',
  'environment',
  'x',
  '%',
  '\0',
  '\u2028',
);
const text = fc.oneof(
  fc.string(),
  fc.array(fragment, { maxLength: 60 }).map((parts) => parts.join('')),
);

test('no text makes the parser throw, and every line that it names exists', async (t) => {
  fc.assert(
    fc.property(text, (source) => {
      const { blocks, problems } = parseText(source, SOURCE);
      const lines = source.split(/\r\n|\r|\n/).length;
      const named = [...problems, ...blocks, ...blocks.flatMap((block) => block.entries)].map(
        (one) => one.line,
      );
      return named.every((line) => line >= 1 && line <= lines);
    }),
    { numRuns: 2000 },
  );
  t.pass('held for all');
});

test('twice the text takes about twice the time, whatever the text', async (t) => {
  const hostile = [
    ';'.repeat(60_000),
    ' '.repeat(60_000),
    '[s]\nk=a\n'.repeat(8000),
    `[s]\ncommand=${'" ;'.repeat(20_000)}`,
  ];
  for (const one of hostile) {
    const started = performance.now();
    parseText(one, SOURCE);
    t.ok(performance.now() - started < 1000, 'a quadratic parser takes many seconds');
  }
});
