/** A real Zope that stands still: its socket accepts, and nobody answers. */
import root, { test } from 'tap';
import { shareStack } from './stack.js';
import { until } from './until.js';
import { ask } from './web.js';

root.setTimeout(600_000);
const open = shareStack(root, () => [
  [
    'health_interval=30\nhealth_timeout=10\nhealth_start_period=60',
    'health_interval=1\nhealth_timeout=3\nhealth_start_period=5',
  ],
  // It can't take INT either.
  ['stopwaitsecs=30', 'stopwaitsecs=2'],
]);

test('a Zope that accepts and never answers is restarted, the other is left alone and serves', async (t) => {
  const stack = await open(t);
  if (!stack) return;
  const { site, supd } = stack;
  const before = await supd.running();
  const [hung, other] = ['instance1', 'instance2'].map((name) => before.get(name)?.pid ?? 0);
  await until(
    'both to be found well',
    async () =>
      (await supd.supctl('health', 'instance1', 'instance2')).stdout.match(/RUNNING, healthy/g)?.length === 2,
  );
  process.kill(hung ?? 0, 'SIGSTOP');
  await until(
    'another instance1',
    async () => {
      t.equal((await ask(site, site.ports.instance2, '/')).status, 200, 'the other serves');
      const now = (await supd.status()).get('instance1');
      return now?.state === 'RUNNING' && now.pid !== hung;
    },
    120,
  );
  t.equal((await ask(site, site.ports.instance1, '/')).status, 200);
  const after = await supd.running();
  t.match(after.get('instance2'), { pid: other, restarts: 0 });
  const why = (await supd.supctl('why', 'instance1')).stdout;
  t.match(
    why,
    /was terminated by SIGKILL at .*: supd ended it, since a probe failed: unhealthy: no answer within 3 s/,
  );
});
