import type { Command } from '../command.js';
import { document, processJson } from '../render/json.js';
import { resultLine } from '../render/results.js';
import { rollingLine, statusExit, statusLines } from '../render/status.js';

export const status: Command = {
  name: 'status',
  summary: 'show processes and their states',
  help: [
    'status                 all processes',
    'status NAME…           these; NAME may be a process, group:process, group:* or a pattern',
    '  --json               one array of objects',
    'Without names it says on stderr, too, what else does not work: jobs that are overdue, messages not delivered, …',
    'Exits 3 when one of them is down, 4 when one is unknown or supd cannot be asked.',
  ],
  flags: { '--json': 'switch' },
  reach: 'status',
  completes: 'processes',
  async run({ client, terminal, signal, again }, flags) {
    const targets = flags.words.includes('all') ? [] : flags.words;
    const listed = await client().listProcesses({ targets, withIdentity: flags.has('--json') }, { signal });
    if (flags.has('--json')) {
      for (const unknown of listed.unknown) terminal.hint(resultLine(unknown));
      terminal.line(document(listed.processes.map(processJson)));
    } else {
      for (const line of statusLines(listed)) terminal.line(line);
      for (const condition of listed.conditions ?? []) terminal.hint(`supctl: ${condition}`);
      const rolling = rollingLine(listed.processes, again('restart --cancel'));
      if (rolling !== undefined) terminal.hint(rolling);
    }
    return statusExit(listed);
  },
};
