import { readFileSync } from 'node:fs';
import { test } from 'tap';
import { formatProblem, loadConfig } from '../../src/config/load.js';
import { fakeSurroundings } from '../helpers/fake-surroundings.js';

const FILE = '/home/zope/MyProject/etc/supervisord.conf';

function loadPlone() {
  const text = readFileSync('test/fixtures/conf/plone-supervisord.conf', 'utf8');
  const directories = ['/home/zope/MyProject/var/log'];
  return loadConfig(FILE, fakeSurroundings({ files: { [FILE]: text }, directories }));
}

test('the supervisord.conf of a Plone server is taken as it is', async (t) => {
  const loaded = loadPlone();
  t.same(
    loaded.problems.filter((problem) => problem.severity === 'error'),
    [],
  );
  if (!loaded.ok) return;
  t.same(
    loaded.config.groups.map((group) => [group.priority, group.name]),
    [
      [-1, 'crashmail'],
      [-1, 'httpok1'],
      [-1, 'httpok2'],
      [-1, 'memmon'],
      [10, 'zeoserver'],
      [20, 'instance1'],
      [30, 'instance2'],
      [35, 'instance-debug'],
      [40, 'haproxy'],
      [50, 'varnish'],
    ],
  );
  const instance = loaded.config.groups.find(({ name }) => name === 'instance1')?.processes[0];
  t.match(instance, {
    id: 'instance1:instance1',
    command: '/home/zope/MyProject/bin/instance1 console',
    user: 'zope',
    directory: '/home/zope/MyProject',
    startMs: 15_000,
    stopSignal: 2,
    stopWaitMs: 30_000,
    autorestart: 'always',
    redirectStderr: true,
    stdout: { file: { kind: 'auto' } },
    stderr: { file: { kind: 'none' } },
  });
});

test('nothing in it is ignored or not served', async (t) => {
  t.same(loadPlone().problems.map(formatProblem), []);
});
