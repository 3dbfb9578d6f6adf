/**
 * Makes what runs agree with the configuration that was read last, and touches nothing else: of a group that goes on
 * only the members that have to be stopped are. It goes on when its client leaves.
 */
import { isSame } from '../core/change/options.js';
import { type GroupPlan, type ProcessPlan, planOf } from '../core/change/plan.js';
import type { GroupSpec, ProcessSpec } from '../core/program.js';
import { isReturning, isToStayDown } from '../core/returns.js';
import { pidOf } from '../core/transition.js';
import { isActive, type Process } from '../core/world.js';
import type { Daemon } from '../daemon/daemon.js';
import { retune } from '../daemon/retune.js';
import type { Asked } from './api.js';
import { nextAsker } from './asker.js';
import { type GroupChange, isMemberChange, type MemberChange, type UpdateStep } from './changes.js';
import { openChannel } from './channel.js';
import { stopEach } from './control.js';
import { noteAsked } from './history.js';
import { describeHold, holdsAgainst, whenFree } from './holds.js';
import { faultOfStart } from './plan.js';
import { planRules } from './plan-rules.js';

interface Work {
  readonly daemon: Daemon;
  readonly asked: Asked;
  readonly told: (step: UpdateStep) => void;
  /** Of those that it stops to start them again. */
  readonly by: number;
}

/** In supervisorctl's order: what is gone, what changed, what is new. @param names  groups; none, or `all`: all */
export async function* update(
  daemon: Daemon,
  names: readonly string[],
  asked: Asked,
): AsyncGenerator<UpdateStep> {
  const channel = openChannel<UpdateStep>();
  const { signal: _, ...unbound } = asked;
  const told = (step: UpdateStep) => {
    tellWatchers(daemon, step);
    channel.push(step);
  };
  const work = { daemon, asked: unbound, told, by: nextAsker() };
  updateAll(work, names)
    .catch((error) => {
      returned(work);
      daemon.parts.log.error(`update: ${String(error)}`);
    })
    .finally(() => channel.end());
  yield* channel.values(asked.signal, () => {});
}

/** Groups that come and go are events of their own. */
function tellWatchers(daemon: Daemon, step: UpdateStep): void {
  const base = { time: Date.now(), group: step.group };
  if (isMemberChange(step)) {
    const details = { change: step.action, options: step.message };
    daemon.events.add({ ...base, type: 'PROCESS_CHANGED', name: step.name, details });
  } else if (step.change === 'UPDATED' || step.change === 'FAILED') {
    const details: Record<string, string> = step.message === '' ? {} : { why: step.message };
    daemon.events.add({ ...base, type: `PROCESS_GROUP_${step.change}`, name: '', details });
  }
}

async function updateAll(work: Work, names: readonly string[]): Promise<void> {
  const { daemon, told } = work;
  const all = names.length === 0 || names.includes('all');
  const active = [...daemon.engine.world.groups.keys()];
  const configured = daemon.config.groups.map(({ name }) => name);
  const isKnown = (name: string) => active.includes(name) || configured.includes(name);
  for (const name of all ? [] : names.filter((one) => !isKnown(one))) {
    told(tell(name, 'UNKNOWN', `no group is named "${name}"`));
  }
  const gone = active.filter((name) => !configured.includes(name));
  const kept = configured.filter((name) => active.includes(name));
  const added = configured.filter((name) => !active.includes(name));
  for (const name of [...gone.sort(), ...kept.sort(), ...added.sort()]) {
    if (daemon.engine.world.mode !== 'running') return;
    if (all || names.includes(name)) await updateGroup(work, name);
  }
}

async function updateGroup(work: Work, name: string): Promise<void> {
  const { daemon, asked, told } = work;
  const plan = planNow(daemon, name);
  if (plan.change === 'none') return;
  const group = configuredGroup(daemon, name);
  const wrong = group && daemon.sockets.check(group);
  if (wrong !== undefined) return told(tell(name, 'FAILED', wrong));
  const ids = plan.processes.filter(isStopped).map(({ id }) => id);
  const [hold] = asked.noWait ? holdsAgainst(daemon, ids, asked) : [];
  if (hold) return told(tell(name, 'FAILED', describeHold(hold)));
  // Another update may have come before: what is to be done is asked again once nobody holds anything.
  for await (const _ of whenFree(daemon, ids, asked, async function* () {
    yield await changeGroup(work, name);
  }));
}

