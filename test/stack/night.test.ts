import { execFileSync, spawn } from 'node:child_process';
import {
  chmodSync,
  chownSync,
  existsSync,
  readdirSync,
  readlinkSync,
  statSync,
  symlinkSync,
  unlinkSync,
} from 'node:fs';
import path from 'node:path';
import root, { type Test, test } from 'tap';
import { ONCE_FAR_OFF } from '../helpers/schedules.js';
import { addBlobs, blobsOf } from './blobs.js';
import { STEPS, withChanges } from './nights.js';
import { asUser, endProgram, runAs } from './processes.js';
import { allowKey, type Site, treeOf } from './site.js';
import { type Stack, shareStack } from './stack.js';
import type { RunStatus } from './supd.js';
import { until } from './until.js';
import { writePage } from './web.js';

const open = shareStack(root);

/** Work of a day: versions for the pack to remove, and pages and blobs for the backup to keep. */
async function work({ site }: Stack, text: string): Promise<void> {
  for (const version of [1, 2, 3, 4, 5, 6, 7, 8])
    await writePage(site, site.ports.instance1, 'accueil', `<p>${text} ${version} ${'.'.repeat(5000)}</p>`);
  addBlobs(site, 3);
}

function sizeOfDatabase(site: Site): number {
  return statSync(path.join(site.dir, 'var/filestorage/Data.fs')).size;
}

/** Times are there and in order, and every step has run once. */
function checkTimes(t: Test, run: RunStatus): void {
  const stamps = run.steps.flatMap(({ startTime, endTime }) => [startTime, endTime]);
  const all = [run.startTime, ...stamps, run.endTime].map((stamp) => Date.parse(stamp ?? ''));
  t.ok(
    all.every((stamp, i) => i === 0 || stamp >= all[i - 1]!),
    `the times of run and steps follow each other: ${all.join(' ')}`,
  );
}

/** The backup can be restored, and the other host has the same. */
function checkBackup(t: Test, { site }: Stack): void {
  const backups = path.join(site.dir, 'var/backups');
  const blobs = path.join(site.dir, 'var/blobstoragebackups');
  runAs('zope', [path.join(site.dir, 'bin/repozo'), '-V', '-r', backups]);
  const scratch = path.join(site.base, 'recovered.fs');
  execFileSync(path.join(site.dir, 'bin/repozo'), ['-R', '-w', '-r', backups, '-o', scratch]);
  const saved = statSync(scratch).size;
  t.ok(saved > 0 && saved <= sizeOfDatabase(site), 'a database comes out of the backup');
  const latest = path.join(blobs, readlinkSync(path.join(blobs, 'latest')), 'blobstorage');
  t.same(treeOf(latest), treeOf(path.join(site.dir, 'var/blobstorage')), 'the blobs are saved');

  t.same(treeOf(path.join(site.remote, 'backups')), treeOf(backups), 'the other host has the database');
  const there = path.join(site.remote, 'blobstoragebackups');
  t.same(treeOf(there), treeOf(blobs), 'and the blobs');
  t.ok(existsSync(path.join(site.remote, 'log/zeoserver.log')), 'and the logs');
}

test('at the time of its schedule the night packs, saves, verifies and sends', async (t) => {
  const stack = await open(t);
  if (!stack) return;
  const { site, supd } = stack;
  await work(stack, 'lundi');
  const size = sizeOfDatabase(site);
  // The next full minute that is far enough ahead for supd to hear of it before.
  const due = new Date(Math.ceil((Date.now() + 20_000) / 60_000) * 60_000);
  const schedule = `${due.getUTCMinutes()} ${due.getUTCHours()} * * *\ntimezone=UTC\n`;
  const steps = `steps=${STEPS.join()}\nschedule=`;
  await withChanges(t, stack, [[`${steps}${ONCE_FAR_OFF}\n`, `${steps}${schedule}`]]);
  t.ok(Date.now() < due.getTime(), 'supd knows of it in time');
  const run = await until(
    `the run that is due at ${due.toISOString()}`,
    async () => {
      const [last] = await supd.runs('nightly');
      return last && last.outcome !== 'running' && last;
    },
    180,
  );
  t.match(run, { job: 'nightly', outcome: 'ok', trigger: 'schedule' });
  t.equal(Date.parse(run.dueTime), due.getTime());
  t.ok(Date.parse(run.startTime) >= due.getTime(), 'not too early');
  t.same(
    run.steps.map(({ name, outcome, exitStatus, attempts }) => [name, outcome, exitStatus, attempts]),
    STEPS.map((name) => [name, 'ok', 0, 1]),
  );
  checkTimes(t, run);
  t.match(run.steps.find(({ name }) => name === 'verify')?.output, /verified 20/);
  t.ok(sizeOfDatabase(site) < size / 2, 'the database was packed');
  checkBackup(t, stack);
  t.equal((await supd.runs('nightly')).length, 1, 'it ran once');
});

