import { CallFailure } from '../../grpc/client.js';
import { type Command, oneName } from '../command.js';

export const jobCancel: Command = {
  name: 'job cancel',
  summary: 'end the run of a job',
  help: [
    'job cancel NAME        ends all that its step has started',
    '  --reason TEXT        why, for the log of supd',
  ],
  flags: { '--reason': 'value' },
  reach: 'usual',
  completes: 'jobs',
  async run({ client, terminal, signal }, flags) {
    const job = oneName('job cancel', flags);
    const reason = flags.value('--reason');
    try {
      const id = await client().cancelRun({ job, ...(reason === undefined ? {} : { reason }) }, { signal });
      terminal.line(`${job}: cancelling (run ${id})`);
      return 0;
    } catch (error) {
      if (!(error instanceof CallFailure && error.code === 'NOT_RUNNING')) throw error;
      terminal.line(`${job}: ERROR (not running)`);
      return 7;
    }
  },
};
