/**
 * All processes, groups and jobs in one table, and what one event does to it. What one process does is in
 * transition.ts, what jobs do in jobs.ts; here is what concerns several: order, waves of stops, shutdown.
 */

import { type Reconfigure, reconfigure } from './change/reconfigure.js';
import { renewed } from './change/renew.js';
import { blockersOf } from './dependencies.js';
import { holdsOn, stopsOn } from './holds.js';
import type { JobsEffect, JobsEvent } from './job-events.js';
import { type Jobs, noJobs, stepJobs } from './jobs.js';
import { withGroups, withoutGroup } from './membership.js';
import { shortName } from './names.js';
import type { GroupSpec, Now, ProcessEffect, ProcessEvent } from './program.js';
import { recyclable } from './recycle.js';
import { remember } from './remember.js';
import { type Restore, restore } from './restore.js';
import { dueReturns, type Return, type Returning, returned, withoutReturns, withReturns } from './returns.js';
import * as rollings from './rolling.js';
import { isActive, type Process } from './slots.js';
import { deadlineOf, transition } from './transition.js';
import { answerOf, isOver, type JobWait, processesNamed } from './waits.js';
import { advancePlans, isBeyondWaves, planStop, type StopPlan, withoutIds } from './waves.js';

export { isActive, type Process } from './slots.js';
export { nextWake } from './wake.js';

export interface World {
  readonly mode: 'running' | 'restarting' | 'shutdown';
  readonly groups: ReadonlyMap<string, GroupSpec>;
  /** By id, in starting order. */
  readonly processes: ReadonlyMap<string, Process>;
  readonly plans: readonly StopPlan[];
  readonly waits: readonly JobWait[];
  readonly jobs: Jobs;
  /** The rolling restart that is under way. */
  readonly rolling: rollings.Rolling | undefined;
  /** Those that are stopped to be started again. */
  readonly returns: readonly Return[];
}

export type WorldEvent =
  | { readonly type: 'process'; readonly id: string; readonly event: ProcessEvent }
  | { readonly type: 'start'; readonly ids: readonly string[] }
  /** `returns`: who asks is going to start these again, and says `returned` when that is done. */
  | { readonly type: 'stop'; readonly ids: readonly string[]; readonly returns?: Returning }
  | { readonly type: 'returned'; readonly by: number }
  /** With `autostart`, its programs that ask for it are started. */
  | { readonly type: 'addGroups'; readonly groups: readonly GroupSpec[]; readonly autostart: boolean }
  | { readonly type: 'removeGroup'; readonly name: string }
  | Reconfigure
  | { readonly type: 'shutdown'; readonly mode: 'restarting' | 'shutdown' }
  | { readonly type: 'jobs'; readonly event: JobsEvent }
  | { readonly type: 'rolling'; readonly event: rollings.RollingEvent }
  /** At the start, before all else: another supd died and left its programs. */
  | Restore
  | { readonly type: 'wake' };

export type WorldEffect =
  | { readonly type: 'process'; readonly id: string; readonly effect: ProcessEffect }
  | { readonly type: 'jobs'; readonly effect: JobsEffect }
  | { readonly type: 'rolling'; readonly effect: rollings.RollingEffect }
  | { readonly type: 'groupAdded' | 'groupRemoved'; readonly name: string }
  | { readonly type: 'reconfigured'; readonly name: string; readonly ids: readonly string[] }
  /** Everything is stopped after `shutdown`. */
  | { readonly type: 'ended'; readonly mode: 'restarting' | 'shutdown' };

export interface WorldStep {
  readonly world: World;
  readonly effects: readonly WorldEffect[];
}

export const emptyWorld: World = {
  mode: 'running',
  groups: new Map(),
  processes: new Map(),
  plans: [],
  waits: [],
  jobs: noJobs,
  rolling: undefined,
  returns: [],
};

/** Decides what one event does to the world. Effects are done in order, before the next event. */
export function step(world: World, event: WorldEvent, now: Now): WorldStep {
  const turn: Turn = { world, effects: [], now, table: new Map() };
  apply(turn, event);
  settle(turn);
  return { world: turn.world, effects: turn.effects };
}

/** The mutable part of one step; never leaves it. */
interface Turn {
  world: World;
  /** The world's table of processes once it is this turn's own: copied by the first change, not by each. */
  table: Map<string, Process>;
  readonly effects: WorldEffect[];
  readonly now: Now;
}

