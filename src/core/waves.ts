/** Stops in reverse order that wait: a wave is asked to stop when nothing of the wave before is left. */
import { dependentsAmong } from './dependencies.js';
import type { ProcessState } from './program.js';
import type { Process } from './world.js';

/** Waves still to come; the first one has been asked when `asked`. */
export interface StopPlan {
  readonly waves: readonly (readonly string[])[];
  readonly asked: boolean;
}

type Table = ReadonlyMap<string, Process>;

/**
 * What depends on another is stopped before it; where nothing depends, the highest priority (group first, then process)
 * goes first. Equals share a wave.
 */
export function planStop(ids: readonly string[], processes: Table): StopPlan {
  const left = new Map(ids.flatMap((id) => [[id, processes.get(id)] as const]));
  for (const [id, process] of left) if (!process) left.delete(id);
  const dependents = dependentsAmong([...left.keys()], processes);
  const isFree = (id: string) => [...(dependents.get(id) ?? [])].every((other) => !left.has(other));
  const waves: string[][] = [];
  while (left.size > 0) {
    const free = [...left.keys()].filter(isFree);
    // In a circle, which the check of a configuration finds, nobody is free: priorities alone count.
    const wave = highest(free.length > 0 ? free : [...left.keys()], processes);
    waves.push(wave.reverse());
    for (const id of wave) left.delete(id);
  }
  return { waves, asked: false };
}

/** Those of them that have the highest priority, in their order. */
function highest(ids: readonly string[], processes: Table): string[] {
  const found = ids.flatMap((id) => processes.get(id) ?? []);
  const group = Math.max(...found.map(({ groupPriority }) => groupPriority));
  const inGroup = found.filter(({ groupPriority }) => groupPriority === group);
  const own = Math.max(...inGroup.map(({ spec }) => spec.priority));
  return inGroup.filter(({ spec }) => spec.priority === own).map(({ spec }) => spec.id);
}

/** What waits for its start or its next try, or is being stopped, has nothing to wait for in a wave. */
export function isBeyondWaves(name: ProcessState['name']): boolean {
  return ['WAITING', 'BACKOFF', 'SPAWNING', 'STOPPING', 'SWEEPING'].includes(name);
}

/** Is it being stopped, or about to be? Not, where somebody had it started before its turn came. */
export function isStopUnderWay(
  { plans, processes }: { readonly plans: readonly StopPlan[]; readonly processes: Table },
  id: string,
): boolean {
  const name = processes.get(id)?.state.name;
  if (name === 'STOPPING' || name === 'SWEEPING') return true;
  return plans.some(({ waves }) => waves.some((wave) => wave.includes(id)));
}

/** Plans that no longer name `ids`. */
export function withoutIds(plans: readonly StopPlan[], ids: readonly string[]): readonly StopPlan[] {
  const gone = new Set(ids);
  if (!plans.some((plan) => plan.waves.some((wave) => wave.some((id) => gone.has(id))))) return plans;
  return plans.map((plan) => ({
    ...plan,
    waves: plan.waves.map((wave) => wave.filter((id) => !gone.has(id))),
  }));
}

/** Drops the waves that are over; `stop` names the processes whose turn has come. */
export function advancePlans(
  plans: readonly StopPlan[],
  processes: Table,
): { readonly plans: readonly StopPlan[]; readonly stop: readonly string[] } {
  if (plans.length === 0) return { plans, stop: [] };
  const stop: string[] = [];
  const kept: StopPlan[] = [];
  for (const plan of plans) {
    const left = advance(plan, processes, stop);
    if (left) kept.push(left);
  }
  const same = kept.length === plans.length && kept.every((plan, i) => plan === plans[i]);
  return { plans: same ? plans : kept, stop };
}

function advance(plan: StopPlan, processes: Table, stop: string[]): StopPlan | undefined {
  let { waves, asked } = plan;
  for (let [wave] = waves; wave; [wave] = waves) {
    const live = wave.filter((id) => isLive(id, processes));
    if (live.length > 0) {
      if (asked) return waves === plan.waves ? plan : { waves, asked };
      stop.push(...live);
      return { waves, asked: true };
    }
    waves = waves.slice(1);
    asked = false;
  }
  return undefined;
}

function isLive(id: string, processes: Table): boolean {
  const name = processes.get(id)?.state.name;
  return name !== undefined && !['STOPPED', 'EXITED', 'FATAL', 'UNKNOWN'].includes(name);
}