async function changeGroup(work: Work, name: string): Promise<void> {
  const { daemon, told } = work;
  const plan = planNow(daemon, name);
  switch (plan.change) {
    case 'none':
      return;
    case 'added':
      add(daemon, name);
      tellFaults(work, plan);
      return told(tell(name, 'ADDED'));
    case 'removed':
      return replace(work, name);
    case 'changed':
      return plan.whole ? replace(work, name) : changeMembers(work, plan);
    default:
      return plan.change satisfies never;
  }
}

/** Stops and forgets it; it comes anew if it is configured. */
async function replace(work: Work, name: string): Promise<void> {
  const { daemon, told } = work;
  const members = [...daemon.engine.world.processes.values()].filter(({ spec }) => spec.group === name);
  const returns = configuredGroup(daemon, name)?.processes.filter(({ autostart }) => autostart) ?? [];
  await stopAll(
    work,
    members,
    returns.map(({ id }) => id),
  );
  if (daemon.engine.world.mode !== 'running') return;
  told(tell(name, 'STOPPED'));
  daemon.engine.dispatch({ type: 'removeGroup', name });
  if (daemon.engine.world.groups.has(name)) {
    const isDone = planNow(daemon, name).change === 'none';
    returned(work);
    return told(isDone ? tell(name, 'UPDATED') : tell(name, 'FAILED', 'it was started again meanwhile'));
  }
  const isGone = configuredGroup(daemon, name) === undefined;
  if (!isGone) add(daemon, name);
  returned(work);
  told(tell(name, isGone ? 'REMOVED' : 'UPDATED'));
}

async function changeMembers(work: Work, plan: GroupPlan): Promise<void> {
  const { daemon, told } = work;
  const { group: name, processes } = plan;
  const stopped = processes.filter(isStopped);
  changeLive(work, plan);
  await stopAll(
    work,
    stopped.flatMap(({ id }) => daemon.engine.world.processes.get(id) ?? []),
    stopped
      .filter(({ action, id }) => action === 'restart' && !isToStayDown(daemon.engine.world, id))
      .map(({ id }) => id),
    configuredGroup(daemon, name)?.processes,
  );
  if (daemon.engine.world.mode !== 'running') return;
  // Nothing of the old group has run on: supervisorctl's words for that.
  const isAll = stopped.length > 0 && processes.every((one) => isStopped(one) || isNew(one));
  if (isAll) told(tell(name, 'STOPPED'));
  const group = configuredGroup(daemon, name);
  if (!group) {
    returned(work);
    return told(tell(name, 'FAILED', 'it is not configured any more'));
  }
  const atRest = processes.filter(({ action }) => action !== 'live').map(({ id }) => id);
  daemon.engine.dispatch({ type: 'reconfigure', group, live: [], atRest });
  const { world } = daemon.engine;
  const returns = stopped.filter(({ action, id }) => action === 'restart' && isReturning(world, id));
  const settled = returns.filter(({ id }) => isAsConfigured(daemon, group, id));
  const starting = [...settled, ...processes.filter(({ action }) => action === 'start')];
  daemon.engine.dispatch({ type: 'start', ids: starting.map(({ id }) => id) });
  returned(work);
  if (!isAll)
    for (const one of processes) {
      const isTakenBack = one.action === 'restart' && !returns.includes(one);
      tellMember(work, one, isAsConfigured(daemon, group, one.id), isTakenBack);
    }
  tellFaults(work, plan);
  const isDone = processes.every(({ id }) => isAsConfigured(daemon, group, id));
  told(isDone ? tell(name, 'UPDATED') : tell(name, 'FAILED', 'one of it was started again meanwhile'));
}

