/** Stops in reverse order that wait: a wave is asked to stop when nothing of the wave before is left. */
import type { Process } from './world.js';

/** Waves still to come; the first one has been asked when `asked`. */
export interface StopPlan {
  readonly waves: readonly (readonly string[])[];
  readonly asked: boolean;
}

type Table = ReadonlyMap<string, Process>;

/** Equal priorities (group first, then process) share a wave; the highest goes first. */
export function planStop(ids: readonly string[], processes: Table): StopPlan {
  const waves = new Map<string, { group: number; own: number; ids: string[] }>();
  for (const id of ids) {
    const process = processes.get(id);
    if (!process) continue;
    const key = `${process.groupPriority} ${process.spec.priority}`;
    const wave = waves.get(key) ?? { group: process.groupPriority, own: process.spec.priority, ids: [] };
    wave.ids.push(id);
    waves.set(key, wave);
  }
  const ordered = [...waves.values()].sort((a, b) => b.group - a.group || b.own - a.own);
  return { waves: ordered.map((wave) => wave.ids.reverse()), asked: false };
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
