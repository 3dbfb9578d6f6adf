/** Each exit status of the real rsync, got as it comes in life: the verdict, the retries, what arrived, who was told. */
import { randomBytes } from 'node:crypto';
import {
  chownSync,
  existsSync,
  readdirSync,
  readFileSync,
  rmSync,
  truncateSync,
  utimesSync,
  writeFileSync,
} from 'node:fs';
import net from 'node:net';
import path from 'node:path';
import root, { type Test, test } from 'tap';
import { isOpen } from './front.js';
import { type Night, offSite, outcomes, runOf, shareNights, withChanges } from './nights.js';
import { freePorts } from './ports.js';
import { accountOf, childrenOf, endProgram, isAlive, processesNaming, startProgram } from './processes.js';
import { allowKey, type Changes, treeOf } from './site.js';
import type { RunStatus } from './supd.js';
import { until } from './until.js';

const open = await shareNights(root);

/** Once nothing of an earlier test has the other side's directory: rrsync lets one at a time in. */
async function openNight(t: Test): Promise<Night | undefined> {
  await otherSideFree();
  return open(t);
}

function otherSideFree(): Promise<unknown> {
  return until('the other side to be free', () => processesNaming('bin/rrsync').length === 0);
}

const COMMAND = 'rsync -aH -e "ssh -F %(here)s/ssh_config" --timeout=600 --partial-dir';
const THERE = 'blobstoragebackups %(ENV_REMOTE)s';
/** What it sends first takes some seconds. */
const SLOWLY: Changes = [[COMMAND, COMMAND.replace('-aH', '-aH --bwlimit=500')]];

/** rsync-backups goes to an rsync daemon on this port, without ssh. */
function byDaemon(port: number, options = ''): Changes {
  return [
    [COMMAND, `rsync -aH${options} --timeout=600 --partial-dir`],
    [THERE, `blobstoragebackups rsync://127.0.0.1:${port}/there/`],
  ];
}

/** An rsync daemon before the other host's directory. */
function startDaemon(t: Test, { site }: Night, port: number) {
  const conf = path.join(site.base, 'rsyncd.conf');
  const module = `[there]\npath = ${site.remote}\nread only = no\nuid = save\ngid = save\nuse chroot = no\n`;
  writeFileSync(conf, `address = 127.0.0.1\nport = ${port}\nlisten backlog = 1\n${module}`);
  const argv = ['rsync', '--daemon', '--no-detach', `--config=${conf}`];
  const daemon = startProgram(argv, path.join(site.base, 'rsyncd.log'));
  t.teardown(() => endProgram(daemon, daemon.killed ? 'SIGKILL' : 'SIGTERM'));
  return daemon;
}

/** Lets the run take place and `act` in it; gives what runOf does. */
async function during(night: Night, job: string, act: () => Promise<void>, ...words: string[]) {
  const ended = runOf(night, job, ...words);
  await act();
  return ended;
}

/** Waits until the job's newest run has written such text. */
function said({ supd }: Night, job: string, text: RegExp): Promise<unknown> {
  return until(String(text), async () => text.test((await supd.supctl('job', 'log', job)).stdout));
}

/** The job's rsync, the ssh that it speaks through, and the rsync of the other side. */
function processesOf({ site }: Night) {
  const all = processesNaming(path.basename(site.base));
  return {
    here: all.filter(({ command }) => /^\S*rsync -a/.test(command)),
    ssh: all.filter(({ command }) => /^\S*ssh -F /.test(command)),
    there: all.filter(({ command }) => /^\S*rsync --server/.test(command)),
  };
}

function signalAll(some: readonly { readonly pid: number }[], signal: NodeJS.Signals): void {
  for (const { pid } of some) if (isAlive(pid)) process.kill(pid, signal);
}

/** The sshd of the other host; its sessions are its children's children. */
function sshdOf({ site }: Night): number {
  const [sshd] = processesNaming(`-p ${site.ports.ssh}`).filter(({ command }) => /sshd.* -D /.test(command));
  if (!sshd) throw new Error('no sshd');
  return sshd.pid;
}

