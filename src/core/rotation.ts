/** When a log is rotated and what goes where. Sizes in bytes. */

export interface RotationPolicy {
  /** Most that one file may hold; 0: never rotated. */
  readonly maxBytes: number;
  /** Rotated files kept; 0: the file is emptied in place. */
  readonly backups: number;
}

export interface Cut {
  /** How many of the chunk's bytes still belong to the current file. */
  readonly keep: number;
  /** The file is rotated after these. */
  readonly rotate: boolean;
  /** Bytes at the end of the file, an unfinished line's beginning, that move on to the next file. */
  readonly carry: number;
}

/** A longer beginning of a line stays where it is, so that a rotation is short: such a line is cut. */
const CARRY_MAX_BYTES = 1024 * 1024;

const NEWLINE = 10;

/**
 * Where `chunk[start, end)` is to be cut so that the file stays within its bound and ends with a whole line.
 * A line that is longer than the bound is cut at the byte.
 * @param size     of the file now
 * @param unended  how many bytes at the file's end belong to a line without its newline yet
 * @returns `keep + carry > 0` or `size > 0` whenever `rotate`: repeated on the new file, it comes to an end
 */
export function cutForRotation(
  chunk: Uint8Array,
  start: number,
  end: number,
  size: number,
  unended: number,
  maxBytes: number,
): Cut {
  const room = maxBytes - size;
  if (maxBytes === 0 || end - start <= room) return { keep: end - start, rotate: false, carry: 0 };
  const lines = room > 0 ? chunk.subarray(start, start + room).lastIndexOf(NEWLINE) + 1 : 0;
  if (lines > 0) return { keep: lines, rotate: true, carry: 0 };
  if (unended === 0 && size > 0) return { keep: 0, rotate: true, carry: 0 };
  if (unended > 0 && unended < size && unended < maxBytes && unended <= CARRY_MAX_BYTES)
    return { keep: 0, rotate: true, carry: unended };
  return { keep: Math.max(room, 0), rotate: true, carry: 0 };
}

/**
 * The renames of one rotation of `path`, in order: each replaces what its target held, so the oldest goes.
 * Empty with no backups: then the file is emptied in place.
 */
export function rotationRenames(path: string, backups: number): readonly (readonly [string, string])[] {
  const name = (age: number) => (age === 0 ? path : `${path}.${age}`);
  return Array.from({ length: backups }, (_, i) => [name(backups - 1 - i), name(backups - i)] as const);
}

/** How many bytes of an unfinished line a file ends with, once `chunk[start, end)` has been added to it. */
export function unendedAfter(chunk: Uint8Array, start: number, end: number, unended: number): number {
  const newline = chunk.subarray(start, end).lastIndexOf(NEWLINE);
  return newline >= 0 ? end - start - 1 - newline : unended + (end - start);
}
