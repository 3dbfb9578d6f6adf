import { createHash } from 'node:crypto';
import { test } from 'tap';
import { releaseCode } from '../../src/os/code.js';
import { program } from '../helpers/place.js';
import { statusOf } from '../helpers/proc.js';
import { startSupd } from '../helpers/start-supd.js';
import { until } from '../helpers/until.js';

const kilobytesOf = (pid: number, key: string) => Number.parseInt(statusOf(pid).get(key) ?? '', 10);

test('code that only the start needed leaves memory, and what is needed comes back as it was', async (t) => {
  const before = kilobytesOf(process.pid, 'RssFile');
  const work = () =>
    createHash('sha256')
      .update(JSON.stringify([...'abc'.repeat(1000)].sort()))
      .digest('hex');
  const result = work();
  for (const _ of [1, 2, 3]) {
    releaseCode();
    const after = kilobytesOf(process.pid, 'RssFile');
    t.ok(after < before / 2, `${before} kB, then ${after} kB of files in memory`);
    t.equal(work(), result);
    t.throws(() => JSON.parse('{'), /JSON/);
  }
});

test('supd does so when it has started', async (t) => {
  const supd = await startSupd(t, program('a', 'waits'));
  const peak = kilobytesOf(supd.pid, 'VmHWM');
  await until('it to need less', () => kilobytesOf(supd.pid, 'VmRSS') < 0.85 * peak);
  await supd.state('a', 'RUNNING');
});
