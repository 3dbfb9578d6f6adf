/** conf/jobs/restore, step by step: whatever bin/restore does or leaves, the old data is in its place afterwards. */
import { execFileSync, spawn, spawnSync } from 'node:child_process';
import {
  chmodSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  symlinkSync,
  utimesSync,
  writeFileSync,
} from 'node:fs';
import path from 'node:path';
import { type Test, test } from 'tap';
import { requireStack } from '../helpers/require.js';
import { isOpen } from './front.js';
import { freePorts } from './ports.js';
import { endProgram, startProgram } from './processes.js';
import { VENV } from './site.js';
import { until } from './until.js';

const FILL = `
import sys, transaction, ZODB, ZODB.FileStorage
database = ZODB.DB(ZODB.FileStorage.FileStorage(sys.argv[1]))
with database.transaction() as connection:
    connection.root()[sys.argv[2]] = 1
database.close()
`;
/** Older than any backup of today: it has to be in it. */
const BLOB = '0x00/0x01/0x03a0000000000000.blob';

/** A site of files alone: a real database, its real backup, and something newer that is not in it. */
function makeFiles(t: Test) {
  const dir = mkdtempSync('/tmp/supd-restore-');
  t.teardown(() => rmSync(dir, { recursive: true, force: true }));
  for (const name of ['bin', 'var/filestorage', 'var/backups', `var/blobstorage/${path.dirname(BLOB)}`])
    mkdirSync(path.join(dir, name), { recursive: true });
  symlinkSync(`${VENV}/bin/repozo`, path.join(dir, 'bin/repozo'));
  const data = path.join(dir, 'var/filestorage/Data.fs');
  const fill = (key: string) => execFileSync(`${VENV}/bin/python`, ['-c', FILL, data, key]);
  fill('saved');
  execFileSync(`${VENV}/bin/repozo`, ['-B', '-F', '-r', path.join(dir, 'var/backups'), '-f', data]);
  const [stamp = ''] = readdirSync(path.join(dir, 'var/backups')).map((name) => name.slice(0, 19));
  const live = path.join(dir, 'var/blobstorage');
  const copy = path.join(dir, `var/blobstoragebackups/blobstorage.${stamp}/blobstorage`);
  writeFileSync(path.join(live, BLOB), 'blob');
  writeFileSync(path.join(live, '.layout'), 'bushy\n');
  execFileSync('rsync', ['-a', '--mkpath', `${live}/`, `${copy}/`]);
  fill('since');
  const before = readFileSync(data);
  /** Makes bin/restore a script; in it `recover` and `blobs` do what the real one does. */
  const scriptOf = (text: string) => {
    const file = path.join(dir, 'bin/restore');
    const recover = `recover() { ${dir}/bin/repozo -R -r ${dir}/var/backups -o ${data}; }`;
    const blobs = `blobs() { rsync -a --delete ${copy}/ ${live}/; }`;
    writeFileSync(file, `#!/bin/bash\n${recover}\n${blobs}\n${text}\n`);
    chmodSync(file, 0o755);
  };
  scriptOf('recover && blobs');
  const restore = (words: readonly string[] = ['restore'], env = {}) => {
    const argv = [dir, ...words];
    const { status, stdout, stderr } = spawnSync(path.resolve('conf/jobs/restore'), argv, {
      encoding: 'utf8',
      env: { ...process.env, ...env },
    });
    return { status, stdout, stderr };
  };
  const check = (t: Test, what: string) => {
    t.ok(readFileSync(data).equals(before), `${what}: the database is what it was`);
    t.equal(readFileSync(path.join(live, BLOB), 'utf8'), 'blob', `${what}: so are the blobs`);
    const left = readdirSync(path.join(dir, 'var')).filter((name) => /restoring|failed|undoing/.test(name));
    t.same(left, [], `${what}: nothing lies about`);
  };
  return { dir, data, live, copy, stamp, scriptOf, restore, check };
}

const NEEDED = ['stack', 'rsync'];

