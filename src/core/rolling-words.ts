/** A rolling restart as people see it: the phase of each member, and how it all ended. */
import { type Rolling, waitsOfRolling } from './rolling.js';
import type { Member } from './rolling-member.js';
import type { Process, World } from './world.js';

export type RollingPhase =
  | 'waiting'
  | 'draining'
  | 'stopping'
  | 'starting'
  | 'warming'
  | 'joining'
  | 'restarted'
  | 'failed'
  | 'passed'
  | 'untouched';

/** How far this member is. */
export function phaseOf({ step }: Member, process: Process | undefined): RollingPhase {
  switch (step.name) {
    case 'pending':
    case 'asking':
      return 'waiting';
    case 'restarting':
      return process === undefined ? 'stopping' : phaseOfRestart(process);
    case 'done':
      return 'restarted';
    case 'failed':
    case 'passed':
    case 'untouched':
      return step.name;
    default:
      return step satisfies never;
  }
}

/** Why it is failed or passed over, or ''. */
export function whyOf({ step }: Member): string {
  return step.name === 'failed' || step.name === 'passed' ? step.why : '';
}

/** What process `id` has to do with it, in words; '': nothing. */
export function roleOf(world: World, id: string): string {
  const { rolling, processes } = world;
  const member = rolling?.members.find((one) => one.id === id);
  if (!rolling || !member) return '';
  const phase = phaseOf(member, processes.get(id));
  if (phase !== 'waiting') return phase;
  const busy = rolling.members.filter(({ step }) => step.name === 'restarting').map((one) => nameOf(one.id));
  const waits = busy.length === 0 ? waitsOfRolling(rolling, world) : busy.join(', ');
  return waits === undefined ? phase : `waiting for ${waits}`;
}

/** "rolling restart: 2 restarted", "rolling restart ended at b (why): 1 restarted; left as they were: c". */
export function describeRolling({ kind, ending, members }: Rolling): string {
  const named = (step: Member['step']['name']) => members.filter((one) => one.step.name === step);
  const list = (some: readonly Member[]) => some.map(({ id }) => nameOf(id)).join(', ');
  const failed = named('failed').map((one) => `${nameOf(one.id)} (${whyOf(one)})`);
  const passed = named('passed').map((one) => `${nameOf(one.id)} (${whyOf(one)})`);
  const [untouched, going] = [named('untouched'), named('restarting')];
  const words = { cancelled: 'was cancelled', interrupted: 'was interrupted', failed: 'ended' } as const;
  return [
    `${kind === 'memory' ? 'restart for memory' : 'rolling restart'}${ending === undefined ? '' : ` ${words[ending]}`}${failed.length > 0 ? ` at ${failed.join(', ')}` : ''}: ${named('done').length} restarted`,
    ...(going.length > 0 ? [`goes on by itself: ${list(going)}`] : []),
    ...(passed.length > 0 ? [`passed over: ${passed.join(', ')}`] : []),
    ...(untouched.length > 0 ? [`left as they were: ${list(untouched)}`] : []),
  ].join('; ');
}

/** A lone program has a group of its own name. */
export function nameOf(id: string): string {
  const [group = '', name = ''] = id.split(':');
  return group === name ? name : id;
}

function phaseOfRestart({ state }: Process): RollingPhase {
  switch (state.name) {
    case 'STOPPING':
      return state.leaving === undefined ? 'stopping' : 'draining';
    case 'SWEEPING':
      return 'stopping';
    case 'STARTING':
      return state.warming === undefined ? 'starting' : 'warming';
    case 'RUNNING':
      return 'joining';
    case 'WAITING':
    case 'SPAWNING':
    case 'STOPPED':
    case 'BACKOFF':
    case 'EXITED':
    case 'FATAL':
    case 'UNKNOWN':
      return 'starting';
    default:
      return state satisfies never;
  }
}
