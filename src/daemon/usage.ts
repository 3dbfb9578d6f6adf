/** CPU and memory of programs, sampled while somebody asks. */
import type { Millis } from '../core/program.js';
import type { Exits } from '../os/exits.js';
import { Snapshot } from '../os/tree.js';
import { sampleUsage, type Usage } from '../os/usage.js';

const EVERY_MS: Millis = 5000;
/** After the last question. */
const SAMPLE_FOR_MS: Millis = 60_000;

export class UsageSampler {
  readonly #exits: Exits;
  #leaders: readonly number[] = [];
  #usage: ReadonlyMap<number, Usage> = new Map();
  #timer: NodeJS.Timeout | undefined;
  #asked = 0;

  constructor(exits: Exits) {
    this.#exits = exits;
  }

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
      return;
    }
    this.#timer = setTimeout(() => this.#tick(), EVERY_MS).unref();
    void this.#sample();
  }

  async #sample(): Promise<void> {
    const snapshot = new Snapshot();
    const trees = this.#leaders.map((pid) => [pid, ...snapshot.descendants(pid).map((member) => member.pid)]);
    const samples = await sampleUsage(trees.flat(), this.#exits);
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
