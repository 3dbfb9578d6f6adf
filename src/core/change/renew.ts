/** An update that the death of supd cut short: what it had stopped comes back as it was to be, not as it was. */
import type { ProcessSpec } from '../program.js';
import type { World, WorldEffect } from '../world.js';
import { reconfigure } from './reconfigure.js';

/** Those that nobody else starts any more, by what the update said of them. Those that are not at rest stay as they are. */
export function renewed(
  world: World,
  now: number,
): { readonly world: World; readonly effects: readonly WorldEffect[] } {
  const anew = world.returns.flatMap(({ id, isLeft, as }) =>
    isLeft && as && world.processes.has(id) ? [as] : [],
  );
  let step: { readonly world: World; readonly effects: readonly WorldEffect[] } = { world, effects: [] };
  for (const name of new Set(anew.map(({ group }) => group))) {
    const group = step.world.groups.get(name);
    if (!group) continue;
    const of = anew.filter((spec) => spec.group === name);
    const specOf = (old: ProcessSpec) => of.find(({ id }) => id === old.id) ?? old;
    const next = reconfigure(
      step.world,
      {
        type: 'reconfigure',
        group: { ...group, processes: group.processes.map(specOf) },
        live: [],
        atRest: of.map(({ id }) => id),
      },
      now,
    );
    step = { world: next.world, effects: [...step.effects, ...next.effects] };
  }
  return step;
}
