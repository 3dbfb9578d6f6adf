/** Ids of runs that are asked for: by the time of the request and its number in this life. */
import { runId } from '../core/agenda.js';

export function makeRunIds(): (job: string) => string {
  let requests = 0;
  return (job) => {
    requests += 1;
    return runId(job, Date.now(), `${requests}`);
  };
}
