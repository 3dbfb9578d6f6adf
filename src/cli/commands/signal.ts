import { showResult } from '../change.js';
import { type Command, UsageError } from '../command.js';
import { exitAfter } from '../render/results.js';

export const signal: Command = {
  name: 'signal',
  summary: 'send a signal to processes',
  help: [
    'signal SIGNAL NAME…    HUP, SIGHUP or 1 to processes, group:process, group:* or patterns',
    'signal SIGNAL all      to everything that lives',
    '  --reason TEXT        why, for the log of supd',
    '  --json               one JSON object per line and process',
  ],
  flags: { '--json': 'switch', '--reason': 'value' },
  reach: 'usual',
  completes: 'processes',
  async run(session, flags) {
    const [name, ...targets] = flags.words;
    if (name === undefined || targets.length === 0) {
      throw new UsageError('Error: signal requires a signal name and a process name', { withHelp: true });
    }
    const reason = flags.value('--reason');
    const request = { signal: name, targets, ...(reason === undefined ? {} : { reason }) };
    let exit = 0;
    for (const result of await session.client().signalProcesses(request, { signal: session.signal })) {
      exit = exitAfter(exit, result, 'signal');
      await showResult(session, flags, result);
    }
    return exit;
  },
};
