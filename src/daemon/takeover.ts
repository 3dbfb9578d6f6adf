/**
 * The start of a daemon where another one died: what it ran is taken back, what it meant to do goes on. A process is
 * taken for one of ours only by pid, start time and boot, or by what supd gave it; anything else is left alone.
 */
import { readdirSync } from 'node:fs';
import { diffGroups } from '../config/diff.js';
import type { JobSpec, RunRecord } from '../core/job.js';
import type { GroupSpec, ProcessSpec } from '../core/program.js';
import type { Found } from '../core/restore.js';
import { nothingSaved, type Saved } from '../core/saved.js';
import { isActive } from '../core/world.js';
import type { MainLog } from '../logs/mainlog.js';
import type { Tag } from '../os/tree.js';
import type { Engine } from './engine.js';
import { makeFifoDir } from './fifodir.js';
import { restoreFoundSockets } from './intouch.js';
import type { Journal } from './journal.js';
import type { SharedSockets } from './sockets.js';
import type { ReadState } from './statefile.js';
import { Strays } from './strays.js';
import type { Sweeper } from './sweeper.js';

export interface TakeoverParts {
  readonly state: ReadState;
  readonly engine: Engine;
  readonly journal: Journal;
  readonly sweeper: Sweeper;
  readonly groups: readonly GroupSpec[];
  readonly jobs: readonly JobSpec[];
  readonly rundir: string;
  readonly instance: string;
  readonly tagOf: (spec: ProcessSpec) => Tag;
  readonly sockets: SharedSockets;
  /** Slots whose socket or conversation has been taken back already. */
  readonly inTouch: ReadonlySet<string>;
  readonly log: MainLog;
}

/** Takes back what there is. @returns ids of the programs that are to be started */
export function takeOver(parts: TakeoverParts): readonly string[] {
  const { state, engine, groups, log } = parts;
  const autostart = groups.flatMap(({ processes }) => processes.filter((spec) => spec.autostart));
  const isLost = state.kind !== 'saved';
  // A supd that ends takes its FIFOs away.
  if (state.kind === 'none' && readdirSync(makeFifoDir(parts.rundir)).length === 0)
    return autostart.map(({ id }) => id);
  if (state.kind === 'damaged') log.error(`${state.why}; programs are known by what they carry`);
  const saved = state.kind === 'saved' ? state.saved : nothingSaved;
  const strays = new Strays();
  const found = findMains(parts, saved, strays, isLost);
  for (const { state } of saved.processes.values())
    if (state.name === 'SWEEPING') parts.sweeper.lookFurther(state.pid, 'lost');
  for (const { phase } of saved.runs.values())
    if (phase.name === 'SWEEPING') parts.sweeper.lookFurther(phase.pid, 'lost');
  const changed = new Set(diffGroups([...saved.groups.values()], groups).changed);
  engine.dispatch({
    type: 'restore',
    saved,
    configured: groups,
    changed,
    found,
    inTouch: new Set([
      ...parts.inTouch,
      ...restoreFoundSockets(parts.sockets, specsOf(parts, saved, isLost), found),
    ]),
    jobs: parts.jobs,
    endedRuns: endedRuns(parts.journal, saved),
    others: state.kind === 'saved' && state.others,
  });
  const restored = new Set(engine.world.groups.keys());
  const old = new Set(diffGroups([...engine.world.groups.values()], groups).changed);
  for (const name of restored)
    if (old.has(name)) log.warn(`${name} runs as it was configured before; update changes it`);
  stopGone(parts, restored);
  tellOthers(parts, strays);
  // Without a record it was never started: supd died before. A stop of all that was cut short is over with this start.
  const isNew = ({ id, group }: ProcessSpec) => !restored.has(group) || !saved.processes.has(id);
  const due = saved.mode === 'running' ? autostart.filter(isNew) : autostart;
  return [...new Set([...due, ...returnsAnew(parts, saved, restored)].map(({ id }) => id))];
}

/** Those whose stop was to be followed by a start, and that come by a new configuration. */
function returnsAnew(
  { groups }: TakeoverParts,
  { returns }: Saved,
  restored: ReadonlySet<string>,
): readonly ProcessSpec[] {
  return groups
    .filter(({ name }) => !restored.has(name))
    .flatMap(({ processes }) => processes.filter((spec) => returns.some(({ id }) => id === spec.id)));
}

/** What may have been running: by the state, or by the configuration where that is lost. */
function specsOf({ groups }: TakeoverParts, saved: Saved, isLost: boolean): readonly ProcessSpec[] {
  return (isLost ? groups : [...saved.groups.values()]).flatMap(({ processes }) => processes);
}

/** Main processes that the state doesn't name: started and not written down, or the state itself is lost. */
function findMains(
  parts: TakeoverParts,
  saved: Saved,
  strays: Strays,
  isLost: boolean,
): ReadonlyMap<string, Found> {
  const found = new Map<string, Found>();
  for (const spec of specsOf(parts, saved, isLost)) {
    const rest = saved.processes.get(spec.id);
    if (!isLost && rest?.state.name !== 'SPAWNING') continue;
    const main = strays.find(parts.tagOf(spec), rest?.noted ?? 0);
    if (main) found.set(spec.id, main);
  }
  return found;
}

/** Their records are newer than the state, which was written before. */
function endedRuns(journal: Journal, saved: Saved): ReadonlyMap<string, RunRecord> {
  const runs = [...saved.runs.values()].map(({ job, request }) => [job, request.id] as const);
  const queued = [...saved.queued].map(([job, { id }]) => [job, id] as const);
  const records = [...runs, ...queued].flatMap(([job, id]) => journal.readRun(job, id) ?? []);
  return new Map(records.filter(({ outcome }) => outcome !== 'running').map((run) => [run.id, run]));
}

/** Programs that are not configured any more end, as an update would have it. */
function stopGone({ engine, groups, log }: TakeoverParts, restored: ReadonlySet<string>): void {
  for (const name of restored) {
    if (groups.some((group) => group.name === name)) continue;
    log.warn(`${name} is not configured any more: stopped`);
    const ids = engine.world.groups.get(name)?.processes.map(({ id }) => id) ?? [];
    engine.dispatch({ type: 'stop', ids });
    const isDown = () =>
      ids.every((id) => {
        const process = engine.world.processes.get(id);
        return process === undefined || !isActive(process.state);
      });
    void engine.until(isDown).then(() => engine.dispatch({ type: 'removeGroup', name }));
  }
}

/** What belongs to a slot or a run, also as a descendant, ends with that. */
function tellOthers({ engine, instance, log }: TakeoverParts, strays: Strays): void {
  const { processes, jobs } = engine.world;
  const mains = new Set([...processes.values()].flatMap(({ state }) => ('pid' in state ? [state.pid] : [])));
  for (const { pid, id, run } of strays.others(instance)) {
    if (mains.has(pid) || processes.has(id) || jobs.runs.has(run)) continue;
    log.warn(`process ${pid} was started by supd and is of no program or run any more; it is left alone`);
  }
}