let putSoFar = 0;

/** Puts a file that is long to send, and one that comes after it, below DIR/var. */
function putFiles(
  t: Test,
  { site }: Night,
  where: string,
  megabytes = 2,
): { readonly big: string; readonly small: string } {
  // A name of its own: the other side keeps what an earlier test has sent.
  putSoFar += 1;
  const [big, small] = ['0-big', 'zz-small'].map((name) => path.join(where, `${name}-${putSoFar}`)) as [
    string,
    string,
  ];
  writeFileSync(path.join(site.dir, 'var', big), randomBytes(megabytes << 20));
  writeFileSync(path.join(site.dir, 'var', small), 'small');
  t.teardown(() => {
    for (const file of [big, small]) rmSync(path.join(site.dir, 'var', file), { force: true });
  });
  return { big, small };
}

/** Waits until part of the big file is over there. @throws when all of it is */
function arriving({ site }: Night, big: string): Promise<unknown> {
  const there = path.join(site.remote, path.dirname(big));
  return until(`${big} to be on its way`, () => {
    if (existsSync(path.join(site.remote, big))) throw new Error('it is there already');
    return readdirSync(there).some((name) => name.startsWith(`.${path.basename(big)}.`));
  });
}

/** Waits for the attempt of this number of the job that goes on. */
function attempt({ supd }: Night, job: string, number: number): Promise<unknown> {
  return until(`attempt ${number}`, async () => {
    const [run] = await supd.runs(job);
    return run?.outcome === 'running' && (run.steps[0]?.attempts ?? 0) >= number;
  });
}

/** It went well in the end. */
function checkAgain(t: Test, run: RunStatus | undefined): void {
  t.equal(run?.outcome, 'ok');
  t.ok((run?.steps[0]?.attempts ?? 0) > 1, 'tried again');
}

/** What is sent is cut off when part of it is over there: it is tried again, and goes well in the end. */
async function goesOnAfter(t: Test, night: Night, cutOff: () => void): Promise<void> {
  await withChanges(t, night, SLOWLY);
  const { big } = putFiles(t, night, 'backups');
  const { status, run } = await during(night, 'rsync-backups', async () => {
    await arriving(night, big);
    cutOff();
  });
  t.equal(status, 0);
  checkAgain(t, run);
}

function sameFiles(one: ReadonlyMap<string, string>, other: ReadonlyMap<string, string>): boolean {
  return one.size === other.size && [...one].every(([name, content]) => other.get(name) === content);
}

/** The other host has the backups that are here. */
function checkSent(t: Test, night: Night): void {
  const backups = path.join(night.site.dir, 'var/backups');
  const there = treeOf(path.join(night.site.remote, 'backups'));
  const here = treeOf(backups);
  const names = [...new Set([...here.keys(), ...there.keys()])];
  t.same(
    names.filter((name) => here.get(name) !== there.get(name)),
    [],
    'all of it is over there, and nothing else',
  );
}

/** Sends what is here, in the usual way, so that a test begins with two equal sides. */
async function sendAll(t: Test, night: Night): Promise<void> {
  for (const job of ['backup', 'rsync-backups']) {
    const { status, run } = await runOf(night, job);
    t.equal(status, 0, `${job}: ${run?.steps[0]?.output}`);
  }
}

