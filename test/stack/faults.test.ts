/** Faults put in one by one, on the real stack: the verdict, what was sent off-site, who was told, the site afterwards. */
import { execFileSync, spawn } from 'node:child_process';
import {
  chmodSync,
  chownSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import path from 'node:path';
import root, { type Test, test } from 'tap';
import { addBlobs, blobsOf } from './blobs.js';
import { backups, offSite, outcomes, runOf, STEPS, shareNights, withChanges } from './nights.js';
import { processesNaming } from './processes.js';
import { replaceAll, treeOf } from './site.js';
import { type Stack, served } from './stack.js';
import { until } from './until.js';
import { ask, writePage } from './web.js';

/** The real zeopack, which looks for its ZEO for a minute: it has that beside the other tests, so without their lock. */
const PACK_NOWHERE =
  '[job:pack-nowhere]\ncommand=%(ENV_DIR)s/bin/zeopack -d 7 127.0.0.1:1\nuser=zope\nnotify=\n';

const openNight = await shareNights(root, [
  ['--max-delete=10000', '--max-delete=2'],
  ['[job:backup]\n', `${PACK_NOWHERE}\n[job:backup]\n`],
]);

/** Makes a file unreadable for all but root until the test ends, or until it is called. */
function hide(t: Test, file: string): () => void {
  const { uid, gid, mode } = statSync(file);
  chownSync(file, 0, 0);
  chmodSync(file, 0);
  const show = () => {
    chownSync(file, uid, gid);
    chmodSync(file, mode);
  };
  t.teardown(show);
  return show;
}

const logThere = ({ site }: Stack) => path.join(site.remote, 'log/supd-test');

/** A new line of a log, which only the step rsync-logs takes over. */
function markLog(stack: Stack, text: string): void {
  writeFileSync(path.join(stack.site.dir, 'var/log/supd-test'), text);
}

test('a night that is well is told to nobody; off-site is what is here', async (t) => {
  const night = await openNight(t);
  if (!night) return;
  t.match(await night.supd.supctl('job', 'run', 'pack-nowhere', '--no-wait'), { status: 0 });
  await writePage(night.site, night.site.ports.instance1, 'accueil', '<p>bonjour</p>');
  addBlobs(night.site, 3);
  const { status, run } = await runOf(night, 'nightly');
  t.equal(status, 0);
  t.same(Object.keys(outcomes(run)), STEPS);
  t.same(new Set(Object.values(outcomes(run))), new Set(['ok']));
  const packed = run?.steps[1];
  t.ok((packed?.cpuMs ?? 0) > 0 && (packed?.peakMemoryBytes ?? 0) > 1 << 20, 'and what it took is known');
  t.same(treeOf(path.join(night.site.remote, 'backups')), treeOf(path.join(night.site.dir, 'var/backups')));
  t.same(night.told.mails(), []);
});

test('an unchanged database: no file is written, and the backup is fresh all the same', async (t) => {
  const night = await openNight(t);
  if (!night) return;
  const before = backups(night);
  const { run } = await runOf(night, 'nightly');
  t.equal(run?.outcome, 'ok');
  t.same(backups(night), before, 'repozo wrote nothing');
  const jobs = await night.supd.jobs();
  for (const name of ['verify', 'rsync-backups']) {
    t.equal(jobs.get(name)?.overdue, false, `${name} is not overdue`);
    t.ok(Date.parse(jobs.get(name)?.lastGood ?? '') >= Date.parse(run?.startTime ?? ''), 'it counts');
  }
  // Files as old as can be: everything is in them, so age says nothing.
  const verify = [path.join(night.site.etc, 'jobs/verify'), night.site.dir, '0'];
  t.match(execFileSync(verify[0]!, verify.slice(1), { encoding: 'utf8' }), /^verified /);
  await writePage(night.site, night.site.ports.instance1, 'neuf', '<p>not saved yet</p>');
  t.throws(() => execFileSync(verify[0]!, verify.slice(1), { stdio: 'pipe' }), /holds \d+ of \d+ bytes/);
});

test('preflight: too little room leaves the pack out, the rest is done, the night is degraded', async (t) => {
  const night = await openNight(t);
  if (!night) return;
  const reserve = 'environment=SUPD_RESERVE_MB="99999999"';
  await withChanges(t, night, [['[job:preflight]\n', `[job:preflight]\n${reserve}\n`]]);
  const { status, run, told } = await runOf(night, 'nightly');
  t.equal(status, 3);
  const ok = { backup: 'ok', verify: 'ok', 'rsync-backups': 'ok', 'rsync-logs': 'ok' };
  t.same(outcomes(run), { preflight: 'failed', zeopack: 'skipped', ...ok });
  t.match((await told()).post, {
    event: 'degraded',
    name: 'nightly',
    step: 'preflight',
    output: /room: zeopack needs \d+ MB at /,
  });
});

test('preflight: a ZEO that does not answer leaves the pack out too', async (t) => {
  const night = await openNight(t);
  if (!night) return;
  const { site, supd } = night;
  const { pid } = (await supd.running()).get('zeoserver')!;
  process.kill(pid, 'SIGSTOP');
  t.teardown(() => process.kill(pid, 'SIGCONT'));
  const text = readFileSync(path.join(site.etc, 'jobs/zeo-answers'), 'utf8');
  writeFileSync(path.join(site.etc, 'jobs/zeo-answers'), replaceAll(text, [['timeout 20', 'timeout 1']]));
  const { status, run } = await runOf(night, 'preflight');
  t.equal(status, 1);
  t.match(run?.steps[0]?.output, /ZEO at \S+ does not answer/);
});

test('ZEO is down: no pack, the backup is made and sent all the same', async (t) => {
  const night = await openNight(t);
  if (!night) return;
  const { site, supd } = night;
  await writePage(site, site.ports.instance1, 'accueil', '<p>before ZEO went</p>');
  t.match(await supd.supctl('stop', 'zeoserver'), { status: 0 });
  const before = backups(night);
  const { status, run, told } = await runOf(night, 'nightly');
  t.equal(status, 3);
  t.match(outcomes(run), { preflight: 'failed', zeopack: 'skipped', verify: 'ok', 'rsync-backups': 'ok' });
  t.not(backups(night).length, before.length);
  t.same(treeOf(path.join(site.remote, 'backups')), treeOf(path.join(site.dir, 'var/backups')));
  t.match((await told()).post, { event: 'degraded', output: /ZEO at \S+ does not answer/ });
  t.match(await supd.supctl('start', 'zeoserver'), { status: 0 });
  await supd.running();
  await served(site);
  t.match(await ask(site, site.ports.instance2, '/kb/accueil'), { body: 'before ZEO went' });
});

test('zeopack and a ZEO that hangs, without preflight: its timeout ends it, the backup is made and sent', async (t) => {
  const night = await openNight(t);
  if (!night) return;
  const { site, supd } = night;
  await writePage(site, site.ports.instance1, 'accueil', '<p>before ZEO hung</p>');
  const { pid } = (await supd.running()).get('zeoserver')!;
  process.kill(pid, 'SIGSTOP');
  t.teardown(() => process.kill(pid, 'SIGCONT'));
  await withChanges(t, night, [
    ['timeout=1h\non_failure=degrade\nholds', 'timeout=2s\non_failure=degrade\nholds'],
  ]);
  const before = backups(night);
  const { status, run, told } = await runOf(night, 'nightly', '--from', 'zeopack');
  t.equal(status, 3);
  t.match(outcomes(run), { zeopack: 'failed', backup: 'ok', verify: 'ok', 'rsync-backups': 'ok' });
  t.same(processesNaming(`zeopack -d 0 127.0.0.1:${site.ports.zeo}`), [], 'nothing of it is left');
  t.not(backups(night).length, before.length);
  t.match((await told()).post, { event: 'degraded', step: 'zeopack', reason: /timed out after 2s/ });
});

test('somebody else has the lock: the night is skipped, and that is told', async (t) => {
  const night = await openNight(t);
  if (!night) return;
  const lock = path.join(night.site.dir, 'var/backup.lock');
  const holder = spawn('flock', [lock, 'sh', '-c', 'echo held; read -r line'], {
    stdio: ['pipe', 'pipe', 'ignore'],
  });
  await new Promise((resolve) => holder.stdout.once('data', resolve));
  const before = offSite(night);
  const { status, run, told } = await runOf(night, 'nightly');
  t.equal(status, 75);
  t.match(run, { outcome: 'skipped', steps: STEPS.map(() => ({ outcome: 'skipped' })) });
  t.match((await told()).post, { event: 'skipped', reason: /lock \S+backup.lock is held by process \d+/ });
  t.same(offSite(night), before);
  holder.stdin.end();
  await until('the lock to be free', () => holder.exitCode !== null);
});

test('zeopack that is told nonsense: the night goes on, degraded', async (t) => {
  const night = await openNight(t);
  if (!night) return;
  const { site } = night;
  const zeopack = path.join(site.dir, 'bin/zeopack');
  renameSync(zeopack, `${zeopack}.kept`);
  writeFileSync(zeopack, `#!/bin/sh\nexec ${zeopack}.kept --no-such-option "$@"\n`);
  chmodSync(zeopack, 0o755);
  t.teardown(() => renameSync(`${zeopack}.kept`, zeopack));
  const { status, run, told } = await runOf(night, 'nightly');
  t.equal(status, 3);
  t.match(outcomes(run), { zeopack: 'failed', backup: 'ok', 'rsync-backups': 'ok' });
  const { mail, post } = await told();
  t.match(mail, /^Subject: nightly degraded on /m);
  t.match(mail, /^Step: zeopack$/m);
  t.match(mail, new RegExp(`supctl -c ${site.conf} job log nightly --run ${run?.id} --step zeopack`));
  t.match(post, { event: 'degraded', run: run?.id, output: /no.such.option/ });
});

test('repozo fails: nothing is verified or sent, the logs are; it is told with repozo’s own words', async (t) => {
  const night = await openNight(t);
  if (!night) return;
  const { site } = night;
  await writePage(site, site.ports.instance1, 'accueil', '<p>mardi</p>');
  const before = { backups: backups(night), offSite: offSite(night) };
  markLog(night, 'repozo');
  const show = hide(t, path.join(site.dir, 'var/filestorage/Data.fs'));
  // ZEO has it open and serves on; a pack would open it again.
  const { status, run, told } = await runOf(night, 'nightly', '--from', 'backup');
  show();
  t.equal(status, 1);
  const left = { verify: 'skipped', 'rsync-backups': 'skipped', 'rsync-logs': 'ok' };
  t.match(outcomes(run), { backup: 'failed', ...left });
  t.same(backups(night), before.backups);
  t.same(offSite(night), before.offSite);
  t.equal(readFileSync(logThere(night), 'utf8'), 'repozo');
  const { mail, post } = await told();
  t.match(mail, /^Subject: nightly failed on .*'backup' failed/m);
  t.match(post, { event: 'failed', step: 'backup', output: /Permission denied/ });
  t.match(await ask(site, site.ports.instance2, '/kb/accueil'), { status: 200, body: 'mardi' });
});

test('a damaged, a cut off and a missing backup file are each seen by verify; nothing of them is sent', async (t) => {
  const night = await openNight(t);
  if (!night) return;
  const { site } = night;
  t.equal((await runOf(night, 'nightly')).status, 0);
  const before = offSite(night);
  const name = backups(night).findLast((one) => one.endsWith('fsz'))!;
  const file = path.join(site.dir, 'var/backups', name);
  const content = readFileSync(file);
  const { uid, gid } = statSync(file);
  const damaged = Buffer.from(content);
  damaged.fill(0x55, Math.floor(content.length / 2));
  const ways: readonly (readonly [string, () => void])[] = [
    ['damaged', () => writeFileSync(file, damaged)],
    ['cut off', () => writeFileSync(file, content.subarray(0, content.length - 10))],
    ['missing', () => rmSync(file)],
  ];
  for (const [what, damage] of ways) {
    damage();
    const { status, run } = await runOf(night, 'verify');
    t.equal(status, 1, what);
    t.match(run?.steps[0]?.output, /repozo -V: the backup of .* is damaged|the database was saved as/, what);
    if (what !== 'missing') {
      const drill = await runOf(night, 'drill');
      t.equal(drill.status, 1, `${what}: nothing comes out of it in the drill either`);
    }
  }
  writeFileSync(file, damaged);
  chownSync(file, uid, gid);
  const { status, run, told } = await runOf(night, 'nightly', '--from', 'backup');
  t.equal(status, 1);
  t.match(outcomes(run), { backup: 'ok', verify: 'failed', 'rsync-backups': 'skipped', 'rsync-logs': 'ok' });
  t.same(offSite(night), before, 'the copy over there is still the good one');
  t.match((await told()).post, { event: 'failed', step: 'verify' });
  writeFileSync(file, content);
  t.equal((await runOf(night, 'nightly')).status, 0);
});

test('a backup file that can’t be read: rsync 23, no retry, told with rsync’s words', async (t) => {
  const night = await openNight(t);
  if (!night) return;
  const { site } = night;
  await writePage(site, site.ports.instance1, 'accueil', '<p>mercredi</p>');
  t.equal((await runOf(night, 'backup')).status, 0);
  hide(t, path.join(site.dir, 'var/backups', backups(night).at(-1)!));
  const { status, run, told } = await runOf(night, 'rsync-backups');
  t.equal(status, 1);
  t.match(run?.steps[0], { exitStatus: 23, attempts: 1 });
  t.match((await told()).post, { event: 'failed', output: /Permission denied/ });
});

test('something has emptied the source: rsync deletes no more than it may over there (25)', async (t) => {
  const night = await openNight(t);
  if (!night) return;
  const { site } = night;
  const before = offSite(night);
  const here = path.join(site.dir, 'var/backups');
  renameSync(here, `${here}.away`);
  mkdirSync(here);
  const { uid, gid } = statSync(site.dir);
  chownSync(here, uid, gid);
  const { status, run, told } = await runOf(night, 'rsync-backups');
  rmSync(here, { recursive: true });
  renameSync(`${here}.away`, here);
  t.equal(status, 1);
  t.match(run?.steps[0], { exitStatus: 25, attempts: 1 });
  t.ok(
    [...before.keys()].filter((name) => name.startsWith('backups/')).length - 2 <=
      readdirSync(path.join(site.remote, 'backups')).length,
  );
  t.match((await told()).post, { event: 'failed', reason: 'exit status 25' });
  t.equal((await runOf(night, 'rsync-backups')).status, 0);
});

test('the other host’s disk is full: failed and told, and not tried again where rsync says so', async (t) => {
  const night = await openNight(t);
  if (!night) return;
  const { site } = night;
  const there = path.join(site.remote, 'blobstoragebackups');
  const { uid, gid } = statSync(there);
  execFileSync('mount', ['-t', 'tmpfs', '-o', `size=64k,uid=${uid},gid=${gid}`, 'supd-test', there]);
  t.teardown(() => execFileSync('umount', ['-l', there]));
  writeFileSync(path.join(there, 'filler'), Buffer.alloc(56 << 10));
  addBlobs(site, 40);
  t.equal((await runOf(night, 'backup')).status, 0);
  const { status, run, told } = await runOf(night, 'rsync-backups');
  t.equal(status, 1);
  const { exitStatus, attempts } = run?.steps[0] ?? {};
  // What the other side says of it (11), the sender's own word (23), or only that it is gone (12, tried again).
  t.ok([11, 12, 23].includes(exitStatus ?? 0), `exit status ${exitStatus}`);
  if (exitStatus !== 12) t.equal(attempts, 1, 'trying again makes no room');
  t.match((await told()).post, { event: 'failed' });
});

test('a log that can’t be sent is a warning: the night is degraded', async (t) => {
  const night = await openNight(t);
  if (!night) return;
  const { site } = night;
  markLog(night, 'hidden');
  hide(t, path.join(site.dir, 'var/log/supd-test'));
  const { status, run, told } = await runOf(night, 'nightly', '--from', 'rsync-logs');
  t.equal(status, 3);
  t.match(outcomes(run), { 'rsync-backups': 'skipped', 'rsync-logs': 'failed' });
  t.match((await told()).post, { event: 'degraded', step: 'rsync-logs' });
});

test('a drill restores the newest backup beside the site, opens it and counts what is in it', async (t) => {
  const night = await openNight(t);
  if (!night) return;
  const { site } = night;
  rmSync(path.join(site.dir, 'var/log/supd-test'), { force: true });
  const mark = night.told.mark();
  t.equal((await runOf(night, 'nightly')).status, 0);
  // Those that failed by themselves before are well again, too.
  await until('the recovery to be mailed', () =>
    night.told
      .mails()
      .slice(mark.mails)
      .some((mail) => /^Subject: nightly recovered on /m.test(mail)),
  );
  await until('the recovery to be posted', () =>
    night.told.posted
      .slice(mark.posts)
      .some(({ body }) => body.event === 'recovered' && body.name === 'nightly'),
  );
  const { status, run } = await runOf(night, 'drill');
  t.equal(status, 0);
  const output = run?.steps[0]?.output ?? '';
  t.match(output, /^the backup of \d{4}-\S+ can be restored$/m);
  const [, objects = '0', blobs = ''] =
    /^opened: (\d+) objects, (\d+) blobs, \d+ bytes; root: Application/m.exec(output) ?? [];
  t.ok(Number(objects) > 50, `${objects} objects`);
  t.equal(Number(blobs), blobsOf(site).length);
  t.notOk(
    readdirSync(path.join(site.dir, 'var')).some((name) => name.startsWith('drill.')),
    'nothing is left of it',
  );
  const copy = path.join(site.dir, 'var/blobstoragebackups/latest/blobstorage');
  const one = blobsOf(site)[0]!;
  renameSync(path.join(copy, one), path.join(copy, `${one}.away`));
  const without = await runOf(night, 'drill');
  renameSync(path.join(copy, `${one}.away`), path.join(copy, one));
  t.equal(without.status, 1);
  t.match((await without.told()).post, {
    event: 'failed',
    name: 'drill',
    output: /the blob of object 0x\S+ is missing/,
  });
});

test('zeopack and a ZEO that is down: it has looked for it for a minute, and says so', async (t) => {
  const night = await openNight(t);
  if (!night) return;
  const run = await until('zeopack to give up', async () => {
    const [one] = await night.supd.runs('pack-nowhere');
    return one && one.outcome !== 'running' && one;
  });
  const output = /Cannot connect to any of the configured ZEO servers/;
  t.match(run, { outcome: 'failed', reason: 'exit status 1', steps: [{ output }] });
  t.ok(
    Date.parse(run.endTime ?? '') - Date.parse(run.startTime) >= 59_000,
    'which preflight spares the night',
  );
});
