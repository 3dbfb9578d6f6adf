import { type Command, countOf, oneName } from '../command.js';
import { document, runJson } from '../render/json.js';
import { runLines, runStepLines } from '../render/runs.js';

export const jobRuns: Command = {
  name: 'job runs',
  summary: 'the runs of a job that are kept',
  help: [
    'job runs NAME          newest first',
    '  -n COUNT             at most so many, 20 unless said',
    '  --steps              each with its steps: time, processor time, memory, bytes written',
    '  --json               one array of objects, with the steps',
  ],
  flags: { '-n': 'value', '--steps': 'switch', '--json': 'switch' },
  reach: 'usual',
  completes: 'jobs',
  async run({ client, terminal, signal }, flags) {
    const job = oneName('job runs', flags);
    const runs = await client().listRuns({ job, limit: countOf(flags) }, { signal });
    if (flags.has('--json')) terminal.line(document(runs.map(runJson)));
    else if (flags.has('--steps'))
      for (const run of runs)
        for (const line of [...runLines([run]), ...runStepLines(run)]) terminal.line(line);
    else for (const line of runLines(runs)) terminal.line(line);
    return 0;
  },
};
