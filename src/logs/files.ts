/** How log files are opened, renamed and deleted: as whoever the directory belongs to may, where supd is root. */
import fs from 'node:fs';

export interface Files {
  /** As fs.openSync, with the rights that are due at that path. */
  open(path: string, flags: number, mode?: number): number;
  /** Does `work`, which names files in the directory of `path`. */
  at<T>(path: string, work: () => T): T;
}

/** With supd's own rights. */
export const plainFiles: Files = {
  open: (path, flags, mode) => fs.openSync(path, flags, mode),
  at: (_, work) => work(),
};
