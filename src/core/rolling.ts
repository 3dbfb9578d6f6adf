/**
 * Restarts one after the other, so that the others do the work meanwhile:
 *
 * 1. A member is restarted when no more than `maxUnavailable` of all members are away then. Those that are away already
 *    come first: they cost nothing. One that runs and has its visitors back in a moment is waited for in its place.
 * 2. It is done when it runs again with its visitors; the first that fails ends it all, and the rest is left as it is.
 * 3. Others' wishes count more: who is stopped, or removed, meanwhile is not started again. A shutdown ends it.
 * 4. What a job holds is waited for. Who has HAProxy's traffic leaves only when another server can have it.
 * 5. It always ends: what it waits for either comes, or is given up by its own rules, or a person cancels.
 */
import { type Hold, holdsOn, stopsOn } from './holds.js';
import type { Millis } from './program.js';
import { isReturning } from './returns.js';
import {
  isAvailable,
  isJoining,
  isOpen,
  judge,
  type Member,
  type MemberStep,
  untouch,
  whyGone,
} from './rolling-member.js';
import { isActive } from './slots.js';
import { pidOf, shown } from './state.js';
import type { Process, World } from './world.js';

export interface RollingPlan {
  readonly kind: 'request' | 'memory';
  /** `group:name`, in the order in which they are to come. */
  readonly ids: readonly string[];
  /** At least 1. */
  readonly maxUnavailable: number;
  /** Holds are not waited for. */
  readonly force: boolean;
  /** HAProxy is not asked whether another one is there. */
  readonly isUrgent?: boolean;
  /** Who asked, and why, for those who look. */
  readonly by: string;
  readonly reason: string;
}

export interface Rolling extends Omit<RollingPlan, 'ids'> {
  /** Wall clock. */
  readonly since: Millis;
  readonly members: readonly Member[];
  /** Nobody new is begun with. */
  readonly ending?: 'cancelled' | 'failed' | 'interrupted';
}

export type RollingEvent =
  | { readonly type: 'begin'; readonly plan: RollingPlan }
  /** `why`: it must not. */
  | { readonly type: 'mayLeave'; readonly id: string; readonly why?: string }
  | { readonly type: 'cancel' };

export type RollingEffect =
  /** May it leave its backend? Answered by `mayLeave`. */
  { readonly type: 'askLeave'; readonly id: string } | { readonly type: 'over'; readonly rolling: Rolling };

/** What has become of it, and who is to be restarted now. */
export interface RollingStep {
  readonly rolling: Rolling | undefined;
  readonly restart?: string;
  readonly effects: readonly RollingEffect[];
}

type Table = World['processes'];

/** There is one at a time: what is to begin while another is under way changes nothing. */
export function stepRolling(
  rolling: Rolling | undefined,
  event: RollingEvent,
  world: World,
  wall: Millis,
): RollingStep {
  switch (event.type) {
    case 'begin':
      return { rolling: rolling ?? begun(event.plan, wall), effects: [] };
    case 'cancel':
      return { rolling: rolling && { ...rolling, ending: rolling.ending ?? 'cancelled' }, effects: [] };
    case 'mayLeave': {
      const { id, why } = event;
      if (rolling === undefined || !isAt(rolling, id, 'asking')) return { rolling, effects: [] };
      if (why !== undefined) return { rolling: withStep(rolling, id, { name: 'failed', why }), effects: [] };
      // Meanwhile others may have wanted something of it.
      const isFree = rolling.ending === undefined && insteadOf(rolling, id, world) === undefined;
      if (isFree) return order(rolling, id, world.processes);
      return { rolling: withStep(rolling, id, { name: 'pending' }), effects: [] };
    }
    default:
      return event satisfies never;
  }
}

/** Somebody else restarts it; until it is back it is away. */
const RESTARTED: MemberStep = { name: 'passed', why: 'somebody else restarted it meanwhile', isBack: true };

/**
 * Somebody asked for a stop of these: those that were not begun with are none of its business any more.
 * @param returning  those that the same one starts again
 */
export function withoutStopped(
  rolling: Rolling | undefined,
  ids: readonly string[],
  returning: readonly string[],
): Rolling | undefined {
  const isMeant = ({ id, step }: Member) =>
    ids.includes(id) &&
    (step.name === 'pending' || step.name === 'asking' || (step.name === 'passed' && step.isBack === true));
  if (!rolling?.members.some(isMeant)) return rolling;
  const stepOf = (id: string): MemberStep =>
    returning.includes(id) ? RESTARTED : { name: 'passed', why: 'somebody stopped it meanwhile' };
  const members = rolling.members.map((one) => (isMeant(one) ? { ...one, step: stepOf(one.id) } : one));
  return { ...rolling, members };
}

/** Is this process being restarted by it just now? */
export function isRolled(rolling: Rolling | undefined, id: string): boolean {
  return rolling !== undefined && isAt(rolling, id, 'restarting');
}

