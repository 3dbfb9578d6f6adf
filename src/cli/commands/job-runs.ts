import { type Command, countOf, oneName } from '../command.js';
import { document, runJson } from '../render/json.js';
import { runLines } from '../render/runs.js';

export const jobRuns: Command = {
  name: 'job runs',
  summary: 'the runs of a job that are kept',
  help: [
    'job runs NAME          newest first',
    '  -n COUNT             at most so many, 20 unless said',
    '  --json               one array of objects, with the steps',
  ],
  flags: { '-n': 'value', '--json': 'switch' },
  reach: 'usual',
  completes: 'jobs',
  async run({ client, terminal, signal }, flags) {
    const job = oneName('job runs', flags);
    const runs = await client().listRuns({ job, limit: countOf(flags) }, { signal });
    if (flags.has('--json')) terminal.line(document(runs.map(runJson)));
    else for (const line of runLines(runs)) terminal.line(line);
    return 0;
  },
};
