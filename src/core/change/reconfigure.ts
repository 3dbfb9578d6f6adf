/** Members of an active group that go by another specification from now on, that come, or that go. */
import { running } from '../health.js';
import type { GroupSpec, Millis } from '../program.js';
import { inStartingOrder, isActive } from '../slots.js';
import type { Process, World, WorldEffect } from '../world.js';
import { isSame } from './options.js';

export interface Reconfigure {
  readonly type: 'reconfigure';
  /** As it is configured. */
  readonly group: GroupSpec;
  /** These go by it whatever they do; one that is new comes, STOPPED. */
  readonly live: readonly string[];
  /** These only when they are at rest; one that is not configured any more goes then. */
  readonly atRest: readonly string[];
}

/** Those that are not named, and those that are not at rest but ought to be, stay as they are. */
export function reconfigure(
  world: World,
  { group, live, atRest }: Reconfigure,
  now: Millis,
): { readonly world: World; readonly effects: readonly WorldEffect[] } {
  const before = world.groups.get(group.name);
  if (!before) return { world, effects: [] };
  const mayChange = (id: string) => {
    const state = world.processes.get(id)?.state;
    return live.includes(id) || (atRest.includes(id) && (state === undefined || !isActive(state)));
  };
  const old = new Map(before.processes.map((spec) => [spec.id, spec]));
  const after = new Map(group.processes.map((spec) => [spec.id, spec]));
  const specs = [
    ...group.processes.flatMap((spec) => (mayChange(spec.id) ? spec : (old.get(spec.id) ?? []))),
    ...before.processes.filter(({ id }) => !after.has(id) && !mayChange(id)),
  ];
  const stays = new Set(specs.map(({ id }) => id));
  const processes = [...world.processes.values()].filter(
    ({ spec }) => spec.group !== group.name || stays.has(spec.id),
  );
  const others = processes.filter(({ spec }) => spec.group !== group.name);
  const members = specs.map((spec): Process => {
    const groupPriority = group.priority;
    const known = world.processes.get(spec.id);
    if (!known) return { spec, groupPriority, state: { name: 'STOPPED' }, restarts: 0 };
    const { state } = known;
    const isAskedAnew = state.name === 'RUNNING' && !isSame(known.spec.health, spec.health);
    const next = isAskedAnew ? running(state.pid, state.since, spec, now) : state;
    return { ...known, spec, groupPriority, state: next };
  });
  const all = [...others, ...members].sort(inStartingOrder);
  const ids = [...new Set([...old.keys(), ...after.keys()])].filter(mayChange);
  return {
    world: {
      ...world,
      groups: new Map([...world.groups, [group.name, { ...group, processes: specs }]]),
      processes: new Map(all.map((one) => [one.spec.id, one])),
    },
    effects: [{ type: 'reconfigured', name: group.name, ids }],
  };
}