test('a port that is closed (10): tried again after each pause, failed and told; once it is open, the night goes well', async (t) => {
  const night = await openNight(t);
  if (!night) return;
  await sendAll(t, night);
  const before = offSite(night);
  const [port = 0] = await freePorts(1);
  await withChanges(t, night, [...byDaemon(port), ['retry_delay=1s', 'retry_delay=1s,2s,2s']]);
  putFiles(t, night, 'backups');
  const { status, run, told } = await runOf(night, 'nightly', '--from', 'rsync-backups');
  t.equal(status, 1);
  const [sent] = run?.steps.filter(({ name }) => name === 'rsync-backups') ?? [];
  t.match(sent, { outcome: 'failed', exitStatus: 10, attempts: 4, output: /Connection refused/ });
  t.ok(Date.parse(sent?.endTime ?? '') - Date.parse(sent?.startTime ?? '') >= 5000, 'with its pauses');
  t.match(outcomes(run), { 'rsync-logs': 'ok' });
  t.ok(sameFiles(offSite(night), before), 'nothing has arrived');
  const { mail, post } = await told();
  t.match(mail, /^Subject: nightly failed on .*'rsync-backups' failed: exit status 10$/m);
  t.match(mail, /^Step: rsync-backups, tried 4 times\nLast good: \d{4}-/m);
  t.match(post, { event: 'failed', step: 'rsync-backups', output: /Connection refused/ });
  const job = (await night.supd.jobs()).get('rsync-backups');
  t.ok(Date.parse(job?.lastGood ?? '') < Date.parse(run?.startTime ?? ''), 'the last copy is the one before');

  await withChanges(t, night, [['retries=3', 'retries=1000']]);
  const again = await during(night, 'rsync-backups', async () => {
    await attempt(night, 'rsync-backups', 2);
    startDaemon(t, night, port);
  });
  t.equal(again.status, 0);
  checkSent(t, night);
});

test('a daemon that is hung, its queue full (35): tried again until it answers', async (t) => {
  const night = await openNight(t);
  if (!night) return;
  const [port = 0] = await freePorts(1);
  await withChanges(t, night, [...byDaemon(port, ' --contimeout=1'), ['retries=3', 'retries=1000']]);
  putFiles(t, night, 'backups');
  const daemon = startDaemon(t, night, port);
  await until('the daemon', () => isOpen(port));
  daemon.kill('SIGSTOP');
  const queue = Array.from({ length: 8 }, () => net.connect(port, '127.0.0.1').on('error', () => {}));
  t.teardown(() => {
    for (const socket of queue) socket.destroy();
  });
  // State 02 is SYN_SENT: nobody answers it any more.
  const waiting = new RegExp(` 0100007F:${port.toString(16).toUpperCase().padStart(4, '0')} 02 `);
  await until('one that does not get in', () => waiting.test(readFileSync('/proc/net/tcp', 'utf8')));
  const { status, run } = await during(night, 'rsync-backups', async () => {
    await said(night, 'rsync-backups', /\(code 35\)/);
    for (const socket of queue) socket.destroy();
    daemon.kill('SIGCONT');
  });
  t.equal(status, 0);
  checkAgain(t, run);
  checkSent(t, night);
});

test('the other rsync stands still (30): the next attempt sends all of it', async (t) => {
  const night = await openNight(t);
  if (!night) return;
  await withChanges(t, night, [
    [COMMAND, COMMAND.replace('-aH', '-aH --bwlimit=2000').replace('600', '2')],
    // Meanwhile rrsync lets nobody in, as often as it is tried.
    ['retries=3', 'retries=1000'],
  ]);
  // More than ssh takes without the other side: what waits for an answer alone, keeps itself alive.
  const { big } = putFiles(t, night, 'backups', 6);
  const { status, run } = await during(night, 'rsync-backups', async () => {
    await arriving(night, big);
    const { there } = processesOf(night);
    t.ok(there.length > 0);
    signalAll(there, 'SIGSTOP');
    t.teardown(() =>
      signalAll(
        there.filter(({ pid }) => isAlive(pid)),
        'SIGKILL',
      ),
    );
    await attempt(night, 'rsync-backups', 2);
    signalAll(there, 'SIGKILL');
  });
  t.equal(status, 0);
  checkAgain(t, run);
  await said(night, 'rsync-backups', /io timeout after 2 seconds.*\(code 30\)/s);
  t.equal((await runOf(night, 'rsync-backups')).status, 0);
  checkSent(t, night);
});

