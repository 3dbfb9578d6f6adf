/** A night on the real stack that is cut short: cancelled, too slow, with supd shut down or killed. */
import { existsSync, readdirSync, rmSync } from 'node:fs';
import path from 'node:path';
import root, { type Test, test } from 'tap';
import { asUser, endProgram, isAlive, processesNaming, runAs, startProgram } from './processes.js';
import { type Site, VENV } from './site.js';
import { type Stack, served, shareStack } from './stack.js';
import { type RunStatus, type Supd, startSupd } from './supd.js';
import { until } from './until.js';
import { ask, writePage } from './web.js';

const open = shareStack(root, () => [
  // Always full, and slow enough to be met; a day's backup may take no second.
  [
    '[job:snapshotbackup]',
    '[job:hasty]\ncommand=%(here)s/jobs/backup %(ENV_DIR)s snapshotbackup\nuser=zope\ntimeout=1s\n\n[job:snapshotbackup]',
  ],
]);

const FILL = `
import os, sys, transaction, ZODB
from persistent.mapping import PersistentMapping
from ZEO.ClientStorage import ClientStorage
database = ZODB.DB(ClientStorage(("127.0.0.1", int(sys.argv[1])), wait_timeout=30))
connection = database.open()
bulk = connection.root()["bulk"] = PersistentMapping()
for number in range(int(sys.argv[2])):
    bulk[number] = PersistentMapping({"bytes": os.urandom(1 << 20)})
    transaction.commit()
connection.close()
database.close()
`;

let filled = false;

/** A database that gzip has to work on for some seconds. */
async function openLarge(t: Test): Promise<Stack | undefined> {
  const stack = await open(t);
  if (stack && !filled) {
    filled = true;
    runAs('zope', [`${VENV}/bin/python`, '-c', FILL, String(stack.site.ports.zeo), '80'], stack.site.dir);
  }
  return stack;
}

/** Real repozos that work in this site. */
function repozos({ dir }: Site) {
  return processesNaming(`${dir}/bin/repozo`);
}

const temporary = ({ dir }: Site, where = 'snapshotbackups') => path.join(dir, 'var', where, 'tmp.tmp');

/** Begins a job, and waits until repozo is in the middle of it. */
async function begin({ site, supd }: Stack, job: string, where?: string): Promise<void> {
  await supd.supctl('job', 'run', job, '--no-wait');
  await until('repozo to write', () => repozos(site).length > 0 && existsSync(temporary(site, where)));
}

function ended(supd: Supd, job: string): Promise<RunStatus> {
  return until(`${job} to end`, async () => {
    const [run] = await supd.runs(job);
    return run && run.outcome !== 'running' && run;
  });
}

test('a cancelled backup ends repozo too; what it has left is cleared away by the next one', async (t) => {
  const stack = await openLarge(t);
  if (!stack) return;
  const { site, supd } = stack;
  await begin(stack, 'snapshotbackup');
  const pids = repozos(site).map(({ pid }) => pid);
  t.match(await supd.supctl('job', 'cancel', 'snapshotbackup'), { status: 0 });
  t.match(await ended(supd, 'snapshotbackup'), { outcome: 'cancelled' });
  t.same(pids.filter(isAlive), []);
  t.same(repozos(site), []);
  t.ok(existsSync(temporary(site)), 'repozo did not come to its end');
});

test('a backup that takes too long ends with repozo', async (t) => {
  const stack = await openLarge(t);
  if (!stack) return;
  const { site, supd } = stack;
  t.equal((await supd.supctl('job', 'run', 'hasty')).status, 1);
  t.match(await supd.runs('hasty'), [{ outcome: 'failed', reason: 'timed out after 1s' }]);
  t.same(repozos(site), []);
});

test('another repozo that works without the lock is not written over', async (t) => {
  const stack = await openLarge(t);
  if (!stack) return;
  const { site, supd } = stack;
  const byHand = startProgram(
    [...asUser('zope'), `${site.dir}/bin/snapshotbackup`, '-q'],
    path.join(site.base, 'by-hand.log'),
  );
  t.teardown(() => endProgram(byHand));
  // Where it stands still it may not have opened its file yet.
  const [repozo] = await until('repozo', () => repozos(site).length > 0 && repozos(site));
  if (repozo) process.kill(repozo.pid, 'SIGSTOP');
  t.equal((await supd.supctl('job', 'run', 'snapshotbackup')).status, 1);
  t.match(await supd.runs('snapshotbackup'), [
    { steps: [{ output: /process \d+ writes to \S+tmp\.tmp already, without the lock/ }] },
  ]);
  if (repozo) process.kill(repozo.pid, 'SIGCONT');
  await until('it to end', () => byHand.exitCode !== null);
  runAs('zope', [`${site.dir}/bin/repozo`, '-V', '-r', path.join(site.dir, 'var/snapshotbackups')]);
});

