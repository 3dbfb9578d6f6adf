/** Groups that come and go, with their processes. */
import type { GroupSpec } from './program.js';
import { inStartingOrder, isActive } from './slots.js';
import type { World, WorldStep } from './world.js';

/** The world with these groups, at rest; those that are there already stay as they are. */
export function withGroups(world: World, groups: readonly GroupSpec[]): WorldStep {
  const byName = new Map(world.groups);
  const processes = [...world.processes.values()];
  const added: GroupSpec[] = [];
  for (const group of groups) {
    if (byName.has(group.name)) continue;
    added.push(group);
    byName.set(group.name, group);
    for (const spec of group.processes)
      processes.push({ spec, groupPriority: group.priority, state: { name: 'STOPPED' }, restarts: 0 });
  }
  processes.sort(inStartingOrder);
  return {
    world: {
      ...world,
      groups: byName,
      processes: new Map(processes.map((one) => [one.spec.id, one])),
    },
    effects: added.map(({ name }) => ({ type: 'groupAdded', name })),
  };
}

/** The world without this group; the same if something of it is active. */
export function withoutGroup(world: World, name: string): WorldStep {
  const group = world.groups.get(name);
  const members = group?.processes.map((spec) => world.processes.get(spec.id)) ?? [];
  if (!group || members.some((one) => one && isActive(one.state))) return { world, effects: [] };
  const groups = new Map(world.groups);
  const processes = new Map(world.processes);
  groups.delete(name);
  for (const spec of group.processes) processes.delete(spec.id);
  return { world: { ...world, groups, processes }, effects: [{ type: 'groupRemoved', name }] };
}
