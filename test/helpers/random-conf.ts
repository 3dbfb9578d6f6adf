/** Random configuration files: mostly the dialect's own pieces in places where they may mean something. */
import fc from 'fast-check';
import { optionsOf, SECTION_KINDS } from '../../src/config/options.js';

const names = ['a', 'b', ' a ', 'a b', 'a:b', 'a/b', '', 'ü', '%(here)s'];
/** Options of every section. */
const KEYS: readonly string[] = [
  ...new Set(SECTION_KINDS.flatMap((kind) => optionsOf(kind).map(([name]) => name))),
];

/** Pieces of values: of every type, of every expansion, of every quoting. */
const PIECES = [
  ...['1', '0', '-1', '999999999999999999999', '1kb', '1 GB', '022', '0o7', '9', '1_0', '1.5', '5m'],
  ...['true', 'No', 'ON', 'unexpected', 'TERM', 'sigint', 'AUTO', 'none', 'syslog', 'info', 'TICK_5', 'root'],
  ...[
    '%',
    '%%',
    '%(',
    '%(here)s',
    '%(here)',
    '%(program_name)s',
    '%(process_num)02d',
    '%(process_num)s',
    '%(ENV_A)s',
  ],
  ...[
    '%(ENV_NO)s',
    '%(numprocs)d',
    '%(group_name)5s',
    '%-10s',
    '%s',
    '%(a(b))s',
    '%(here).3s',
    '%(process_num)*d',
  ],
  ...['A=1', 'A="1"', "B='2'", ',', '=', '"', "'", '\\', '"a ;b"', '$HOME', '~', 'C=', 'D=="', 'A-b.c=x/y'],
  ...[
    ' ',
    '\t',
    ';',
    '#',
    ' ;',
    ' #',
    ':',
    '[',
    ']',
    'a',
    'b c',
    '/bin/cat',
    '/tmp',
    '/no/such',
    'ü',
    '€',
    '\u{1f600}',
  ],
  ...[
    'unix:///tmp/f',
    'tcp://localhost:9',
    '127.0.0.1:9001',
    '*:1',
    '[::1]:2',
    ':3',
    '\0',
    '\u2028',
    '\x0b',
    '\x1f',
    '\xa0',
  ],
];

/** Often one piece, which may be a good value, or several, which mostly are none. */
const value = fc.oneof(
  fc.constantFrom(...PIECES),
  fc.array(fc.constantFrom(...PIECES), { maxLength: 6 }).map((pieces) => pieces.join('')),
);
const header = fc.oneof(
  fc
    .tuple(
      fc.constantFrom(...SECTION_KINDS.flatMap(({ kind, alias }) => (alias ? [kind, alias] : [kind]))),
      fc.constantFrom(...names),
    )
    .map(([kind, name]) => (name === '' ? `[${kind}]` : `[${kind}:${name}]`)),
  fc.constantFrom('[supervisord]', '[program:a]', '[program:b]', '[group:g]', '[DEFAULT]', '[include]'),
  value.map((text) => `[${text}]`),
  value.map((text) => `[program:${text}]`),
);

function optionOf(keys: readonly string[]): fc.Arbitrary<string> {
  const indent = fc.constantFrom('', '', '', ' ', '\t');
  const delimiter = fc.constantFrom('=', ' = ', ':', ' :', '= ');
  return fc.tuple(indent, fc.constantFrom(...keys), delimiter, value).map((parts) => parts.join(''));
}

/** Any text, most often with a main section and a program. */
export function randomConf(keys = KEYS): fc.Arbitrary<string> {
  const option = optionOf(keys);
  const line = fc.oneof(
    { weight: 6, arbitrary: option },
    { weight: 2, arbitrary: header },
    { weight: 2, arbitrary: value },
    { weight: 1, arbitrary: value.map((text) => `  ${text}`) },
    { weight: 1, arbitrary: fc.string() },
  );
  const start = fc.constantFrom(
    '',
    '[supervisord]\n',
    '[supervisord]\n[program:a]\ncommand=/bin/cat\n',
    '\ufeff',
  );
  const newline = fc.constantFrom('\n', '\n', '\r\n', '\r');
  return fc
    .tuple(start, fc.array(line, { maxLength: 12 }), newline)
    .map(([first, lines, end]) => first + lines.join(end));
}

/** One program with an option or two that a daemon may take. */
export function randomProgram(keys = KEYS): fc.Arbitrary<string> {
  const filled = ['command', 'environment', 'process_name', 'stdout_logfile', 'directory'];
  const several = fc.array(fc.constantFrom(...PIECES), { maxLength: 4 }).map((pieces) => pieces.join(''));
  return fc
    .tuple(fc.constantFrom(...filled), several, fc.array(optionOf(keys), { maxLength: 1 }))
    .map(
      ([key, text, more]) =>
        `[supervisord]\n[program:a]\ncommand=/bin/cat\n${key}=${text}\n${more.join('\n')}\n`,
    );
}
