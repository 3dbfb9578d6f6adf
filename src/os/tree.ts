/**
 * Who belongs to a program: its process group, what descends from it and, since supd is a subreaper, the orphans
 * that the kernel handed to supd when their parent died. Signals go to children first.
 */
import { setTimeout as pause } from 'node:timers/promises';
import treeKill from 'tree-kill';
import {
  hasStandardFile,
  type ProcStat,
  readAllStats,
  readOwnChildren,
  readProcFile,
  readStat,
  readVariable,
  readWorkMs,
} from './proc.js';

export interface Member {
  readonly pid: number;
  readonly startTicks: number;
}

/**
 * Where to look for what an ended process left: `own` was our child, so its orphans are too; `adopted` was not, and
 * its orphans are init's; `lost` ended while no supd was there, so its group's number may be another's by now.
 */
export type Reach = 'own' | 'adopted' | 'lost';

/** One look at all processes; good for one turn of the loop. */
export class Snapshot {
  private readonly children = new Map<number, ProcStat[]>();
  private readonly all: readonly ProcStat[];

  constructor(all: readonly ProcStat[] = readAllStats()) {
    this.all = all.filter((one) => one.state !== 'Z' && one.state !== 'X');
    for (const one of this.all) {
      const siblings = this.children.get(one.ppid);
      if (siblings) siblings.push(one);
      else this.children.set(one.ppid, [one]);
    }
  }

  /** Was this process alive then? */
  saw(pid: number): boolean {
    return this.all.some((one) => one.pid === pid);
  }

  /** Descendants of a live process, the deepest first; without itself. */
  descendants(pid: number): readonly Member[] {
    const found: Member[] = [];
    const visit = (parent: number, depth: number) => {
      if (depth > 10_000) return;
      for (const child of this.children.get(parent) ?? []) {
        visit(child.pid, depth + 1);
        found.push(child);
      }
    };
    visit(pid, 0);
    return found;
  }

  /**
   * What is left of a program whose main process `pid` has ended.
   * @param isLeader  is this child of supd the main process of some program or job?
   * @param isOurs    does this orphan come from that program?
   */
  leftover(
    pid: number,
    isLeader: (pid: number) => boolean,
    isOurs: (pid: number) => boolean,
    reach: Reach = 'own',
  ): readonly Member[] {
    const roots = this.all.filter((one) => {
      if (one.pid === process.pid || isLeader(one.pid)) return false;
      if (reach !== 'lost' && (one.pgid === pid || one.session === pid)) return true;
      return (reach !== 'own' || one.ppid === process.pid) && isOurs(one.pid);
    });
    const found = new Map<number, Member>();
    for (const root of roots) {
      for (const member of this.descendants(root.pid))
        if (!isLeader(member.pid)) found.set(member.pid, member);
      found.set(root.pid, root);
    }
    return [...found.values()];
  }
}

/**
 * How much a live process and all that descends from it work, or would if they were let, from now on for so long.
 * @returns 0: they wait for something; 1: as much as fits on one processor
 */
export async function measureWork(pid: number, ms: number, signal: AbortSignal): Promise<number> {
  const look = () => {
    const tree = [pid, ...new Snapshot().descendants(pid).map((member) => member.pid)];
    return new Map(tree.map((one) => [one, readWorkMs(one)]));
  };
  const before = look();
  const begin = performance.now();
  await pause(ms, undefined, { signal, ref: false }).catch(() => {});
  let worked = 0;
  for (const [one, count] of look()) worked += Math.max(0, count - (before.get(one) ?? 0));
  return worked / Math.max(1, performance.now() - begin);
}

/**
 * Has supd a living child that is nobody's main process? What a program leaves behind is one, or descends from
 * one: orphans are handed to supd before their parent's end is told. True also when that can't be known.
 */
export function hasOrphans(isLeader: (pid: number) => boolean): boolean {
  const children = readOwnChildren();
  return children === undefined || children.some((pid) => !isLeader(pid) && readStat(pid)?.state !== 'Z');
}

/** Processes that descend from this one, by the kernel's own lists: proc_pid_children(5). */
export function countDescendants(pid: number): number {
  const children = (readProcFile(`/proc/${pid}/task/${pid}/children`) ?? '').split(' ').filter(Boolean);
  return children.reduce((sum, child) => sum + 1 + countDescendants(Number(child)), 0);
}

/** What supd gave to a program or a step, and what all that it starts inherits unless it takes care not to. */
export interface Tag {
  /** Of the environment. */
  readonly variables: Readonly<Record<string, string>>;
  /** Where its standard descriptors lead. */
  readonly files: readonly string[];
}

/** Does this orphan come from what was started with that tag? Its environment says so, or where it writes. */
export function isFrom(pid: number, { variables, files }: Tag): boolean {
  const isTold = Object.entries(variables).every(([name, value]) => readVariable(pid, name) === value);
  return isTold || hasStandardFile(pid, files);
}

/** Is it still that very process, and not a zombie? */
export function isAlive({ pid, startTicks }: Member): boolean {
  const stat = readStat(pid);
  return stat !== undefined && stat.startTicks === startTicks && stat.state !== 'Z' && stat.state !== 'X';
}

/** Signals each of these processes that still is what it was. */
export function signalMembers(members: readonly Member[], signal: number): void {
  for (const member of members) if (isAlive(member)) signalProcess(member.pid, signal);
}

/**
 * Sends a signal to a process, or with a negative number to a group.
 * @returns undefined when sent or when nobody is there any more; else the errno's name
 */
export function signalProcess(pid: number, signal: number): string | undefined {
  try {
    process.kill(pid, signal);
    return undefined;
  } catch (error) {
    const code = (error as NodeJS.ErrnoException).code ?? 'EINVAL';
    return code === 'ESRCH' ? undefined : code;
  }
}

/** Is anybody in this process group? Zombies count. */
export function groupExists(pgid: number): boolean {
  try {
    process.kill(-pgid, 0);
    return true;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'EPERM';
  }
}

/** Where /proc can't be read (hidepid, other systems): by `ps`, through the tree-kill package. */
export function signalTreeByPs(pid: number, signal: number): Promise<void> {
  return new Promise((resolve) => treeKill(pid, signal, () => resolve()));
}
