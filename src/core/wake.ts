/** When something is due without anybody asking. */
import { jobsWake } from './job-questions.js';
import type { Millis } from './program.js';
import { deadlineOf } from './state.js';
import type { World } from './world.js';

/** When the world needs a `wake`: the nearest deadline by each clock. */
export function nextWake(world: World): { readonly mono?: Millis; readonly wall?: Millis } {
  const jobs = jobsWake(world.jobs);
  let mono = jobs.mono;
  for (const { state } of world.processes.values()) {
    const deadline = deadlineOf(state);
    if (deadline !== undefined && (mono === undefined || deadline < mono)) mono = deadline;
  }
  return { ...(mono === undefined ? {} : { mono }), ...(jobs.wall === undefined ? {} : { wall: jobs.wall }) };
}