test('what is refused before anything is touched', async (t) => {
  if (!requireStack(t, NEEDED)) return;
  const { dir, data, copy, restore, check } = makeFiles(t);
  t.match(restore(['undo']), {
    status: 1,
    stderr: /^restore: nothing to undo: there is no \S+before-restore\n$/,
  });
  check(t, 'undo');
  t.match(restore(['restore'], { SUPD_RESERVE_MB: '99999999' }), {
    status: 1,
    stderr: /^room: restore needs \d+ MB at .*\nrestore: not tried\n$/,
  });
  check(t, 'no room');
  t.match(restore(['restore', '2001']), { status: 1, stderr: /holds no backup of 2001 or before/ });
  t.match(restore(['restore', 'now']), { status: 2, stderr: /"now" is no time such as/ });
  for (const words of [['recover'], ['check'], ['check', 'undo']])
    t.match(restore(words), { status: 2, stderr: /^usage: / });
  check(t, 'no such backup');
  const other = spawn('flock', [path.join(dir, 'var/restore.lock'), 'sh', '-c', 'echo held; read -r line'], {
    stdio: ['pipe', 'pipe', 'ignore'],
  });
  await new Promise((resolve) => other.stdout.once('data', resolve));
  t.match(restore(), { status: 1, stderr: 'restore: another restore is under way\n' });
  check(t, 'another restore');
  other.stdin.end();
  await new Promise((resolve) => other.once('close', resolve));
  const [backup = ''] = readdirSync(path.join(dir, 'var/backups')).filter((name) => name.endsWith('.fs'));
  const file = path.join(dir, 'var/backups', backup);
  const content = readFileSync(file);
  writeFileSync(file, content.subarray(0, -10));
  t.match(restore(['check', 'restore']), { status: 1, stderr: /restore: the backup of \S+ is damaged\n$/ });
  check(t, 'a damaged backup');
  writeFileSync(file, content);
  t.match(restore(['check', 'restore']), { status: 0, stdout: /^the backup of \S+ is whole\n$/ });
  rmSync(path.join(copy, BLOB));
  t.match(restore(['check', 'restore']), { status: 1, stderr: /the backup lacks 1 blobs, first 0x00\/0x01/ });
  renameSync(path.join(dir, 'var/backups'), path.join(dir, 'var/elsewhere'));
  t.match(restore(), { status: 1, stderr: `restore: there is no directory ${dir}/var/backups\n` });
  renameSync(path.join(dir, 'var/elsewhere'), path.join(dir, 'var/backups'));
  check(t, 'no backups');
  rmSync(path.join(dir, 'bin/restore'));
  t.match(restore(), { status: 1, stderr: `restore: there is no ${dir}/bin/restore\n` });
  check(t, 'no bin/restore');
  rmSync(path.dirname(data), { recursive: true });
  t.match(restore(), { status: 1, stderr: /^restore: there is no directory / });
});

test('whatever bin/restore does wrong, with status 0 or not, the old data comes back', async (t) => {
  if (!requireStack(t, NEEDED)) return;
  const { data, live, copy, scriptOf, restore, check } = makeFiles(t);
  const lost = path.join(live, BLOB);
  const rows: readonly (readonly [script: string, words: RegExp])[] = [
    ['exit 3', /bin\/restore: exit status 3/],
    [`rm ${data}; exit 1`, /bin\/restore: exit status 1/],
    ['true', /left no Data\.fs/],
    [`recover && blobs && touch ${data}.part`, /left Data\.fs\.part/],
    [
      `recover; echo "b'rsync error: some files could not be transferred (code 23)'"`,
      /the blobs were not copied/,
    ],
    ['recover', /is not what \S+ holds/],
    [`recover && blobs && rm ${lost}`, /is not what \S+ holds/],
    [`blobs && head -c 2000 /dev/urandom >${data}`, /is not what was saved/],
    [
      `recover && blobs && printf %0100d 0 | dd conv=notrunc bs=1 seek=100 of=${data}`,
      /is not what was saved/,
    ],
    [`recover && blobs && truncate -s -5 ${data}`, /has \d+ bytes, the backup of \S+ holds \d+/],
    [`recover && blobs && echo >>${data}`, /has \d+ bytes, the backup of \S+ holds \d+/],
    // Such a database can be opened, and says something else than what was saved.
    [
      `recover && blobs && sed -i s/saved/other/ ${data}`,
      /is not what was saved: bytes 0 to \d+, those of \S+, differ\nrestore: Data.fs is not the one that was saved/,
    ],
    ['recover; kill -KILL $$', /bin\/restore: exit status 137/],
    ['recover; kill -TERM $PPID', /the old data is back in place/],
  ];
  for (const [script, words] of rows) {
    scriptOf(script);
    const { status, stderr } = restore();
    t.not(status, 0, script);
    t.match(stderr, words, script);
    t.match(stderr, /restore: the old data is back in place\n$/, script);
    check(t, script);
  }
  scriptOf('recover && blobs');
  rmSync(path.join(copy, BLOB));
  t.match(restore(), { status: 1, stderr: /the backup lacks 1 blobs, first 0x00\/0x01/ });
  check(t, 'a backup that lacks a blob');
  rmSync(copy, { recursive: true });
  t.match(restore(), { status: 1, stderr: /bin\/restore: exit status|the blobs of \S+ are not in/ });
  check(t, 'a backup without blobs');
});

