import { CallFailure } from '../../grpc/client.js';
import type { Command } from '../command.js';

export const remove: Command = {
  name: 'remove',
  summary: 'forget stopped groups',
  help: ['remove GROUP…          all of it must be stopped before'],
  flags: {},
  reach: 'plain',
  completes: 'groups',
  async run({ client, terminal, signal }, { words }) {
    let exit = 0;
    for (const group of words) {
      try {
        await client().removeGroup({ group }, { signal });
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
