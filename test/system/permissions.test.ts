/** A configuration that others than root can write makes them root: said aloud, refused when asked. */
import { chmodSync, chownSync, mkdirSync, symlinkSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import tap, { test } from 'tap';
import { makePlace, program } from '../helpers/place.js';
import { startIn, startSupd } from '../helpers/start-supd.js';
import { accountOf, asUser, needsRoot } from '../helpers/users.js';

tap.setTimeout(120_000);

test('a configuration of root alone is nothing to tell, also below a directory like /tmp', async (t) => {
  if (!needsRoot(t)) return;
  const place = makePlace(t, program('a', 'waits'), { strict_permissions: true });
  t.match(await place.run(['--check', '-c', place.conf]), { status: 0, stderr: '' });
});

test('whoever can write the file, an include, an env_file or a directory on the way is told of at start and by --check', async (t) => {
  if (!needsRoot(t)) return;
  const { uid, gid } = accountOf('www-data');
  const place = makePlace(t, program('a', 'waits', { env_file: '%(here)s/env/a' }));
  const at = (name: string) => path.join(place.dir, name);
  mkdirSync(at('env'));
  writeFileSync(at('env/a'), 'A=1\n');
  mkdirSync(at('more'));
  writeFileSync(at('more/b.conf'), program('b', 'waits'));
  const text = `${program('a', 'waits', { env_file: '%(here)s/env/a' })}\n[include]\nfiles = more/*.conf\n`;
  place.configure(text);
  const check = async () => (await place.run(['--check', '-c', place.conf])).stderr;
  t.equal(await check(), '');
  chownSync(at('env'), uid, gid);
  t.match(
    await check(),
    `${at('env/a')} can be changed by others than root, who then command root: ${at('env')} belongs to uid ${uid}`,
  );
  chownSync(at('env'), 0, 0);
  chmodSync(at('more/b.conf'), 0o666);
  t.match(await check(), `${at('more/b.conf')} can be written by everybody`);
  chmodSync(at('more/b.conf'), 0o644);
  chmodSync(at('more'), 0o775);
  chownSync(at('more'), 0, gid);
  t.match(await check(), `${at('more')} can be written by group ${gid}`);
  chownSync(at('more'), 0, 0);
  // By way of a link, too.
  mkdirSync(at('theirs'));
  chownSync(at('theirs'), uid, gid);
  writeFileSync(at('theirs/a'), 'A=1\n');
  symlinkSync(at('theirs'), at('linked'));
  place.configure(text.replaceAll('/env/a', '/linked/a'));
  t.match(await check(), `${at('theirs')} belongs to uid ${uid}`);
  chownSync(place.conf, uid, gid);
  t.match(
    (await place.ctl(['check'])).stderr + (await place.ctl(['check'])).stdout,
    `${place.conf} belongs to uid`,
  );
  const supd = await startIn(t, place);
  await supd.logs(`${place.conf} belongs to uid ${uid}`);
});

test('with strict_permissions it is an error: no start, no reload', async (t) => {
  if (!needsRoot(t)) return;
  const { uid, gid } = accountOf('www-data');
  const supd = await startSupd(t, program('a', 'waits'), { daemon: { strict_permissions: true } });
  const { pid } = await supd.state('a', 'RUNNING');
  chownSync(supd.conf, uid, gid);
  t.match(await supd.run(['--check', '-c', supd.conf]), {
    status: 2,
    stderr: /can be changed by others than root/,
  });
  t.match(await supd.told('reload'), { status: 1 });
  t.equal((await supd.state('a', 'RUNNING')).pid, pid);
  await supd.told('shutdown');
  t.match(await supd.run(['-n', '-c', supd.conf]), { status: 2 });
});

test('an ordinary user’s own configuration is his own affair', async (t) => {
  if (!needsRoot(t)) return;
  const { uid, gid } = accountOf('nobody');
  const place = makePlace(t, program('a', 'waits'), { strict_permissions: true });
  for (const file of [place.dir, place.conf]) chownSync(file, uid, gid);
  const supd = await startIn(t, place, { as: asUser('nobody') });
  t.equal((await supd.state('a', 'RUNNING')).uid, uid);
});
