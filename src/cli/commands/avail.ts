import { type Command, noArguments } from '../command.js';
import { configurationLine } from '../render/configurations.js';
import { document } from '../render/json.js';

export const avail: Command = {
  name: 'avail',
  summary: 'show what the configuration has',
  help: [
    'avail                  each configured process: in use or not, auto or manual start, priorities',
    '  --json               one array of objects',
  ],
  flags: { '--json': 'switch' },
  reach: 'plain',
  async run({ client, terminal, signal }, flags) {
    noArguments('avail', flags);
    const configurations = await client().listConfigurations({ signal });
    if (flags.has('--json')) terminal.line(document(configurations));
    else for (const one of configurations) terminal.line(configurationLine(one));
    return 0;
  },
};
