import { CallFailure } from '../../grpc/client.js';
import { type Command, noArguments } from '../command.js';

export const shutdown: Command = {
  name: 'shutdown',
  summary: 'stop everything and end supd',
  help: [
    'shutdown               answers at once, while everything is stopped in reverse order',
    '  --reason TEXT        why, for the log of supd',
  ],
  flags: { '--reason': 'value' },
  reach: 'shutdown',
  async run({ client, terminal, signal, ask }, flags) {
    noArguments('shutdown', flags);
    if (ask && !isYes(await ask('Really shut the remote supervisord process down y/N? '))) return 0;
    const reason = flags.value('--reason');
    try {
      await client().shutdown(reason === undefined ? {} : { reason }, { signal });
      terminal.line('Shut down');
    } catch (error) {
      if (!(error instanceof CallFailure && error.code === 'SHUTTING_DOWN')) throw error;
      terminal.line('ERROR: already shutting down');
    }
    return 0;
  },
};

export function isYes(answer: string): boolean {
  return answer.trim().toLowerCase().startsWith('y');
}
