import {
  chmodSync,
  chownSync,
  existsSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  truncateSync,
  writeFileSync,
} from 'node:fs';
import path from 'node:path';
import root, { test } from 'tap';
import { addBlobs, blobsOf } from './blobs.js';
import { asUser, endProgram, startProgram, tryAs } from './processes.js';
import { type Stack, served, shareStack } from './stack.js';
import { until } from './until.js';
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
    t.match(await supd.runs(restore), [
      { outcome: 'ok', steps: [{ output: /is whole$/m }, { output: /^restored /m }] },
    ]);
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

test('a restore from a backup that verify finds damaged is not even begun, and the site is as it was', async (t) => {
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
  const before = await supd.status();
  t.equal((await supd.supctl('job', 'run', 'restore')).status, 1);
  t.match(await supd.runs('restore'), [
    { outcome: 'failed', steps: [{ outcome: 'failed', output: /is damaged/ }, { outcome: 'skipped' }] },
  ]);
  writeFileSync(file, content);
  const after = await supd.running();
  for (const name of SITE_PROGRAMS)
    t.equal(after.get(name)!.pid, before.get(name)!.pid, `${name} was not stopped for it`);
  await served(site);
  for (const port of [site.ports.instance1, site.ports.instance2])
    t.match(await ask(site, port, '/kb/precious'), { status: 200, body: 'not in the backup' });
});

test('data loss by a restore under a running ZEO: refused by hand, and by the job where ZEO is not supd’s', async (t) => {
  const stack = await open(t);
  if (!stack) return;
  const { site, supd } = stack;
  const before = await supd.running();
  const words = [path.join(site.etc, 'jobs/restore'), site.dir, 'restore'];
  t.match(tryAs('root', words), { status: 1, stderr: /run it as zope/ });
  t.match(tryAs('zope', words), { status: 1, stderr: /ZEO has .*Data\.fs open/ });
  t.match(await ask(site, site.ports.instance1, '/kb/precious'), { status: 200 }, 'nothing has changed');
  t.equal((await supd.status()).get('zeoserver')!.pid, before.get('zeoserver')!.pid);

  // Somebody runs another one by hand.
  t.match(await supd.supctl('stop', 'zeoserver'), { status: 0 });
  const foreign = startProgram(
    [...asUser('zope'), `${site.dir}/bin/runzeo`, '-C', `${site.dir}/etc/zeo.conf`],
    path.join(site.base, 'foreign-zeo.log'),
  );
  t.teardown(() => endProgram(foreign));
  await until(
    'the instances to be back',
    async () => (await ask(site, site.ports.instance1, '/kb/')).status === 200,
  );
  await writePage(site, site.ports.instance1, 'precious', '<p>written under the other ZEO</p>');
  t.equal((await supd.supctl('job', 'run', 'restore')).status, 1);
  t.match(await supd.runs('restore'), [
    { outcome: 'failed', steps: [{ outcome: 'ok' }, { output: /ZEO has .*Data\.fs open/ }] },
  ]);
  await endProgram(foreign);
  t.match(await supd.supctl('start', 'zeoserver'), { status: 0 });
  await supd.running();
  await served(site);
  t.match(await ask(site, site.ports.instance2, '/kb/precious'), {
    status: 200,
    body: 'under the other ZEO',
  });
});

