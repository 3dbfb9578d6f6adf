/** supctl as a function: words to exit status. All that it needs of the outside is an argument. */
import type { Readable } from 'node:stream';
import type { Loaded } from '../config/config.js';
import { calledAs } from './again.js';
import type { Command, Session } from './command.js';
import type { Found } from './find.js';
import { type Interaction, interact } from './interactive.js';
import { keysOf } from './keys.js';
import { type Options, readOptions } from './options.js';
import { runCommand } from './run.js';
import { type Connect, openTarget } from './target.js';
import { type Stream, Terminal } from './terminal.js';
import { addressOfUrl, type Credentials } from './url.js';
import { usageLines } from './usage.js';
import { endOfWait } from './wait.js';

export interface Outside {
  /** As it was called, for messages. */
  readonly program: string;
  readonly argv: readonly string[];
  readonly env: Readonly<Record<string, string | undefined>>;
  /** Opened only when something is read from it. */
  readonly input: () => Readable & { readonly isTTY?: boolean };
  readonly output: Stream;
  readonly errors: Stream;
  readonly now: () => number;
  readonly commands: readonly Command[];
  readonly connect: Connect;
  /** The configuration that -c names, or the first at the usual places. @throws Error in words */
  readonly findConfiguration: (given: string | undefined) => string;
  /** What that configuration says to supctl. @throws Error in words */
  readonly readConfiguration: (file: string) => Found;
  /** All of a configuration, for `check`. */
  readonly loadConfiguration: (file: string) => Promise<Loaded>;
  readonly findDepartures: Session['findDepartures'];
  /** Is something at this path? One that may not be looked at counts. */
  readonly exists: (path: string) => boolean;
  /** Calls back at Ctrl-C until it is told to stop. */
  readonly onInterrupt: (act: () => void) => () => void;
}

/** @returns the exit status */
export async function supctl(outside: Outside): Promise<number> {
  const terminal = new Terminal({ out: outside.output, err: outside.errors, env: outside.env });
  const exit = await supctlOn(terminal, outside);
  const failure = await terminal.flush();
  if (failure === undefined) return exit;
  terminal.hint(`supctl: cannot write the answer: ${failure}`);
  return 1;
}

async function supctlOn(terminal: Terminal, outside: Outside): Promise<number> {
  const read = readOptions(outside.argv);
  if (!read.ok) return fail(terminal, outside, read.message);
  const { options } = read;
  if (options.help) {
    for (const line of usageLines(outside.program)) terminal.line(line);
    return 0;
  }
  try {
    return await act(terminal, outside, options);
  } catch (error) {
    if (!(error instanceof StartError)) throw error;
    return fail(terminal, outside, error.message);
  }
}

/** supervisord's and supervisorctl's form of every error before the first command. */
function fail(terminal: Terminal, { program }: Outside, message: string): number {
  terminal.hint(`Error: ${message}`);
  terminal.hint(`For help, use ${program} -h`);
  return 2;
}

/** What keeps supctl from starting; `message` follows `Error: `. */
class StartError extends Error {}

async function act(terminal: Terminal, outside: Outside, options: Options): Promise<number> {
  const settings = settingsOf(outside, options);
  const target = openTarget(settings.urls, outside.connect, settings.credentials);
  const interactive = options.words.length === 0;
  const base = {
    terminal,
    client: target.client,
    url: target.url,
    daemonOf: () =>
      target.opened() || options.serverUrl !== undefined ? undefined : attempt(settings.configuration),
    open: target.open,
    authenticate: target.authenticate,
    now: outside.now,
    commands: outside.commands,
    configuration: settings.configuration,
    loadConfiguration: outside.loadConfiguration,
    findDepartures: outside.findDepartures,
  };
  try {
    if (interactive || options.interactive) {
      // supervisorctl's -i with a command runs it and leaves.
      if (interactive)
        return await interact({
          ...base,
          again: (words) => words,
          ...interactionOf(outside, options, settings),
        });
    }
    const again = (words: string) => `${calledAs(options)} ${words}`;
    return await once({ ...base, again }, outside, wordsOf(options.words));
  } finally {
    target.close();
  }
}

