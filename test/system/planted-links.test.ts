/** Logs in directories that belong to their users: nothing that is planted there leads root anywhere else. */
import {
  chmodSync,
  chownSync,
  lchownSync,
  linkSync,
  lstatSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  renameSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import path from 'node:path';
import tap, { type Test, test } from 'tap';
import { makePlace, type Options, program } from '../helpers/place.js';
import { startIn } from '../helpers/start-supd.js';
import { until } from '../helpers/until.js';
import { accountOf, needsRoot } from '../helpers/users.js';

tap.jobs = 3;
tap.setTimeout(120_000);

const SECRET = 'for root alone\n';

/** A place with a directory `log` of www-data's and a file of root's that nobody else may read. */
function makeSite(t: Test, options: Options = {}, command = 'prints-lines 20') {
  const text = program('a', command, {
    user: 'www-data',
    stdout_logfile: '%(here)s/log/a.log',
    stderr_logfile: 'NONE',
    startretries: 0,
    ...options,
  });
  const place = makePlace(t, text);
  const { uid, gid } = accountOf('www-data');
  const at = (name: string) => path.join(place.dir, name);
  mkdirSync(at('log'));
  chownSync(at('log'), uid, gid);
  writeFileSync(at('secret'), SECRET, { mode: 0o600 });
  return { place, at, uid, gid };
}

test('a log in its user’s directory is its user’s file', async (t) => {
  if (!needsRoot(t)) return;
  const { place, at, uid } = makeSite(t, { stdout_logfile_maxbytes: 100, stdout_logfile_backups: 3 });
  const supd = await startIn(t, place);
  await until('it to be rotated', () => readdirSync(at('log')).includes('a.log.1'));
  for (const name of readdirSync(at('log'))) t.equal(lstatSync(at(`log/${name}`)).uid, uid, name);
  t.equal((await supd.told('clear', 'a')).status, 0);
});

test('a link in the place of a log is not followed to what its maker may not write', async (t) => {
  if (!needsRoot(t)) return;
  const { place, at } = makeSite(t);
  symlinkSync(at('secret'), at('log/a.log'));
  const supd = await startIn(t, place);
  t.match((await supd.state('a', 'FATAL')).description, /EACCES \(.*log\/a\.log\)/);
  t.equal(readFileSync(at('secret'), 'utf8'), SECRET);
  // Nor to what he may not read, at any door.
  t.notMatch((await supd.told('tail', 'a')).stdout, SECRET.trim());
  await t.rejects(supd.client.readLog({ name: 'a' }), { message: /EACCES/ });
});

test('nor is one in the place of the directory, or one that nobody has made into a file yet', async (t) => {
  if (!needsRoot(t)) return;
  const { place, at, uid, gid } = makeSite(t, { stdout_logfile: '%(here)s/theirs/log/a.log' });
  mkdirSync(at('theirs'));
  chownSync(at('theirs'), uid, gid);
  mkdirSync(at('roots'));
  symlinkSync(at('roots'), at('theirs/log'));
  const supd = await startIn(t, place);
  await supd.state('a', 'FATAL');
  t.strictSame(readdirSync(at('roots')), []);
});

test('a hard link to a file of root’s is not written', async (t) => {
  if (!needsRoot(t)) return;
  const { place, at } = makeSite(t);
  linkSync(at('secret'), at('log/a.log'));
  const supd = await startIn(t, place);
  await supd.state('a', 'FATAL');
  t.equal(readFileSync(at('secret'), 'utf8'), SECRET);
});

test('a log that root made there before, as supervisord does, is written on', async (t) => {
  if (!needsRoot(t)) return;
  const { place, at } = makeSite(t);
  writeFileSync(at('log/a.log'), 'before\n', { mode: 0o644 });
  const supd = await startIn(t, place);
  await until('a line', () => /^before\n.+\n/.test(readFileSync(at('log/a.log'), 'utf8')) && supd);
  t.equal(lstatSync(at('log/a.log')).uid, 0);
});

test('a log directory of root’s in a user’s directory is written as root, and a link in its place is not followed', async (t) => {
  if (!needsRoot(t)) return;
  const { place, at, uid } = makeSite(t, { stdout_logfile: '%(here)s/log/own/a.log' }, 'waits');
  mkdirSync(at('log/own'));
  const supd = await startIn(t, place);
  await until('ready', () => place.read('log/own/a.log').includes('ready'));
  t.equal(lstatSync(at('log/own/a.log')).uid, 0);
  t.not(uid, 0);
  mkdirSync(at('elsewhere'));
  renameSync(at('log/own'), at('log/moved'));
  symlinkSync(at('elsewhere'), at('log/own'));
  process.kill(supd.pid, 'SIGUSR2');
  await until('the refusal', async () => /EACCES/.test((await supd.state('a', 'RUNNING')).logFailure));
  t.same(readdirSync(at('elsewhere')), []);
});

test('a link that comes while supd runs is met at the next opening', async (t) => {
  if (!needsRoot(t)) return;
  const { place, at, uid, gid } = makeSite(t, {}, 'waits');
  const supd = await startIn(t, place);
  await supd.state('a', 'RUNNING');
  await until('ready', () => place.read('log/a.log').includes('ready'));
  renameSync(at('log'), at('log.old'));
  mkdirSync(at('log'));
  chownSync(at('log'), uid, gid);
  symlinkSync(at('secret'), at('log/a.log'));
  process.kill(supd.pid, 'SIGUSR2');
  await until('the refusal', async () => /EACCES/.test((await supd.state('a', 'RUNNING')).logFailure));
  t.equal(readFileSync(at('secret'), 'utf8'), SECRET);
});

test('in a directory like /tmp a link or a stranger’s file is refused', async (t) => {
  if (!needsRoot(t)) return;
  const { place, at, uid, gid } = makeSite(t, { stdout_logfile: '%(here)s/tmp/a.log' });
  mkdirSync(at('tmp'));
  chmodSync(at('tmp'), 0o1777);
  symlinkSync(at('secret'), at('tmp/a.log'));
  lchownSync(at('tmp/a.log'), uid, gid);
  const supd = await startIn(t, place);
  await supd.state('a', 'FATAL');
  t.equal(readFileSync(at('secret'), 'utf8'), SECRET);
  renameSync(at('tmp/a.log'), at('tmp/link'));
  writeFileSync(at('tmp/a.log'), '');
  chownSync(at('tmp/a.log'), uid, gid);
  t.match((await supd.told('start', 'a')).status, 7);
  t.equal(readFileSync(at('tmp/a.log'), 'utf8'), '');
});

test('the main log and the pidfile follow no link either', async (t) => {
  if (!needsRoot(t)) return;
  const { place, at, uid, gid } = makeSite(t);
  place.configure('', { pidfile: '%(here)s/log/supd.pid', logfile: '%(here)s/log/supd.log' });
  symlinkSync(at('secret'), at('log/supd.log'));
  t.match(await place.run(['-n', '-c', place.conf]), { status: 1, stderr: /EACCES/ });
  place.configure('', { pidfile: '%(here)s/log/supd.pid' });
  symlinkSync(at('secret'), at('log/supd.pid'));
  const supd = await startIn(t, place);
  await supd.logs('could not write pidfile');
  t.equal(readFileSync(at('secret'), 'utf8'), SECRET);
  t.equal(lstatSync(at('log')).uid, uid);
  t.ok(gid);
});
