import { execFileSync, spawnSync } from 'node:child_process';
import path from 'node:path';
import { test } from 'tap';
import { requireStack } from '../helpers/require.js';
import { makeSite, removeSite } from './site.js';
import { NEEDED } from './stack.js';

test('every program takes its file of conf/ without complaint', async (t) => {
  if (!requireStack(t, NEEDED)) return;
  const site = await makeSite();
  t.teardown(() => removeSite(site));
  const check = (...argv: string[]) => {
    const { status, stdout, stderr } = spawnSync(argv[0]!, argv.slice(1), { encoding: 'utf8' });
    return { status, said: stdout + stderr };
  };
  const supd = check(path.resolve('bin/supd'), '--check', '-c', site.conf);
  t.equal(supd.status, 0, supd.said);
  t.notMatch(supd.said, /warning|\[program|\[job/, 'not even a warning');

  // The state file is HAProxy's own, written before a reload.
  execFileSync('touch', [path.join(site.dir, 'var/haproxy.state')]);
  const haproxy = check('haproxy', '-c', '-q', '-f', path.join(site.etc, 'haproxy.cfg'));
  t.equal(haproxy.status, 0, haproxy.said);
  t.equal(check('varnishd', '-C', '-f', path.join(site.etc, 'default.vcl')).status, 0);
});
