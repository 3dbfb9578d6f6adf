/** Small files that are whole after any crash. */
import { closeSync, fsyncSync, openSync, readFileSync, renameSync, writeFileSync } from 'node:fs';
import path from 'node:path';

/**
 * Replaces a file in one step: after a crash it is the old one or the new one.
 * @throws Error of the system (ENOSPC, EACCES …); then the old one is still there
 */
export function writeWhole(file: string, text: string): void {
  const temporary = `${file}.new`;
  const fd = openSync(temporary, 'w', 0o600);
  try {
    writeFileSync(fd, text);
    fsyncSync(fd);
  } finally {
    closeSync(fd);
  }
  renameSync(temporary, file);
  syncDirectory(path.dirname(file));
}

/** Does what may fail for want of room or rights; gives why it did, in words, or undefined. */
export function tryWriting(file: string, write: () => void): string | undefined {
  try {
    write();
    return undefined;
  } catch (error) {
    return `${file}: ${(error as Error).message}`;
  }
}

export type Read<T> =
  | { readonly kind: 'read'; readonly value: T }
  | { readonly kind: 'absent' }
  /** Set aside under another name, if that was possible. */
  | { readonly kind: 'broken'; readonly why: string };

/** Reads JSON of a known shape. A file that is not is moved to `<file>.broken`, so that it can be looked at. */
export function readJson<T>(file: string, isRight: (value: unknown) => value is T): Read<T> {
  let text: string;
  try {
    text = readFileSync(file, 'utf8');
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return { kind: 'absent' };
    return { kind: 'broken', why: `${file}: ${(error as Error).message}` };
  }
  const value = parse(text);
  if (isRight(value)) return { kind: 'read', value };
  const kept = `${file}.broken`;
  const why = tryWriting(kept, () => renameSync(file, kept));
  return { kind: 'broken', why: why ?? `${file}: damaged; kept as ${path.basename(kept)}` };
}

/** undefined, which JSON never gives: it isn't JSON. */
export function parse(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

function syncDirectory(dir: string): void {
  const fd = openSync(dir, 'r');
  try {
    fsyncSync(fd);
  } finally {
    closeSync(fd);
  }
}
