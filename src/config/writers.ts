/** Who may change a file that root goes by: whoever can write it, or a directory on the way to it, is root himself. */
import { lstatSync, realpathSync } from 'node:fs';
import path from 'node:path';

const GROUP_WRITES = 0o020;
const OTHERS_WRITE = 0o002;
const STICKY = 0o1000;

/**
 * Why others than root can change what is read at `file`: "/srv/x belongs to uid 500"; undefined: they can't.
 * Looks at each directory from / on, by the path as it is written and as its links lead. Access lists are not looked at.
 */
export function writableBy(file: string): string | undefined {
  const written = path.resolve(file);
  return alongPath(written) ?? alongPath(realOf(written));
}

function alongPath(file: string): string | undefined {
  const parts = file.split('/').filter((part) => part !== '');
  for (let count = 0; count <= parts.length; count += 1) {
    const here = `/${parts.slice(0, count).join('/')}`;
    const stat = lstatSync(here, { throwIfNoEntry: false });
    if (!stat) return undefined;
    if (stat.uid !== 0) return `${here} belongs to uid ${stat.uid}`;
    // A link's own bits say nothing, and of a directory like /tmp everybody may only take away what is his.
    if (stat.isSymbolicLink() || (stat.isDirectory() && (stat.mode & STICKY) !== 0)) continue;
    if ((stat.mode & OTHERS_WRITE) !== 0) return `${here} can be written by everybody`;
    if ((stat.mode & GROUP_WRITES) !== 0 && stat.gid !== 0)
      return `${here} can be written by group ${stat.gid}`;
  }
  return undefined;
}

function realOf(file: string): string {
  try {
    return realpathSync(file);
  } catch {
    return file;
  }
}
