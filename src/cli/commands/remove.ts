import { CallFailure } from '../../grpc/client.js';
import type { Command } from '../command.js';

export const remove: Command = {
  name: 'remove',
  summary: 'forget stopped groups',
  help: [
    'remove GROUP…          all of it must be stopped before',
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
        await client().removeGroup({ group, ...(reason === undefined ? {} : { reason }) }, { signal });
        terminal.line(`${group}: removed process group`);
      } catch (error) {
        const code = error instanceof CallFailure ? error.code : undefined;
        if (code === 'STILL_RUNNING') terminal.line(`ERROR: process/group still running: ${group}`);
        else if (code === 'BAD_NAME') terminal.line(`ERROR: no such process/group: ${group}`);
        else throw error;
        exit = 1;
      }
    }
    return exit;
  },
};