function apply(turn: Turn, event: WorldEvent): void {
  switch (event.type) {
    case 'process':
      return change(turn, event.id, event.event);
    case 'start':
      return start(turn, event.ids);
    case 'stop':
      return stop(turn, event.ids, event.returns);
    case 'returned':
      turn.world = { ...turn.world, returns: returned(turn.world.returns, event.by) };
      return;
    case 'addGroups':
      return addGroups(turn, event.groups, event.autostart);
    case 'removeGroup':
      return take(turn, withoutGroup(turn.world, event.name));
    case 'shutdown':
      return shutDown(turn, event.mode);
    case 'jobs':
      return changeJobs(turn, event.event);
    case 'rolling':
      roll(turn, rollings.stepRolling(turn.world.rolling, event.event, turn.world, turn.now.wall));
      return;
    case 'reconfigure':
      return take(turn, reconfigure(turn.world, event, turn.now.mono));
    case 'restore':
      return take(turn, restore(turn.world, event, turn.now));
    case 'wake':
      return wake(turn);
    default:
      return event satisfies never;
  }
}

function change(turn: Turn, id: string, event: ProcessEvent): void {
  const process = turn.world.processes.get(id);
  if (!process) return;
  const mayRestart = turn.world.mode === 'running';
  const { state, effects } = transition(process.state, event, {
    spec: process.spec,
    now: turn.now,
    mayRestart,
    isBlocked: blockersOf(process.spec, turn.world.processes).length > 0,
    isRolled: rollings.isRolled(turn.world.rolling, id),
    isUrgent: turn.world.rolling?.isUrgent === true && rollings.isRolled(turn.world.rolling, id),
  });
  if (state === process.state && effects.length === 0) return;
  const next = remember(process, event, state, effects, turn.now);
  if (turn.table !== turn.world.processes) {
    turn.table = new Map(turn.world.processes);
    turn.world = { ...turn.world, processes: turn.table };
  }
  turn.table.set(id, next);
  for (const effect of effects) turn.effects.push({ type: 'process', id, effect });
}

function start(turn: Turn, ids: readonly string[], own: { readonly isOwn?: true } = {}): void {
  if (turn.world.mode !== 'running') return;
  // The last request wins: what is started now is not stopped by a plan made before.
  const { plans, returns } = turn.world;
  turn.world = { ...turn.world, plans: withoutIds(plans, ids), returns: withoutReturns(returns, ids) };
  const wanted = new Set(ids);
  // A restore may be writing what it would open, whoever asks, and by an update or a new configuration, too.
  for (const { id } of stopsOn(turn.world, ids)) wanted.delete(id);
  for (const id of turn.world.processes.keys())
    if (wanted.has(id)) change(turn, id, { type: 'start', ...own });
}

function stop(turn: Turn, ids: readonly string[], returning?: Returning): void {
  const plan = planStop(ids, turn.world.processes);
  const rolling = rollings.withoutStopped(turn.world.rolling, ids, returning?.ids ?? []);
  const returns = withReturns(withoutReturns(turn.world.returns, ids), returning);
  turn.world = { ...turn.world, rolling, returns, plans: [...withoutIds(turn.world.plans, ids), plan] };
  for (const id of ids) {
    const name = turn.world.processes.get(id)?.state.name;
    if (name !== undefined && isBeyondWaves(name)) change(turn, id, { type: 'stop' });
  }
}

function addGroups(turn: Turn, groups: readonly GroupSpec[], autostart: boolean): void {
  take(turn, withGroups(turn.world, groups));
  if (!autostart) return;
  const added = groups.flatMap((group) => group.processes);
  start(
    turn,
    added.filter((spec) => spec.autostart).map((spec) => spec.id),
  );
}

function take(turn: Turn, { world, effects }: WorldStep): void {
  turn.world = world;
  turn.effects.push(...effects);
}

function shutDown(turn: Turn, mode: 'restarting' | 'shutdown'): void {
  if (turn.world.mode === 'shutdown') return;
  if (turn.world.mode === 'running') {
    turn.world = { ...turn.world, mode };
    changeJobs(turn, { type: 'shutdown' });
    stop(turn, [...turn.world.processes.keys()]);
  } else turn.world = { ...turn.world, mode };
}

