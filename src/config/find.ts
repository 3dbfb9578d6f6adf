/** Where a configuration is looked for when none is named. */
import path from 'node:path';
import type { Surroundings } from './config.js';

export type Found =
  | { readonly ok: true; readonly path: string }
  /** `searched`: in order. */
  | { readonly ok: false; readonly searched: readonly string[]; readonly message: string };

const NAMES = ['supd.conf', 'supervisord.conf'];

/**
 * The first of supervisord's places that exists, all of them for supd.conf first.
 * @param programDir  the directory above that of the program: dirname(dirname(argv[0]))
 */
export function findConfig(programDir: string, surroundings: Pick<Surroundings, 'cwd' | 'exists'>): Found {
  const searched = NAMES.flatMap((name) => [
    path.join(programDir, 'etc', name),
    path.join(programDir, name),
    name,
    path.join('etc', name),
    path.join('/etc', name),
    path.join('/etc/supd', name),
    path.join('/etc/supervisor', name),
  ]);
  const found = searched.find((place) => surroundings.exists(path.resolve(surroundings.cwd, place)));
  if (found !== undefined) return { ok: true, path: found };
  const message = `No config file found at default paths (${searched.join(', ')}); use the -c option to specify a config file at a different path`;
  return { ok: false, searched, message };
}

/** Words for a named configuration that is there, and that this user may not read or nobody can. */
export function describeUnreadable(file: string, error: unknown): string {
  // Node's words end with the call and the path.
  const why = error instanceof Error ? error.message.replace(/, \w+(?: '.*')?$/, '') : String(error);
  return `could not read config file ${file}: ${why}`;
}
