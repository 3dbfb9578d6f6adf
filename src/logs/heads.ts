/**
 * Moving the head of a log that others append to into a file of its own, so that at each instant, whoever is killed
 * then, every byte is in one of the two. What is copied is taken off in one step of the file system's; by what is at
 * the log's begin one can tell whether that has happened: a mark stands there from the copy's end on.
 */
import fs from 'node:fs';
import type { Files } from './files.js';
import { shiftNumbered } from './shift.js';

/** What the system can do with the begin of a file, which others append to meanwhile. */
export interface Heads {
  /** Why it can't for this file; undefined: it can. */
  readonly whyNot: (fd: number) => string | undefined;
  readonly copy: (from: number, to: number, bytes: number) => Promise<void>;
  /** Takes off so many bytes, whole blocks of the file system and less than all. */
  readonly takeOff: (fd: number, bytes: number) => Promise<void>;
  readonly takeOffNow: (fd: number, bytes: number) => void;
}

export interface MoveParts {
  readonly path: string;
  /** Of the log, for reading and writing, not for appending. */
  readonly fd: number;
  readonly files: Files;
  readonly heads: Heads;
  readonly backups: number;
}

const { O_RDONLY, O_WRONLY, O_CREAT, O_EXCL, O_NONBLOCK, O_NOCTTY } = fs.constants;
const MARK = Buffer.from('<supd: what was here is in the file beside this one, of the same name and .0>\n');

/** A copy that is being made: worth nothing yet. */
const partOf = (path: string) => `${path}.00`;
/** A whole copy, next to become `.1`. */
const copyOf = (path: string) => `${path}.0`;

/**
 * Moves the first `bytes` to `.1`, and what is there to `.2` and so on; with no backups they go.
 * @param may     asked when the copy is made: false when the log has been emptied or closed meanwhile
 * @param begins  called before, `ends` after what makes offsets in the log others; nothing else runs in between
 * @returns whether it was done
 * @throws the system's error; the log is whole then
 */
export async function moveHead(
  parts: MoveParts,
  bytes: number,
  { may, begins, ends }: { may: () => boolean; begins: () => void; ends: (isMoved: boolean) => void },
): Promise<boolean> {
  const { path, fd, files, heads, backups } = parts;
  // What could not be renamed the last time is not to be written over.
  finishMove(parts);
  if (backups > 0) await makeCopy(parts, bytes);
  if (!may()) {
    remove(parts, partOf(path));
    return false;
  }
  const head = Buffer.alloc(MARK.length);
  begins();
  let isMoved = false;
  try {
    if (backups > 0) {
      fs.readSync(fd, head, 0, head.length, 0);
      fs.writeSync(fd, MARK, 0, MARK.length, 0);
      files.at(path, () => fs.renameSync(partOf(path), copyOf(path)));
    }
    await heads.takeOff(fd, bytes);
    isMoved = true;
    if (backups > 0) files.at(path, () => shiftNumbered(path, backups));
  } catch (error) {
    if (!isMoved && backups > 0) {
      fs.writeSync(fd, head, 0, head.length, 0);
      for (const name of [partOf(path), copyOf(path)]) remove(parts, name);
    }
    throw error;
  } finally {
    ends(isMoved);
  }
  return true;
}

/** Ends what a supd that was killed has begun. Costs a look for two files. @throws the system's error */
export function finishMove(parts: MoveParts): void {
  const { path, fd, files, backups } = parts;
  const copy = [copyOf(path), partOf(path)].find((name) => files.at(path, () => fs.existsSync(name)));
  if (copy === undefined) return;
  const begin = Buffer.alloc(MARK.length);
  fs.readSync(fd, begin, 0, begin.length, 0);
  if (begin.equals(MARK)) {
    if (!tryTakingOff(parts, copy)) return;
    if (copy !== copyOf(path)) files.at(path, () => fs.renameSync(copy, copyOf(path)));
  } else if (copy !== copyOf(path)) return remove(parts, copy);
  files.at(path, () => shiftNumbered(path, Math.max(1, backups)));
}

/** What can't be ended is undone: the begin is in the copy. So a mark that is a program's own words harms nothing. */
function tryTakingOff({ path, fd, files, heads }: MoveParts, copy: string): boolean {
  const from = files.open(copy, O_RDONLY | O_NONBLOCK | O_NOCTTY);
  try {
    heads.takeOffNow(fd, fs.fstatSync(from).size);
    return true;
  } catch {
    const head = Buffer.alloc(MARK.length);
    const count = fs.readSync(from, head, 0, head.length, 0);
    fs.writeSync(fd, head, 0, count, 0);
    files.at(path, () => fs.rmSync(copy, { force: true }));
    return false;
  } finally {
    fs.closeSync(from);
  }
}

async function makeCopy({ path, fd, files, heads }: MoveParts, bytes: number): Promise<void> {
  const { mode, uid, gid } = fs.fstatSync(fd);
  files.at(path, () => fs.rmSync(partOf(path), { force: true }));
  const to = files.open(partOf(path), O_WRONLY | O_CREAT | O_EXCL | O_NONBLOCK | O_NOCTTY, mode & 0o777);
  try {
    const made = fs.fstatSync(to);
    if (made.uid !== uid || made.gid !== gid) fs.fchownSync(to, uid, gid);
    fs.fchmodSync(to, mode & 0o777);
    await heads.copy(fd, to, bytes);
    // The log's own loss would be on the disk at once.
    await new Promise<void>((resolve, reject) =>
      fs.fdatasync(to, (error) => (error ? reject(error) : resolve())),
    );
  } catch (error) {
    files.at(path, () => fs.rmSync(partOf(path), { force: true }));
    throw error;
  } finally {
    fs.closeSync(to);
  }
}

function remove({ path, files }: MoveParts, name: string): void {
  files.at(path, () => fs.rmSync(name, { force: true }));
}

/** Looked at one by one from the latest on; the half of what a file holds, at most. */
const BOUNDARIES_MAX = 2048;
const NEWLINE = 10;

/**
 * How much of the begin of a file is to go so that what goes is `maxBytes` at most: whole blocks, ending with a line
 * where one ends with a block. At least one block.
 * @returns 0: there isn't more than a block yet
 */
export function headOf(fd: number, size: number, maxBytes: number, block: number): number {
  const most = Math.floor((size - 1) / block) * block;
  const latest = Math.min(most, Math.max(block, Math.floor(maxBytes / block) * block));
  if (latest <= 0) return 0;
  const earliest = Math.max(block, latest / 2, latest - BOUNDARIES_MAX * block);
  const last = Buffer.alloc(1);
  for (let at = latest; at >= earliest; at -= block) {
    fs.readSync(fd, last, 0, 1, at - 1);
    if (last[0] === NEWLINE) return at;
  }
  return latest;
}
