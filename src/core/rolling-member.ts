/** One process of a rolling restart: how far it is, and whether it does its work meanwhile. */
import { blockersOf, describeBlocker, isStuck } from './dependencies.js';
import type { ProcessSpec, ProcessState } from './program.js';
import { isReturning } from './returns.js';
import { isActive } from './slots.js';
import { isExpected, pidOf, shown } from './state.js';
import type { Process, World } from './world.js';

export interface Member {
  /** `group:name` */
  readonly id: string;
  readonly step: MemberStep;
}

export type MemberStep =
  | { readonly name: 'pending' }
  /** HAProxy is asked whether another one can do its work. */
  | { readonly name: 'asking' }
  /** `old`: the pid that is to go; `seen`: the one that came. */
  | { readonly name: 'restarting'; readonly old: number; readonly seen?: number }
  | { readonly name: 'done' }
  | { readonly name: 'failed'; readonly why: string }
  /** Left as it is, because of what somebody else wants of it. `isBack`: who restarts it; until then it is away. */
  | { readonly name: 'passed'; readonly why: string; readonly isBack?: true }
  /** Left as it is, because of the end of it all. */
  | { readonly name: 'untouched' };

/** Not over yet. */
export function isOpen({ step }: Member): boolean {
  return step.name === 'pending' || step.name === 'asking' || step.name === 'restarting';
}

/** What was not begun with is left alone from now on. */
export function untouch(member: Member): Member {
  const { name } = member.step;
  return name === 'pending' || name === 'asking' ? { ...member, step: { name: 'untouched' } } : member;
}

/** The same member as long as nothing is new of it. */
export function judge(member: Member, world: World): Member {
  const { step } = member;
  const { processes } = world;
  if (step.name !== 'restarting') return member;
  const process = processes.get(member.id);
  const to = (next: MemberStep): Member => ({ ...member, step: next });
  if (!process) return to({ name: 'failed', why: 'it was removed meanwhile' });
  const { state } = process;
  if (state.name === 'RUNNING' && state.arrival?.name === 'asked' && state.arrival.kept !== undefined)
    return to({ name: 'failed', why: `${state.arrival.kept}; it runs on as it was` });
  // Who restarts it too starts it, and that is as good.
  if (isReturning(world, member.id)) return member;
  if (state.name === 'STOPPED' || isStoppedForGood(state))
    return to({ name: 'failed', why: 'somebody stopped it meanwhile' });
  if (state.name === 'EXITED' && isAvailable(process)) return to({ name: 'done' });
  const why = whyFailed(process) ?? whyGone(process, world);
  if (why !== undefined) return to({ name: 'failed', why });
  const pid = pidOf(state);
  if (pid === 0 || pid === step.old) return member;
  if (step.seen !== undefined && step.seen !== pid)
    return to({ name: 'failed', why: `it ended right after its start (pid ${step.seen})` });
  if (isAvailable(process)) return to({ name: 'done' });
  return step.seen === pid ? member : to({ ...step, seen: pid });
}

/** It runs, and visitors are sent to it; or it is one that has done its work by ending. */
export function isAvailable({ state, spec }: Process): boolean {
  if (state.name === 'EXITED') return endsByItself(spec) && isExpected(state.exit, spec);
  return state.name === 'RUNNING' && state.arrival === undefined;
}

/** It runs, and its visitors come back in a moment. */
export function isJoining({ state }: Process): boolean {
  return state.name === 'RUNNING' && state.arrival?.name === 'asked';
}

/** Why nothing brings it back by itself; undefined: it is there, or may come. */
export function whyGone({ spec, state }: Process, world: World): string | undefined {
  const { processes } = world;
  if (isReturning(world, spec.id)) return undefined;
  if (!isActive(state)) return `it is ${shown(state)}`;
  if (isStoppedForGood(state)) return 'somebody stops it';
  if (state.name === 'RUNNING' && state.arrival?.name === 'failed') return state.arrival.why;
  if (!isStuck(spec.id, processes)) return undefined;
  return `it waits for ${blockersOf(spec, processes).map(describeBlocker).join(', ')}`;
}

function endsByItself({ startMs, autorestart }: ProcessSpec): boolean {
  return startMs === 0 && autorestart === 'never';
}

function isStoppedForGood(state: ProcessState): boolean {
  if (state.name === 'STOPPING') return state.next === 'stay' && !state.failed && !state.refused;
  return state.name === 'SWEEPING' && state.next.to === 'stay';
}

/** Why this start has failed, whatever follows. */
function whyFailed({ state, spawnError }: Process): string | undefined {
  switch (state.name) {
    case 'BACKOFF':
    case 'FATAL':
    case 'UNKNOWN':
      return state.why;
    case 'STOPPING':
      return state.refused ?? state.failed?.why;
    case 'SWEEPING':
      return state.next.to === 'backoff' ? state.next.why : undefined;
    case 'EXITED':
      return spawnError ?? 'it ended right after its start';
    case 'STOPPED':
    case 'WAITING':
    case 'SPAWNING':
    case 'STARTING':
    case 'RUNNING':
      return undefined;
    default:
      return state satisfies never;
  }
}
