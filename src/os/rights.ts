/**
 * Files in other people's directories, for a daemon that is root. What lies on the way to such a file is theirs to
 * change at any moment: a link to /etc/shadow in the place of a log must lead root nowhere. So root does there what the
 * directory's owner could do himself, no more. See setfsuid(2), path_resolution(7).
 */
import { closeSync, constants, fstatSync, lstatSync, openSync, readlinkSync, type Stats } from 'node:fs';
import path from 'node:path';
import { findAccount } from './accounts.js';
import { libc } from './libc.js';

const setfsuid = libc('int setfsuid(uint uid)');
const setfsgid = libc('int setfsgid(uint gid)');

const { O_CREAT, O_NOFOLLOW, O_DIRECTORY, O_RDONLY } = constants;
const WRITE_BY_OTHERS = 0o022;
const LINKS_MAX = 40;
/** No uid: setfsuid(2) then changes nothing and answers what it is. */
const ASK = 0xffffffff;

type Way =
  /** Nobody but root can change anything on the way. */
  | { readonly kind: 'root' }
  /** Others can put files beside it, as in /tmp. */
  | { readonly kind: 'shared' }
  /** The first directory on the way that isn't root's is this user's. */
  | { readonly kind: 'owned'; readonly uid: number; readonly gid: number }
  /** The same, but the file's own directory, without links, is root's again, as `var/log` made by a root's buildout. */
  | { readonly kind: 'returned'; readonly directory: string };

/** For log files. Without root's rights nothing is different from plain. */
export const guardedFiles = {
  /** @throws the system's error; EPERM for a link, or a file of somebody else, where others can put such */
  open(file: string, flags: number, mode?: number): number {
    const way = wayTo(file);
    switch (way.kind) {
      case 'root':
        return openSync(file, flags, mode);
      case 'shared':
        return checked(openSync(file, flags | O_NOFOLLOW, mode), file, 0);
      case 'owned':
        return openAsOwner(file, flags, mode, way);
      case 'returned':
        return openBelow(way.directory, file, flags, mode);
      default:
        return way satisfies never;
    }
  },
  /** @throws EPERM for a link where others can put such */
  at<T>(file: string, work: () => T): T {
    const way = wayTo(file);
    if (way.kind === 'owned') return withRightsOf(way, work);
    if (way.kind === 'shared' && lstatSync(file, { throwIfNoEntry: false })?.isSymbolicLink())
      throw notOurs(file);
    return work();
  },
};

/** Where the trust of root ends on the way to a file. What is before that only root can change, so it stays true. */
function wayTo(file: string): Way {
  if (process.geteuid?.() !== 0) return { kind: 'root' };
  let parts = partsOf(path.resolve(file));
  let here = '/';
  let isShared = false;
  for (let links = 0; parts.length > 0; ) {
    const next = path.join(here, parts[0] ?? '');
    const stat = lstatSync(next, { throwIfNoEntry: false });
    // The file itself counts only where it is a link that root has made.
    if (!stat || (parts.length === 1 && !(stat.isSymbolicLink() && stat.uid === 0))) break;
    if (stat.uid !== 0) {
      const directory = path.join(next, ...parts.slice(1, -1));
      if (!stat.isSymbolicLink() && isRootsOwn(next, parts.slice(1, -1)))
        return { kind: 'returned', directory };
      return { kind: 'owned', uid: stat.uid, gid: findAccount(String(stat.uid))?.gid ?? stat.gid };
    }
    parts = parts.slice(1);
    if (stat.isSymbolicLink()) {
      links += 1;
      if (links > LINKS_MAX) break;
      parts = [...partsOf(path.resolve(here, readlinkSync(next))), ...parts];
      here = '/';
      continue;
    }
    here = next;
    isShared = (stat.mode & WRITE_BY_OTHERS) !== 0;
  }
  return { kind: isShared ? 'shared' : 'root' };
}

/** Are these directories below `from`, none of them by a link, with the last one root's and nobody else's to write? */
function isRootsOwn(from: string, parts: readonly string[]): boolean {
  let last: Stats | undefined;
  let here = from;
  for (const part of parts) {
    here = path.join(here, part);
    last = lstatSync(here, { throwIfNoEntry: false });
    if (!last?.isDirectory()) return false;
  }
  return last?.uid === 0 && (last.mode & WRITE_BY_OTHERS) === 0;
}

/**
 * A file in a directory of root's that somebody else could have moved: only if that very directory is there, so that no
 * link that came meanwhile leads to another one. What is moved there was root's own before, and holds no link of others.
 */
function openBelow(directory: string, file: string, flags: number, mode: number | undefined): number {
  const held = openSync(directory, O_RDONLY | O_DIRECTORY | O_NOFOLLOW);
  try {
    const stat = fstatSync(held);
    if (readlinkSync(`/proc/self/fd/${held}`) !== directory || stat.uid !== 0) throw notOurs(file);
    return openSync(`/proc/self/fd/${held}/${path.basename(file)}`, flags | O_NOFOLLOW, mode);
  } finally {
    closeSync(held);
  }
}

function partsOf(directory: string): readonly string[] {
  return directory.split('/').filter((part) => part !== '');
}

interface Owner {
  readonly uid: number;
  readonly gid: number;
}

/** Nothing of Node's runs between: what counts is this thread's. */
function withRightsOf<T>({ uid, gid }: Owner, work: () => T): T {
  setfsgid(gid);
  setfsuid(uid);
  try {
    if (setfsuid(ASK) !== uid) throw new Error(`setfsuid ${uid} had no effect`);
    return work();
  } finally {
    setfsuid(0);
    setfsgid(0);
  }
}

function openAsOwner(file: string, flags: number, mode: number | undefined, owner: Owner): number {
  try {
    return withRightsOf(owner, () => openSync(file, flags, mode));
  } catch (error) {
    const old = (error as NodeJS.ErrnoException).code === 'EACCES' ? openOld(file, flags, owner) : undefined;
    if (old === undefined) throw error;
    return old;
  }
}

/** A file that root once made in the owner's own directory, as supervisord does: that very file, and nothing by a link. */
function openOld(file: string, flags: number, owner: Owner): number | undefined {
  let directory: number | undefined;
  try {
    directory = withRightsOf(owner, () => openSync(path.dirname(file), O_RDONLY | O_DIRECTORY));
    if (fstatSync(directory).uid !== owner.uid) return undefined;
    const fd = openSync(`/proc/self/fd/${directory}/${path.basename(file)}`, (flags & ~O_CREAT) | O_NOFOLLOW);
    return checked(fd, file, owner.uid);
  } catch {
    return undefined;
  } finally {
    if (directory !== undefined) closeSync(directory);
  }
}

/** A regular file of root's or of `uid`, with this one name. */
function checked(fd: number, file: string, uid: number): number {
  const stat = fstatSync(fd);
  if (stat.isFile() && stat.nlink === 1 && (stat.uid === 0 || stat.uid === uid)) return fd;
  closeSync(fd);
  throw notOurs(file);
}

function notOurs(file: string): Error {
  const why = `${file} is not a file of supd's own, in a directory that others can write`;
  return Object.assign(new Error(why), { code: 'EPERM', path: file });
}
