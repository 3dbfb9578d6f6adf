/**
 * The world as it was when another supd on this machine died. States come back as they were written; what became of
 * the processes since is told by events, like every other end. What was being done is done again: a signal that may
 * not have been sent, since that supd was killed, is sent (once more), a sweep is begun anew. Event listeners are started anew.
 */

import { healthProbeOf, running } from './health.js';
import type { JobSpec, RunRecord } from './job.js';
import type { GroupSpec, Millis, Now, ProcessEffect, ProcessSpec, ProcessState } from './program.js';
import { probeOf, startingSince } from './readiness.js';
import { restoreJobs } from './restore-jobs.js';
import { leftAlone } from './returns.js';
import { interrupted } from './rolling.js';
import type { Saved, SavedProcess } from './saved.js';
import { inStartingOrder, isActive } from './slots.js';
import { trafficOf } from './traffic.js';
import type { Process, World, WorldEffect } from './world.js';

/** A live main process that was started for a slot although nothing says so: death came between start and record. */
export interface Found {
  readonly pid: number;
  readonly startTicks: number;
  /** When it was started, monotonic. */
  readonly since: Millis;
}

export interface Restore {
  readonly type: 'restore';
  readonly saved: Saved;
  readonly configured: readonly GroupSpec[];
  /** Names of groups that are not configured as they were. One that is active stays as it was, for `update`. */
  readonly changed: ReadonlySet<string>;
  /** By slot. */
  readonly found: ReadonlyMap<string, Found>;
  readonly jobs: readonly JobSpec[];
  /** Records, by id, of runs that are on record as ended: the record is newer. */
  readonly endedRuns: ReadonlyMap<string, RunRecord>;
  /** Slots with whose process supd is in touch again: it has its socket, or knows what it was talking about. */
  readonly inTouch: ReadonlySet<string>;
  /** Was it another version of supd that wrote it? */
  readonly others: boolean;
}

const TERM = 15;

/** Into a world in which nothing is yet. Groups that are new or at rest and changed are left to `addGroups`. */
export function restore(
  world: World,
  event: Restore,
  now: Now,
): { readonly world: World; readonly effects: readonly WorldEffect[] } {
  const { saved, found } = event;
  const groups = groupsToRestore(event);
  const processes: Process[] = [];
  const effects: WorldEffect[] = groups.map(({ name }) => ({ type: 'groupAdded', name }));
  for (const group of groups) {
    for (const spec of group.processes) {
      const past = pastOf(spec, saved.processes.get(spec.id), found.get(spec.id), now);
      const isLost = isCutOff(group, spec, event);
      const rest = isLost ? anew(past, spec, now) : past;
      const process: Process = { ...rest, spec, groupPriority: group.priority };
      processes.push(process);
      for (const effect of resume(process, saved.isDone && !isLost))
        effects.push({ type: 'process', id: spec.id, effect });
    }
  }
  processes.sort(inStartingOrder);
  const jobs = restoreJobs(saved, event.jobs, event.endedRuns, now);
  return {
    world: {
      ...world,
      groups: new Map(groups.map((group) => [group.name, group])),
      processes: new Map(processes.map((one) => [one.spec.id, one])),
      // A shutdown that was cut short is over: who starts supd wants its programs.
      plans: saved.mode === 'running' ? saved.plans : [],
      waits: saved.waits,
      returns: leftAlone(saved.returns),
      jobs: jobs.jobs,
    },
    effects: [
      ...effects,
      ...interruptedRolling(saved),
      ...jobs.effects.map((effect): WorldEffect => ({ type: 'jobs', effect })),
    ],
  };
}

/** Its members go on as they are; nobody else is restarted for it. */
function interruptedRolling({ rolling }: Saved): readonly WorldEffect[] {
  if (rolling === undefined) return [];
  return [{ type: 'rolling', effect: { type: 'over', rolling: interrupted(rolling) } }];
}

