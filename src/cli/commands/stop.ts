import { change, heldFlags, heldFlagsHelp } from '../change.js';
import type { Command } from '../command.js';

export const stop: Command = {
  name: 'stop',
  summary: 'stop processes and wait until nothing of them is left',
  help: [
    'stop NAME…             a process, group:process, or a pattern such as instance*',
    'stop GROUP:*           all of a group',
    'stop all               everything',
    ...heldFlagsHelp,
  ],
  flags: heldFlags,
  reach: 'usual',
  completes: 'processes',
  run: (session, flags) =>
    change(session, flags, {
      verb: 'stop',
      waiting: 'stopping',
      noNameStatus: 1,
      call: (client) => client.stopProcesses,
    }),
};
