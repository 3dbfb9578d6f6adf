/** What processes use, as it is shown by status --json. */
import { spawn } from 'node:child_process';
import { test } from 'tap';
import { UsageMeter } from '../../src/os/usage.js';
import { descriptorsOf, statusOf } from '../helpers/proc.js';
import { until } from '../helpers/until.js';

test('a process that computes is told from one that waits, those that are gone are left out, nothing stays open', async (t) => {
  const busy = spawn('sh', ['-c', 'while :; do :; done']);
  const idle = spawn('sleep', ['100000']);
  const gone = spawn('true');
  t.teardown(() => [busy, idle].map((child) => child.kill('SIGKILL')));
  await new Promise((resolve) => gone.once('exit', resolve));
  const pids = [busy, idle, gone].map(({ pid = 0 }) => pid);
  const open = () => [...descriptorsOf(process.pid).values()].filter((file) => file.startsWith('/proc/'));
  const before = open().length;
  const meter = new UsageMeter();
  const first = meter.look(pids);
  t.same([...first.keys()], pids.slice(0, 2));
  const seen = await until('the busy one to be seen so', () => {
    const usage = meter.look(pids);
    return (usage.get(pids[0] ?? 0)?.cpuPercent ?? 0) > 1 && usage;
  });
  const [computes, waits] = pids.map((pid) => seen.get(pid));
  t.ok((waits?.cpuPercent ?? 0) < (computes?.cpuPercent ?? 0));
  const kilobytes = Number(/\d+/.exec(statusOf(pids[1] ?? 0).get('VmRSS') ?? '')?.[0]);
  // The kernel counts in portions, and shows the exact number in another file.
  t.ok(Math.abs((waits?.memoryBytes ?? 0) - kilobytes * 1024) < 2 ** 20);
  t.equal(open().length, before);
});
