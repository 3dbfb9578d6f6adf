/** The streams of every process, from its group's addition to its removal, and the log files that they share. */
import type { GroupSpec } from '../core/program.js';
import { ProcessStreams, SharedLogs, type StreamsOptions } from './streams.js';

export class StreamTable {
  readonly #options: StreamsOptions;
  readonly #logs = new SharedLogs();
  readonly #byId = new Map<string, ProcessStreams>();

  constructor(options: StreamsOptions) {
    this.#options = options;
  }

  of(id: string): ProcessStreams | undefined {
    return this.#byId.get(id);
  }

  /** A descriptor to write to the process's standard input. @throws the system's error; when there is no such process */
  openStdin(id: string): number {
    const streams = this.#byId.get(id);
    if (!streams) throw new Error(`${id} has no streams`);
    return streams.openStdin();
  }

  open({ processes }: GroupSpec): void {
    for (const spec of processes)
      this.#byId.set(spec.id, new ProcessStreams(spec, this.#options, this.#logs));
  }

  close(group: string): void {
    for (const [id, streams] of this.#byId) {
      if (!id.startsWith(`${group}:`)) continue;
      streams.close();
      this.#byId.delete(id);
    }
  }

  closeAll(): void {
    for (const streams of this.#byId.values()) streams.close();
    this.#byId.clear();
  }

  reopenLogs(): void {
    this.#logs.reopenAll();
  }

  /** What is wrong with logs just now, in sentences. */
  failures(): readonly string[] {
    return [...this.#byId].flatMap(([id, { failure }]) => (failure ? [`${id}: ${failure}`] : []));
  }
}
