import { type Command, noArguments } from '../command.js';
import { document, jobJson } from '../render/json.js';
import { jobLines } from '../render/runs.js';

export const jobList: Command = {
  name: 'job list',
  summary: 'jobs, when they run next and how they went',
  help: [
    'job list               name, schedule, next, last and last good run',
    '  --json               one array of objects',
  ],
  flags: { '--json': 'switch' },
  reach: 'usual',
  async run({ client, terminal, signal }, flags) {
    noArguments('job list', flags);
    const jobs = await client().listJobs({ signal });
    if (flags.has('--json')) terminal.line(document(jobs.map(jobJson)));
    else {
      for (const line of jobLines(jobs)) terminal.line(line);
      for (const { name, overdue, overdueReason } of jobs)
        if (overdue) terminal.hint(`supctl: ${name} is overdue: ${overdueReason}`);
    }
    return 0;
  },
};
