/** The options before the command: supervisorctl's names and error texts. */
import { getopt, type OptionName } from '../config/getopt.js';

export interface Options {
  /** -c as written. */
  readonly configuration?: string;
  /** -s as written: `unix:///path`. */
  readonly serverUrl?: string;
  readonly username?: string;
  readonly password?: string;
  readonly historyFile?: string;
  readonly interactive: boolean;
  readonly help: boolean;
  /** The command and its arguments. */
  readonly words: readonly string[];
}

type ReadOptions =
  | { readonly ok: true; readonly options: Options }
  | { readonly ok: false; readonly message: string };

type Name = 'configuration' | 'help' | 'interactive' | 'serverurl' | 'username' | 'password' | 'history_file';

/**
 * @param argv  without the interpreter and the script
 * @returns the options, or what follows `Error: ` on stderr (exit 2)
 */
export function readOptions(argv: readonly string[]): ReadOptions {
  const parsed = getopt(argv, names);
  if (!parsed.ok) return parsed;
  const values = new Map<string, string>();
  for (const { option, written, value } of parsed.found) {
    if (option.long === 'serverurl' && !isUrl(value)) {
      return {
        ok: false,
        message: `invalid value for ${written} '${value}': value '${value}' is not a URL`,
      };
    }
    if (values.has(option.long))
      return { ok: false, message: `conflicting command line option '${written}'` };
    values.set(option.long, value);
  }
  const get = (name: Name) => values.get(name);
  return {
    ok: true,
    options: {
      ...present('configuration', get('configuration')),
      ...present('serverUrl', get('serverurl')),
      ...present('username', get('username')),
      ...present('password', get('password')),
      ...present('historyFile', get('history_file')),
      interactive: values.has('interactive'),
      help: values.has('help'),
      words: parsed.words,
    },
  };
}

const names: readonly (OptionName & { readonly long: Name })[] = [
  { short: 'c', long: 'configuration', takesValue: true },
  { short: 'h', long: 'help', takesValue: false },
  { short: '?', long: 'help', takesValue: false },
  { short: 'i', long: 'interactive', takesValue: false },
  { short: 's', long: 'serverurl', takesValue: true },
  { short: 'u', long: 'username', takesValue: true },
  { short: 'p', long: 'password', takesValue: true },
  { short: 'r', long: 'history_file', takesValue: true },
];

/** A scheme and something after it, as urllib takes it. */
function isUrl(text: string): boolean {
  return /^[a-z][a-z0-9+.-]*:\/\/./i.test(text);
}

function present<K extends string>(key: K, value: string | undefined): { [P in K]?: string } {
  return value === undefined ? {} : ({ [key]: value } as { [P in K]?: string });
}
