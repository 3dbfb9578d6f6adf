import { existsSync, readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { test } from 'tap';
import { optionTable } from '../../src/config/help.js';

test('the README has every option as the table of the sources has it (npm run docs writes it)', async (t) => {
  const readme = readFileSync('README.md', 'utf8');
  const [, after = ''] = readme.split('<!-- options -->\n');
  const [table = ''] = after.split('<!-- end of options -->');
  t.equal(table.trim(), optionTable().trim());
});

test('each defect of supervisord in the README is held by tests that there are', async (t) => {
  const readme = readFileSync('README.md', 'utf8');
  const [, after = ''] = readme.split('| defect of supervisord | in supd | held by |\n|---|---|---|\n');
  const rows = after.slice(0, after.indexOf('\n\n')).split('\n');
  t.ok(rows.length > 30, `${rows.length} defects`);
  for (const row of rows) {
    const [, defect = '', , held = ''] = row.split('|').map((cell) => cell.trim());
    let rest = held === '-' ? '' : held;
    for (const [file, name] of rest.matchAll(/`(test\/[^`]+)`|`npm run bench`.*/g)) {
      if (name !== undefined) t.ok(existsSync(name), name);
      rest = rest.replace(file, '');
    }
    for (const name of names) rest = rest.replace(name, '');
    t.equal(rest.replace(/[; ]/g, ''), '', defect);
  }
});

/** Of all tests, the longest first; what a template fills in may be anything. */
const names = readdirSync('test', { recursive: true, encoding: 'utf8' })
  .filter((file) => file.endsWith('.test.ts'))
  .flatMap((file) => [
    ...readFileSync(path.join('test', file), 'utf8').matchAll(/\btest\(\s*(['"`])(.*?)\1,/gs),
  ])
  .map(([, , name = '']) => name)
  .sort((a, b) => b.length - a.length)
  .map(
    (name) =>
      new RegExp(
        name
          .split(/\$\{.*?\}/)
          .map((text) => text.replace(/[.*+?^${}()|[\]\\]/g, '\\$&'))
          .join('.+?'),
      ),
  );