test('ssh is killed before the other side has answered (12): tried again', async (t) => {
  const night = await openNight(t);
  if (!night) return;
  putFiles(t, night, 'backups');
  const sshd = sshdOf(night);
  process.kill(sshd, 'SIGSTOP');
  t.teardown(() => process.kill(sshd, 'SIGCONT'));
  const { status, run } = await during(night, 'rsync-backups', async () => {
    // rsync has told ssh what it speaks, and waits for the answer.
    await until('ssh', () => {
      const { here, ssh } = processesOf(night);
      return (
        ssh.length > 0 &&
        here.some(({ pid }) => /^wchar: (?:[4-9]|\d\d+)$/m.test(readFileSync(`/proc/${pid}/io`, 'utf8')))
      );
    });
    signalAll(processesOf(night).ssh, 'SIGKILL');
    await attempt(night, 'rsync-backups', 2);
    process.kill(sshd, 'SIGCONT');
  });
  t.equal(status, 0);
  checkAgain(t, run);
  await said(night, 'rsync-backups', /connection unexpectedly closed.*\(code 12\)/s);
  checkSent(t, night);
});

test('the other side’s session is killed in the middle (255, or 10 or 12): the next attempt sends the rest', async (t) => {
  const night = await openNight(t);
  if (!night) return;
  await goesOnAfter(t, night, () => {
    const sessions = childrenOf(sshdOf(night)).flatMap((pid) => [pid, ...childrenOf(pid)]);
    t.ok(sessions.length > 0);
    for (const pid of sessions) process.kill(pid, 'SIGKILL');
  });
  await said(night, 'rsync-backups', /closed by remote host.*\(code (255|12|10)\)/s);
  checkSent(t, night);
});

test('the other rsync is killed (247 by rrsync, as for want of memory): tried again', async (t) => {
  const night = await openNight(t);
  if (!night) return;
  await goesOnAfter(t, night, () => signalAll(processesOf(night).there, 'SIGKILL'));
  t.equal((await runOf(night, 'rsync-backups')).status, 0);
  checkSent(t, night);
});

test('the other host has another key (255, or 12): four attempts, nothing arrives, told with ssh’s words', async (t) => {
  const night = await openNight(t);
  if (!night) return;
  const before = offSite(night);
  allowKey(night.site, '~/.ssh/id_ed25519', ['HostKeyAlias', 'somebody.else.example.com']);
  t.teardown(() => allowKey(night.site, '~/.ssh/id_ed25519'));
  putFiles(t, night, 'backups');
  const { status, run, told } = await runOf(night, 'rsync-backups');
  t.equal(status, 1);
  t.match(run?.steps[0], { outcome: 'failed', attempts: 4 });
  t.ok([12, 255].includes(run?.steps[0]?.exitStatus ?? 0));
  t.ok(sameFiles(offSite(night), before), 'nothing has arrived');
  t.match((await told()).post, { event: 'failed', output: /Host key verification failed/ });
});

test('rsync is stopped by hand (20): failed at once; by supd: cancelled; neither leaves a process behind', async (t) => {
  const night = await openNight(t);
  if (!night) return;
  await withChanges(t, night, SLOWLY);
  const { big } = putFiles(t, night, 'backups');
  const byHand = await during(night, 'rsync-backups', async () => {
    await arriving(night, big);
    const { here } = processesOf(night);
    t.equal(here.length, 1);
    signalAll(here, 'SIGINT');
  });
  t.equal(byHand.status, 1);
  t.match(byHand.run?.steps[0], { outcome: 'failed', exitStatus: 20, attempts: 1 });
  t.match((await byHand.told()).post, { event: 'failed', output: /received SIGINT.*\(code 20\)/ });
  await otherSideFree();

  const { status, run } = await during(night, 'rsync-backups', async () => {
    await arriving(night, big);
    t.match(await night.supd.supctl('job', 'cancel', 'rsync-backups'), { status: 0 });
  });
  t.equal(status, 1);
  t.match(run, { outcome: 'cancelled', reason: /cancelled by/ });
  const { here, ssh } = processesOf(night);
  t.same([...here, ...ssh], []);
  await otherSideFree();
});

