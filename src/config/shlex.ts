/** The lexer behind `environment`, as Python's shlex.shlex reads it in its two modes. */

export type Lexed =
  | { readonly ok: true; readonly tokens: readonly string[] }
  | { readonly ok: false; readonly why: string };

/** What may stand in a bare word, beside letters and digits. */
const PLAIN_WORD = /[A-Za-z0-9_/.+\-():]/;
const POSIX_WORD = /[A-Za-z0-9_/.+\-():ßàáâãäåæçèéêëìíîïðñòóôõöøùúûüýþÿÀÁÂÃÄÅÆÇÈÉÊËÌÍÎÏÐÑÒÓÔÕÖØÙÚÛÜÝÞ]/;
const SPACE = /[ \t\r\n]/;

/**
 * Words, quoted pieces and single punctuation characters, in order. `#` hides the rest of its line.
 * @param mode  `plain`: quotes stay in the token, only open one at its start, and nothing escapes (supervisord
 *              4.2); `posix`: quotes are taken off, adjacent pieces join, backslash escapes (later versions)
 */
export function lex(text: string, mode: 'plain' | 'posix'): Lexed {
  return mode === 'plain' ? lexPlain(text) : lexPosix(text);
}

function lexPlain(text: string): Lexed {
  const tokens: string[] = [];
  let word = '';
  const endWord = (): void => {
    if (word !== '') tokens.push(word);
    word = '';
  };
  for (let at = 0; at < text.length; at += 1) {
    const char = text[at]!;
    if (SPACE.test(char)) {
      endWord();
    } else if (char === '#') {
      // The line feed goes with the comment, so that a word before it goes on with the next line.
      at = endOfLine(text, at);
    } else if (PLAIN_WORD.test(char) || (isQuote(char) && word !== '')) {
      word += char;
    } else if (isQuote(char)) {
      const end = text.indexOf(char, at + 1);
      if (end < 0) return { ok: false, why: 'No closing quotation' };
      tokens.push(text.slice(at, end + 1));
      at = end;
    } else {
      endWord();
      const whole = characterAt(text, at);
      tokens.push(whole);
      at += whole.length - 1;
    }
  }
  endWord();
  return { ok: true, tokens };
}

function lexPosix(text: string): Lexed {
  const tokens: string[] = [];
  let word: string | undefined;
  const endWord = (): void => {
    if (word !== undefined) tokens.push(word);
    word = undefined;
  };
  for (let at = 0; at < text.length; at += 1) {
    const char = text[at]!;
    if (SPACE.test(char)) {
      endWord();
    } else if (char === '#') {
      endWord();
      at = endOfLine(text, at);
    } else if (char === '\\') {
      at += 1;
      if (at >= text.length) return { ok: false, why: 'No escaped character' };
      const whole = characterAt(text, at);
      word = (word ?? '') + whole;
      at += whole.length - 1;
    } else if (isQuote(char)) {
      const piece = readQuoted(text, at);
      if (piece === undefined) return { ok: false, why: 'No closing quotation' };
      word = (word ?? '') + piece.text;
      at = piece.end;
    } else if (POSIX_WORD.test(char)) {
      word = (word ?? '') + char;
    } else {
      endWord();
      const whole = characterAt(text, at);
      tokens.push(whole);
      at += whole.length - 1;
    }
  }
  endWord();
  return { ok: true, tokens };
}

/** The piece that opens at `start`, without its quotes; `end` is the index of the closing one. */
function readQuoted(text: string, start: number): { text: string; end: number } | undefined {
  const mark = text[start]!;
  let piece = '';
  for (let at = start + 1; at < text.length; at += 1) {
    const char = text[at]!;
    if (char === mark) return { text: piece, end: at };
    const next = text[at + 1];
    if (char === '\\' && mark === '"' && (next === '"' || next === '\\')) {
      piece += next;
      at += 1;
    } else {
      piece += char;
    }
  }
  return undefined;
}

/** As Python counts them: one beyond U+FFFF is one. */
function characterAt(text: string, at: number): string {
  return String.fromCodePoint(text.codePointAt(at) ?? 0);
}

function isQuote(char: string): boolean {
  return char === '"' || char === "'";
}

function endOfLine(text: string, from: number): number {
  const end = text.indexOf('\n', from);
  return end < 0 ? text.length : end;
}
