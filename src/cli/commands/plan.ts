import { type Command, noArguments } from '../command.js';
import { document } from '../render/json.js';
import { planLines } from '../render/plan.js';

export const plan: Command = {
  name: 'plan',
  summary: 'show what update would do, and why; nothing is changed',
  help: [
    'plan                   reads the configuration and shows each process that would be restarted, changed as it',
    '                       runs, started or stopped, with the options that differ; values of environment are hidden',
    '  --json               one object, with the processes that nothing happens to as well',
  ],
  flags: { '--json': 'switch' },
  reach: 'plain',
  async run({ client, terminal, signal }, flags) {
    noArguments('plan', flags);
    const found = await client().planUpdate({ signal });
    if (flags.has('--json')) terminal.line(document(found));
    else for (const line of planLines(found)) terminal.line(line);
    for (const warning of found.warnings) terminal.hint(`supctl: ${warning}`);
    return 0;
  },
};
