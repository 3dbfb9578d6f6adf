/** CPU and memory of processes, by pidusage. */
import type pidusageType from 'pidusage';
import type { Exits } from './exits.js';

export interface Usage {
  /** Of one core, since the last sample of this pid. */
  readonly cpuPercent: number;
  readonly memoryBytes: number;
}

let pidusage: typeof pidusageType | undefined;

/** One sample of all `pids`; those that are gone are left out. */
export async function sampleUsage(
  pids: readonly number[],
  exits: Exits,
): Promise<ReadonlyMap<number, Usage>> {
  const found = new Map<number, Usage>();
  if (pids.length === 0) return found;
  pidusage ??= (await import('pidusage')).default;
  const sample = pidusage;
  // Its first call runs getconf(1) by child_process.
  const samples = await exits.amongForeign(async () => sample([...pids])).catch(() => ({}));
  for (const [pid, one] of Object.entries(samples)) {
    if (one) found.set(Number(pid), { cpuPercent: one.cpu, memoryBytes: one.memory });
  }
  return found;
}
