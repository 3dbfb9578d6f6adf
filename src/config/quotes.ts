/**
 * Comment signs inside quotes. supervisord lets ` ;` and ` #` start a comment even there, which cuts commands in
 * two. A value that it cuts inside a quoted piece is useless to it, so reading such a value whole changes nothing
 * that works.
 */
import { lex } from './shlex.js';
import { isBlank } from './whitespace.js';

/** The quote that is open at the end of a line, '' for none. */
export type OpenQuote = '' | '"' | "'";

/** Keys whose values a shell-like reader takes apart. */
export const QUOTED_KEYS: ReadonlySet<string> = new Set(['command', 'environment', 'pre_stop', 'post_start']);

/** Does the value, as supervisord cut it, end outside of quotes by the rules of its key? */
export function closesItsQuotes(key: string, value: string): boolean {
  if (key === 'environment') return lex(value, 'plain').ok;
  return scanLine(value, '').open === '';
}

/**
 * Reads one line by shell rules: where a comment starts outside of quotes, and what is open at the end.
 * @param open  what the line before left open
 */
export function scanLine(
  line: string,
  open: OpenQuote,
): { readonly open: OpenQuote; readonly commentAt: number | undefined } {
  let inside: OpenQuote = open;
  for (let at = 0; at < line.length; at += 1) {
    const char = line[at]!;
    if (inside === '') {
      if (char === '\\') at += 1;
      else if (char === '"' || char === "'") inside = char;
      else if ((char === ';' || char === '#') && isBlank(line[at - 1]))
        return { open: inside, commentAt: at };
    } else if (char === inside) {
      inside = '';
    } else if (char === '\\' && inside === '"') {
      at += 1;
    }
  }
  return { open: inside, commentAt: undefined };
}