/** What needs no stop is done first, and told with what the kernel would not have. */
function changeLive({ daemon, told }: Work, { group: name, processes }: GroupPlan): void {
  const group = configuredGroup(daemon, name);
  if (!group) return;
  const live = processes.filter((one) => one.action === 'live' || (one.action === 'none' && !isNew(one)));
  const before = new Map(live.map(({ id }) => [id, daemon.engine.world.processes.get(id)]));
  const kept = live.filter(({ id }) => group.processes.some((spec) => spec.id === id)).map(({ id }) => id);
  daemon.engine.dispatch({ type: 'reconfigure', group, live: kept, atRest: [] });
  for (const { id, action, changes, name: member } of live) {
    const was = before.get(id);
    const now = daemon.engine.world.processes.get(id);
    if (action !== 'live' || !was || !now) continue;
    const failures = retune(pidOf(now.state), was.spec, now.spec);
    const base = { group: name, name: member };
    told({ ...base, action: 'CHANGED', message: changes.map(({ option }) => option).join(', ') });
    for (const message of failures) told({ ...base, action: 'FAILED', message });
  }
}

function tellMember(
  { told }: Work,
  { action, name, group, changes, note }: ProcessPlan,
  isDone: boolean,
  isTakenBack: boolean,
): void {
  const base = { group, name };
  const message = note || changes.map(({ option }) => option).join(', ');
  if (!isDone) return told({ ...base, action: 'FAILED', message: 'it was started again meanwhile' });
  if (isTakenBack) return told({ ...base, action: 'STOPPED', message: 'somebody else stopped it meanwhile' });
  const words: Record<ProcessPlan['action'], MemberChange['action'] | undefined> = {
    restart: 'RESTARTED',
    start: 'STARTED',
    stop: 'STOPPED',
    live: undefined,
    none: undefined,
  };
  const word = words[action];
  if (word !== undefined) told({ ...base, action: word, message });
}

/** Of those that have been started: which could not be. */
function tellFaults({ daemon, told }: Work, { group, processes }: GroupPlan): void {
  const specs = configuredGroup(daemon, group)?.processes ?? [];
  for (const one of processes) {
    const spec = specs.find(({ id }) => id === one.id);
    const wrong = spec && faultOfStart(daemon, spec, one);
    if (wrong !== undefined) told({ group, name: one.name, action: 'FAILED', message: wrong });
  }
}

/** Those that were to come back have done so, or never will. */
function returned({ daemon, by }: Work): void {
  daemon.engine.dispatch({ type: 'returned', by });
}

/** @param returns  those of them that are started again afterwards @param as  by these; absent: the group comes anew */
async function stopAll(
  { daemon, asked, by }: Work,
  processes: readonly Process[],
  returns: readonly string[],
  as: readonly ProcessSpec[] = [],
): Promise<void> {
  const running = processes.filter(({ state }) => isActive(state));
  noteAsked(
    daemon,
    'update',
    running.map(({ spec }) => spec.id),
    asked,
  );
  for await (const _ of stopEach(daemon, running, { ids: returns, by, as }).stopped());
}

function planNow(daemon: Daemon, name: string): GroupPlan {
  return planOf(daemon.engine.world, name, configuredGroup(daemon, name), planRules(daemon));
}

function configuredGroup(daemon: Daemon, name: string): GroupSpec | undefined {
  return daemon.config.groups.find((one) => one.name === name);
}

function isAsConfigured(daemon: Daemon, group: GroupSpec, id: string): boolean {
  const configured = group.processes.find((spec) => spec.id === id);
  return isSame(daemon.engine.world.processes.get(id)?.spec, configured);
}

function isStopped({ action }: ProcessPlan): boolean {
  return action === 'restart' || action === 'stop';
}

function isNew({ standing }: ProcessPlan): boolean {
  return standing === 'new';
}

function add(daemon: Daemon, name: string): void {
  const groups = daemon.config.groups.filter((one) => one.name === name);
  daemon.engine.dispatch({ type: 'addGroups', groups, autostart: true });
}

function tell(group: string, change: GroupChange['change'], message = ''): GroupChange {
  return { group, change, message };
}
