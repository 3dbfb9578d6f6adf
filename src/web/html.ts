/**
 * HTML that is safe by how it is made: whatever a template takes in is text, and escaped, unless a template made it. Nothing
 * else makes HTML, so that no name, log line or message can become a tag or leave its attribute, which are all quoted.
 */
import { escapeText } from '../xmlrpc/codec/text.js';

export interface Html {
  readonly html: string;
}

type Part = Html | string | number | undefined | readonly Part[];

/** html`<td>${text}</td>`. */
export function html(pieces: TemplateStringsArray, ...parts: readonly Part[]): Html {
  let text = pieces[0] ?? '';
  for (let at = 0; at < parts.length; at += 1) text += render(parts[at]) + (pieces[at + 1] ?? '');
  return { html: text };
}

function render(part: Part): string {
  if (part === undefined) return '';
  if (typeof part === 'number') return String(part);
  if (typeof part === 'string') return quote(part);
  // Array.isArray doesn't tell a readonly array.
  return 'html' in part ? part.html : part.map(render).join('');
}

/** What is itself in HTML, as nearly all is. */
const PLAIN = /^[\w !#$%()*+,./:;=?@[\]^{|}~-]*$/;

/** Control characters, which no terminal is here to obey, become their pictures, as in XML-RPC. */
function quote(text: string): string {
  if (PLAIN.test(text)) return text;
  return escapeText(text.replaceAll('\x7f', '\u2421')).replace(/["']/g, (char) =>
    char === '"' ? '&quot;' : '&#39;',
  );
}
