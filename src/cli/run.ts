/** One command: words to exit status, with every failure said in words. */
import { CallFailure } from '../grpc/client.js';
import { type Command, type Session, UsageError } from './command.js';
import { readFlags } from './flags.js';
import { reportFailure } from './render/failure.js';

/**
 * @param words  the command and its arguments
 * @returns the exit status
 */
export async function runCommand(session: Session, words: readonly string[]): Promise<number> {
  const { terminal } = session;
  const [command, args] = findCommand(session.commands, words);
  if (!command) {
    terminal.line(`*** Unknown syntax: ${words.join(' ')}`);
    return 1;
  }
  if (args.includes('--help')) {
    for (const line of command.help) terminal.line(line);
    return 0;
  }
  const read = readFlags(args, command.flags);
  if (!read.ok) return refuse(session, command, new UsageError(`Error: ${read.message}`, { withHelp: true }));
  for (;;) {
    try {
      return await command.run(session, read.flags);
    } catch (error) {
      if (error instanceof UsageError) return refuse(session, command, error);
      if (!(error instanceof CallFailure)) throw error;
      if (!(error.code === 'UNAUTHENTICATED' && (await askWho(session)))) {
        return report(session, command, error, read.flags.has('--json'));
      }
    } finally {
      terminal.settle();
    }
  }
}

/** In the interactive mode, as supervisorctl. @returns false when nobody answers */
async function askWho({ ask, terminal, authenticate }: Session): Promise<boolean> {
  if (!ask) return false;
  terminal.line('Server requires authentication');
  const username = await ask('Username:');
  if (username === '') return false;
  const password = await ask('Password:', { hidden: true });
  terminal.line('');
  authenticate({ username, password });
  return true;
}

/** `job list` is a command of two words. */
export function findCommand(
  commands: readonly Command[],
  words: readonly string[],
): readonly [Command | undefined, readonly string[]] {
  const [first = '', second] = words;
  const pair = second === undefined ? undefined : commands.find(({ name }) => name === `${first} ${second}`);
  if (pair) return [pair, words.slice(2)];
  const name = first === '?' ? 'help' : first;
  return [commands.find((one) => one.name === name), words.slice(1)];
}

function refuse({ terminal }: Session, command: Command, error: UsageError): number {
  terminal.line(error.message);
  if (error.withHelp) for (const line of command.help) terminal.line(line);
  return error.status;
}

/** With --json stdout holds JSON or nothing. */
function report(session: Session, command: Command, failure: CallFailure, json: boolean): number {
  const { terminal, signal } = session;
  if (terminal.closed.aborted && signal.aborted) return 0;
  const {
    lines,
    hints,
    details = [],
    exit,
  } = reportFailure(
    failure,
    { url: session.url(), configuration: session.daemonOf(), again: session.again },
    command.reach,
  );
  for (const line of lines) {
    if (json) terminal.hint(line);
    else terminal.line(line);
  }
  for (const detail of details) terminal.hint(detail);
  for (const hint of hints) terminal.hint(`supctl: ${hint}`);
  return exit;
}
