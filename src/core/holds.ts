/**
 * Which live runs hold which programs (`holds`): while a step or a run is under way, its programs are left as they are;
 * and which keep them stopped (`requires_stopped`): nobody starts them meanwhile.
 */

import type { JobSpec } from './job.js';
import type { Millis } from './program.js';
import type { Run } from './run.js';
import { processesNamed } from './waits.js';
import type { World } from './world.js';

export interface Hold {
  /** The process's `group:name`. */
  readonly id: string;
  readonly job: string;
  readonly run: string;
  /** The step that holds it; the job's own name: the run as a whole. */
  readonly step: string;
  /** When that began, wall clock. */
  readonly since: Millis;
}

/** Who holds any of these processes. `except`: a run, which doesn't hold against itself. */
export function holdsOn(world: World, ids: readonly string[], except?: string): readonly Hold[] {
  const wanted = new Set(ids);
  return [...world.jobs.runs.values()].flatMap((run) =>
    run.request.id === except ? [] : holdsOf(world, run).filter(({ id }) => wanted.has(id)),
  );
}

/** Who keeps any of these processes stopped, until it starts them itself. */
export function stopsOn(world: World, ids: readonly string[], except?: string): readonly Hold[] {
  const wanted = new Set(ids);
  return [...world.jobs.runs.values()].flatMap((run) =>
    run.request.id === except ? [] : stopsOf(world, run).filter(({ id }) => wanted.has(id)),
  );
}

function holdsOf(world: World, run: Run): readonly Hold[] {
  return claims(world, run, ({ holds }) => holds);
}

function stopsOf(world: World, run: Run): readonly Hold[] {
  const { phase } = run;
  return claims(world, run, ({ requiresStopped }, at) =>
    phase.name === 'STARTING_PROGRAMS' && phase.unit === at ? [] : requiresStopped,
  );
}

/** Of each unit that is under way, the processes that it names. */
function claims(
  world: World,
  run: Run,
  namesOf: (spec: JobSpec, at: number) => readonly string[],
): readonly Hold[] {
  return run.units.flatMap(({ name, spec }, at): readonly Hold[] => {
    const { outcome, startTime = run.startTime } = run.states[at]!.record;
    const names = outcome === 'running' ? namesOf(spec, at) : [];
    if (names.length === 0) return [];
    const of = { job: run.job, run: run.request.id, step: name, since: startTime };
    return processesNamed(world, names).map((id) => ({ id, ...of }));
  });
}
