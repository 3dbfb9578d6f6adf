import { type Command, UsageError } from '../command.js';
import { deathLines } from '../render/deaths.js';
import { explainedLines } from '../render/explained.js';
import { deathJson, document, explainedJson } from '../render/json.js';

export const why: Command = {
  name: 'why',
  summary: 'show why a process is as it is',
  help: [
    'why NAME               in sentences: its state and since when, last end and cause, who asked last and why,',
    '                       who it runs as and what it may do (read back from the process), what happens next',
    '  --deaths             its last deaths, each with what supd kept of it: they outlive supd',
    '  --json               one object; with --deaths one array',
  ],
  flags: { '--deaths': 'switch', '--json': 'switch' },
  reach: 'usual',
  completes: 'processes',
  async run({ client, terminal, signal, now }, flags) {
    const [name, more] = flags.words;
    if (name === undefined || more !== undefined)
      throw new UsageError('Error: why takes the name of one process', { withHelp: true });
    const explained = await client().explainProcess({ name }, { signal });
    const { deaths } = explained;
    if (flags.has('--deaths')) {
      if (flags.has('--json')) terminal.line(document(deaths.map(deathJson)));
      else if (deaths.length === 0) terminal.line('it has never ended, as far as is on record');
      else for (const line of deathLines(deaths)) terminal.line(line);
    } else if (flags.has('--json')) terminal.line(document(explainedJson(explained)));
    else for (const line of explainedLines(explained, now())) terminal.line(line);
    return 0;
  },
};
