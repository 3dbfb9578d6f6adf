/** The front of supd: its command line, what it answers without serving, and its refusals in supervisord's form. */
import path from 'node:path';
import type { Surroundings } from '../config/config.js';
import { countLeftOut, importCrontab } from '../config/crontab.js';
import { describeUnreadable, findConfig } from '../config/find.js';
import { helpConfig } from '../config/help.js';
import { tellFailure } from './background.js';
import { helpText, readFlags, type SupdFlags } from './flags.js';

/** Wrong command line or configuration. */
export const USAGE = 2;
/** What `supervisord -v` says: scripts compare it, and mean what supervisord can do. */
const STANDS_IN_FOR = '4.2.5';

/** The flags, when there is something to run or to check; else everything has been said. */
export function readCommandLine(surroundings: Surroundings, version: string): SupdFlags | undefined {
  const read = readFlags(process.argv.slice(2), surroundings);
  if (!read.ok) {
    refuse(read.message);
    return undefined;
  }
  const { action } = read.flags;
  switch (action) {
    case 'help':
      process.stdout.write(helpText(calledAs()));
      return undefined;
    case 'version':
      process.stdout.write(`${calledAs() === 'supervisord' ? STANDS_IN_FOR : version}\n`);
      return undefined;
    case 'help-config':
      process.stdout.write(helpConfig());
      return undefined;
    case 'import-crontab':
      printCrontab(read.flags.file ?? '', surroundings);
      return undefined;
    case 'check':
    case 'run':
      return read.flags;
    default:
      return action satisfies never;
  }
}

function printCrontab(file: string, surroundings: Surroundings): void {
  const full = path.resolve(surroundings.cwd, file);
  try {
    const text = surroundings.readText(full);
    const imported = importCrontab({ file: full, text, isUser: (name) => surroundings.userExists(name) });
    process.stdout.write(imported);
    const leftOut = countLeftOut(imported);
    const [lines, are] = leftOut === 1 ? ['line', 'is'] : ['lines', 'are'];
    if (leftOut > 0)
      process.stderr.write(
        `supd: ${leftOut} ${lines} of ${file} ${are} not taken over; the comments say why\n`,
      );
  } catch (error) {
    refuse(`could not read crontab ${file}: ${(error as NodeJS.ErrnoException).code}`);
  }
}

/** The configuration that -c names, or the first at the default places; undefined when it has been refused. */
export function findFile({ configuration }: SupdFlags, surroundings: Surroundings): string | undefined {
  const program = path.resolve(process.argv[1] ?? '.');
  if (configuration === undefined) {
    const found = findConfig(path.dirname(path.dirname(program)), surroundings);
    if (found.ok) return found.path;
    refuse(found.message);
    return undefined;
  }
  const file = path.resolve(surroundings.cwd, configuration);
  if (!surroundings.exists(file)) {
    refuse(`could not find config file ${configuration}`);
    return undefined;
  }
  try {
    surroundings.readText(file);
  } catch (error) {
    refuse(describeUnreadable(configuration, error));
    return undefined;
  }
  return configuration;
}

/** `Error: …` and where there is help. */
export function refuse(message: string): void {
  fail(`Error: ${message}\n${forHelp()}`, USAGE);
}

export function forHelp(): string {
  return `For help, use ${calledAs()} -h`;
}

/** Says it on stderr; supd will end with that status. */
export function fail(message: string, status: number): void {
  process.stderr.write(`${message}\n`);
  process.exitCode = status;
  tellFailure(status);
}

/** The name that it was called by: supd, or supervisord. */
function calledAs(): string {
  return path.basename(process.argv[1] ?? 'supd');
}
