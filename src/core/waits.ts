/** Runs of jobs that wait until programs have stopped or come up. */
import { isStuck } from './dependencies.js';
import type { JobsEvent } from './job-events.js';
import type { ProcessState } from './program.js';
import { isStopUnderWay } from './waves.js';
import type { World } from './world.js';

export interface JobWait {
  readonly kind: 'stop' | 'start';
  readonly run: string;
  readonly step: string;
  readonly ids: readonly string[];
  /** Those that ran when the stop was asked for. */
  readonly ran: readonly string[];
}

const AT_REST: readonly ProcessState['name'][] = ['STOPPED', 'EXITED', 'FATAL', 'UNKNOWN'];

/** The processes that a job's `requires_stopped` means: by name, `group:name`, group or `group:*`. */
export function processesNamed(world: World, names: readonly string[]): readonly string[] {
  return [...world.processes.values()]
    .filter(({ spec }) =>
      names.some((name) => [spec.name, spec.group, spec.id, `${spec.group}:*`].includes(name)),
    )
    .map(({ spec }) => spec.id);
}

/** Has everything that is waited for happened? What was removed meanwhile is not waited for. */
export function isOver(wait: JobWait, world: World): boolean {
  return wait.ids.every((id) => {
    const name = world.processes.get(id)?.state.name;
    if (name === undefined) return true;
    if (wait.kind === 'stop') return AT_REST.includes(name) || !isStopUnderWay(world, id);
    if (world.mode !== 'running' || name === 'RUNNING' || AT_REST.includes(name)) return true;
    // It will start when what it depends on does; nobody knows when that is.
    return isStuck(id, world.processes);
  });
}

/** What the run that waited is told. */
export function answerOf(wait: JobWait, world: World): JobsEvent {
  const { run, step } = wait;
  if (wait.kind === 'stop') {
    const nameOf = (id: string) => world.processes.get(id)?.state.name ?? 'STOPPED';
    // Nobody knows whether these are alive: a restore beside a live server would lose what it writes.
    const unsure = wait.ids.filter((id) => nameOf(id) === 'UNKNOWN');
    const anew = wait.ids.filter((id) => !AT_REST.includes(nameOf(id)));
    if (unsure.length + anew.length === 0) return { type: 'programsStopped', run, step, stopped: wait.ran };
    const stopped = wait.ran.filter((id) => !unsure.includes(id) && !anew.includes(id));
    const why = [
      ...(unsure.length > 0 ? [`${unsure.join(', ')}: a signal could not be sent`] : []),
      ...(anew.length > 0 ? [`${anew.join(', ')}: somebody had it started meanwhile`] : []),
    ].join('; ');
    return { type: 'programsNotStopped', run, step, stopped, why };
  }
  const failed = wait.ids.filter((id) => world.processes.get(id)?.state.name !== 'RUNNING');
  return { type: 'programsStarted', run, step, failed };
}
