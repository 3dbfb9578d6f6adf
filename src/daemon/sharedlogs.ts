/** Log files that several streams may write. */
import type { StreamSpec } from '../core/program.js';
import { LogFile, type LogFileOptions } from '../logs/logfile.js';
import { guardedFiles } from '../os/rights.js';
import type { Failing } from './conditions.js';
import { DirectLogs } from './directlogs.js';

/** Log files by path, so that two streams into one file rotate it together. */
export class SharedLogs {
  /** Those that their programs write themselves. */
  readonly direct = new DirectLogs();
  readonly #told: LogFileOptions['told'];
  readonly #open = new Map<
    string,
    { readonly log: LogFile; readonly options: LogFileOptions; holders: number }
  >();

  constructor(told: LogFileOptions['told']) {
    this.#told = told;
  }

  take(file: string, spec: StreamSpec): LogFile {
    const found = this.#open.get(file);
    if (found) {
      found.holders += 1;
      // The log goes by these as they are: of several that write it, the one that came last says how large it may be.
      Object.assign(found.options, { maxBytes: spec.maxBytes, backups: spec.backups });
      return found.log;
    }
    const mode = spec.file.kind === 'auto' ? { mode: 0o600 } : {};
    const { maxBytes, backups } = spec;
    const told = this.#told ? { told: this.#told } : {};
    const options = { maxBytes, backups, files: guardedFiles, ...mode, ...told };
    const log = LogFile.open(file, options);
    this.#open.set(file, { log, options, holders: 1 });
    return log;
  }

  release(log: LogFile): void {
    const found = this.#open.get(log.path);
    if (!found) return;
    found.holders -= 1;
    if (found.holders > 0) return;
    this.#open.delete(log.path);
    log.close();
  }

  /** What is wrong just now, a sentence for each file. */
  failures(): readonly Failing[] {
    return [...this.#open].flatMap(([about, { log }]) =>
      log.failure === undefined ? [] : [{ about, what: log.failure }],
    );
  }

  reopenAll(): void {
    for (const { log } of this.#open.values()) log.reopen();
    this.direct.reopenAll();
  }
}
