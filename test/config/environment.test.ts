import fc from 'fast-check';
import { test } from 'tap';
import { readEnvironment } from '../../src/config/environment.js';

function valuesOf(text: string, strict = false): Record<string, string> | string {
  const read = readEnvironment(text, strict);
  return read.ok ? { ...read.values } : read.why;
}

function notesOf(text: string): readonly string[] {
  const read = readEnvironment(text, false);
  return read.ok ? read.notes : [];
}

test('pairs are separated by commas, blanks and line ends between them are free', async (t) => {
  t.same(valuesOf('A=1,B = "two words" ,\n C=\'x\','), { A: '1', B: 'two words', C: 'x' });
});

test('what the Plone recipe writes is read as it is meant', async (t) => {
  const text =
    "SUPERVISOR_USERNAME='admin',SUPERVISOR_PASSWORD='',SUPERVISOR_SERVER_URL='http://127.0.0.1:9001'";
  t.same(valuesOf(text), {
    SUPERVISOR_USERNAME: 'admin',
    SUPERVISOR_PASSWORD: '',
    SUPERVISOR_SERVER_URL: 'http://127.0.0.1:9001',
  });
});

test('bare words may hold paths, numbers, signs, colons and parentheses', async (t) => {
  t.same(valuesOf('A=/usr/bin:/bin,B=-1.5+2,C=(x)'), { A: '/usr/bin:/bin', B: '-1.5+2', C: '(x)' });
});

test('a character beyond U+FFFF is one character, as to supervisord', async (t) => {
  t.same(valuesOf('A=b😀C=d'), { A: 'b', C: 'd' });
  t.same(valuesOf('A=b😀C=d', true), { A: 'b', C: 'd' });
  t.same(valuesOf('A="\\""\\😀'), { A: '"😀' });
});

test('commas, equal signs and semicolons belong into quotes', async (t) => {
  t.same(valuesOf('A="a,b=c;d"'), { A: 'a,b=c;d' });
});

test('# outside of quotes hides the rest of the line', async (t) => {
  t.same(valuesOf('A=1, # note, X=2\nB="#3"'), { A: '1', B: '#3' });
});

test('the last of a name wins', async (t) => {
  t.same(valuesOf('A=1,A=2'), { A: '2' });
});

test('escaped quotes and pieces that touch are read by shell rules', async (t) => {
  t.same(valuesOf('A="say \\"hi\\"",B=2'), { A: 'say "hi"', B: '2' });
  t.same(valuesOf('A=x"y z"w'), { A: 'xy zw' });
});

test('what supervisord 4.2 reads without dropping anything is read the same way', async (t) => {
  t.same(valuesOf("A=it's"), { A: "it's" });
  t.same(valuesOf('A="C:\\path\\\\x"'), { A: 'C:\\path\\\\x' });
  t.same(valuesOf('A="\'x\'"'), { A: 'x' });
});

test('an odd separator is told of, and the value is what supervisord makes of it', async (t) => {
  t.same(valuesOf('A=a b'), { A: 'a' });
  t.same(notesOf('A=a b'), ['A is "a", and "b" behind it is ignored; put the value in quotes']);
  t.same(valuesOf('A=~/x'), { A: '~' });
  t.match(notesOf('A=$HOME'), [/"HOME" behind it is ignored/]);
  t.same(notesOf('A=1,B="2"'), []);
});

test('with compat=strict nothing is read otherwise than by supervisord 4.2', async (t) => {
  t.same(valuesOf('A="a"b', true), { A: 'a' });
  t.match(valuesOf('A="say \\"hi\\"",B=2', true), /is not a KEY=value/);
});

test('errors say what is missing', async (t) => {
  t.equal(valuesOf('A='), 'A= has no value; write A="" for an empty one');
  t.match(valuesOf('A'), /"A" is not a KEY=value/);
  t.match(valuesOf('A=1,B'), /"B" is not a KEY=value \(behind "A = 1 ,"\)/);
  t.match(valuesOf('A="x'), /No closing quotation/);
  t.match(valuesOf('A=http://h/?a=b&c'), /need quotes/);
});

test('names that mean something to JavaScript are names like others', async (t) => {
  const read = readEnvironment('__proto__=1,constructor=2', false);
  t.ok(read.ok && Object.keys(read.values).join() === '__proto__,constructor');
});

test('quoted values come back as they were, whatever they hold', async (t) => {
  const value = fc.string({ maxLength: 30 }).map((text) => text.replace(/["'\\]/g, ''));
  fc.assert(
    fc.property(fc.dictionary(fc.stringMatching(/^[A-Z_]{1,8}$/), value), (variables) => {
      const text = Object.entries(variables).map(([key, one]) => `${key}="${one}"`);
      const read = readEnvironment(text.join(','), false);
      return read.ok && Object.entries(variables).every(([key, one]) => read.values[key] === one);
    }),
  );
  fc.assert(
    fc.property(
      fc.string(),
      fc.boolean(),
      (text, strict) => typeof readEnvironment(text, strict).ok === 'boolean',
    ),
  );
  t.pass('held for all');
});