function groupsToRestore({ saved, configured, changed, found, others }: Restore): readonly GroupSpec[] {
  const known = new Map(configured.map((group) => [group.name, group]));
  const isLive = ({ id }: ProcessSpec): boolean => {
    const state = saved.processes.get(id)?.state;
    return found.has(id) || (state !== undefined && (isActive(state) || state.name === 'UNKNOWN'));
  };
  const kept = [...saved.groups.values()].filter(
    ({ name, processes }) => processes.some(isLive) || (known.has(name) && !changed.has(name)),
  );
  const unsaved = configured.filter(
    ({ name, processes }) => !saved.groups.has(name) && processes.some(({ id }) => found.has(id)),
  );
  return [...kept.map((group) => (others ? completed(group, known.get(group.name)) : group)), ...unsaved];
}

/** What another version of supd didn't write, because it didn't know it, is as it is configured now. */
function completed(group: GroupSpec, configured: GroupSpec | undefined): GroupSpec {
  if (!configured) return group;
  const specs = new Map(configured.processes.map((spec) => [spec.id, spec]));
  const processes = group.processes.map((spec) => ({ ...specs.get(spec.id), ...spec }));
  return { ...configured, ...group, processes };
}

type Past = Omit<Process, 'spec' | 'groupPriority'>;

function pastOf(
  spec: ProcessSpec,
  saved: SavedProcess | undefined,
  found: Found | undefined,
  now: Now,
): Past {
  const {
    id: _,
    noted: __,
    ...past
  } = saved ?? { id: '', noted: 0, state: { name: 'STOPPED' }, restarts: 0 };
  if (!found) return { ...past, state: watched(past.state, spec, now) };
  const { pid, startTicks, since } = found;
  const attempt = past.state.name === 'SPAWNING' ? past.state.attempt : 1;
  return {
    ...past,
    state: startingSince(pid, attempt, spec, since, now.mono),
    started: { mono: since, wall: now.wall - (now.mono - since) },
    startTicks,
  };
}

/** Another version of supd, or another configuration, may not have asked how it is. */
function watched(state: ProcessState, spec: ProcessSpec, now: Now): ProcessState {
  if (state.name !== 'RUNNING' || (spec.health === undefined) === (state.health === undefined)) return state;
  return running(state.pid, state.since, spec, now.mono);
}

/** A listener's conversation dies with a supd that is killed, and sometimes a socket: these are ended and started again. */
function isCutOff({ kind }: GroupSpec, { id, socket }: ProcessSpec, { inTouch }: Restore): boolean {
  return (kind === 'eventlistener' || socket !== undefined) && !inTouch.has(id);
}

function anew(past: Past, spec: ProcessSpec, now: Now): Past {
  const { state } = past;
  if (state.name !== 'STARTING' && state.name !== 'RUNNING') return past;
  const deadline = now.mono + spec.stopWaitMs;
  return { ...past, state: { name: 'STOPPING', pid: state.pid, next: 'start', deadline } };
}

/** @param isDone  what its state came with has been done */
function resume({ spec, state, startTicks }: Process, isDone: boolean): readonly ProcessEffect[] {
  const traffic = [trafficOf(state) ?? []].flat();
  switch (state.name) {
    case 'SPAWNING':
      return [{ type: 'spawn' }];
    case 'STARTING':
      return [
        { type: 'adopt', pid: state.pid, startTicks },
        ...(state.warming === undefined ? probeOf(state, spec) : []),
        ...traffic,
      ];
    case 'RUNNING':
      return [{ type: 'adopt', pid: state.pid, startTicks }, ...healthProbeOf(state, spec), ...traffic];
    case 'UNKNOWN':
      return [{ type: 'adopt', pid: state.pid, startTicks }];
    case 'STOPPING': {
      const adopt = { type: 'adopt', pid: state.pid, startTicks } as const;
      // A wait for visitors died with the one that waited, however it ended.
      if (isDone || traffic.length > 0) return [adopt, ...traffic];
      return [adopt, { type: 'kill', pid: state.pid, signal: spec.stopSignal, group: spec.stopAsGroup }];
    }
    case 'SWEEPING':
      return [{ type: 'sweep', pid: state.pid, signal: TERM }];
    case 'STOPPED':
    case 'WAITING':
    case 'BACKOFF':
    case 'EXITED':
    case 'FATAL':
      return [];
    default:
      return state satisfies never;
  }
}