test('while a backup runs, a restart of ZEO waits, is refused with --no-wait, and nobody else backs up', async (t) => {
  const stack = await openLarge(t);
  if (!stack) return;
  const { site, supd } = stack;
  await begin(stack, 'nightly', 'backups');
  const refused = await supd.supctl('restart', '--no-wait', 'zeoserver');
  t.not(refused.status, 0);
  t.match(refused.stdout + refused.stderr, /zeoserver.*(held|holds).*nightly|nightly.*backup/s);
  t.equal((await supd.supctl('job', 'run', 'backup')).status, 75, 'its lock is held');
  t.match(await ended(supd, 'nightly'), { outcome: 'ok' });
  t.same(repozos(site), []);
});

test('a restore that is cancelled in the middle: the site runs on with its own data', async (t) => {
  const stack = await openLarge(t);
  if (!stack) return;
  const { site, supd } = stack;
  await writePage(site, site.ports.instance1, 'kept', '<p>not in any backup</p>');
  await supd.supctl('job', 'run', 'restore', '--no-wait');
  await until('the old data to be aside', () => existsSync(path.join(site.dir, 'var/filestorage.restoring')));
  t.match(await supd.supctl('job', 'cancel', 'restore'), { status: 0 });
  t.match(await ended(supd, 'restore'), {
    outcome: 'cancelled',
    steps: [{ outcome: 'ok' }, { output: /old data is back in place/ }],
  });
  t.same(repozos(site), []);
  await supd.running();
  await served(site);
  for (const port of [site.ports.instance1, site.ports.instance2])
    t.match(await ask(site, port, '/kb/kept'), { status: 200, body: 'not in any backup' });
  const left = readdirSync(path.join(site.dir, 'var')).filter((name) => /\.(restoring|failed)$/.test(name));
  t.same(left, []);
});

test('supd is killed in the middle of the night: the next one carries it to its end, once', async (t) => {
  const stack = await openLarge(t);
  if (!stack) return;
  const { site, supd } = stack;
  // A pack of what was never changed leaves the next backup nothing to do: begin from nothing.
  runAs('zope', ['sh', '-c', `rm -rf ${site.dir}/var/backups/* ${site.dir}/var/blobstoragebackups/*`]);
  // Nor may what is over there be more than is here then.
  for (const name of ['backups', 'blobstoragebackups'])
    rmSync(path.join(site.remote, name), { recursive: true, force: true });
  const before = await supd.running();
  await begin(stack, 'nightly', 'backups');
  supd.child.kill('SIGKILL');
  await until('supd to be dead', () => supd.child.signalCode !== null);
  t.ok(repozos(site).length > 0, 'repozo goes on');
  const second = startSupd(site);
  t.teardown(() => second.close());
  const after = await second.running();
  for (const [name, { pid }] of before) t.equal(after.get(name)?.pid, pid, `${name} was not touched`);
  const run = await ended(second, 'nightly');
  t.equal(run.steps.find(({ name }) => name === 'backup')?.attempts, 1);
  const kernelTells = run.outcome === 'ok';
  if (!kernelTells) {
    // How it ended only newer kernels remember (6.15): what is not known is not ok, and nothing is sent.
    t.match(run, { outcome: 'failed', reason: /backup.*unknown/ });
    t.match(run.steps.find(({ name }) => name === 'rsync-backups')?.outcome, 'skipped');
  }
  t.match(
    run.steps.find(({ name }) => name === 'rsync-logs'),
    { outcome: 'ok' },
  );
  t.equal((await second.supctl('job', 'run', 'nightly')).status, 0, 'the next night is well');
  t.ok(readdirSync(path.join(site.remote, 'backups')).length > 0);
  await served(site);

  await t.test('a shutdown in the middle of it ends all of it, and it is on record', async (t) => {
    await begin({ ...stack, supd: second }, 'snapshotbackup');
    t.match(await second.supctl('shutdown'), { status: 0 });
    await until('supd to end', () => second.child.exitCode !== null, 120);
    t.same(processesNaming(site.dir), [], 'nothing of the site is left, no repozo either');
    const third = startSupd(site);
    t.teardown(() => third.close());
    await third.running();
    t.match((await third.runs('snapshotbackup'))[0], { outcome: 'cancelled', reason: /shut down/ });
  });
});
