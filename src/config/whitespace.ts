/** Blanks as Python's str.strip and str.isspace see them, since supervisord's dialect is defined by them. */

const BLANK = /[\t-\r\x1c-\x20\x85\xa0\u1680\u2000-\u200a\u2028\u2029\u202f\u205f\u3000]/;

export function isBlank(char: string | undefined): boolean {
  return char !== undefined && BLANK.test(char);
}

/** Index of the first character that is no blank; the text's length when there is none. */
export function indentOf(text: string): number {
  let start = 0;
  while (start < text.length && isBlank(text[start])) start += 1;
  return start;
}

/** Without trailing blanks. Loops, because a regular expression takes quadratic time on long runs. */
export function stripEnd(text: string): string {
  let end = text.length;
  while (end > 0 && isBlank(text[end - 1])) end -= 1;
  return text.slice(0, end);
}

export function strip(text: string): string {
  return stripEnd(text.slice(indentOf(text)));
}

/** A Python integer literal as int() takes it: sign, underscores between digits, blanks around. */
export function readInteger(text: string): number | undefined {
  const word = strip(text);
  return /^[+-]?\d+(?:_\d+)*$/.test(word) ? Number(word.replaceAll('_', '')) : undefined;
}
