import { type Command, countOf, UsageError } from '../command.js';
import { document, dueJson } from '../render/json.js';
import { dueLines } from '../render/runs.js';

export const jobNext: Command = {
  name: 'job next',
  summary: 'when jobs are due',
  help: [
    'job next [NAME]        of one job or of all, in order, each in its own time zone',
    '                       a time that a change of the clock skips or doubles is marked',
    '  -n COUNT             times of each job, 5 unless said',
    '  --json               one array of objects',
  ],
  flags: { '-n': 'value', '--json': 'switch' },
  reach: 'usual',
  completes: 'jobs',
  async run({ client, terminal, signal }, flags) {
    const [job, more] = flags.words;
    if (more !== undefined) throw new UsageError('Error: job next takes one job name', { withHelp: true });
    const request = { ...(job === undefined ? {} : { job }), count: countOf(flags) };
    const times = await client().previewSchedule(request, { signal });
    if (flags.has('--json')) terminal.line(document(times.map(dueJson)));
    else if (times.length > 0) for (const line of dueLines(times)) terminal.line(line);
    else terminal.hint(`supctl: ${job ?? 'no job'} has ${job === undefined ? 'a' : 'no'} schedule`);
    return 0;
  },
};
