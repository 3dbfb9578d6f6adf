/** What a command of supctl is, and what it may use. */
import type { Loaded } from '../config/config.js';
import type { Departure } from '../config/departures.js';
import type { Client } from '../grpc/client.js';
import type { Flags, FlagTable } from './flags.js';
import type { Terminal } from './terminal.js';
import type { Credentials } from './url.js';

/** How a command answers when there is no daemon to ask: its exit status for "no socket" and "refused". */
export type Reach =
  /** 7 and 4, as most. */
  | 'usual'
  /** 4 whatever the reason: the LSB's "unknown". */
  | 'status'
  /** 1 whatever the reason. */
  | 'plain'
  /** 1, and perhaps it is what was wanted. */
  | 'shutdown';

export interface Command {
  readonly name: string;
  /** For the list of commands. */
  readonly summary: string;
  /** `help NAME`: how it is called and what it gives, line by line. */
  readonly help: readonly string[];
  readonly flags: FlagTable;
  readonly reach: Reach;
  /** What Tab completes after the name. */
  readonly completes?: 'processes' | 'groups' | 'jobs' | 'commands' | 'shells';
  /** @returns the exit status. Failures of calls may be thrown: the caller reports them. */
  readonly run: (session: Session, flags: Flags) => Promise<number>;
}

/** Asks a person one line. `hidden`: what is typed is not shown. */
export type Ask = (question: string, how?: { readonly hidden?: boolean }) => Promise<string>;

/** What a command runs in: one call of supctl, or one line of the interactive mode. */
export interface Session {
  readonly terminal: Terminal;
  /** Aborted by Ctrl-C, and when nobody reads stdout any more. Ends waits, never what was begun. */
  readonly signal: AbortSignal;
  /** Of the daemon, as it is shown. @throws when no configuration says it */
  readonly url: () => string;
  /** The configuration that said the URL; undefined: -s or `open` did. */
  readonly daemonOf: () => string | undefined;
  /** Opened on first use. */
  readonly client: () => Client;
  /** The interactive mode asks before it does what can't be undone. */
  readonly ask: Ask | undefined;
  /** Typed lines of fg, until the input ends. */
  readonly lines: (signal: AbortSignal) => AsyncIterable<string>;
  /** Pressed keys, one by one; undefined: nobody can press any. Ctrl-C is one, too: \x03. */
  readonly keys: ((signal: AbortSignal) => AsyncIterable<string>) | undefined;
  /** A command as the person types it here: "supctl -c /etc/supd.conf status", at the prompt "status". */
  readonly again: (words: string) => string;
  /** Epoch milliseconds. */
  readonly now: () => number;
  /** Switches to another daemon (`open`). */
  readonly open: (url: string) => void;
  /** Goes on with this user name and password. */
  readonly authenticate: (credentials: Credentials) => void;
  /** Leaves the interactive mode. */
  readonly leave: () => void;
  /** Path of the configuration that supctl was given or has found. @throws when there is none */
  readonly configuration: () => string;
  readonly loadConfiguration: (file: string) => Promise<Loaded>;
  /** Where supd departs from supervisord on it; undefined when it cannot be read. */
  readonly findDepartures: (file: string) => Promise<readonly Departure[] | undefined>;
  readonly commands: readonly Command[];
}

/** The call itself is wrong: `message` on stdout as supervisorctl does, the command's help after it. */
export class UsageError extends Error {
  readonly status: number;
  readonly withHelp: boolean;

  constructor(
    message: string,
    { status = 1, withHelp = false }: { status?: number; withHelp?: boolean } = {},
  ) {
    super(message);
    this.name = 'UsageError';
    this.status = status;
    this.withHelp = withHelp;
  }
}

/** @throws UsageError when there are any */
export function noArguments(name: string, { words }: Flags): void {
  if (words.length > 0) throw new UsageError(`Error: ${name} accepts no arguments`, { withHelp: true });
}

/** The one name that a command takes. @throws UsageError when there is none, or more */
export function oneName(command: string, { words }: Flags): string {
  const [name, more] = words;
  if (name === undefined) throw new UsageError(`Error: ${command} requires a job name`, { withHelp: true });
  if (more !== undefined) throw new UsageError(`Error: ${command} takes one job name`, { withHelp: true });
  return name;
}

/** `-n COUNT`; 0 when it is not given, which leaves the number to supd. @throws UsageError */
export function countOf(flags: Flags): number {
  const text = flags.value('-n');
  if (text === undefined) return 0;
  if (/^[1-9]\d{0,5}$/.test(text)) return Number(text);
  throw new UsageError(`Error: -n ${text}: expected a number from 1 on`);
}
