/** CPU and memory of processes: /proc/PID/stat, proc(5). Nothing stays open between two looks. */
import { uptime } from 'node:os';
import { libc } from './libc.js';
import { readTimes } from './proc.js';

export interface Usage {
  /** Of one core, since the last look at this process; at the first look, since its start. */
  readonly cpuPercent: number;
  readonly memoryBytes: number;
}

interface Look {
  readonly startTicks: number;
  readonly cpuTicks: number;
  /** Seconds after boot. */
  readonly time: number;
}

const sysconf = libc('long sysconf(int name)');
const SC_CLK_TCK = 2;
const SC_PAGESIZE = 30;

/** Looks at processes again and again, and remembers of each what it was at the last look, as long as it is asked for. */
export class UsageMeter {
  #last: ReadonlyMap<number, Look> = new Map();

  /** One look at all of `pids`; those that are gone are left out. */
  look(pids: Iterable<number>): ReadonlyMap<number, Usage> {
    const [ticksPerSecond, pageBytes] = [sysconf(SC_CLK_TCK), sysconf(SC_PAGESIZE)];
    const time = uptime();
    const looks = new Map<number, Look>();
    const found = new Map<number, Usage>();
    for (const pid of pids) {
      const now = readTimes(pid);
      if (!now) continue;
      const { startTicks, cpuTicks, residentPages } = now;
      const last = this.#last.get(pid);
      // A pid may be another's by now.
      const since =
        last?.startTicks === startTicks ? last : { cpuTicks: 0, time: startTicks / ticksPerSecond };
      const seconds = time - since.time;
      const used = (cpuTicks - since.cpuTicks) / ticksPerSecond;
      looks.set(pid, { startTicks, cpuTicks, time });
      found.set(pid, {
        cpuPercent: seconds > 0 ? Math.max(0, (used / seconds) * 100) : 0,
        memoryBytes: residentPages * pageBytes,
      });
    }
    this.#last = looks;
    return found;
  }
}