/** A single command: Ctrl-C ends its wait. */
async function once(
  base: Omit<Session, 'signal' | 'ask' | 'lines' | 'keys' | 'leave'>,
  { input, onInterrupt }: Outside,
  words: readonly string[],
): Promise<number> {
  const interrupt = new AbortController();
  const release = onInterrupt(() => interrupt.abort());
  const session: Session = {
    ...base,
    signal: endOfWait(interrupt.signal, base.terminal.closed),
    ask: undefined,
    lines: (signal) => linesOf(input(), signal),
    // Its input is opened for those that ask for keys alone.
    get keys() {
      return keysOf(input);
    },
    leave: () => {},
  };
  try {
    return await runCommand(session, words);
  } finally {
    release();
  }
}

async function* linesOf(input: Readable, signal: AbortSignal): AsyncGenerator<string, void, void> {
  const { createInterface } = await import('node:readline');
  const { LineSource } = await import('./lines.js');
  const reader = createInterface({ input, terminal: false });
  try {
    yield* new LineSource(reader).until(signal);
  } finally {
    reader.close();
  }
}

interface Settings {
  /** All @throws StartError */
  readonly urls: () => readonly string[];
  readonly credentials: () => Credentials | undefined;
  readonly configuration: () => string;
  /** undefined: there is no configuration. */
  readonly found: () => Found | undefined;
}

/** Each is found when it is first asked for: help needs no configuration, and -s no socket from one. */
function settingsOf(outside: Outside, options: Options): Settings {
  const configuration = lazily(() => starting(() => outside.findConfiguration(options.configuration)));
  const found = lazily(() => starting(() => outside.readConfiguration(configuration())));
  // A wrong -c or -s is said at once, whatever the command.
  if (options.configuration !== undefined) configuration();
  if (options.serverUrl !== undefined) {
    const address = addressOfUrl(options.serverUrl);
    if (!address.ok) throw new StartError(`invalid value for -s '${options.serverUrl}': ${address.message}`);
  }
  // supervisorctl does without one, too. Only what -c names must be there, and what is there must be right.
  const isFound = lazily(() => attempt(configuration) !== undefined);
  return {
    urls: () => {
      if (options.serverUrl !== undefined) return [options.serverUrl];
      return isFound() ? urlsOf(found(), outside) : [DEFAULT_URL];
    },
    credentials: () => credentialsOf(options, isFound() ? found() : undefined),
    configuration,
    found: () => (isFound() ? found() : undefined),
  };
}

/** Where supervisorctl looks when nothing says it. */
const DEFAULT_URL = 'http://localhost:9001';

/**
 * supd's own socket where there is one; what else the configuration tells supervisorctl comes after it, or, where
 * there is none, instead: supervisord may still be running there.
 */
function urlsOf({ sockets, serverUrl }: Found, { exists }: Outside): readonly string[] {
  const socket = sockets.find(exists);
  const own = `unix://${socket ?? sockets[0]}`;
  if (serverUrl === undefined) return [own];
  const address = addressOfUrl(serverUrl);
  if (address.ok) return socket === undefined ? [serverUrl] : [own, serverUrl];
  if (socket !== undefined) return [own];
  throw new StartError(`[supctl] serverurl "${serverUrl}": ${address.message}`);
}

/** As supervisorctl: the command line's before the configuration's, even with -s. */
function credentialsOf({ username, password }: Options, found: Found | undefined): Credentials | undefined {
  const [name, word] = [username ?? found?.username, password ?? found?.password];
  return name === undefined || word === undefined ? undefined : { username: name, password: word };
}

function attempt<T>(find: () => T): T | undefined {
  try {
    return find();
  } catch (error) {
    if (error instanceof StartError) return undefined;
    throw error;
  }
}

function interactionOf(
  { input, output }: Outside,
  { historyFile }: Options,
  { found }: Settings,
): Pick<Interaction, 'input' | 'output' | 'prompt' | 'historyFile'> {
  const read = found();
  return {
    input: input(),
    output,
    prompt: `${read?.prompt ?? 'supervisor'}> `,
    historyFile: historyFile ?? read?.historyFile,
  };
}

/** Scripts call `supervisorctl "start x"`, too: it reads its words as one line. */
function wordsOf(words: readonly string[]): readonly string[] {
  const [first = '', ...rest] = words;
  return [...first.split(/\s+/).filter((word) => word !== ''), ...rest];
}

function starting<T>(find: () => T): T {
  try {
    return find();
  } catch (error) {
    if (error instanceof StartError) throw error;
    throw new StartError(error instanceof Error ? error.message : String(error));
  }
}

function lazily<T>(find: () => T): () => T {
  let found: { readonly value: T } | undefined;
  return () => {
    found ??= { value: find() };
    return found.value;
  };
}
