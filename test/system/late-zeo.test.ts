/** A real ZEO server that comes late, and what waits for it. */
import { test } from 'tap';
import { program } from '../helpers/place.js';
import { freePort } from '../helpers/ports.js';
import { requireStack } from '../helpers/require.js';
import { startSupd } from '../helpers/start-supd.js';

const RUNZEO = '/opt/supd-stack/venv/bin/runzeo';

test('a real ZEO server answers ruok, and what depends on it is started then', async (t) => {
  if (!requireStack(t, ['stack'])) return;
  const port = await freePort();
  const supd = await startSupd(
    t,
    [
      program('zeoserver', `sh -c 'sleep 3; exec ${RUNZEO} -a 127.0.0.1:${port} -f %(here)s/Data.fs'`, {
        ready: `zeo://127.0.0.1:${port}`,
        priority: 10,
      }),
      program('instance1', 'waits', { depends_on: 'zeoserver', priority: 1, startretries: 0 }),
    ].join(''),
  );
  for (const name of ['zeoserver', 'instance1']) t.match(await supd.state(name, 'RUNNING'), { restarts: 0 });
  const log = supd.read('supd.log');
  t.ok(log.indexOf("spawned: 'instance1'") > log.indexOf('success: zeoserver'));
  t.notMatch(log, /FATAL|spawnerr|not expected/);
});
