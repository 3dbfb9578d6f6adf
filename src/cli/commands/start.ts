import { change, changeFlags, changeFlagsHelp } from '../change.js';
import type { Command } from '../command.js';

export const start: Command = {
  name: 'start',
  summary: 'start processes and wait until they run',
  help: [
    'start NAME…            a process, group:process, or a pattern such as instance*',
    'start GROUP:*          all of a group',
    'start all              everything',
    ...changeFlagsHelp,
  ],
  flags: changeFlags,
  reach: 'usual',
  completes: 'processes',
  run: (session, flags) =>
    change(session, flags, {
      verb: 'start',
      waiting: 'starting',
      noNameStatus: 2,
      call: (client) => client.startProcesses,
    }),
};
