/**
 * What of the world outlives the daemon, as a list of changes: each is one line of the state file. A whole world is
 * the list of changes from an empty one. Monotonic times are of a clock that runs from the boot of the machine to the
 * next, and so are the pids: nothing here means anything after that.
 */

import { noPoolsSaved, readPools, type SavedPools } from './pool-saved.js';
import type { GroupSpec, Millis, Now } from './program.js';
import type { Return } from './returns.js';
import type { Rolling } from './rolling.js';
import type { Run, RunRequest } from './run.js';
import type { JobWait } from './waits.js';
import type { StopPlan } from './waves.js';
import type { Process, World } from './world.js';

/** A process slot without what its group says of it. */
export interface SavedProcess extends Omit<Process, 'spec' | 'groupPriority'> {
  readonly id: string;
  /** When this was written, monotonic. */
  readonly noted: Millis;
}

export interface SavedLogs {
  readonly stdout?: string;
  readonly stderr?: string;
}

export type Change =
  /** `isDone`, as the last one: what was decided until then has been done, since supd ended by itself. */
  | {
      readonly what: 'mode';
      readonly mode: World['mode'];
      readonly isDone?: true;
      readonly pools?: SavedPools;
    }
  | { readonly what: 'group'; readonly group: GroupSpec }
  | { readonly what: 'noGroup'; readonly name: string }
  | { readonly what: 'process'; readonly process: SavedProcess }
  | { readonly what: 'plans'; readonly plans: readonly StopPlan[] }
  | { readonly what: 'waits'; readonly waits: readonly JobWait[] }
  | { readonly what: 'run'; readonly run: Run }
  | { readonly what: 'noRun'; readonly id: string }
  /** Without one: none is under way any more. */
  | { readonly what: 'rolling'; readonly rolling?: Rolling }
  | { readonly what: 'returns'; readonly returns: readonly Return[] }
  /** Paths of a slot's AUTO logs. */
  | { readonly what: 'logs'; readonly id: string; readonly logs: SavedLogs }
  /** Without a request: nothing of that job waits any more. */
  | { readonly what: 'queued'; readonly job: string; readonly request?: RunRequest };

/** The last of each kind of change. A slot that is not in `processes` was never started. */
export interface Saved {
  readonly mode: World['mode'];
  /** No effect of what is here may still be due; else the last ones may. */
  readonly isDone: boolean;
  /** Event listeners, where that is so. */
  readonly pools: SavedPools;
  readonly groups: ReadonlyMap<string, GroupSpec>;
  readonly processes: ReadonlyMap<string, SavedProcess>;
  readonly plans: readonly StopPlan[];
  readonly waits: readonly JobWait[];
  readonly runs: ReadonlyMap<string, Run>;
  readonly queued: ReadonlyMap<string, RunRequest>;
  /** By slot. */
  readonly logs: ReadonlyMap<string, SavedLogs>;
  readonly rolling: Rolling | undefined;
  readonly returns: readonly Return[];
}

export const nothingSaved: Saved = {
  mode: 'running',
  isDone: false,
  pools: noPoolsSaved,
  groups: new Map(),
  processes: new Map(),
  plans: [],
  waits: [],
  runs: new Map(),
  queued: new Map(),
  logs: new Map(),
  rolling: undefined,
  returns: [],
};

/** What is to be written when the world has become `after`. Costs a look at each slot, no more. */
export function changesBetween(before: World, after: World, now: Now): readonly Change[] {
  const changes: Change[] = [];
  if (before.mode !== after.mode) changes.push({ what: 'mode', mode: after.mode });
  if (before.groups !== after.groups) {
    for (const name of before.groups.keys())
      if (!after.groups.has(name)) changes.push({ what: 'noGroup', name });
    for (const [name, group] of after.groups)
      if (before.groups.get(name) !== group) changes.push({ what: 'group', group });
  }
  if (before.processes !== after.processes) {
    for (const [id, process] of after.processes) {
      const old = before.processes.get(id);
      if (old === process || (!old && isUntouched(process))) continue;
      const { spec: _, groupPriority: __, ...rest } = process;
      changes.push({ what: 'process', process: { id, noted: now.mono, ...rest } });
    }
  }
  if (before.plans !== after.plans) changes.push({ what: 'plans', plans: after.plans });
  if (before.waits !== after.waits) changes.push({ what: 'waits', waits: after.waits });
  if (before.rolling !== after.rolling)
    changes.push({ what: 'rolling', ...(after.rolling ? { rolling: after.rolling } : {}) });
  // As most of the time there are none, an older supd can read the file.
  if (before.returns !== after.returns && before.returns.length + after.returns.length > 0)
    changes.push({ what: 'returns', returns: after.returns });
  if (before.jobs !== after.jobs) changes.push(...jobChanges(before, after));
  return changes;
}

function isUntouched(process: Process): boolean {
  return process.state.name === 'STOPPED' && process.started === undefined && process.stopped === undefined;
}

function jobChanges({ jobs: before }: World, { jobs: after }: World): readonly Change[] {
  const changes: Change[] = [];
  for (const [id, run] of after.runs) if (before.runs.get(id) !== run) changes.push({ what: 'run', run });
  for (const id of before.runs.keys()) if (!after.runs.has(id)) changes.push({ what: 'noRun', id });
  if (before.entries === after.entries) return changes;
  for (const job of new Set([...before.entries.keys(), ...after.entries.keys()])) {
    const request = after.entries.get(job)?.queued;
    if (before.entries.get(job)?.queued === request) continue;
    changes.push({ what: 'queued', job, ...(request === undefined ? {} : { request }) });
  }
  return changes;
}

/** What the changes come to, in their order. */
export function replay(changes: readonly Change[]): Saved {
  let { mode, plans, waits, rolling, returns } = nothingSaved;
  const last = changes.at(-1);
  const isDone = last?.what === 'mode' && last.isDone === true;
  const groups = new Map<string, GroupSpec>();
  const processes = new Map<string, SavedProcess>();
  const runs = new Map<string, Run>();
  const queued = new Map<string, RunRequest>();
  const logs = new Map<string, SavedLogs>();
  for (const change of changes) {
    switch (change.what) {
      case 'mode':
        mode = change.mode;
        break;
      case 'group': {
        const left = new Set(change.group.processes.map(({ id }) => id));
        for (const { id } of groups.get(change.group.name)?.processes ?? []) {
          if (left.has(id)) continue;
          processes.delete(id);
          logs.delete(id);
        }
        groups.set(change.group.name, change.group);
        break;
      }
      case 'noGroup':
        for (const { id } of groups.get(change.name)?.processes ?? []) {
          processes.delete(id);
          logs.delete(id);
        }
        groups.delete(change.name);
        break;
      case 'process':
        processes.set(change.process.id, change.process);
        break;
      case 'plans':
        plans = change.plans;
        break;
      case 'waits':
        waits = change.waits;
        break;
      case 'rolling':
        rolling = change.rolling;
        break;
      case 'returns':
        returns = change.returns;
        break;
      case 'run':
        runs.set(change.run.request.id, change.run);
        break;
      case 'noRun':
        runs.delete(change.id);
        break;
      case 'logs':
        logs.set(change.id, change.logs);
        break;
      case 'queued':
        if (change.request) queued.set(change.job, change.request);
        else queued.delete(change.job);
        break;
      default:
        change satisfies never;
    }
  }
  const pools = isDone ? readPools(last.pools) : noPoolsSaved;
  return { mode, isDone, pools, groups, processes, plans, waits, runs, queued, logs, rolling, returns };
}
