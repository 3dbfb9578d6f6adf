/** Finds what a supd that died had started without the time to write it down: by what the children carry. */

import type { Millis } from '../core/program.js';
import type { Found } from '../core/restore.js';
import { type ProcStat, readAllStats, readVariable } from '../os/proc.js';
import { isFrom, type Tag } from '../os/tree.js';

/** proc(5): start times are in units of 1/100 s after boot, whatever the kernel's own clock. */
const TICK_MS = 10;
/** A tick that had begun before, and one for the rounding. */
const SLACK_MS = 2 * TICK_MS;

/** One look at all processes that could be the main process of something. */
export class Strays {
  readonly #leaders: readonly ProcStat[] = readAllStats().filter(
    ({ pid, pgid, state }) => pid === pgid && state !== 'Z' && state !== 'X' && pid !== process.pid,
  );

  /**
   * The main process of what was started under this tag.
   * @param since  it was started then or later, ms after boot
   */
  find(tag: Tag, since: Millis): Found | undefined {
    const earliest = (since - SLACK_MS) / TICK_MS;
    const found = this.#leaders.filter((one) => one.startTicks >= earliest && isFrom(one.pid, tag));
    const pids = new Set(found.map(({ pid }) => pid));
    // What it has started carries the same and is younger, or has it for a parent.
    const [main] = found
      .filter(({ ppid }) => !pids.has(ppid))
      .sort((a, b) => a.startTicks - b.startTicks || a.pid - b.pid);
    if (!main) return undefined;
    return { pid: main.pid, startTicks: main.startTicks, since: main.startTicks * TICK_MS };
  }

  /** Leaders of process groups that this supd started, by what they were started as. */
  others(instance: string): readonly { readonly pid: number; readonly id: string; readonly run: string }[] {
    return this.#leaders.flatMap(({ pid }) => {
      const of = (name: string) => readVariable(pid, name) ?? '';
      if (of('SUPD_INSTANCE') !== instance) return [];
      const id = `${of('SUPERVISOR_GROUP_NAME')}:${of('SUPERVISOR_PROCESS_NAME')}`;
      return [{ pid, id, run: of('SUPD_RUN') }];
    });
  }
}
