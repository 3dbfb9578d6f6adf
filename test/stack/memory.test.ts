/** Two Zopes that both use more than they may are restarted one after the other, and no visitor notices. */
import { cpSync, mkdirSync } from 'node:fs';
import path from 'node:path';
import root, { test } from 'tap';
import { load } from '../helpers/load.js';
import { shareStack } from './stack.js';
import { until } from './until.js';

root.setTimeout(600_000);
// A plain Zope takes some 60 MB. Past twice the limit nobody would be waited for.
const open = shareStack(root, () => [
  ['max_memory=2GB\n', 'max_memory=45MB\n'],
  ['quiet_hours=22:00-06:00\n', ''],
]);

test('both Zopes are restarted for their memory under load, one after the other, and no request is lost', async (t) => {
  const stack = await open(t);
  if (!stack) return;
  const { site, supd } = stack;
  const dir = path.join(site.base, 'visitors');
  mkdirSync(path.join(dir, 'bin'), { recursive: true });
  cpSync('test/fixtures/loads', path.join(dir, 'bin/loads'));
  const end = load(t, dir, `http://127.0.0.1:${site.ports.haproxy}/kb`);
  await until(
    'both to be restarted',
    () => {
      const done = supd.log().filter((line) => line.includes('restart for memory: 1 restarted'));
      return done.length >= 2;
    },
    300,
  );
  const told = await end();
  t.comment(`memory: ${JSON.stringify(told)}`);
  t.same(told.failures, {});
  for (const name of ['instance1', 'instance2']) {
    const line = supd.log().find((one) => one.includes(`${name}: `) && one.includes('supd restarts it'));
    t.match(line, /over max_memory=45 MB in 3 looks; supd restarts it/);
  }
});
