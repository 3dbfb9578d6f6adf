/** The streams of all process slots, by slot. */
import type { GroupSpec, ProcessSpec } from '../core/program.js';
import type { SavedLogs } from '../core/saved.js';
import type { Failing } from './conditions.js';
import { SharedLogs } from './sharedlogs.js';
import { ProcessStreams, type StreamsOptions } from './streams.js';

export interface StreamTableOptions extends StreamsOptions {
  /** Keeps the names that were made up for a slot's AUTO logs. */
  readonly keepLogs: (id: string, logs: SavedLogs) => void;
}

export class StreamTable {
  readonly #options: StreamTableOptions;
  readonly #shared: SharedLogs;
  /** Processes whose FIFOs are known to be removed. */
  #told: ReadonlySet<string> = new Set();
  readonly #streams = new Map<string, ProcessStreams>();

  constructor(options: StreamTableOptions) {
    this.#options = options;
    this.#shared = new SharedLogs(options.told);
  }

  of(id: string): ProcessStreams | undefined {
    return this.#streams.get(id);
  }

  /** A descriptor to write to the process's standard input. @throws the system's error; when there is no such process */
  openStdin(id: string): number {
    const streams = this.#streams.get(id);
    if (!streams) throw new Error(`${id} has no streams`);
    return streams.openStdin();
  }

  /**
   * Makes those of a group, and goes on reading what a supd that is gone read.
   * @param autoLogs  names that it gave to AUTO logs, by slot
   */
  open(group: GroupSpec, autoLogs: ReadonlyMap<string, SavedLogs> | undefined): void {
    for (const spec of group.processes) this.#openOne(spec, autoLogs?.get(spec.id));
  }

  /**
   * The same for members of an active group that are specified otherwise now, came, or went. What runs writes on into
   * its FIFOs meanwhile.
   */
  reconfigure(group: GroupSpec, ids: readonly string[]): void {
    for (const id of ids) {
      const spec = group.processes.find((one) => one.id === id);
      const streams = this.#streams.get(id);
      if (spec && streams?.isAsIn(spec)) continue;
      streams?.close(spec !== undefined);
      this.#streams.delete(id);
      if (spec) this.#openOne(spec, streams?.autoLogs);
    }
  }

  #openOne(spec: ProcessSpec, autoLogs: SavedLogs | undefined): void {
    const streams = new ProcessStreams(spec, this.#options, this.#shared, autoLogs);
    this.#streams.set(spec.id, streams);
    try {
      streams.resume();
    } catch (error) {
      // A program that writes there waits.
      this.#options.told('error', `${spec.id}: its output can't be taken up: ${(error as Error).message}`);
    }
    this.#options.keepLogs(spec.id, streams.autoLogs);
  }

  close(group: string): void {
    for (const [id, streams] of this.#streams) {
      if (!id.startsWith(`${group}:`)) continue;
      streams.close();
      this.#streams.delete(id);
    }
  }

  reopenLogs(): void {
    this.#shared.reopenAll();
  }

  /** What is wrong with the logs just now. */
  failures(): readonly Failing[] {
    const ofPrograms = [...this.#streams].flatMap(([id, { failure }]) =>
      failure === '' ? [] : [{ about: `logs of ${id}`, what: failure }],
    );
    // Those of a log that several share have one sentence.
    const byWhat = new Map(
      [...this.#shared.failures(), ...ofPrograms].reverse().map((one) => [one.what, one] as const),
    );
    return [...[...byWhat.values()].reverse(), ...this.#sweptAway()];
  }

  /** Nothing is lost by it: the descriptors are still there. Noticed when somebody asks. */
  #sweptAway(): readonly Failing[] {
    const found = [...this.#streams].flatMap(([id, { isSweptAway }]) => (isSweptAway ? [id] : []));
    const isNews = found.some((id) => !this.#told.has(id));
    this.#told = new Set(found);
    if (found.length === 0) return [];
    const line = `FIFOs were removed: ${found.join(', ')}; made again when these are started again`;
    if (isNews) this.#options.told('warn', line);
    return [{ about: 'FIFOs', what: line }];
  }

  /** All that a supd that is gone left has been taken up. */
  settle(): void {
    this.#options.keeper.settle();
  }

  /** Nothing writes any more. Resolves when nothing is kept for another supd. */
  end(): Promise<void> {
    return this.#options.keeper.end();
  }

  /** Descriptors that keep what is in the pipes until another has opened them. */
  hold(): readonly number[] {
    return [...this.#streams.values()].flatMap((streams) => streams.hold());
  }

  /** @param keepFifos  another supd will go on with them */
  closeAll(keepFifos: boolean): void {
    for (const streams of this.#streams.values()) streams.close(keepFifos);
    this.#streams.clear();
    this.#options.keeper.close();
  }
}