for (const { job, where, outcome } of [
  { job: 'rsync-backups', where: 'backups', outcome: 'degraded' },
  { job: 'rsync-logs', where: 'log', outcome: 'ok' },
] as const) {
  test(`files of var/${where} vanish while they are sent (24): ${outcome}, and the rest is over there`, async (t) => {
    const night = await openNight(t);
    if (!night) return;
    await withChanges(t, night, [...SLOWLY, ['rsync -a -e', 'rsync -a --bwlimit=500 -e']]);
    const { big, small } = putFiles(t, night, where);
    const after = await during(night, job, async () => {
      await arriving(night, big);
      const { here } = processesOf(night);
      signalAll(here, 'SIGSTOP');
      t.notOk(
        existsSync(path.join(night.site.remote, big)),
        'the list is made, and the first file not yet sent',
      );
      rmSync(path.join(night.site.dir, 'var', small));
      signalAll(here, 'SIGCONT');
    });
    t.equal(after.status, outcome === 'ok' ? 0 : 3);
    const output = /file has vanished: "\S*zz-small\S*"/;
    t.match(after.run?.steps[0], { outcome, exitStatus: 24, attempts: 1, output });
    t.ok(existsSync(path.join(night.site.remote, big)));
    t.notOk(existsSync(path.join(night.site.remote, small)));
    if (outcome === 'degraded') t.match((await after.told()).post, { event: 'degraded', output });
  });
}

test('what no second attempt would mend: usage, a greeting in the stream, no place over there, no process, no memory', async (t) => {
  const night = await openNight(t);
  if (!night) return;
  const { site } = night;
  await sendAll(t, night);
  const before = offSite(night);
  const large = path.join(site.dir, 'var/backups/0-large');
  writeFileSync(large, '');
  truncateSync(large, 20 << 20);
  t.teardown(() => rmSync(large, { force: true }));
  t.equal((await runOf(night, 'rsync-backups')).status, 0);
  utimesSync(large, 1, 1);
  const file = path.join(site.remote, 'a-file');
  writeFileSync(file, '');
  const { uid, gid } = accountOf('save');
  chownSync(file, uid, gid);
  t.teardown(() => rmSync(file, { force: true }));
  const there = `blobstoragebackups save@serveur1.example.com:${path.basename(site.base)}`;
  const option = (text: string): Changes => [[COMMAND, COMMAND.replace('-aH', `-aH ${text}`)]];
  const rows: readonly (readonly [
    status: number,
    changes: Changes,
    words: RegExp,
    ssh?: readonly string[],
  ])[] = [
    [1, option('--no-such-option'), /unknown option/],
    [
      2,
      [],
      /is your shell clean\?/,
      ['PermitLocalCommand yes\n    LocalCommand', 'echo Welcome to serveur1'],
    ],
    [3, [[THERE, `${there}/a-file`]], /cannot stat destination|destination must be a directory/],
    [4, option('--checksum-choice=none-such'), /unknown checksum name/],
    [11, [[THERE, `${there}/no/such/place/`]], /mkdir .* failed/],
    [
      14,
      [[COMMAND, COMMAND.replace('rsync', 'prlimit --nproc=1 rsync')]],
      /fork: Resource temporarily unavailable/,
    ],
    [22, option('-B 200 --max-alloc=1M'), /exceeded --max-alloc/],
  ];
  for (const [exitStatus, changes, output, ssh] of rows) {
    await t.test(`status ${exitStatus}`, async (t) => {
      await otherSideFree();
      if (ssh) allowKey(site, '~/.ssh/id_ed25519', ssh);
      await withChanges(t, night, changes);
      const { status, run, told } = await runOf(night, 'rsync-backups');
      if (ssh) allowKey(site, '~/.ssh/id_ed25519');
      t.equal(status, 1);
      t.match(run?.steps[0], { outcome: 'failed', exitStatus, attempts: 1, output });
      t.match((await told()).post, {
        event: 'failed',
        name: 'rsync-backups',
        reason: `exit status ${exitStatus}`,
      });
    });
  }
  const after = offSite(night);
  const lost = [...before.keys()].filter((name) => after.get(name) !== before.get(name));
  t.same(lost, [], 'what was over there is as it was');
});
