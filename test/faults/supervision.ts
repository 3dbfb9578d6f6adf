/** What must go on whatever does not work, and where one sees what doesn't. */
import type { Test } from 'tap';
import type { Supd } from '../helpers/start-supd.js';
import { until } from '../helpers/until.js';

/** A program `victim` that is there to be killed: it comes back, status answers, stop and start work. */
export async function supervisionGoesOn(t: Test, supd: Supd): Promise<void> {
  const before = await supd.state('victim', 'RUNNING');
  process.kill(before.pid, 'SIGKILL');
  await until('victim to come back', async () => (await supd.state('victim', 'RUNNING')).pid !== before.pid);
  t.match(await supd.told('stop', 'victim'), { status: 0, stdout: 'victim: stopped\n' });
  t.match(await supd.told('start', 'victim'), { status: 0, stdout: 'victim: started\n' });
  const { stdout } = await supd.told('status', 'victim');
  t.match(stdout, /^victim {27}RUNNING {3}pid \d+, uptime 0:\d\d:\d\d\n$/, 'columns are as ever');
}

/** Waits until exactly these are told as not working; then they are in all places where people and programs look. */
export async function isTold(t: Test, supd: Supd, ...expected: readonly RegExp[]): Promise<void> {
  const isAll = (told: readonly string[]) =>
    told.length === expected.length && expected.every((one) => told.some((line) => one.test(line)));
  await until(`${expected.join(' and ')} to be told`, async () => {
    const { conditions } = await supd.client.getDaemon();
    if (isAll(conditions)) return true;
    throw new Error(JSON.stringify(conditions));
  });
  const { stderr } = await supd.told('status');
  t.ok(
    isAll(
      stderr
        .trimEnd()
        .replaceAll(/^supctl: /gm, '')
        .split('\n'),
    ),
    stderr,
  );
  const daemon = JSON.parse((await supd.told('version', '--json')).stdout) as {
    conditions: readonly string[];
  };
  t.ok(isAll(daemon.conditions), daemon.conditions.join('\n'));
}

/** Waits until everything works, and looks that the trouble was told in the main log once. */
export async function isHealed(t: Test, supd: Supd, logged: RegExp, times = 1): Promise<void> {
  await until(
    'it to heal',
    async () => {
      const { conditions } = await supd.client.getDaemon();
      if (conditions.length === 0) return true;
      throw new Error(JSON.stringify(conditions));
    },
    60,
  );
  t.equal((await supd.told('status')).stderr, '');
  const lines = supd.read('supd.log').split('\n');
  t.equal(lines.filter((line) => / (ERRO|WARN) /.test(line) && logged.test(line)).length, times, `${logged}`);
}