function wake(turn: Turn): void {
  const { mono } = turn.now;
  for (const [id, { state }] of turn.world.processes) {
    const deadline = deadlineOf(state);
    if (deadline !== undefined && deadline <= mono) change(turn, id, { type: 'deadline' });
  }
  changeJobs(turn, { type: 'wake' });
}

function changeJobs(turn: Turn, event: JobsEvent): void {
  const { jobs, effects } = stepJobs(turn.world.jobs, event, turn.now);
  turn.world = { ...turn.world, jobs };
  for (const effect of effects) {
    if (effect.type === 'stopPrograms') stopForRun(turn, effect.run, effect.step, effect.names);
    else if (effect.type === 'startPrograms') startForRun(turn, effect.run, effect.step, effect.ids);
    else turn.effects.push({ type: 'jobs', effect });
  }
}

function stopForRun(turn: Turn, run: string, step: string, names: readonly string[]): void {
  const ids = processesNamed(turn.world, names);
  // Whoever keeps it stopped starts it at his end, while this run still needs it down.
  const [hold] = [...holdsOn(turn.world, ids, run), ...stopsOn(turn.world, ids, run)];
  if (hold !== undefined) {
    // Waiting for each other, two runs would wait for ever.
    const why = `${shortName(hold.id)} is held by ${hold.job} (run ${hold.run})`;
    changeJobs(turn, { type: 'programsNotStopped', run, step, stopped: [], why });
    return;
  }
  const ran = ids.filter((id) => isActive(turn.world.processes.get(id)?.state ?? { name: 'STOPPED' }));
  stop(turn, ids);
  turn.world = { ...turn.world, waits: [...turn.world.waits, { kind: 'stop', run, step, ids, ran }] };
}

function startForRun(turn: Turn, run: string, step: string, ids: readonly string[]): void {
  start(turn, ids);
  turn.world = { ...turn.world, waits: [...turn.world.waits, { kind: 'start', run, step, ids, ran: [] }] };
}

/** @returns whether anything has changed */
function roll(turn: Turn, { rolling, restart, effects }: rollings.RollingStep): boolean {
  if (rolling === turn.world.rolling) return false;
  turn.world = { ...turn.world, rolling };
  for (const effect of effects) turn.effects.push({ type: 'rolling', effect });
  if (restart !== undefined) {
    change(turn, restart, { type: 'stop' });
    start(turn, [restart], rolling?.kind === 'memory' ? { isOwn: true } : {});
  }
  return true;
}

/** What follows from the new states: the next wave of a stop or a start, a job that has waited, the end. */
function settle(turn: Turn): void {
  for (let moved = true; moved; ) {
    moved = false;
    const { plans, stop: due } = advancePlans(turn.world.plans, turn.world.processes);
    if (plans !== turn.world.plans) turn.world = { ...turn.world, plans };
    for (const id of due) {
      change(turn, id, { type: 'stop' });
      moved = true;
    }
    for (const [id, { state, spec }] of turn.world.processes) {
      if (state.name !== 'WAITING' || turn.world.mode !== 'running') continue;
      if (blockersOf(spec, turn.world.processes).length > 0) continue;
      change(turn, id, { type: 'cleared' });
      moved = true;
    }
    const sick = recyclable(turn.world, turn.now);
    if (sick) {
      change(turn, sick.id, { type: 'recycle', why: sick.why });
      moved = true;
    }
    const { rolling } = turn.world;
    if (rolling && roll(turn, rollings.advanceRolling(rolling, turn.world))) moved = true;
    const back = dueReturns(turn.world);
    if (back.length > 0) {
      moved = true;
      take(turn, renewed(turn.world, turn.now.mono));
      start(turn, back);
    }
    const wait = turn.world.waits.find((one) => isOver(one, turn.world));
    if (wait) {
      moved = true;
      turn.world = { ...turn.world, waits: turn.world.waits.filter((one) => one !== wait) };
      changeJobs(turn, answerOf(wait, turn.world));
    }
  }
  const { world } = turn;
  if (world.mode === 'running' || world.jobs.runs.size > 0) return;
  if ([...world.processes.values()].some(({ state }) => isActive(state))) return;
  turn.effects.push({ type: 'ended', mode: world.mode });
}
