/** Logs that programs write themselves, by path: what two of them write to is rotated once. */
import type { StreamSpec } from '../core/program.js';
import { DirectLog, NotDirect } from '../logs/directlog.js';
import { copyHead, takeOffHead, takeOffHeadNow, whyNotHeadless } from '../os/head.js';
import { guardedFiles } from '../os/rights.js';

const heads = {
  whyNot: whyNotHeadless,
  copy: copyHead,
  takeOff: takeOffHead,
  takeOffNow: takeOffHeadNow,
};

export class DirectLogs {
  readonly #open = new Map<string, { readonly log: DirectLog; holders: number }>();

  /**
   * @returns the log, or why no child can be given this file
   * @throws the system's error when it can't be opened
   */
  take(file: string, { maxBytes, backups, file: { kind } }: StreamSpec): DirectLog | string {
    const found = this.#open.get(file);
    if (found) {
      found.holders += 1;
      return found.log;
    }
    try {
      const mode = kind === 'auto' ? { mode: 0o600 } : {};
      const log = DirectLog.open(file, { maxBytes, backups, files: guardedFiles, heads, ...mode });
      this.#open.set(file, { log, holders: 1 });
      return log;
    } catch (error) {
      if (error instanceof NotDirect) return error.message;
      throw error;
    }
  }

  release(log: DirectLog): void {
    const found = this.#open.get(log.path);
    if (!found) return;
    found.holders -= 1;
    if (found.holders > 0) return;
    this.#open.delete(log.path);
    log.close();
  }

  reopenAll(): void {
    for (const { log } of this.#open.values()) log.reopen();
  }
}
