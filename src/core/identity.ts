/**
 * Who a process is and what it may do, and whether that is what was asked for. A program can give up by itself what it
 * was given, so less than asked is worth a word; more is never right, and such a program must not go on.
 */
import type { RunAs } from './launch.js';
import type { LaunchSpec, Limits } from './program.js';

export interface Limit {
  /** Infinity: unlimited. */
  readonly soft: number;
  readonly hard: number;
}

/** As proc(5) tells it. */
export interface Identity {
  /** Real, effective, saved, of the file system. */
  readonly uids: readonly number[];
  readonly gids: readonly number[];
  /** Supplementary, ascending. */
  readonly groups: readonly number[];
  /** What it has or can take up again (permitted), lower case, without "cap_". */
  readonly capabilities: readonly string[];
  readonly noNewPrivileges: boolean;
  readonly nice: number;
  readonly umask: number;
  readonly limits: { readonly [Name in keyof Limits]-?: Limit };
}

/** What a process was started to be; `runAs` undefined: what the daemon is. */
export interface AskedIdentity {
  readonly launch: Pick<LaunchSpec, 'capabilities' | 'noNewPrivileges' | 'nice' | 'limits'>;
  readonly runAs: RunAs | undefined;
}

export interface Difference {
  readonly what: string;
  /** Rights that nobody gave it, or another's. */
  readonly isMore: boolean;
}

/**
 * Where the two differ, each in words: "uid 0 instead of 33".
 * @param gains  its file has the setuid or setgid bit or file capabilities: what it is then was the file's owner's wish
 */
export function differences(asked: AskedIdentity, seen: Identity, gains: boolean): readonly Difference[] {
  return [
    ...(gains ? [] : differentAccount(asked, seen)),
    ...differentCapabilities(asked, seen, gains),
    ...(asked.launch.noNewPrivileges && !seen.noNewPrivileges
      ? [more('no_new_privileges is not in force')]
      : []),
    ...differentBounds(asked, seen),
  ];
}

function differentAccount({ runAs, launch }: AskedIdentity, seen: Identity): readonly Difference[] {
  if (!runAs) return [];
  const found: Difference[] = [];
  // With these it may become whom it likes, and was meant to.
  const may = (capability: string) => runAs.uid === 0 || launch.capabilities.includes(capability);
  if (!may('setuid') && seen.uids.some((uid) => uid !== runAs.uid))
    found.push(more(`uid ${unlike(seen.uids, runAs.uid)} instead of ${runAs.uid}`));
  if (may('setgid')) return found;
  if (seen.gids.some((gid) => gid !== runAs.gid))
    found.push(more(`gid ${unlike(seen.gids, runAs.gid)} instead of ${runAs.gid}`));
  const wanted = [...new Set(runAs.groups)].sort((a, b) => a - b);
  if (wanted.join() !== seen.groups.join())
    found.push(more(`groups ${list(seen.groups)} instead of ${list(wanted)}`));
  return found;
}

function differentCapabilities(
  { runAs, launch }: AskedIdentity,
  seen: Identity,
  gains: boolean,
): readonly Difference[] {
  const wanted = launch.capabilities;
  const missing = wanted.filter((name) => !seen.capabilities.includes(name));
  const isOrdinary = runAs !== undefined && runAs.uid !== 0;
  const extra = isOrdinary && !gains ? seen.capabilities.filter((name) => !wanted.includes(name)) : [];
  return [
    ...(extra.length > 0 ? [more(`capabilities nobody gave it: ${list(extra)}`)] : []),
    ...(missing.length > 0 ? [less(`without the capabilities ${list(missing)}`)] : []),
  ];
}

/** Whoever has the power may have changed its own bounds by now; the others can only have tightened them. */
function differentBounds({ runAs, launch }: AskedIdentity, seen: Identity): readonly Difference[] {
  const isOrdinary = runAs !== undefined && runAs.uid !== 0;
  const cannot = (capability: string) => isOrdinary && !launch.capabilities.includes(capability);
  const found: Difference[] = [];
  const { nice } = launch;
  if (nice !== undefined && seen.nice !== nice) {
    const isMore = seen.nice < nice && cannot('sys_nice');
    found.push({ what: `nice ${seen.nice} instead of ${nice}`, isMore });
  }
  for (const name of Object.keys(seen.limits) as (keyof Limits)[]) {
    const asked = launch.limits[name];
    if (asked === undefined) continue;
    const value = asked === 'unlimited' ? Number.POSITIVE_INFINITY : asked;
    const { hard } = seen.limits[name];
    if (hard === value) continue;
    const isMore = hard > value && cannot('sys_resource');
    found.push({ what: `limit_${name} ${shownLimit(hard)} instead of ${shownLimit(value)}`, isMore });
  }
  return found;
}

/** "unlimited", or the number. */
export function shownLimit(value: number): string {
  return Number.isFinite(value) ? String(value) : 'unlimited';
}

function unlike(ids: readonly number[], right: number): number {
  return ids.find((id) => id !== right) ?? right;
}

function list(values: readonly (number | string)[]): string {
  return values.length === 0 ? 'none' : values.join(',');
}

function more(what: string): Difference {
  return { what, isMore: true };
}

function less(what: string): Difference {
  return { what, isMore: false };
}
