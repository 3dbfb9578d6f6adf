/** What steps take of the processor and of memory. */
import { writeFileSync } from 'node:fs';
import tap, { test } from 'tap';
import { job, makePlace } from '../helpers/place.js';
import { startIn, startSupd } from '../helpers/start-supd.js';
import { until } from '../helpers/until.js';

tap.jobs = 2;
tap.setTimeout(180_000);

const MB = 1024 * 1024;
/** Works for a while of processor time in a child that is waited for, with some 200 MB. */
const BUSY = `sh -c '${process.execPath} -e "const b = Buffer.alloc(200 * 1024 * 1024, 1); const end = process.cpuUsage().user + 3e5; while (process.cpuUsage().user < end) b[0]++"; true'`;

async function runOf(supd: { told(...words: string[]): Promise<{ stdout: string }> }, name: string) {
  const [run] = JSON.parse((await supd.told('job', 'runs', name, '--json')).stdout);
  return run;
}

test('a run knows the processor time and the memory of its steps, children that were waited for included', async (t) => {
  const supd = await startSupd(
    t,
    `${job('busy', BUSY) + job('idle', 'sleep 0.5')}[job:both]\nsteps = busy,idle\n`,
  );
  t.equal((await supd.told('job', 'run', 'both')).status, 0);
  const run = await runOf(supd, 'both');
  const [busy, idle] = run.steps;
  t.ok(busy.cpuMs >= 300, `${busy.cpuMs} ms`);
  t.ok(busy.peakMemoryBytes >= 200 * MB && busy.peakMemoryBytes < 600 * MB, `${busy.peakMemoryBytes} bytes`);
  t.ok(idle.cpuMs < 200, `${idle.cpuMs} ms`);
  t.ok(idle.peakMemoryBytes > 0 && idle.peakMemoryBytes < 20 * MB, `not supd’s own: ${idle.peakMemoryBytes}`);
  t.equal(run.cpuMs, busy.cpuMs + idle.cpuMs);
  t.equal(run.peakMemoryBytes, busy.peakMemoryBytes);
  t.match((await supd.told('job', 'runs', 'both', '--steps')).stdout, /^ {2}busy +ok .* \d+ MB +0 B$/m);
});

test('of a step that outlived supd the processor time is unknown, not 0', async (t) => {
  const place = makePlace(t, job('long', `sh -c 'until test -e %(here)s/go; do sleep 0.05; done'`));
  const first = await startIn(t, place);
  await first.told('job', 'run', 'long', '--no-wait');
  await until('it to run', async () => (await runOf(first, 'long'))?.steps[0]?.outcome === 'running');
  await first.ended('SIGKILL');
  const second = await startIn(t, place);
  writeFileSync(`${place.dir}/go`, '');
  const run = await until('its end', async () => {
    const one = await runOf(second, 'long');
    return one.outcome !== 'running' && one;
  });
  t.match(run.steps, [{ attempts: 1, cpuMs: null }]);
  t.equal(run.cpuMs, null);
  t.match((await second.told('job', 'runs', 'long', '--steps')).stdout, /^ {2}long .* unknown /m);
});

test('job run shows what each step usually takes', async (t) => {
  const supd = await startSupd(t, `${job('a', 'sleep 0.2') + job('b', 'true')}[job:both]\nsteps = a,b\n`);
  t.notMatch((await supd.told('job', 'run', 'both', '--json')).stdout, /"usualMs":\d/, 'it never ran');
  await supd.told('job', 'run', 'both');
  const lines = (await supd.told('job', 'run', 'both', '--json')).stdout.trim().split('\n');
  for (const run of lines.map((line) => JSON.parse(line))) {
    t.ok(run.usualMs >= 200, `${run.usualMs} ms`);
    t.ok(run.steps[0].usualMs >= 200 && run.steps[1].usualMs !== null);
  }
});
