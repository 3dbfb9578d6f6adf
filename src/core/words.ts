/** Splits a command into words as a POSIX shell would, without globs, variables, pipes and comments. */

export type Words =
  | { readonly ok: true; readonly words: readonly string[] }
  | { readonly ok: false; readonly why: string };

/** `why` is "No closing quotation" or "No escaped character". */
export function splitCommand(text: string): Words {
  const words: string[] = [];
  let word: string | undefined;
  let at = 0;
  while (at < text.length) {
    const char = text[at] as string;
    at += 1;
    if (/\s/.test(char)) {
      if (word !== undefined) words.push(word);
      word = undefined;
    } else if (char === '\\') {
      if (at >= text.length) return { ok: false, why: 'No escaped character' };
      word = (word ?? '') + text[at];
      at += 1;
    } else if (char === "'" || char === '"') {
      const piece = quoted(text, at, char);
      if (!piece) return { ok: false, why: 'No closing quotation' };
      word = (word ?? '') + piece.value;
      at = piece.end;
    } else word = (word ?? '') + char;
  }
  if (word !== undefined) words.push(word);
  return { ok: true, words };
}

/** In double quotes a backslash escapes a quote and itself; in single quotes nothing does. */
function quoted(text: string, from: number, quote: string): { value: string; end: number } | undefined {
  let value = '';
  for (let at = from; at < text.length; at += 1) {
    const char = text[at] as string;
    if (char === quote) return { value, end: at + 1 };
    const next = text[at + 1];
    if (quote === '"' && char === '\\' && (next === '"' || next === '\\')) {
      value += next;
      at += 1;
    } else value += char;
  }
  return undefined;
}