test('a restore that goes well keeps what was there, and undo changes the two', async (t) => {
  if (!requireStack(t, NEEDED)) return;
  const { data, restore, check } = makeFiles(t);
  const before = readFileSync(data);
  t.match(restore(), {
    status: 0,
    stdout: /^opened: \d+ objects.*\nnot tried with ZEO: .*\nrestored \S+; what was there before is in /m,
  });
  const restored = readFileSync(data);
  t.notOk(restored.equals(before));
  t.match(restore(['undo']), { status: 0, stdout: /^undone: / });
  check(t, 'undo');
  t.match(restore(['undo']), { status: 0 });
  t.ok(readFileSync(data).equals(restored), 'and again');
});

test('which backup it is, a file says where nobody can say it behind the command: once, and for an hour', async (t) => {
  if (!requireStack(t, NEEDED)) return;
  const { dir, stamp, restore, check } = makeFiles(t);
  const file = path.join(dir, 'var/restore-to');
  const rows: readonly (readonly [text: string, status: number, words: RegExp])[] = [
    ['', 1, /restore-to is empty; remove it, or write a time such as/],
    ['yesterday\n', 2, /"yesterday" is no time/],
    ['2001-01-01\n', 1, /holds no backup of 2001-01-01 or before/],
  ];
  for (const [text, status, stderr] of rows) {
    writeFileSync(file, text);
    t.match(restore(), { status, stderr }, text);
    t.match(restore(['check', 'restore']), { status, stderr }, text);
    check(t, text);
  }
  writeFileSync(file, stamp);
  utimesSync(file, 0, Date.now() / 1000 - 3700);
  t.match(restore(), { status: 1, stderr: /was written more than an hour ago; remove it, or write it anew/ });
  check(t, 'an old word');
  writeFileSync(file, `${stamp.slice(0, 10)}\n`);
  t.match(restore(['check', 'restore']), { status: 0, stdout: `the backup of ${stamp} is whole\n` });
  t.match(restore(), { status: 0, stdout: /^restored /m });
  t.notOk(existsSync(file), 'the next one is to the newest again');
});

test('a ZEO that does not start on what was restored brings the old data back', async (t) => {
  if (!requireStack(t, NEEDED)) return;
  const { dir, data, restore, check } = makeFiles(t);
  const [port] = await freePorts(1);
  mkdirSync(path.join(dir, 'etc'));
  symlinkSync(`${VENV}/bin/runzeo`, path.join(dir, 'bin/runzeo'));
  const conf = path.join(dir, 'etc/zeo.conf');
  const zeo = (storage: string) =>
    writeFileSync(
      conf,
      `<zeo>\n  address 127.0.0.1:${port}\n</zeo>\n<filestorage 1>\n  path ${storage}\n</filestorage>\n`,
    );
  zeo('/nonexistent/Data.fs');
  t.match(restore(), {
    status: 1,
    stderr: /restore: ZEO does not start on what was restored\nrestore: the old data is back in place\n$/,
  });
  check(t, 'a ZEO that ends');

  zeo(path.join(dir, 'Other.fs'));
  const other = startProgram([path.join(dir, 'bin/runzeo'), '-C', conf], path.join(dir, 'other.log'), dir);
  t.teardown(() => endProgram(other));
  await until('another ZEO', () => isOpen(port!));
  zeo(data);
  t.match(restore(), { status: 1, stderr: /another ZEO answers at 127\.0\.0\.1:\d+\n.*back in place/s });
  await endProgram(other);
  check(t, 'another ZEO');

  const { status, stdout, stderr } = restore();
  t.equal(status, 0, stderr);
  t.match(stdout, /^restored /m);
  t.equal(
    spawnSync('flock', ['-n', `${data}.lock`, 'true']).status,
    0,
    'the one that was on trial has ended',
  );
});
