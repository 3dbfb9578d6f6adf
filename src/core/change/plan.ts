/**
 * What a configuration that was read anew means for the groups that are active: for each process whether it is
 * restarted, goes by its new options as it runs, comes, goes, or is left alone.
 */
import type { GroupSpec, ProcessSpec } from '../program.js';
import { isActive } from '../slots.js';
import type { World } from '../world.js';
import { compareOptions, isSame, type OptionChange, option } from './options.js';

export type PlannedAction = 'restart' | 'live' | 'start' | 'stop' | 'none';

export interface ProcessPlan {
  readonly id: string;
  readonly name: string;
  readonly group: string;
  readonly action: PlannedAction;
  /** Is it configured as well as active? */
  readonly standing: 'kept' | 'new' | 'gone';
  readonly changes: readonly OptionChange[];
  /** What the changes don't say: "new", "no longer configured". */
  readonly note: string;
}

export interface GroupPlan {
  readonly group: string;
  readonly change: 'added' | 'removed' | 'changed' | 'none';
  /** All that is active of it is stopped, then the group comes anew. */
  readonly whole: boolean;
  /** Of the group itself. */
  readonly changes: readonly OptionChange[];
  readonly processes: readonly ProcessPlan[];
}

export interface PlanRules {
  /** supervisord's way: a group that has changed anywhere is restarted. */
  readonly wholeGroups: boolean;
}

/** One for each group that is active or configured: what is gone first, then what is there, then what is new. */
export function planGroups(
  world: World,
  configured: readonly GroupSpec[],
  rules: PlanRules,
): readonly GroupPlan[] {
  const names = new Set(configured.map(({ name }) => name));
  const gone = [...world.groups.values()].filter(({ name }) => !names.has(name));
  const known = configured.filter(({ name }) => world.groups.has(name));
  const added = configured.filter(({ name }) => !world.groups.has(name));
  return [
    ...gone.map((group) => planOf(world, group.name, undefined, rules)),
    ...known.map((group) => planOf(world, group.name, group, rules)),
    ...added.map((group) => planOf(world, group.name, group, rules)),
  ];
}

/** @param after  as it is configured now; undefined: it isn't */
export function planOf(
  world: World,
  name: string,
  after: GroupSpec | undefined,
  rules: PlanRules,
): GroupPlan {
  const before = world.groups.get(name);
  const base = { group: name, whole: false, changes: [] };
  if (!before) {
    const processes = (after?.processes ?? []).map((spec) => come(spec));
    return { ...base, change: after ? 'added' : 'none', processes };
  }
  if (!after) {
    const processes = before.processes.map((spec) => leave(world, spec));
    return { ...base, change: 'removed', processes };
  }
  return change(world, before, after, rules);
}

function change(world: World, before: GroupSpec, after: GroupSpec, rules: PlanRules): GroupPlan {
  const changes = compareGroups(before, after);
  const old = new Map(before.processes.map((spec) => [spec.id, spec]));
  const kept = new Set(after.processes.map(({ id }) => id));
  const members = after.processes.map((spec) => {
    const was = old.get(spec.id);
    return was ? stay(world, was, spec) : come(spec);
  });
  const gone = before.processes.filter(({ id }) => !kept.has(id));
  const processes = [...members, ...gone.map((spec) => leave(world, spec))];
  const isChanged =
    changes.length > 0 || gone.length > 0 || members.some(hasChanged) || !isSame(before, after);
  if (!isChanged) return { group: after.name, change: 'none', whole: false, changes, processes };
  const whole = rules.wholeGroups || isBound(before, after, changes, processes);
  return {
    group: after.name,
    change: 'changed',
    whole,
    changes,
    processes: whole ? processes.map((one) => anew(world, one, after)) : processes,
  };
}

/** What its members have in common can't be changed for one of them: the conversation of a pool, a shared socket. */
function isBound(
  before: GroupSpec,
  after: GroupSpec,
  changes: readonly OptionChange[],
  processes: readonly ProcessPlan[],
): boolean {
  if (changes.some(({ live }) => !live)) return true;
  if (processes.some((one) => one.changes.some(({ option: name }) => name === 'socket'))) return true;
  if (!before.pool && !after.pool) return false;
  // A listener's output is a protocol that supd is in the middle of.
  const isDeep = ({ option: name, live }: OptionChange) => !live || /^std(out|err)_/.test(name);
  const isMember = ({ id }: ProcessSpec) => before.processes.some((spec) => spec.id === id);
  return (
    processes.some((one) => one.changes.some(isDeep)) ||
    before.processes.length !== after.processes.length ||
    !after.processes.every(isMember)
  );
}

function hasChanged({ changes, note }: ProcessPlan): boolean {
  return changes.length > 0 || note !== '';
}

function compareGroups(before: GroupSpec, after: GroupSpec): readonly OptionChange[] {
  const isBoundKind = (kind: GroupSpec['kind']) => kind === 'eventlistener' || kind === 'fcgi-program';
  const kindIsLive = !isBoundKind(before.kind) && !isBoundKind(after.kind);
  return [
    ...option<GroupSpec['kind']>('section', kindIsLive)(before.kind, after.kind),
    // The priority of a lone program is told with the program.
    ...(after.kind === 'group' ? option<number>('priority', true)(before.priority, after.priority) : []),
    ...option<string>('events', false)(
      before.pool?.events.join(',') ?? '',
      after.pool?.events.join(',') ?? '',
    ),
    ...option<number | undefined>('buffer_size', false)(before.pool?.bufferSize, after.pool?.bufferSize),
    ...option<string | undefined>('event_length', false)(before.pool?.eventLength, after.pool?.eventLength),
  ];
}

function come(spec: ProcessSpec): ProcessPlan {
  const note = spec.autostart ? 'new' : 'new; autostart=false: it waits until somebody starts it';
  return { ...nameOf(spec), standing: 'new', action: spec.autostart ? 'start' : 'none', changes: [], note };
}

function leave(world: World, spec: ProcessSpec): ProcessPlan {
  const action = isUp(world, spec) ? 'stop' : 'none';
  return { ...nameOf(spec), standing: 'gone', action, changes: [], note: 'no longer configured' };
}

function stay(world: World, before: ProcessSpec, after: ProcessSpec): ProcessPlan {
  const changes = compareOptions(before, after);
  const plan = { ...nameOf(after), standing: 'kept', changes, note: '' } as const;
  if (changes.length === 0) return { ...plan, action: 'none' };
  const isLive = changes.every(({ live }) => live);
  const isOn = !before.autostart && after.autostart;
  if (isUp(world, after)) return { ...plan, action: isLive ? 'live' : 'restart' };
  if (isOn || (!isLive && after.autostart)) return { ...plan, action: 'start' };
  return { ...plan, action: 'live' };
}

/** As a member of a group that comes anew: it starts if it would at supd's own start. */
function anew(world: World, plan: ProcessPlan, after: GroupSpec): ProcessPlan {
  const spec = after.processes.find(({ id }) => id === plan.id);
  if (!spec) return plan;
  const isNow = isUp(world, spec);
  const action = spec.autostart ? (isNow ? 'restart' : 'start') : isNow ? 'stop' : 'none';
  return { ...plan, action, note: plan.note === '' ? 'its group comes anew' : plan.note };
}

function isUp(world: World, { id }: ProcessSpec): boolean {
  const state = world.processes.get(id)?.state;
  return state !== undefined && isActive(state);
}

function nameOf({ id, name, group }: ProcessSpec): Pick<ProcessPlan, 'id' | 'name' | 'group'> {
  return { id, name, group };
}
