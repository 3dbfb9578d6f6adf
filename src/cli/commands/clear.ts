import { showResult } from '../change.js';
import { type Command, UsageError } from '../command.js';
import { exitAfter } from '../render/results.js';

export const clear: Command = {
  name: 'clear',
  summary: 'empty log files of processes',
  help: [
    'clear NAME…            logs of processes, group:process, group:* or patterns',
    'clear all              of all processes',
    'clear --daemon         the main log of supd',
    '  --json               one JSON object per line and process',
    '  --reason TEXT        why, for the log of supd',
  ],
  flags: { '--json': 'switch', '--daemon': 'switch', '--reason': 'value' },
  reach: 'usual',
  completes: 'processes',
  async run(session, flags) {
    const daemon = flags.has('--daemon');
    const targets = flags.words;
    if (targets.length === 0 && !daemon) {
      throw new UsageError('Error: clear requires a process name', { withHelp: true });
    }
    const reason = flags.value('--reason');
    const request = { targets, daemon, ...(reason === undefined ? {} : { reason }) };
    const results = await session.client().clearLogs(request, { signal: session.signal });
    let exit = 0;
    for (const result of results) {
      exit = exitAfter(exit, result, 'clear');
      await showResult(session, flags, result);
    }
    if (daemon && results.length === 0) session.terminal.line('supervisord: cleared');
    return exit;
  },
};
