import type { Problem } from '../../config/config.js';
import { formatProblem } from '../../config/problems.js';
import { type Command, UsageError } from '../command.js';
import { document } from '../render/json.js';

export const check: Command = {
  name: 'check',
  summary: 'look for mistakes in a configuration',
  help: [
    'check [FILE]           all that is wrong with it, as supd --check does; asks no running supd',
    '  --json               one array of objects',
    'Exits 2 when there is an error, 0 when there are only warnings or none.',
  ],
  flags: { '--json': 'switch' },
  reach: 'plain',
  async run({ terminal, configuration, loadConfiguration }, flags) {
    const [given, more] = flags.words;
    if (more !== undefined) throw new UsageError('Error: check takes one file', { withHelp: true });
    const file = given ?? configuration();
    const { ok, problems } = await loadConfiguration(file);
    if (flags.has('--json')) terminal.line(document(problems));
    else {
      for (const problem of problems) terminal.line(line(problem));
      if (ok) terminal.line(`${file}: ${problems.length === 0 ? 'no problems' : 'no errors'}`);
    }
    return ok ? 0 : 2;
  },
};

function line(problem: Problem): string {
  return problem.severity === 'warning' ? `warning: ${formatProblem(problem)}` : formatProblem(problem);
}
