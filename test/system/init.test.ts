/** The LSB script conf/supd.init, with a real supd that goes into the background. Exit statuses: LSB 5.0, "Init Script Actions". */
import { readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { type Test, test } from 'tap';
import { makePlace, program } from '../helpers/place.js';
import { isAlive } from '../helpers/proc.js';
import { until } from '../helpers/until.js';

const root = path.resolve(import.meta.dirname, '../../..');

/** The script as it is, but for the place of its defaults: the machine's own belong to others. */
function install(t: Test, text: string) {
  const place = makePlace(t, text);
  const [script, defaults] = [path.join(place.dir, 'init'), path.join(place.dir, 'defaults')];
  const given = readFileSync(path.join(root, 'conf/supd.init'), 'utf8');
  writeFileSync(script, given.replaceAll('/etc/default/supd', defaults));
  const node = path.dirname(process.execPath);
  writeFileSync(defaults, `PATH=${path.join(root, 'bin')}:${node}:$PATH\nCONF=${place.conf}\n`);
  return { place, init: (action: string) => place.run([], { as: ['/bin/sh', script, action] }) };
}

test('start, status, reload, restart and stop do what init asks for, and say how it went', async (t) => {
  const { place, init } = install(t, program('a', 'waits'));
  t.match(await init('status'), { status: 3, stdout: 'supd is not running\n' });
  t.match(await init('stop'), { status: 0, stdout: 'supd is not running\n' }, 'there is nothing to do');
  t.match(await init('start'), { status: 0 });
  const first = await until('supd', async () => (await place.ctl(['pid'])).stdout.trim());
  t.match(await init('status'), { status: 0, stdout: `supd is running (pid ${first})\n` });
  t.match(await init('start'), { status: 0, stdout: 'supd is running already\n' });
  place.configure(program('a', 'waits') + program('b', 'waits'));
  t.match(await init('reload'), { status: 0, stdout: 'b: added process group\n' });
  const a = await until('a to run', async () => Number((await place.ctl(['pid', 'a'])).stdout));
  t.match(await init('restart'), { status: 0 });
  t.notOk(isAlive(a));
  t.notOk(isAlive(Number(first)));
  const second = await until('supd again', async () => (await place.ctl(['pid'])).stdout.trim());
  t.not(second, first);
  const again = await until('a again', async () => Number((await place.ctl(['pid', 'a'])).stdout));
  t.match(await init('stop'), { status: 0 });
  t.notOk(isAlive(Number(second)), 'it waited for the end');
  t.notOk(isAlive(again));
  t.match(await init('status'), { status: 3 });
});

test('what it does not know, and a configuration that is wrong, are failures', async (t) => {
  const { place, init } = install(t, program('a', 'waits'));
  t.match(await init('try'), { status: 2, stderr: /^Usage: .*start\|stop\|restart/ });
  place.configure(program('a', 'waits', { stopsignal: 'SIGTREM' }));
  const started = await init('start');
  t.not(started.status, 0);
  t.match(started.stderr, /stopsignal: "SIGTREM" is not a signal; did you mean SIGTERM\?/);
});
