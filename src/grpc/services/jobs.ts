/** supd.v1.JobService on the api. */
import type { Api } from '../../api/api.js';
import { SupdError } from '../../api/errors.js';
import { dueToWire, jobToWire, runToWire } from '../convert/jobs.js';
import type { Handlers } from '../handlers.js';
import { each } from './each.js';

type JobMethods = 'listJobs' | 'runJob' | 'cancelRun' | 'listRuns' | 'previewSchedule' | 'readRunLog';

/** Its handlers. */
export function jobHandlers(api: Api): Pick<Handlers, JobMethods> {
  return {
    listJobs: () => ({ jobs: api.jobs().map(jobToWire) }),
    runJob: ({ job, fromStep, dryRun, reason }, asking) =>
      each(api.runJob(job, { ...(fromStep ? { fromStep } : {}), dryRun }, { ...asking, reason }), (run) => ({
        run: runToWire(run),
      })),
    cancelRun: ({ job, reason }, asking) => ({ runId: api.cancelRun(job, { ...asking, reason }) }),
    listRuns: ({ job, limit }) => ({ runs: api.runs(job, limit || USUAL_RUNS).map(runToWire) }),
    previewSchedule: ({ job, count }) => {
      if (count < 0 || count > MOST_TIMES)
        throw new SupdError('BAD_ARGUMENT', `count: ${count} is not from 0 to ${MOST_TIMES}`, {
          field: 'count',
        });
      return { times: api.preview(job || undefined, count || USUAL_TIMES).map(dueToWire) };
    },
    readRunLog: ({ job, runId, step, follow }, { signal }) =>
      each(
        api.runLog(job, { ...(runId ? { runId } : {}), ...(step ? { step } : {}), follow }, signal),
        ({ step: name, content }) => ({ step: name, content }),
      ),
  };
}

const USUAL_RUNS = 20;
const USUAL_TIMES = 5;
const MOST_TIMES = 1000;