test('`supctl job run nightly` does the same', async (t) => {
  const stack = await open(t);
  if (!stack) return;
  const { site, supd } = stack;
  await work(stack, 'mardi');
  const size = sizeOfDatabase(site);
  const { status, stdout, stderr } = await supd.supctl('job', 'run', 'nightly');
  t.equal(status, 0, stdout + stderr);
  const [run] = await supd.runs('nightly');
  t.match(run, { outcome: 'ok', trigger: 'request' });
  t.same(
    run?.steps.map(({ name, outcome }) => [name, outcome]),
    STEPS.map((name) => [name, 'ok']),
  );
  checkTimes(t, run!);
  t.ok(sizeOfDatabase(site) < size / 2, 'the database was packed');
  checkBackup(t, stack);
});

test('with a broken ssh key the backup stays here, the run has failed, and the logs were tried', async (t) => {
  const stack = await open(t);
  if (!stack) return;
  const { site, supd } = stack;
  const before = treeOf(site.remote);
  await work(stack, 'mercredi');
  const key = path.join(site.base, 'unknown-key');
  execFileSync('ssh-keygen', ['-q', '-t', 'ed25519', '-N', '', '-f', key]);
  const { uid, gid } = statSync(site.dir);
  chownSync(key, uid, gid);
  allowKey(site, key);
  t.teardown(() => allowKey(site, '~/.ssh/id_ed25519'));

  t.equal((await supd.supctl('job', 'run', 'nightly')).status, 1);
  const [run] = await supd.runs('nightly');
  t.equal(run?.outcome, 'failed');
  t.same(
    run?.steps.map(({ name, outcome, attempts }) => [name, outcome, attempts]),
    [
      ['preflight', 'ok', 1],
      ['zeopack', 'ok', 1],
      ['backup', 'ok', 1],
      ['verify', 'ok', 1],
      ['rsync-backups', 'failed', 4],
      ['rsync-logs', 'failed', 4],
    ],
  );
  const sent = run!.steps[4]!;
  t.ok([12, 255].includes(sent.exitStatus ?? 0), `ssh refused: exit status ${sent.exitStatus}`);
  t.match(sent.output, 'Permission denied');
  t.ok(
    Date.parse(sent.endTime!) - Date.parse(sent.startTime!) >= 3000,
    'with the pauses between the attempts',
  );
  t.same(treeOf(site.remote), before, 'nothing has arrived');
  const backups = path.join(site.dir, 'var/backups');
  t.ok(
    readdirSync(backups).some((name) => !before.has(`backups/${name}`)),
    'the new backup is here',
  );
  runAs('zope', [path.join(site.dir, 'bin/repozo'), '-V', '-r', backups]);
});

test('when the pack fails the night goes on and is degraded', async (t) => {
  const stack = await open(t);
  if (!stack) return;
  const { site, supd } = stack;
  const zeopack = path.join(site.dir, 'bin/zeopack');
  const target = readlinkSync(zeopack);
  const point = (to: string) => {
    unlinkSync(zeopack);
    symlinkSync(to, zeopack);
  };
  point('/bin/false');
  t.teardown(() => point(target));
  await work(stack, 'vendredi');
  t.equal((await supd.supctl('job', 'run', 'nightly')).status, 3);
  const [run] = await supd.runs('nightly');
  t.equal(run?.outcome, 'degraded');
  t.same(
    run?.steps.map(({ name, outcome }) => [name, outcome]),
    STEPS.map((name) => [name, name === 'zeopack' ? 'failed' : 'ok']),
  );
  checkBackup(t, stack);
});

