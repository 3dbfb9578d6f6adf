import type { Problem } from '../../config/config.js';
import { formatProblem } from '../../config/problems.js';
import { type Command, type Session, UsageError } from '../command.js';
import { departureLines } from '../render/departures.js';
import { document } from '../render/json.js';

export const check: Command = {
  name: 'check',
  summary: 'look for mistakes in a configuration',
  help: [
    'check [FILE]           all that is wrong with it, as supd --check does; asks no running supd',
    '  --from-supervisord   in what supd differs from supervisord on this very file, and what to do about it',
    '  --json               one array of objects',
    'Exits 2 when there is an error, 0 when there are only warnings, departures or none.',
  ],
  flags: { '--json': 'switch', '--from-supervisord': 'switch' },
  reach: 'plain',
  async run(session, flags) {
    const [given, more] = flags.words;
    if (more !== undefined) throw new UsageError('Error: check takes one file', { withHelp: true });
    const file = given ?? session.configuration();
    if (flags.has('--from-supervisord')) return showDepartures(session, file, flags.has('--json'));
    const { terminal, loadConfiguration } = session;
    const { ok, problems } = await loadConfiguration(file);
    if (flags.has('--json')) terminal.line(document(problems));
    else {
      for (const problem of problems) terminal.line(line(problem));
      if (ok) terminal.line(`${file}: ${problems.length === 0 ? 'no problems' : 'no errors'}`);
    }
    return ok ? 0 : 2;
  },
};

async function showDepartures(
  { terminal, loadConfiguration, findDepartures }: Session,
  file: string,
  json: boolean,
): Promise<number> {
  const [departures = [], { ok, problems }] = [await findDepartures(file), await loadConfiguration(file)];
  const errors = problems.filter(({ severity }) => severity === 'error');
  if (json) {
    for (const error of errors) terminal.hint(line(error));
    terminal.line(document(departures));
    return ok ? 0 : 2;
  }
  for (const error of errors) terminal.line(line(error));
  for (const departure of departures) for (const text of departureLines(departure)) terminal.line(text);
  terminal.line(`${file}: ${ok ? 'supd takes it' : 'supd does not take it'}; ${count(departures.length)}`);
  return ok ? 0 : 2;
}

function count(departures: number): string {
  if (departures === 0) return 'no departure depends on what it says';
  return `${departures} ${departures === 1 ? 'departure' : 'departures'} from supervisord`;
}

function line(problem: Problem): string {
  return problem.severity === 'warning' ? `warning: ${formatProblem(problem)}` : formatProblem(problem);
}