/** What follows from the states of the processes. It gives the same `rolling` when nothing does. */
export function advanceRolling(rolling: Rolling, world: World): RollingStep {
  const judged = rolling.members.map((member) => judge(member, world));
  const ending = rolling.ending ?? endingOf(judged, world);
  const members = ending === undefined ? judged : judged.map(untouch);
  const isSame = members.every((one, at) => one === rolling.members[at]) && ending === rolling.ending;
  const now: Rolling = isSame ? rolling : { ...rolling, members, ...(ending ? { ending } : {}) };
  if (!members.some(isOpen)) return { rolling: undefined, effects: [{ type: 'over', rolling: now }] };
  return ending === undefined ? goOn(now, world) : { rolling: now, effects: [] };
}

/** What it waits for beside those that it restarts just now, in words. */
export function waitsOfRolling(rolling: Rolling, world: World): string | undefined {
  const next = rolling.ending === undefined ? nextOf(rolling, world.processes) : undefined;
  if (next === undefined) return undefined;
  const away = missingRoom(rolling, next.id, world.processes);
  if (away)
    return `${away.spec.name} to ${isJoining(away) ? 'have its visitors back' : `be RUNNING (it is ${shown(away.state)})`}`;
  const [hold] = holdsFor(rolling, next.id, world);
  return hold && `${hold.job} (run ${hold.run}), which holds ${next.id}`;
}

/** One that the death of supd has interrupted: what was not begun with is left as it is. */
export function interrupted(rolling: Rolling): Rolling {
  return { ...rolling, ending: 'interrupted', members: rolling.members.map(untouch) };
}

function begun({ ids, ...plan }: RollingPlan, since: Millis): Rolling {
  return { ...plan, since, members: ids.map((id) => ({ id, step: { name: 'pending' } })) };
}

function endingOf(members: readonly Member[], { mode }: World): Rolling['ending'] {
  if (mode !== 'running') return 'interrupted';
  return members.some(({ step }) => step.name === 'failed') ? 'failed' : undefined;
}

/** Those that are away come first, but not who is about to be there: the order would be left to chance. */
function nextOf({ members }: Rolling, processes: Table): Member | undefined {
  const pending = members.filter(({ step }) => step.name === 'pending');
  const isFirst = (process: Process | undefined) => isAway(process) && !(process && isJoining(process));
  return pending.find(({ id }) => isFirst(processes.get(id))) ?? pending[0];
}

function goOn(rolling: Rolling, world: World): RollingStep {
  const next = nextOf(rolling, world.processes);
  if (next?.step.name !== 'pending') return { rolling, effects: [] };
  const other = insteadOf(rolling, next.id, world);
  if (other) return { rolling: other, effects: [] };
  const process = world.processes.get(next.id);
  if (!process?.spec.traffic?.haproxy || !isActive(process.state) || rolling.isUrgent)
    return order(rolling, next.id, world.processes);
  const asking = withStep(rolling, next.id, { name: 'asking' });
  return { rolling: asking, effects: [{ type: 'askLeave', id: next.id }] };
}

/** What comes of it instead of this one's restart: the same where that has to wait; undefined: it may go on. */
function insteadOf(rolling: Rolling, id: string, world: World): Rolling | undefined {
  const { processes } = world;
  if (!processes.has(id)) return withStep(rolling, id, { name: 'passed', why: 'it was removed meanwhile' });
  if (isReturning(world, id)) return withStep(rolling, id, RESTARTED);
  const away = missingRoom(rolling, id, processes);
  if (!away) return holdsFor(rolling, id, world).length > 0 ? rolling : undefined;
  const isUnderWay = rolling.members.some((one) => one.id === away.spec.id && isOpen(one));
  const why = isUnderWay ? undefined : whyGone(away, world);
  return why === undefined ? rolling : withStep(rolling, away.spec.id, { name: 'failed', why });
}

function order(rolling: Rolling, id: string, processes: Table): RollingStep {
  const state = processes.get(id)?.state;
  // A new one is on its way already, and asking for two would give two.
  const isComing = state?.name === 'SPAWNING';
  const step: MemberStep = { name: 'restarting', old: state ? pidOf(state) : 0 };
  return { rolling: withStep(rolling, id, step), ...(isComing ? {} : { restart: id }), effects: [] };
}

/** Somebody without whom this one would be one too many away. */
function missingRoom(rolling: Rolling, id: string, processes: Table): Process | undefined {
  // Who is away already costs nothing; still they are not begun all at once.
  const own = processes.get(id);
  const isFree = isAway(own) && !(own && isJoining(own));
  const away = rolling.members.flatMap(({ id: other, step }): readonly Process[] => {
    const process = processes.get(other);
    if (
      !process ||
      other === id ||
      (step.name === 'passed' && !step.isBack) ||
      (isFree && step.name === 'pending')
    )
      return [];
    return step.name === 'asking' || isAway(process) ? [process] : [];
  });
  return away.length < rolling.maxUnavailable ? undefined : away[0];
}

function isAway(process: Process | undefined): boolean {
  return process === undefined || !isAvailable(process);
}

function holdsFor(rolling: Rolling, id: string, world: World): readonly Hold[] {
  return rolling.force ? [] : [...holdsOn(world, [id]), ...stopsOn(world, [id])];
}

function isAt({ members }: Rolling, id: string, name: MemberStep['name']): boolean {
  return members.some((one) => one.id === id && one.step.name === name);
}

function withStep(rolling: Rolling, id: string, step: MemberStep): Rolling {
  const members = rolling.members.map((one) => (one.id === id ? { ...one, step } : one));
  return { ...rolling, members };
}
