/** AUTO logs: their names, and when they go. */
import { randomBytes } from 'node:crypto';
import { readdirSync, unlinkSync } from 'node:fs';
import path from 'node:path';
import type { SavedLogs } from '../core/saved.js';
import { openFiles } from '../os/proc.js';

interface AutoLogNames {
  readonly childLogDir: string;
  readonly identifier: string;
}

/** An AUTO log's name says whose it is, so that the next start can remove it. It is made when it is first opened. */
export function autoPath(options: AutoLogNames, process: string, channel: string): string {
  const name = `${process}-${channel}---${options.identifier}-${randomBytes(4).toString('hex')}.log`;
  return path.join(options.childLogDir, name);
}

/**
 * Removes the AUTO logs of earlier starts, called with the daemon's lock held. One that a process has open is another
 * daemon's, with the same identifier, and stays.
 * @param written  those that programs still write to, by slot; undefined: any may be
 */
export function removeAutoLogs(
  childLogDir: string,
  identifier: string,
  written: ReadonlyMap<string, SavedLogs> | undefined,
): void {
  if (!written) return;
  const spared = new Set([...written.values()].flatMap(({ stdout, stderr }) => [stdout, stderr]));
  const quoted = identifier.replace(/[.*+?^${}()|[\]\\]/g, '\\$&');
  const pattern = new RegExp(`^.+?---${quoted}-\\S+\\.log\\.?\\d{0,4}$`);
  let names: readonly string[] = [];
  try {
    names = readdirSync(childLogDir);
  } catch {
    return;
  }
  names = names.filter((one) => pattern.test(one));
  const open = names.length > 0 ? openFiles() : new Set<string>();
  const isSpared = (name: string) => {
    const log = path.join(childLogDir, name.replace(/\.\d+$/, ''));
    return spared.has(log) || open.has(log);
  };
  for (const name of names.filter((one) => !isSpared(one))) {
    try {
      unlinkSync(path.join(childLogDir, name));
    } catch {
      // Somebody else's file of such a name stays.
    }
  }
}