test('data loss by a half copy of the blobs: a restore from it fails, and no blob is lost', async (t) => {
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

/** Stops what a restore needs stopped, for `work` by hand, and starts it again. */
async function withSiteDown({ site, supd }: Stack, work: () => void): Promise<void> {
  await supd.supctl('stop', ...SITE_PROGRAMS);
  work();
  await supd.supctl('start', ...SITE_PROGRAMS);
  await supd.running();
  await served(site);
}

test('data loss by a damaged backup: bin/restore has deleted Data.fs already, and it comes back', async (t) => {
  const stack = await open(t);
  if (!stack) return;
  const { site, supd } = stack;
  rmSync(path.join(site.dir, 'var/blobstoragebackups'), { recursive: true });
  t.match(await supd.supctl('job', 'run', 'backup'), { status: 0 });
  await writePage(site, site.ports.instance1, 'after', '<p>not in the backup</p>');
  const data = path.join(site.dir, 'var/filestorage/Data.fs');
  const backups = path.join(site.dir, 'var/backups');
  const file = path.join(
    backups,
    readdirSync(backups)
      .filter((name) => name.endsWith('fsz'))
      .sort()
      .at(-1)!,
  );
  const content = readFileSync(file);
  const restore = (stamp: string) =>
    tryAs('zope', [path.join(site.etc, 'jobs/restore'), site.dir, 'restore', stamp]);
  await withSiteDown(stack, () => {
    const before = readFileSync(data);
    truncateSync(file, Math.floor(content.length / 2));
    // A stamp was asked for: nobody verifies all backups first.
    const damaged = restore(path.basename(file).slice(0, 19));
    t.match(damaged, { status: 1, stderr: /bin\/restore: exit status 1\n.*old data is back in place/s });
    t.ok(readFileSync(data).equals(before), 'Data.fs is what it was');
    writeFileSync(file, content);

    t.match(restore('1999-01-01'), { status: 1, stderr: /holds no backup of 1999-01-01 or before/ });
    t.match(restore('yesterday'), { status: 2, stderr: /"yesterday" is no time/ });
    t.ok(readFileSync(data).equals(before), 'a date without a backup touches nothing');

    // rsync can't read one of them, and bin/restore says 0.
    const copy = path.join(site.dir, 'var/blobstoragebackups/latest/blobstorage');
    const blobs = blobsOf(site);
    const blob = path.join(copy, blobs[0]!);
    const { uid, gid } = statSync(blob);
    rmSync(path.join(site.dir, 'var/blobstorage', blobs[0]!));
    chownSync(blob, 0, 0);
    chmodSync(blob, 0);
    t.match(restore(''), { status: 1, stderr: /the blobs were not copied|is not what/ });
    chownSync(blob, uid, gid);
    chmodSync(blob, 0o400);
    t.ok(readFileSync(data).equals(before));
    t.same(blobsOf(site), blobs.slice(1), 'the blobs are those that were there');
    t.match(restore(''), { status: 0, stdout: /^opened: \d+ objects, \d+ blobs/m });
    t.same(blobsOf(site), blobs);
  });
  t.equal((await ask(site, site.ports.instance1, '/kb/after')).status, 404);
});

test('data loss by a database that ZEO does not start on: the job restores nothing for good', async (t) => {
  const stack = await open(t);
  if (!stack) return;
  const { site, supd } = stack;
  await writePage(site, site.ports.instance1, 'precious', '<p>written before ZEO broke</p>');
  const conf = path.join(site.dir, 'etc/zeo.conf');
  const text = readFileSync(conf, 'utf8');
  writeFileSync(conf, `${text}\n<broken\n`);
  const { status } = await supd.supctl('job', 'run', 'restore');
  writeFileSync(conf, text);
  t.equal(status, 1);
  t.match(await supd.runs('restore'), [
    { outcome: 'failed', steps: [{}, { output: /ZEO does not start on what was restored.*back in place/s }] },
  ]);
  t.match(await supd.supctl('start', 'zeoserver'), { status: 0 });
  await supd.running();
  await served(site);
  for (const port of [site.ports.instance1, site.ports.instance2])
    t.match(await ask(site, port, '/kb/precious'), { status: 200, body: 'written before ZEO broke' });
});

test('restore-undo brings back what was there before the restore', async (t) => {
  const stack = await open(t);
  if (!stack) return;
  const { site, supd } = stack;
  t.match(await supd.supctl('job', 'run', 'restore-undo'), { status: 0 });
  await served(site);
  for (const port of [site.ports.instance1, site.ports.instance2])
    t.match(await ask(site, port, '/kb/after'), { status: 200, body: 'not in the backup' });
});

test('the machine dies in the middle of a restore: ZEO starts on the old data', async (t) => {
  const stack = await open(t);
  if (!stack) return;
  const { site } = stack;
  await withSiteDown(stack, () => {
    // What is there then: the old data beside its place, and in it what bin/restore had done so far.
    for (const name of ['filestorage', 'blobstorage']) {
      const place = path.join(site.dir, 'var', name);
      renameSync(place, `${place}.restoring`);
      tryAs('zope', ['mkdir', '-m', '700', place]);
    }
    tryAs('zope', ['touch', path.join(site.dir, 'var/filestorage/Data.fs.part')]);
  });
  t.match(await ask(site, site.ports.instance1, '/kb/after'), { status: 200, body: 'not in the backup' });
  t.notOk(existsSync(path.join(site.dir, 'var/filestorage/Data.fs.part')));
  t.ok(blobsOf(site).length > 0);
});
