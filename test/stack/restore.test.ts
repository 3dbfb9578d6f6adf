import { existsSync, readdirSync, readFileSync, rmSync, truncateSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import root, { test } from 'tap';
import { addBlobs, blobsOf } from './blobs.js';
import { tryAs } from './processes.js';
import { served, shareStack } from './stack.js';
import { ask, deletePage, writePage } from './web.js';

const open = shareStack(root);
const SITE_PROGRAMS = ['zeoserver', 'instance1', 'instance2'];

for (const [backup, restore] of [
  ['backup', 'restore'],
  ['snapshotbackup', 'snapshotrestore'],
] as const) {
  test(`a page deleted after ${backup} comes back by \`supctl job run ${restore}\``, async (t) => {
    const stack = await open(t);
    if (!stack) return;
    const { site, supd } = stack;
    const { instance1, instance2 } = site.ports;
    await writePage(site, instance1, 'accueil', `<p>before ${restore}</p>`);
    addBlobs(site, 2);
    const blobs = blobsOf(site);
    t.match(await supd.supctl('job', 'run', backup), { status: 0 });
    await deletePage(site, instance1, 'accueil');
    await writePage(site, instance1, 'later', '<p>after the backup</p>');
    addBlobs(site, 2);
    t.equal((await ask(site, instance2, '/kb/accueil')).status, 404);
    const before = await supd.running();

    const { status, stdout, stderr } = await supd.supctl('job', 'run', restore);
    t.equal(status, 0, stdout + stderr);
    t.match(await supd.runs(restore), [{ outcome: 'ok', steps: [{ output: /^restored /m }] }]);
    const after = await supd.running();
    for (const name of SITE_PROGRAMS)
      t.not(after.get(name)!.pid, before.get(name)!.pid, `${name} was stopped and runs again`);
    for (const name of ['haproxy', 'varnish'])
      t.equal(after.get(name)!.pid, before.get(name)!.pid, `${name} was left alone`);
    await served(site);
    for (const port of [instance1, instance2]) {
      t.match(await ask(site, port, '/kb/accueil'), { status: 200, body: `before ${restore}` });
      t.equal((await ask(site, port, '/kb/later')).status, 404);
    }
    t.same(blobsOf(site), blobs);
    t.ok(existsSync(path.join(site.dir, 'var/filestorage.before-restore/Data.fs')), 'what was there is kept');
    t.match(await supd.supctl('job', 'run', backup), { status: 0 }, 'the next backup is fine');
  });
}

test('a restore from a damaged backup fails, and the site is as it was', async (t) => {
  const stack = await open(t);
  if (!stack) return;
  const { site, supd } = stack;
  await writePage(site, site.ports.instance1, 'precious', '<p>not in the backup</p>');
  const backups = path.join(site.dir, 'var/backups');
  const newest = readdirSync(backups)
    .filter((name) => name.endsWith('fsz'))
    .sort()
    .at(-1)!;
  const file = path.join(backups, newest);
  const content = readFileSync(file);
  truncateSync(file, Math.floor(content.length / 2));
  t.equal((await supd.supctl('job', 'run', 'restore')).status, 1);
  t.match(await supd.runs('restore'), [{ outcome: 'failed' }]);
  writeFileSync(file, content);
  await supd.running();
  await served(site);
  for (const port of [site.ports.instance1, site.ports.instance2])
    t.match(await ask(site, port, '/kb/precious'), { status: 200, body: 'not in the backup' });
});

test('a restore by hand refuses while ZEO has the database open', async (t) => {
  const stack = await open(t);
  if (!stack) return;
  const { site, supd } = stack;
  const before = await supd.running();
  const words = [path.join(site.etc, 'jobs/restore'), site.dir, 'restore'];
  t.match(tryAs('zope', words), { status: 1, stderr: /ZEO has .*Data\.fs open/ });
  t.match(await ask(site, site.ports.instance1, '/kb/precious'), { status: 200 }, 'nothing has changed');
  t.equal((await supd.status()).get('zeoserver')!.pid, before.get('zeoserver')!.pid);
});

test('a restore from half a copy of the blobs fails, and no blob is lost', async (t) => {
  const stack = await open(t);
  if (!stack) return;
  const { site, supd } = stack;
  addBlobs(site, 2);
  t.match(await supd.supctl('job', 'run', 'backup'), { status: 0 });
  const blobs = blobsOf(site);
  const copy = path.join(site.dir, 'var/blobstoragebackups/latest/blobstorage');
  for (const blob of blobs.slice(1)) rmSync(path.join(copy, blob));
  t.equal((await supd.supctl('job', 'run', 'verify')).status, 1, 'verify sees it');
  t.equal((await supd.supctl('job', 'run', 'restore')).status, 1);
  t.match(await supd.runs('restore'), [{ steps: [{ output: /the backup lacks \d+ blobs/ }] }]);
  t.same(blobsOf(site), blobs);
  await supd.running();
  await served(site);
});
