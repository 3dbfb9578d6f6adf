/** conf/jobs/send: what arrives on the other side of real rsyncs, from directories that are links, missing or empty. */
import { spawnSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, readdirSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { type Test, test } from 'tap';
import { requireStack } from '../helpers/require.js';
import { treeOf } from './site.js';

function makePlaces(t: Test) {
  const base = mkdtempSync('/tmp/supd-send-');
  t.teardown(() => rmSync(base, { recursive: true, force: true }));
  const here = path.join(base, 'here');
  const there = path.join(base, 'there');
  for (const dir of [here, there]) mkdirSync(dir);
  const sources = [path.join(here, 'backups'), path.join(here, 'blobs of today')];
  const send = (...words: string[]) => {
    const all = words.length > 0 ? words : ['rsync', '-aH', '--delete-delay', ...sources, there];
    const { status, stderr } = spawnSync(path.resolve('conf/jobs/send'), all, { encoding: 'utf8' });
    return { status, stderr };
  };
  return { base, here, there, sources, send };
}

test('each directory arrives as the one of its name, a link as what it leads to; what is gone here goes there', async (t) => {
  if (!requireStack(t, ['rsync'])) return;
  const { base, there, sources, send } = makePlaces(t);
  const [backups = '', blobs = ''] = sources;
  const disk = path.join(base, 'another disk');
  mkdirSync(path.join(disk, 'day'), { recursive: true });
  mkdirSync(backups);
  symlinkSync(disk, blobs);
  writeFileSync(path.join(backups, 'full'), 'full');
  writeFileSync(path.join(disk, 'day/blob'), 'blob');
  symlinkSync('day', path.join(disk, 'latest'));
  // The first night makes the place over there.
  for (const remote of [there, `${there}/`]) {
    rmSync(there, { recursive: true });
    t.match(send('rsync', '-aH', ...sources, remote), { status: 0, stderr: '' });
    t.same([...treeOf(there).keys()], ['backups/full', 'blobs of today/day/blob']);
  }
  writeFileSync(path.join(backups, 'next'), 'next');
  rmSync(path.join(backups, 'full'));
  mkdirSync(path.join(there, 'log'));
  t.match(send(), { status: 0 });
  t.same([...treeOf(there).keys()], ['backups/next', 'blobs of today/day/blob']);
  t.same(readdirSync(there), ['backups', 'blobs of today', 'log'], 'its neighbours stay');
});

test('a directory that is missing or empty, or a link to nowhere, is not sent, nor is its neighbour', async (t) => {
  if (!requireStack(t, ['rsync'])) return;
  const { base, there, sources, send } = makePlaces(t);
  const [backups = '', blobs = ''] = sources;
  for (const dir of sources) {
    mkdirSync(dir);
    writeFileSync(path.join(dir, 'file'), dir);
  }
  t.match(send(), { status: 0 });
  const before = treeOf(there);
  writeFileSync(path.join(backups, 'new'), 'new');
  rmSync(blobs, { recursive: true });
  t.match(send(), { status: 23, stderr: `send: there is no directory ${blobs}\n` });
  symlinkSync(path.join(base, 'not mounted'), blobs);
  t.match(send(), { status: 23, stderr: `send: there is no directory ${blobs}\n` });
  mkdirSync(path.join(base, 'not mounted'));
  t.match(send(), { status: 25, stderr: `send: ${blobs} is empty; what is over there stays\n` });
  t.same(treeOf(there), before);
});

test('a directory that was emptied and has something new does not take what is over there with it', async (t) => {
  if (!requireStack(t, ['rsync'])) return;
  const { there, sources, send } = makePlaces(t);
  const [backups = '', blobs = ''] = sources;
  const words = ['rsync', '-aH', '--delete-delay', '--max-delete=1000', backups, blobs, there];
  for (const dir of sources) {
    mkdirSync(dir);
    for (let day = 1; day <= 9; day++) writeFileSync(path.join(dir, `day ${day}`), '');
  }
  t.match(send(...words), { status: 0 });
  rmSync(path.join(blobs, 'day 1'));
  rmSync(backups, { recursive: true });
  mkdirSync(backups);
  writeFileSync(path.join(backups, 'day 10'), '');
  t.match(send(...words), {
    status: 25,
    stderr:
      /Deletions stopped due to --max-delete limit.*\nsend: more would be deleted .*; if that is right, delete it there\n$/s,
  });
  t.equal(readdirSync(path.join(there, 'backups')).length, 9, 'it came, and one went');
  t.match(send('rsync', '-aH', '--delete-delay', '--max-delete=1000', blobs, there), { status: 0 });
  t.equal(readdirSync(path.join(there, 'blobs of today')).length, 8, 'the usual is done');
});

test('its status is rsync’s; it wants a command, a directory and a place', async (t) => {
  if (!requireStack(t, ['rsync'])) return;
  const { there, sources, send } = makePlaces(t);
  const [backups = ''] = sources;
  mkdirSync(backups);
  writeFileSync(path.join(backups, 'file'), '');
  t.match(send('rsync', '--no-such-option', backups, there), { status: 1, stderr: /unknown option/ });
  const vanished = ['sh', '-c', 'rsync "$@"; exit 24', 'sh', '-a'];
  t.match(send(...vanished, backups, there), { status: 24 });
  t.same([...treeOf(there).keys()], ['backups/file']);
  for (const words of [['rsync'], ['rsync', there], [backups, there]])
    t.match(send(...words), { status: 2, stderr: /^usage: send rsync/ }, words.join(' '));
});
