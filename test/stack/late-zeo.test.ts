/** ZEO that comes late: the real one, ten seconds after it was started. */
import root, { test } from 'tap';
import { shareStack } from './stack.js';

const open = shareStack(root, () => [
  ['[program:zeoserver]\ncommand=', `[program:zeoserver]\ncommand=sh -c 'sleep 10; exec "$@"' late `],
]);

test('both Zopes wait for ruok and start then; none goes FATAL, none spends a retry', async (t) => {
  const stack = await open(t);
  if (!stack) return;
  const all = await stack.supd.running();
  for (const name of ['zeoserver', 'instance1', 'instance2']) t.equal(all.get(name)?.restarts, 0, name);
  const log = stack.supd.log().join('\n');
  const ready = log.indexOf('success: zeoserver');
  for (const name of ['instance1', 'instance2'])
    t.ok(ready > 0 && log.indexOf(`spawned: '${name}'`) > ready, `${name} was started when ZEO was ready`);
  t.notMatch(log, /FATAL|spawnerr|not expected/);
});

test('a restart of ZEO leaves the Zopes alone', async (t) => {
  const stack = await open(t);
  if (!stack) return;
  const before = await stack.supd.running();
  t.equal((await stack.supd.supctl('restart', 'zeoserver')).status, 0);
  const after = await stack.supd.running();
  t.not(after.get('zeoserver')?.pid, before.get('zeoserver')?.pid);
  for (const name of ['instance1', 'instance2']) t.equal(after.get(name)?.pid, before.get(name)?.pid, name);
});
