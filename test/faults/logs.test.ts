/** Logs that can't be written: a full disk, a directory that takes nothing, a file that somebody removed. */
import { chmodSync, chownSync, mkdirSync, readFileSync, rmSync } from 'node:fs';
import tap, { test } from 'tap';
import { makePlace, program } from '../helpers/place.js';
import { requireStack } from '../helpers/require.js';
import { startIn } from '../helpers/start-supd.js';
import { until } from '../helpers/until.js';
import { accountOf, asUser } from '../helpers/users.js';
import { lostLines } from './accounts.js';
import { mountDisk } from './disk.js';
import { isHealed, isTold, supervisionGoesOn } from './supervision.js';

tap.jobs = 3;

test('a full log disk holds nobody up, is told, and what programs wrote meanwhile is in the logs afterwards', async (t) => {
  if (!requireStack(t, ['root', 'mount'])) return;
  const place = makePlace(
    t,
    // Long lines: there is room in the file's last page still when the disk is full.
    program('a', 'counts %(here)s/a.pids 0.01 "" 100', { stdout_logfile: '%(here)s/disk/a.out' }) +
      program('victim', 'waits', { stdout_logfile: '%(here)s/disk/victim.out' }),
  );
  const disk = mountDisk(t, place, 'disk', '256k');
  const supd = await startIn(t, place);
  await until('output of both', () => ['a', 'victim'].every((name) => place.read(`disk/${name}.out`) !== ''));
  disk.fill();
  await isTold(t, supd, /\/disk\/a\.out: cannot be written: ENOSPC$/);
  await supervisionGoesOn(t, supd);
  disk.free();
  await isHealed(t, supd, /a\.out: cannot be written: ENOSPC/);
  await supd.logs(/INFO .*\/a\.out: can be written again\n/);
  t.match(await supd.told('stop', 'a'), { status: 0 });
  t.equal(lostLines(place.read('disk/a.out')), 0);
  t.equal(place.read('disk/victim.out').split('ready\n').length, 4, 'each start is in its log');
});

test('beyond what is kept of a full disk whole lines are lost, told how much, and no program ever waits', async (t) => {
  if (!requireStack(t, ['root', 'mount'])) return;
  const place = makePlace(
    t,
    program('flood', 'floods-slowly %(here)s/at', { stdout_logfile: '%(here)s/disk/flood.out' }) +
      program('victim', 'waits'),
  );
  const disk = mountDisk(t, place, 'disk', '256k');
  const supd = await startIn(t, place);
  await isTold(t, supd, /\/disk\/flood\.out: cannot be written: ENOSPC; \d+ bytes of output are lost$/);
  await supervisionGoesOn(t, supd);
  const at = Number(place.read('at'));
  await until('the flood to go on', () => Number(place.read('at')) > at + 1000);
  disk.resize('64m');
  await isHealed(t, supd, /flood\.out: cannot be written: ENOSPC/);
  await supd.logs(/INFO .*flood\.out: can be written again; \d{6,} bytes of output are lost/);
  t.match(await supd.told('stop', 'flood'), { status: 0 });
  const lines = place.read('disk/flood.out').trimEnd().split('\n');
  // The very last one may have been cut by the end of its writer.
  t.same(
    lines.slice(0, -1).filter((line) => !/^\d+ x{1000}$/.test(line)),
    [],
    'no line is torn',
  );
  const numbers = lines.map((line) => Number.parseInt(line, 10));
  const gaps = numbers.filter((n, index) => n !== (numbers[index - 1] ?? 0) + 1);
  t.equal(gaps.length, 1, 'one gap');
  t.ok(numbers.indexOf(gaps[0] ?? 0) > 1000, 'more than 1 MiB was kept');
});

test('a log directory that became unwritable: its logs go on and are rotated once they can be', async (t) => {
  if (!requireStack(t, ['root', 'setpriv'])) return;
  const place = makePlace(
    t,
    program('a', 'counts %(here)s/a.pids 0.01', {
      stdout_logfile: '%(here)s/logs/a.out',
      stdout_logfile_maxbytes: 500,
      stdout_logfile_backups: 50,
    }) + program('victim', 'waits'),
  );
  const { uid, gid } = accountOf('nobody');
  mkdirSync(`${place.dir}/logs`);
  for (const dir of [place.dir, `${place.dir}/logs`]) chownSync(dir, uid, gid);
  const supd = await startIn(t, place, { as: asUser('nobody') });
  await until('output', () => place.read('logs/a.out').length > 20);
  chmodSync(`${place.dir}/logs`, 0o555);
  await isTold(t, supd, /\/logs\/a\.out: cannot be rotated and grows on: EACCES$/);
  await supervisionGoesOn(t, supd);
  chmodSync(`${place.dir}/logs`, 0o755);
  await isHealed(t, supd, /a\.out: cannot be rotated/);
  t.match(await supd.told('stop', 'a'), { status: 0 });
  const files = Array.from({ length: 51 }, (_, age) => place.read(`logs/a.out${age > 0 ? `.${age}` : ''}`));
  t.ok((files[1] ?? '') !== '', 'rotated');
  t.equal(lostLines(files.reverse().join('')), 0);
});

test('a log that was removed, or its directory, is made again with what was written meanwhile', async (t) => {
  const place = makePlace(
    t,
    program('a', 'counts %(here)s/a.pids 0.02', { stdout_logfile: '%(here)s/logs/a.out' }) +
      program('victim', 'waits'),
  );
  const log = `${place.dir}/logs/a.out`;
  mkdirSync(`${place.dir}/logs`);
  const supd = await startIn(t, place);
  const lines = () => place.read('logs/a.out').split('\n').slice(0, -1).map(Number);
  await until('output', () => lines().length > 10);
  const before = lines().at(-1) ?? 0;
  rmSync(log);
  await supd.logs(/WARN .*\/logs\/a\.out: was removed; made it again\n/);
  const again = lines();
  t.ok((again[0] ?? 0) <= before + 1, 'nothing is missing');
  t.same(
    again,
    Array.from(again, (_, index) => (again[0] ?? 0) + index),
    'without a gap',
  );
  await supervisionGoesOn(t, supd);

  rmSync(`${place.dir}/logs`, { recursive: true });
  await isTold(t, supd, /\/logs\/a\.out: was removed and cannot be made again: ENOENT$/);
  await supervisionGoesOn(t, supd);
  const { pid } = await supd.state('a', 'RUNNING');
  const count = () => Number(/^wchar: (\d+)$/m.exec(readFileSync(`/proc/${pid}/io`, 'utf8'))?.[1]);
  const written = count();
  await until('it to write more', () => count() > written + 50);
  mkdirSync(`${place.dir}/logs`);
  await isHealed(t, supd, /a\.out: was removed and cannot be made again/);
  t.match(await supd.told('stop', 'a'), { status: 0 });
  // From some time before the removal on, all are there.
  const found = lines();
  t.same(
    found,
    Array.from(found, (_, index) => (found[0] ?? 0) + index),
    'without a gap',
  );
});
