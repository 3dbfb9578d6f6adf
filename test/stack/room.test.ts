/** conf/jobs/room on a disk that is really small. */
import { execFileSync, spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { mkdirSync, mkdtempSync, rmSync, symlinkSync, truncateSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { type Test, test } from 'tap';
import { requireStack } from '../helpers/require.js';

const MB = 1024 * 1024;
const STAMP = '2026-11-23-02-00-03';

/** A site's directory on a disk of 32 MB. */
function smallDisk(t: Test): string {
  const dir = mkdtempSync('/tmp/supd-room-');
  execFileSync('mount', ['-t', 'tmpfs', '-o', 'size=32m', 'supd-test', dir]);
  t.teardown(() => {
    execFileSync('umount', ['-l', dir]);
    rmSync(dir, { recursive: true, force: true });
  });
  for (const name of ['filestorage', 'backups', 'blobstorage', 'blobstoragebackups'])
    mkdirSync(path.join(dir, 'var', name), { recursive: true });
  return dir;
}

/** A file of that size which takes no room itself. */
function sparse(file: string, megabytes: number): void {
  mkdirSync(path.dirname(file), { recursive: true });
  writeFileSync(file, '');
  truncateSync(file, megabytes * MB);
}

/** repozo's index: all of Data.fs up to here was saved, and looked so then. */
function saved(dir: string, megabytes: number, content = Buffer.alloc(megabytes * MB)): void {
  const checksum = createHash('md5').update(content).digest('hex');
  const line = `${dir}/var/backups/${STAMP}.fsz 0 ${megabytes * MB} ${checksum}\n`;
  writeFileSync(path.join(dir, 'var/backups', `${STAMP}.dat`), line);
}

function room(dir: string, ...words: string[]) {
  const env = { ...process.env, SUPD_RESERVE_MB: '1' };
  const { status, stderr } = spawnSync(path.resolve('conf/jobs/room'), [dir, ...words], {
    encoding: 'utf8',
    env,
  });
  return { status, stderr };
}

const SHORT = (what: string, megabytes: number) => ({
  status: 1,
  stderr: new RegExp(
    `^room: ${what} needs ${megabytes} MB at /\\S+, and 1 MB shall stay free; free are \\d+ MB\\n$`,
  ),
});
const ENOUGH = { status: 0, stderr: '' };

test('a pack needs the database’s size once more', async (t) => {
  if (!requireStack(t, ['root', 'mount', 'rsync'])) return;
  const dir = smallDisk(t);
  sparse(`${dir}/var/filestorage/Data.fs`, 20);
  t.match(room(dir, 'zeopack'), ENOUGH);
  sparse(`${dir}/var/filestorage/Data.fs`, 40);
  t.match(room(dir, 'zeopack'), SHORT('zeopack', 40));
});

test('a backup needs what repozo will write: what was added, or everything after a pack; and the new blobs', async (t) => {
  if (!requireStack(t, ['root', 'mount', 'rsync'])) return;
  const dir = smallDisk(t);
  sparse(`${dir}/var/filestorage/Data.fs`, 40);
  t.match(room(dir, 'backup'), SHORT('backup', 40), 'the first one');
  saved(dir, 38);
  t.match(room(dir, 'backup'), ENOUGH, '2 MB were added');
  t.match(room(dir, 'snapshotbackup'), SHORT('snapshotbackup', 40), 'which is always full');
  saved(dir, 38, Buffer.alloc(38 * MB, 1));
  t.match(room(dir, 'backup'), SHORT('backup', 40), 'what was saved is no longer there');
  saved(dir, 39, Buffer.alloc(39 * MB));
  sparse(`${dir}/var/filestorage/Data.fs`, 35);
  t.match(room(dir, 'backup'), SHORT('backup', 35), 'the file has shrunk');

  saved(dir, 35);
  sparse(`${dir}/var/blobstorage/0x00/0x01.blob`, 50);
  t.match(room(dir, 'backup'), SHORT('backup', 50), 'no copy of the blobs yet');
  const copy = `${dir}/var/blobstoragebackups/blobstorage.${STAMP}/blobstorage`;
  execFileSync('rsync', ['-a', '--sparse', `${dir}/var/blobstorage/`, `${copy}/`, '--mkpath']);
  symlinkSync(`blobstorage.${STAMP}`, `${dir}/var/blobstoragebackups/latest`);
  t.match(room(dir, 'backup'), ENOUGH, 'the next copy has links to the last one');
});

test('a restore and a drill need what the backup of that time holds', async (t) => {
  if (!requireStack(t, ['root', 'mount', 'rsync'])) return;
  const dir = smallDisk(t);
  sparse(`${dir}/var/filestorage/Data.fs`, 1);
  saved(dir, 40);
  t.match(room(dir, 'restore', STAMP), SHORT('restore', 40));
  t.match(room(dir, 'drill'), SHORT('drill', 40));
  saved(dir, 20);
  t.match(room(dir, 'restore', STAMP), ENOUGH);
  t.match(room(dir, 'drill'), ENOUGH);
  const blob = `${dir}/var/blobstoragebackups/blobstorage.${STAMP}/blobstorage/0x01.blob`;
  mkdirSync(path.dirname(blob), { recursive: true });
  writeFileSync(blob, Buffer.alloc(10 * MB));
  t.match(room(dir, 'restore', STAMP), SHORT('restore', 30), 'with its blobs');
  t.match(room(dir, 'drill'), ENOUGH, 'whose copies a drill reads where they are');
});
