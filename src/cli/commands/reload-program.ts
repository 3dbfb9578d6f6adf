import type { Reloaded } from '../../grpc/client.js';
import { type Command, UsageError } from '../command.js';
import { ndjson } from '../render/json.js';
import { fullName } from '../render/names.js';
import { drain, leaveWait } from '../wait.js';

export const reloadProgram: Command = {
  name: 'reload-program',
  summary: 'have programs read their files again, without a restart',
  help: [
    'reload-program NAME…   first reload_check, whose output is shown when it fails: then nothing is done; then',
    '                       reload_signal or reload_command, as the section of the program says',
    '  --reason TEXT        why, for the log of supd',
    '  --json               one JSON object per line and process',
  ],
  flags: { '--json': 'switch', '--reason': 'value' },
  reach: 'usual',
  completes: 'processes',
  async run(session, flags) {
    const { client, terminal, signal } = session;
    const targets = flags.words;
    if (targets.length === 0)
      throw new UsageError('Error: reload-program requires a process name', { withHelp: true });
    const reason = flags.value('--reason');
    const request = { targets, ...(reason === undefined ? {} : { reason }) };
    let exit = 0;
    const ended = await drain(session, client().reloadPrograms(request, { signal }), async (one) => {
      if (one.outcome !== 'RELOADED') exit = 1;
      await terminal.write(`${flags.has('--json') ? ndjson(one) : reloadedLine(one)}\n`);
      if (!flags.has('--json') && one.output !== '') await terminal.write(one.output.replace(/\n?$/, '\n'));
    });
    return ended ? exit : leaveWait(session, 'the reload', 'events -f');
  },
};

function reloadedLine({ outcome, message, ...names }: Reloaded): string {
  const name = fullName(names);
  switch (outcome) {
    case 'RELOADED':
      return `${name}: reloaded (${message})`;
    case 'REFUSED':
      return `${name}: NOT reloaded (${message})`;
    case 'FAILED':
    case 'NOT_RUNNING':
    case 'NOT_CONFIGURED':
      return `${name}: ERROR (${message})`;
    case 'UNKNOWN':
      return `${name}: ERROR (no such process)`;
    default:
      return outcome satisfies never;
  }
}
