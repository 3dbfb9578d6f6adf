import { readFileSync } from 'node:fs';
import { test } from 'tap';
import { optionTable } from '../../src/config/help.js';

test('the README has every option as the table of the sources has it (npm run docs writes it)', async (t) => {
  const readme = readFileSync('README.md', 'utf8');
  const [, after = ''] = readme.split('<!-- options -->\n');
  const [table = ''] = after.split('<!-- end of options -->');
  t.equal(table.trim(), optionTable().trim());
});
