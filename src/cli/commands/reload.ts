import { CallFailure } from '../../grpc/client.js';
import { type Command, noArguments } from '../command.js';
import { isYes } from './shutdown.js';

export const reload: Command = {
  name: 'reload',
  summary: 'stop everything, read the configuration again, start anew',
  help: [
    'reload                 answers at once; with errors in the configuration everything stays as it is',
    '  --reason TEXT        why, for the log of supd',
  ],
  flags: { '--reason': 'value' },
  reach: 'plain',
  async run({ client, terminal, signal, ask }, flags) {
    noArguments('reload', flags);
    if (ask && !isYes(await ask('Really restart the remote supervisord process y/N? '))) return 0;
    const reason = flags.value('--reason');
    try {
      await client().reload(reason === undefined ? {} : { reason }, { signal });
      terminal.line('Restarted supervisord');
      return 0;
    } catch (error) {
      if (!(error instanceof CallFailure && error.code === 'SHUTTING_DOWN')) throw error;
      terminal.line('ERROR: already shutting down');
      return 1;
    }
  },
};
