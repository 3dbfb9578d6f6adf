/** CPU and memory of programs, sampled while somebody asks. */
import type { Millis } from '../core/program.js';
import { Snapshot } from '../os/tree.js';
import { type Usage, UsageMeter } from '../os/usage.js';

const EVERY_MS: Millis = 5000;
/** After the last question. */
const SAMPLE_FOR_MS: Millis = 60_000;

export class UsageSampler {
  #meter = new UsageMeter();
  #leaders: readonly number[] = [];
  #usage: ReadonlyMap<number, Usage> = new Map();
  #timer: NodeJS.Timeout | undefined;
  #asked = 0;

  /** These processes will be asked for; sampling goes on for a minute. */
  watch(pids: readonly number[]): void {
    this.#leaders = pids;
    this.#asked = performance.now();
    if (!this.#timer) this.#tick();
  }

  /** Of the process and all that descends from it; undefined before the first sample. */
  of(pid: number): Usage | undefined {
    return this.#usage.get(pid);
  }

  close(): void {
    clearTimeout(this.#timer);
    this.#asked = Number.NEGATIVE_INFINITY;
  }

  #tick(): void {
    if (performance.now() - this.#asked > SAMPLE_FOR_MS) {
      this.#timer = undefined;
      this.#usage = new Map();
      this.#meter = new UsageMeter();
      return;
    }
    this.#timer = setTimeout(() => this.#tick(), EVERY_MS).unref();
    // The one who asks doesn't wait for it.
    setImmediate(() => this.#sample());
  }

  #sample(): void {
    const snapshot = new Snapshot();
    const trees = this.#leaders.map((pid) => [pid, ...snapshot.descendants(pid).map((member) => member.pid)]);
    const samples = this.#meter.look(trees.flat());
    this.#usage = new Map(
      trees.flatMap((tree): [number, Usage][] => {
        const [leader = 0] = tree;
        const found = tree.flatMap((pid) => samples.get(pid) ?? []);
        if (!samples.has(leader)) return [];
        const cpuPercent = found.reduce((sum, one) => sum + one.cpuPercent, 0);
        return [[leader, { cpuPercent, memoryBytes: found.reduce((sum, one) => sum + one.memoryBytes, 0) }]];
      }),
    );
  }
}
