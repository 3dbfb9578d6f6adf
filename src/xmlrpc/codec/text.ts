/** Text that any XML 1.0 parser takes, whatever a log holds. */

const ENTITIES: Readonly<Record<string, string>> = { '&': '&amp;', '<': '&lt;', '>': '&gt;', '\r': '&#13;' };
/** Control characters that XML has no way to say, its two non-characters, and halves of surrogate pairs. */
const UNSAYABLE = /[\0-\x08\x0b\x0c\x0e-\x1f\ufffe\uffff]|\p{Cs}/gu;

/**
 * A control character becomes its picture (ESC is U+241B), anything else that XML can't say U+FFFD. A carriage return
 * is written as a reference: bare, a parser takes it for the end of a line.
 */
export function escapeText(text: string): string {
  return makeClean(text).replace(/[&<>\r]/g, (char) => ENTITIES[char] ?? char);
}

/** What a client gets to read of text that XML can't say. */
export function makeClean(text: string): string {
  return text.replace(UNSAYABLE, (char) => {
    const code = char.charCodeAt(0);
    return code < 0x20 ? String.fromCharCode(0x2400 + code) : '\ufffd';
  });
}

const NAMED: Readonly<Record<string, string>> = { amp: '&', lt: '<', gt: '>', quot: '"', apos: "'" };

/** The five entities of XML and character references; nothing else is one here. @throws RangeError */
export function unescapeText(text: string): string {
  if (!text.includes('&')) return text;
  return text.replace(/&([^;&]{0,12};?)/g, (whole, body: string) => {
    const name = body.slice(0, -1);
    const char = body.endsWith(';') ? (NAMED[name] ?? charOf(name)) : undefined;
    if (char === undefined) throw new RangeError(`${JSON.stringify(whole)} is no entity of XML`);
    return char;
  });
}

/** `#65` and `#x41`. */
function charOf(reference: string): string | undefined {
  const match = /^#(?:x([\da-f]{1,6})|(\d{1,7}))$/i.exec(reference);
  if (!match) return undefined;
  const code = match[1] === undefined ? Number(match[2]) : Number.parseInt(match[1], 16);
  if (code === 0 || code > 0x10ffff || (code >= 0xd800 && code < 0xe000)) return undefined;
  return String.fromCodePoint(code);
}
