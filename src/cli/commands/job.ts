import { type Command, UsageError } from '../command.js';

export const job: Command = {
  name: 'job',
  summary: 'run jobs and see how they went',
  help: [
    'job list               jobs, when they run next and how they went',
    'job run NAME           run one now and wait for its end',
    'job cancel NAME        end its run',
    'job runs NAME          the runs that are kept',
    'job log NAME           what a run wrote',
    'job next [NAME]        when jobs are due',
    'More with: help job run, …',
  ],
  flags: {},
  reach: 'usual',
  async run(_session, { words }) {
    const [word] = words;
    const message =
      word === undefined
        ? 'Error: job requires one of list, run, cancel, runs, log, next'
        : `Error: no such command: job ${word}`;
    throw new UsageError(message, { withHelp: true });
  },
};
