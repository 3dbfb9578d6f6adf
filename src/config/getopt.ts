/** getopt(3) as Python's `getopt.getopt` does it, which supervisorctl's users know: stops at the first word. */

export interface OptionName {
  /** One letter, or empty. */
  readonly short: string;
  readonly long: string;
  /** Does a value follow? */
  readonly takesValue: boolean;
  /** A prefix stands for it only when it stands for no other. */
  readonly own?: true;
}

export interface FoundOption {
  readonly option: OptionName;
  /** As it was written: "-c", "--configuration" (a prefix is completed). */
  readonly written: string;
  readonly value: string;
}

export type Parsed =
  | { readonly ok: true; readonly found: readonly FoundOption[]; readonly words: readonly string[] }
  | { readonly ok: false; readonly message: string };

/**
 * Splits `argv` into options and the words after them. `--` ends the options; a long name may be cut to a unique
 * prefix; a value follows as the next word, as the rest of a short cluster, or after `=`.
 */
export function getopt(argv: readonly string[], names: readonly OptionName[]): Parsed {
  const found: FoundOption[] = [];
  let at = 0;
  while (at < argv.length) {
    const word = argv[at] ?? '';
    if (word === '--') return { ok: true, found, words: argv.slice(at + 1) };
    if (!word.startsWith('-') || word === '-') break;
    const step = word.startsWith('--')
      ? readLong(word, argv[at + 1], names)
      : readShort(word, argv[at + 1], names);
    if ('message' in step) return { ok: false, message: step.message };
    found.push(...step.found);
    at += step.usedNext ? 2 : 1;
  }
  return { ok: true, found, words: argv.slice(at) };
}

type Step =
  | { readonly found: readonly FoundOption[]; readonly usedNext: boolean }
  | { readonly message: string };

function readLong(word: string, next: string | undefined, names: readonly OptionName[]): Step {
  const equals = word.indexOf('=');
  const typed = word.slice(2, equals < 0 ? undefined : equals);
  const value = equals < 0 ? undefined : word.slice(equals + 1);
  // supervisorctl documents --history-file and accepts --history_file: both are meant.
  const asked = typed.replaceAll('-', '_');
  const fitting = names.filter(({ long }) => long.startsWith(asked));
  const first = fitting.some(({ own }) => !own)
    ? fitting.filter(({ own, long }) => !own || long === asked)
    : fitting;
  const candidates = [...new Set(first.map((one) => one.long))];
  const long = candidates.includes(asked) ? asked : candidates[0];
  const option = names.find((one) => one.long === long);
  if (!option) return { message: `option --${typed} not recognized` };
  if (option.long !== asked && candidates.length > 1)
    return { message: `option --${typed} not a unique prefix` };
  const written = `--${option.long}`;
  if (!option.takesValue) {
    if (value !== undefined) return { message: `option ${written} must not have an argument` };
    return { found: [{ option, written, value: '' }], usedNext: false };
  }
  const taken = value ?? next;
  if (taken === undefined) return { message: `option ${written} requires argument` };
  return { found: [{ option, written, value: taken }], usedNext: value === undefined };
}

function readShort(word: string, next: string | undefined, names: readonly OptionName[]): Step {
  const found: FoundOption[] = [];
  for (let at = 1; at < word.length; at += 1) {
    const letter = word[at] ?? '';
    const option = names.find((one) => one.short === letter);
    const written = `-${letter}`;
    if (!option) return { message: `option ${written} not recognized` };
    if (!option.takesValue) {
      found.push({ option, written, value: '' });
      continue;
    }
    const rest = word.slice(at + 1);
    const value = rest === '' ? next : rest;
    if (value === undefined) return { message: `option ${written} requires argument` };
    found.push({ option, written, value });
    return { found, usedNext: rest === '' };
  }
  return { found, usedNext: false };
}
