/** The grammar of `environment`: KEY=value, KEY2="another value" … */
import { quote } from './problems.js';
import { lex } from './shlex.js';

export type EnvironmentReading =
  /** `notes`: what was read in a way that its writer may not expect. */
  | {
      readonly ok: true;
      readonly values: Readonly<Record<string, string>>;
      readonly notes: readonly string[];
    }
  | { readonly ok: false; readonly why: string };

/**
 * The variables; the last of a name wins. Whatever supervisord 4.2 reads without skipping anything but commas is
 * read as it does. The rest is read by shell quoting, as later versions do: `\"`, adjacent pieces join. What both
 * read with something else between two pairs is 4.2's, with a note.
 * @param strict  4.2's reading in every case
 */
export function readEnvironment(text: string, strict: boolean): EnvironmentReading {
  const plain = readPairs(text, 'plain');
  if (strict || isClean(plain)) return conclude(plain);
  const posix = readPairs(text, 'posix');
  if (isClean(posix)) return plain.ok ? conclude(posix, [OTHER_READING]) : conclude(posix);
  return conclude(plain.ok || !posix.ok ? plain : posix);
}

const OTHER_READING =
  'supervisord 4.2 drops a part of this value, which is read by shell quoting here; put each value in one pair of quotes';

type Pairs =
  | {
      readonly ok: true;
      readonly pairs: readonly (readonly [string, string])[];
      /** What stood between two pairs and is no comma. */
      readonly skipped: readonly { readonly after: string; readonly token: string }[];
    }
  | { readonly ok: false; readonly why: string };

/** Nothing but commas skipped, and no quote taken for a part of a name. */
function isClean(read: Pairs): boolean {
  return read.ok && read.skipped.length === 0 && read.pairs.every(([key]) => !/['"]/.test(key));
}

function readPairs(text: string, mode: 'plain' | 'posix'): Pairs {
  const lexed = lex(text, mode);
  if (!lexed.ok) return { ok: false, why: `${lexed.why} in ${quote(text)}` };
  const { tokens } = lexed;
  const pairs: [string, string][] = [];
  const skipped: { after: string; token: string }[] = [];
  for (let at = 0; at < tokens.length; at += 4) {
    const [key, equals, value, separator] = tokens.slice(at, at + 4);
    if (key === undefined || equals !== '=' || value === undefined) {
      return { ok: false, why: describeBreak(tokens, at) };
    }
    pairs.push([key, mode === 'plain' ? stripQuotes(value) : value]);
    if (separator !== undefined && separator !== ',') skipped.push({ after: key, token: separator });
  }
  return { ok: true, pairs, skipped };
}

function conclude(read: Pairs, also: readonly string[] = []): EnvironmentReading {
  if (!read.ok) return read;
  const values: Record<string, string> = Object.create(null);
  for (const [key, value] of read.pairs) values[key] = value;
  const notes = read.skipped.map(
    ({ after, token }) =>
      `${after} is ${quote(values[after] ?? '')}, and ${quote(token)} behind it is ignored; put the value in quotes`,
  );
  const odd = Object.keys(values).filter((key) => !/^[A-Za-z_][A-Za-z0-9_.-]*$/.test(key));
  notes.push(...also);
  for (const key of odd) notes.push(`${quote(key)} is an unusual name for a variable; names take no quotes`);
  return { ok: true, values, notes };
}

/** All quotes at both ends, of either kind, as supervisord 4.2 does. */
function stripQuotes(value: string): string {
  let start = 0;
  let end = value.length;
  while (start < end && /['"]/.test(value[start]!)) start += 1;
  while (end > start && /['"]/.test(value[end - 1]!)) end -= 1;
  return value.slice(start, end);
}

const NEED_QUOTES = 'values with other characters than letters, digits and _/.+-(): need quotes';

function describeBreak(tokens: readonly string[], at: number): string {
  const [key = '', equals, value] = tokens.slice(at, at + 3);
  const before = at >= 4 ? ` (behind ${quote(tokens.slice(at - 4, at).join(' '))})` : '';
  if (equals === '=' && value === undefined) return `${key}= has no value; write ${key}="" for an empty one`;
  if (equals === undefined) return `${quote(key)} is not a KEY=value${before}; ${NEED_QUOTES}`;
  return `${quote(`${key} ${equals}`)} is not a KEY=value${before}; ${NEED_QUOTES}`;
}