test('when the blobs could not be copied and bin/backup says 0, the run is not ok and no backup is sent', async (t) => {
  const stack = await open(t);
  if (!stack) return;
  const { site, supd } = stack;
  const before = treeOf(path.join(site.remote, 'backups'));
  await work(stack, 'jeudi');
  const unreadable = path.join(site.dir, 'var/blobstorage', blobsOf(site).at(-1)!);
  const { uid, gid } = statSync(unreadable);
  chownSync(unreadable, 0, 0);
  chmodSync(unreadable, 0);

  t.equal((await supd.supctl('job', 'run', 'nightly')).status, 1);
  const [run] = await supd.runs('nightly');
  t.equal(run?.outcome, 'failed');
  t.same(
    run?.steps.map(({ name, outcome, exitStatus }) => [name, outcome, exitStatus]),
    [
      ['preflight', 'ok', 0],
      ['zeopack', 'ok', 0],
      ['backup', 'failed', 0],
      ['verify', 'skipped', null],
      ['rsync-backups', 'skipped', null],
      ['rsync-logs', 'ok', 0],
    ],
  );
  t.match(run?.steps[2]?.output, /rsync.*Permission denied/);
  t.same(treeOf(path.join(site.remote, 'backups')), before, 'yesterday is still safe over there');

  await t.test('the night after, when half a copy has become `latest`, neither', async (t) => {
    chownSync(unreadable, uid, gid);
    chmodSync(unreadable, 0o400);
    t.equal((await supd.supctl('job', 'run', 'nightly')).status, 1);
    const [next] = await supd.runs('nightly');
    t.same(
      next?.steps.map(({ name, outcome }) => [name, outcome]),
      [
        ['preflight', 'ok'],
        ['zeopack', 'ok'],
        ['backup', 'ok'],
        ['verify', 'failed'],
        ['rsync-backups', 'skipped'],
        ['rsync-logs', 'ok'],
      ],
    );
    t.match(next?.steps[3]?.output, /lacks 1 blobs/);
    t.same(treeOf(path.join(site.remote, 'backups')), before);
  });

  await t.test(
    'data loss by a restore from that half copy: it fails, and every blob is still there',
    async (t) => {
      const blobs = blobsOf(site);
      t.equal((await supd.supctl('job', 'run', 'restore')).status, 1);
      t.match(await supd.runs('restore'), [{ steps: [{ output: /the backup lacks 1 blobs/ }] }]);
      t.same(blobsOf(site), blobs);
      await supd.running();
    },
  );
});

test('a lock that somebody holds makes the run skipped', async (t) => {
  const stack = await open(t);
  if (!stack) return;
  const { site, supd } = stack;
  const lock = path.join(site.dir, 'var/backup.lock');
  const [command, ...args] = [
    ...asUser('zope'),
    'flock',
    '-n',
    lock,
    'sh',
    '-c',
    'echo held; exec sleep 600',
  ];
  const holder = spawn(command!, args, { stdio: ['ignore', 'pipe', 'inherit'], detached: true });
  t.teardown(() => endGroup(holder.pid!));
  await new Promise((resolve) => holder.stdout.once('data', resolve));
  t.equal((await supd.supctl('job', 'run', 'nightly')).status, 75);
  t.match(await supd.runs('nightly'), [{ outcome: 'skipped', reason: /lock/ }]);
  t.equal((await supd.supctl('job', 'run', 'backup')).status, 75, 'a step by itself respects it too');
  await endProgram(holder);
});

function endGroup(pid: number): void {
  try {
    process.kill(-pid, 'SIGKILL');
  } catch {
    // it has ended
  }
}
