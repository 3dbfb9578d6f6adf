/**
 * What a flood does to supervision: nothing. It goes against the real supd while a program is killed, must be back, and
 * another client asks for it.
 */
import type { Test } from 'tap';
import { connect } from '../../src/grpc/client.js';
import { program } from '../helpers/place.js';
import { descriptorsOf, statusOf } from '../helpers/proc.js';
import { type Supd, startSupd } from '../helpers/start-supd.js';
import { until } from '../helpers/until.js';

export const MIB = 2 ** 20;
/** More than garbage that waits for its collection; far less than what is poured in. */
export const GROWTH_MAX_BYTES = 96 * MIB;

export const times = (count: number) => Array.from({ length: count }, (_, index) => index);

export function residentOf(pid: number): number {
  return Number(/\d+/.exec(statusOf(pid).get('VmRSS') ?? '')?.[0]) * 1024;
}

/** Does `flood`, and looks meanwhile and after it that everything else goes on. @param conf  sections besides [program:a] */
export async function withstands(
  t: Test,
  flood: (socketPath: string, supd: Supd) => Promise<void>,
  conf = '',
): Promise<Supd> {
  const supd = await startSupd(t, program('a', 'waits', { autorestart: true }) + conf);
  const socketPath = `${supd.dir}/run/supd.sock`;
  const { pid } = await supd.state('a', 'RUNNING');
  const before = residentOf(supd.pid);
  const open = descriptorsOf(supd.pid).size;
  let isOver = false;
  const flooding = flood(socketPath, supd).finally(() => {
    isOver = true;
  });
  let last = pid;
  let kills = 0;
  let most = 0;
  do {
    process.kill(last, 'SIGKILL');
    last = await until('the program to be back, told to a new client', async () => {
      most = Math.max(most, residentOf(supd.pid));
      const other = connect(socketPath);
      try {
        const now = await other.getProcess({ name: 'a' });
        return now.state === 'RUNNING' && now.pid !== last && now.pid;
      } finally {
        other.close();
      }
    });
    kills += 1;
  } while (!isOver);
  await flooding;
  most = Math.max(most, residentOf(supd.pid));
  t.ok(kills > 0, 'it was killed and came back meanwhile');
  t.ok(most - before < GROWTH_MAX_BYTES, `grew by ${(most - before) / MIB} MiB`);
  t.equal((await supd.client.getDaemon()).pid, supd.pid);
  t.notMatch(supd.read('supd.log'), /defect in supd|INTERNAL/);
  await until('what was open for the flood to be closed', () => descriptorsOf(supd.pid).size <= open);
  return supd;
}
