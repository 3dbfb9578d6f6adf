import { change, heldFlags, heldFlagsHelp } from '../change.js';
import { type Command, UsageError } from '../command.js';
import { cancelRolling, roll, rollFlags, rollFlagsHelp } from '../roll.js';

export const restart: Command = {
  name: 'restart',
  summary: 'stop processes, then start them again',
  help: [
    'restart NAME…          a process, group:process, or a pattern such as instance*',
    'restart GROUP:*        all of a group',
    'restart all            everything, also what was down before',
    ...heldFlagsHelp,
    ...rollFlagsHelp,
    'The configuration is not read again: that is reread and update.',
  ],
  flags: { ...heldFlags, ...rollFlags },
  reach: 'usual',
  completes: 'processes',
  run(session, flags) {
    if (flags.has('--cancel')) return cancelRolling(session, flags);
    if (flags.has('--rolling')) return roll(session, flags);
    if (flags.has('--max-unavailable'))
      throw new UsageError('Error: --max-unavailable is for restart --rolling', { status: 1 });
    return change(session, flags, {
      verb: 'restart',
      waiting: 'restarting',
      noNameStatus: 1,
      call: (client) => client.restartProcesses,
    });
  },
};
