/** minfds and minprocs: what supd makes sure of before it starts anything. */
import { getLimit, inheritedNofile, setLimit } from '../os/limits.js';

export type Ensured =
  /** `nofile`: the soft limit of open files that children get. */
  | { readonly ok: true; readonly nofile: number; readonly told: readonly string[] }
  | { readonly ok: false; readonly message: string };

/**
 * Raises supd's limits where they are lower; Node has its own soft limit of files raised to the hard one.
 * @param known  the soft limit of open files that supd was started with, when it can't be read any more
 */
export function ensureLimits(minfds: number, minprocs: number, known?: number): Ensured {
  const told: string[] = [];
  const inherited = known ?? inheritedNofile();
  for (const [which, min, option, what] of [
    ['nofile', minfds, 'minfds', 'file descriptors'],
    ['nproc', minprocs, 'minprocs', 'available processes'],
  ] as const) {
    const { soft, hard } = getLimit(which);
    if (soft >= min) continue;
    try {
      setLimit(which, { soft: min, hard: Math.max(hard, min) });
      told.push(`Increased RLIMIT_${which.toUpperCase()} limit to ${min}`);
    } catch {
      const message =
        `${option}: supd needs ${min} ${what} and may have ${hard}; raise the hard limit ` +
        `(ulimit, limits.conf, LimitNOFILE= or LimitNPROC= of the unit) or lower ${option}`;
      return { ok: false, message };
    }
  }
  return { ok: true, nofile: Math.max(inherited, minfds), told };
}
