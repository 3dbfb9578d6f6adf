import { CallFailure } from '../../grpc/client.js';
import type { Command } from '../command.js';

export const add: Command = {
  name: 'add',
  summary: 'activate groups that the configuration has',
  help: [
    'add GROUP…             activates what reread found; autostart is honoured',
    '  --reason TEXT        why, for the log of supd',
  ],
  flags: { '--reason': 'value' },
  reach: 'plain',
  completes: 'groups',
  async run({ client, terminal, signal }, flags) {
    const reason = flags.value('--reason');
    let exit = 0;
    for (const group of flags.words) {
      try {
        await client().addGroup({ group, ...(reason === undefined ? {} : { reason }) }, { signal });
        terminal.line(`${group}: added process group`);
      } catch (error) {
        const code = error instanceof CallFailure ? error.code : undefined;
        if (code === 'ALREADY_ADDED') {
          terminal.line('ERROR: process group already active');
          continue;
        }
        if (code === 'BAD_NAME') terminal.line(`ERROR: no such process/group: ${group}`);
        else if (code === 'SHUTTING_DOWN') terminal.line('ERROR: shutting down');
        else throw error;
        exit = 1;
      }
    }
    return exit;
  },
};
