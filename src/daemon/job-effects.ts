/** Does what the jobs' core wants done, but for programs, which are the world's. */
import { nextRun } from '../config/cron.js';
import type { RunRecord } from '../core/job.js';
import type { JobsEffect, JobsEvent } from '../core/job-events.js';
import type { MainLog } from '../logs/mainlog.js';
import type { Journal } from './journal.js';
import type { Steps } from './steps.js';
import type { SupervisorEvents } from './supervisor-events.js';
import type { Watchers } from './watchers.js';

export interface JobEffectParts {
  readonly answer: (event: JobsEvent) => void;
  readonly events: SupervisorEvents;
  readonly journal: Journal;
  readonly log: MainLog;
  readonly runs: Watchers<[run: RunRecord]>;
  readonly steps: Steps;
}

export function performJobEffect(parts: JobEffectParts, effect: JobsEffect): void {
  const { events, journal, log, runs, steps } = parts;
  switch (effect.type) {
    case 'schedule': {
      const { job, schedule, timezone, after } = effect;
      return parts.answer({ type: 'scheduled', job, after, due: nextRun(schedule, after, timezone) });
    }
    case 'rememberDue':
      return void journal.rememberDue(effect.job, effect);
    case 'remember':
      return void journal.writeRun(effect.record);
    case 'tell':
      return log[effect.level](effect.text);
    case 'runStarted':
    case 'runChanged':
    case 'runEnded':
      if (effect.type !== 'runChanged') {
        const { job, id, outcome } = effect.run;
        events.tellJob(effect.type === 'runStarted' ? 'JOB_STARTED' : 'JOB_ENDED', job, { run: id, outcome });
      }
      return runs.tell(effect.run);
    // The world answers these two itself.
    case 'stopPrograms':
    case 'startPrograms':
      return;
    default:
      return steps.perform(effect);
  }
}
