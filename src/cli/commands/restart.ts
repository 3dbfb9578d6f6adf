import { change, heldFlags, heldFlagsHelp } from '../change.js';
import type { Command } from '../command.js';

export const restart: Command = {
  name: 'restart',
  summary: 'stop processes, then start them again',
  help: [
    'restart NAME…          a process, group:process, or a pattern such as instance*',
    'restart GROUP:*        all of a group',
    'restart all            everything, also what was down before',
    ...heldFlagsHelp,
    'The configuration is not read again: that is reread and update.',
  ],
  flags: heldFlags,
  reach: 'usual',
  completes: 'processes',
  run: (session, flags) =>
    change(session, flags, {
      verb: 'restart',
      waiting: 'restarting',
      noNameStatus: 1,
      call: (client) => client.restartProcesses,
    }),
};
