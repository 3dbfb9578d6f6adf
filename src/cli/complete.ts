/** What Tab offers: commands, then the names that the command takes. */
import type { Command, Session } from './command.js';
import { fullName } from './render/names.js';
import { findCommand } from './run.js';

type Asked = Pick<Session, 'client' | 'commands'>;

/**
 * The completions of the last word of `line`, and that word, as node:readline wants them. Nothing when the daemon
 * cannot be asked.
 */
export async function complete(session: Asked, line: string): Promise<[string[], string]> {
  const words = line.trimStart().split(/\s+/);
  const last = words.at(-1) ?? '';
  const before = words.slice(0, -1);
  const candidates = await candidatesAfter(session, before).catch(() => []);
  return [candidates.filter((one) => one.startsWith(last)).map((one) => `${one} `), last];
}

async function candidatesAfter(session: Asked, before: readonly string[]): Promise<readonly string[]> {
  const { commands } = session;
  if (before.length === 0) return [...new Set(commands.map(({ name }) => name.split(' ')[0] ?? ''))];
  const [first = ''] = before;
  const longer = commands.filter(({ name }) => name.startsWith(`${first} `));
  if (before.length === 1 && longer.length > 0) return longer.map(({ name }) => name.slice(first.length + 1));
  const [command] = findCommand(commands, before);
  return command ? [...(await namesFor(command, session)), ...Object.keys(command.flags)] : [];
}

async function namesFor({ completes }: Command, { client, commands }: Asked): Promise<readonly string[]> {
  switch (completes) {
    case undefined:
      return [];
    case 'commands':
      return commands.map(({ name }) => name);
    case 'shells':
      return ['bash', 'zsh', 'fish'];
    case 'jobs':
      return (await client().listJobs()).map(({ name }) => name);
    case 'groups':
      return unique((await client().listConfigurations()).map(({ group }) => group));
    case 'processes': {
      const { processes } = await client().listProcesses({});
      const groups = processes.filter(({ group, name }) => group !== name).map(({ group }) => `${group}:*`);
      return ['all', ...unique(groups), ...processes.map(fullName)];
    }
    default:
      return completes satisfies never;
  }
}

function unique(names: readonly string[]): readonly string[] {
  return [...new Set(names)];
}
