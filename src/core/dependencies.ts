/**
 * Which programs a program waits for (`depends_on`), and in which order that has them stopped. A dependency only ever
 * delays a start: its restart or end does nothing to what depends on it, and nobody is started for another's sake.
 */
import type { Dependency, ProcessSpec, ProcessState } from './program.js';
import { isActive } from './slots.js';
import { isExpected, shown } from './state.js';
import type { Process } from './world.js';

type Table = ReadonlyMap<string, Process>;

/** Something that is not yet as it has to be. */
export interface Blocker {
  readonly dependency: Dependency;
  /** undefined: nothing of that name is there now. */
  readonly process?: Process;
}

/** Does `name` mean this process? A program means all its copies, a group all its members. */
export function isMeant(
  { name, program, group, id }: Pick<ProcessSpec, 'name' | 'program' | 'group' | 'id'>,
  wanted: string,
): boolean {
  return [program, name, group, id, `${group}:*`].includes(wanted);
}

/** What keeps a start of this program waiting; empty: nothing. */
export function blockersOf(spec: ProcessSpec, processes: Table): readonly Blocker[] {
  return (spec.dependsOn ?? []).flatMap((dependency): readonly Blocker[] => {
    const meant = [...processes.values()].filter((one) => isMeant(one.spec, dependency.on));
    if (meant.length === 0) return [{ dependency }];
    return meant
      .filter((one) => !isMet(dependency, one))
      .map((process): Blocker => ({ dependency, process }));
  });
}

/** Would it wait for ever if nobody did anything? Something that it waits for is down, or waits so itself. */
export function isStuck(id: string, processes: Table, seen: readonly string[] = []): boolean {
  const process = processes.get(id);
  if (process?.state.name !== 'WAITING' || seen.includes(id)) return false;
  return blockersOf(process.spec, processes).some(
    ({ process: other }) =>
      other === undefined || !isActive(other.state) || isStuck(other.spec.id, processes, [...seen, id]),
  );
}

/** "zeoserver to be ready (STOPPED)", one for each. */
export function describeBlocker({ dependency, process }: Blocker): string {
  const { on, condition } = dependency;
  const name = process === undefined ? on : nameOf(process.spec);
  const is = process === undefined ? 'there is no such program now' : shown(process.state);
  const words = { started: 'to be started', ready: 'to be ready', completed: 'to have ended well' };
  return `${name} ${words[condition]} (${is})`;
}

/** Ids among `ids` that depend on each one: they are stopped before it. */
export function dependentsAmong(
  ids: readonly string[],
  processes: Table,
): ReadonlyMap<string, ReadonlySet<string>> {
  const found = new Map<string, Set<string>>();
  const all = ids.flatMap((id) => processes.get(id) ?? []);
  for (const { spec } of all)
    for (const { on } of spec.dependsOn ?? [])
      for (const other of all) {
        if (other.spec === spec || !isMeant(other.spec, on)) continue;
        found.set(other.spec.id, (found.get(other.spec.id) ?? new Set()).add(spec.id));
      }
  return found;
}

function isMet({ condition }: Dependency, { state, spec }: Process): boolean {
  switch (condition) {
    case 'ready':
      return state.name === 'RUNNING';
    case 'completed':
      return hasEndedWell(state, spec);
    case 'started':
      return state.name === 'STARTING' || state.name === 'RUNNING' || hasEndedWell(state, spec);
    default:
      return condition satisfies never;
  }
}

function hasEndedWell(state: ProcessState, spec: ProcessSpec): boolean {
  return state.name === 'EXITED' && isExpected(state.exit, spec);
}

function nameOf({ name, group }: ProcessSpec): string {
  return name === group ? name : `${group}:${name}`;
}
