import { type Command, noArguments } from '../command.js';
import { rereadLines } from '../render/configurations.js';
import { document } from '../render/json.js';

export const reread: Command = {
  name: 'reread',
  summary: 'read the configuration again and say what is new in it',
  help: [
    'reread                 reads the files, changes nothing that runs; update acts on it',
    '  --json               {"added", "changed", "removed", "warnings"}',
    '  --reason TEXT        why, for the log of supd',
  ],
  flags: { '--json': 'switch', '--reason': 'value' },
  reach: 'plain',
  async run({ client, terminal, signal }, flags) {
    noArguments('reread', flags);
    const reason = flags.value('--reason');
    const request = reason === undefined ? {} : { reason };
    const { added, changed, removed, warnings } = await client().rereadConfiguration(request, { signal });
    if (flags.has('--json')) {
      terminal.line(document({ added, changed, removed, warnings }));
      return 0;
    }
    for (const line of rereadLines({ added, changed, removed, warnings })) terminal.line(line);
    for (const warning of warnings) terminal.hint(warning);
    return 0;
  },
};
