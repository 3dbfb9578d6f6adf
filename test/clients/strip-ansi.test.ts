import { spawnSync } from 'node:child_process';
import { test } from 'tap';
import { AnsiFilter } from '../../src/logs/ansi.js';
import { requireStack } from '../helpers/require.js';

/** Prints, for each text of a JSON list on its standard input, what supervisord makes of it. */
const PYTHON = `
import json, sys
from supervisor.dispatchers import stripEscapes
print(json.dumps([stripEscapes(text.encode("latin-1")).decode("latin-1") for text in json.load(sys.stdin)]))
`;

const bySupervisord = (texts: readonly string[]): readonly string[] => {
  const { stdout, stderr } = spawnSync('/usr/bin/python3', ['-c', PYTHON], {
    input: JSON.stringify(texts),
    encoding: 'utf8',
  });
  if (stdout === '') throw new Error(stderr);
  return JSON.parse(stdout) as readonly string[];
};

const bySupd = (text: string) => new AnsiFilter().filter(Buffer.from(text, 'latin1')).toString('latin1');

test('strip_ansi takes out what supervisord takes out', async (t) => {
  if (!requireStack(t, ['supervisord'])) return;
  const parameters = ['', '0', '1;31', '12;24', '?25', '38;5;196', '0;1;4'];
  const sequences = [...'HfABCDRsuJKhlpm'].flatMap((end) => parameters.map((one) => `\x1b[${one}${end}`));
  const texts = [
    ...sequences.map((one) => `before ${one}after`),
    sequences.join(''),
    'plain text, no escapes: [1m \x9b and \xff\x00',
    '\x1b[1mbold\x1b[0m\nand \x1b[32mgreen\x1b[0m\n',
  ];
  t.strictSame(texts.map(bySupd), bySupervisord(texts));
});

test('and, unlike supervisord, whole sequences of other kinds, but never text', async (t) => {
  if (!requireStack(t, ['supervisord'])) return;
  const texts = ['\x1b[5Gcolumn: mine\n', '\x1b]0;title\x07text\n', '\x1b[1;5rregion\n'];
  t.strictSame(texts.map(bySupd), ['column: mine\n', 'text\n', 'region\n']);
  t.strictSame(bySupervisord(texts), ['umn: mine\n', '\x1b]0;title\x07text\n', '']);
});
