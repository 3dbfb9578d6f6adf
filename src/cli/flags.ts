/** Flags of a command. Other than the options before it, they may stand anywhere among its arguments. */

/** Flag as written ("--json", "-f") to whether a value follows. */
export type FlagTable = Readonly<Record<string, 'switch' | 'value'>>;

export interface Flags {
  /** What is not a flag, in order. */
  readonly words: readonly string[];
  readonly has: (flag: string) => boolean;
  /** The value of the last such flag. */
  readonly value: (flag: string) => string | undefined;
}

export type ReadFlags =
  | { readonly ok: true; readonly flags: Flags }
  | { readonly ok: false; readonly message: string };

/**
 * Words with one dash that the table doesn't know stay arguments: `tail -100 x`, and names may begin with a dash, as
 * for supervisorctl. Unknown words with two dashes are refused. `--` ends the flags.
 */
export function readFlags(words: readonly string[], table: FlagTable): ReadFlags {
  const rest: string[] = [];
  const values = new Map<string, string>();
  for (let at = 0; at < words.length; at += 1) {
    const word = words[at] ?? '';
    if (word === '--') {
      rest.push(...words.slice(at + 1));
      break;
    }
    const equals = word.startsWith('--') ? word.indexOf('=') : -1;
    const flag = equals < 0 ? word : word.slice(0, equals);
    const kind = Object.hasOwn(table, flag) ? table[flag] : undefined;
    if (kind === undefined) {
      if (word.startsWith('--')) return { ok: false, message: `option ${flag} not recognized` };
      rest.push(word);
    } else if (kind === 'switch') {
      if (equals >= 0) return { ok: false, message: `option ${flag} must not have an argument` };
      values.set(flag, '');
    } else {
      const value = equals < 0 ? words[at + 1] : word.slice(equals + 1);
      if (value === undefined) return { ok: false, message: `option ${flag} requires argument` };
      values.set(flag, value);
      if (equals < 0) at += 1;
    }
  }
  return {
    ok: true,
    flags: { words: rest, has: (flag) => values.has(flag), value: (flag) => values.get(flag) },
  };
}

/** Words of a line typed in the interactive mode: blanks separate, quotes keep together. */
export function splitLine(line: string): readonly string[] {
  const words = line.match(/(?:"[^"]*"?|'[^']*'?|[^\s"'])+/g) ?? [];
  return words.map((word) =>
    word.replace(/"([^"]*)"?|'([^']*)'?/g, (_, double, single) => double ?? single ?? ''),
  );
}
