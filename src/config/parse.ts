/**
 * Text -> sections. The only module that knows the dialect, which is that of supervisord's parser: Python's
 * configparser with `;` and `#` as inline comment signs, without interpolation.
 */
import type { Problem } from './config.js';
import { quote } from './problems.js';
import { closesItsQuotes, type OpenQuote, QUOTED_KEYS, scanLine } from './quotes.js';
import { indentOf, isBlank, strip, stripEnd } from './whitespace.js';

/** A file as it is shown in messages, and the absolute directory that `%(here)s` stands for in it. */
export interface Source {
  readonly file: string;
  readonly here: string;
}

export interface Entry {
  /** Lower case. */
  readonly key: string;
  readonly value: string;
  /** As supervisord reads it: cut at a comment sign even when that stands inside quotes. */
  readonly strictValue: string;
  /** Of the block that it stands in. */
  readonly header: string;
  readonly source: Source;
  /** 1-based line of the key. */
  readonly line: number;
}

/** What stands under one header; a section may have several blocks. */
export interface Block {
  /** Between the brackets, as written. */
  readonly header: string;
  readonly source: Source;
  readonly line: number;
  readonly entries: readonly Entry[];
}

export interface Parsed {
  readonly blocks: readonly Block[];
  readonly problems: readonly Problem[];
}

/** Keys whose values no message quotes. */
const SECRET_KEYS: ReadonlySet<string> = new Set(['password', 'smtp_password', 'environment']);

/** Never throws; takes time in proportion to the text. Lines that are no part of the dialect become errors. */
export function parseText(text: string, source: Source): Parsed {
  const blocks: OpenBlock[] = [];
  const problems: Problem[] = [];
  let block: OpenBlock | undefined;
  let entry: OpenEntry | undefined;
  let indent = 0;
  let headless = false;
  const bad = (line: number, message: string): void => {
    problems.push({ severity: 'error', file: source.file, line, message });
  };

  const lines = text.split(/\r\n|\r|\n/);
  for (const [index, line] of lines.entries()) {
    const number = index + 1;
    const cut = commentStart(line);
    const content = strip(line.slice(0, cut));
    if (content === '') {
      if (cut === undefined) entry?.lines.push({ raw: '', cut: '' });
      continue;
    }
    const lineIndent = indentOf(line);
    if (entry !== undefined && lineIndent > indent) {
      entry.lines.push({ raw: line, cut: content });
      continue;
    }
    indent = lineIndent;
    const header = readHeader(content);
    if (header !== undefined) {
      block = { header, source, line: number, entries: [] };
      blocks.push(block);
      entry = undefined;
      continue;
    }
    if (block === undefined) {
      if (!headless) bad(number, describeHeadless(line));
      headless = true;
      continue;
    }
    const delimiter = content.search(/[=:]/);
    if (delimiter < 0) {
      // It may be the rest of what stands above.
      const shown = SECRET_KEYS.has(entry?.key ?? '') ? 'this line' : quote(content);
      bad(number, `${shown} is neither a [section] nor a key = value`);
      continue;
    }
    const key = stripEnd(content.slice(0, delimiter)).toLowerCase();
    if (key === '') {
      bad(number, `there is no key before the ${content[delimiter]}`);
      entry = undefined;
      continue;
    }
    const raw = line.slice(lineIndent + delimiter + 1);
    entry = { key, line: number, lines: [{ raw, cut: strip(content.slice(delimiter + 1)) }] };
    block.entries.push(entry);
  }
  return { blocks: blocks.map(closeBlock), problems };
}

interface OpenEntry {
  readonly key: string;
  readonly line: number;
  /** `raw`: the part that belongs to the value, comments included; `cut`: what supervisord makes of it. */
  readonly lines: { readonly raw: string; readonly cut: string }[];
}

interface OpenBlock {
  readonly header: string;
  readonly source: Source;
  readonly line: number;
  readonly entries: OpenEntry[];
}

/**
 * Where supervisord ends the line. Each sign is looked for in turns; the search ends with the first turn that
 * meets one at the line's start or after a blank, so that in `a;b ;c #d` the second `;` is no comment.
 */
function commentStart(line: string): number | undefined {
  const first = line[indentOf(line)];
  if (first === ';' || first === '#') return 0;
  let semicolon = line.indexOf(';');
  let hash = line.indexOf('#');
  while (semicolon >= 0 || hash >= 0) {
    const starts = [semicolon, hash].filter((at) => at >= 0 && (at === 0 || isBlank(line[at - 1])));
    if (starts.length > 0) return Math.min(...starts);
    if (semicolon >= 0) semicolon = line.indexOf(';', semicolon + 1);
    if (hash >= 0) hash = line.indexOf('#', hash + 1);
  }
  return undefined;
}

/** What follows the last bracket is ignored, as supervisord does. */
function readHeader(content: string): string | undefined {
  const end = content.lastIndexOf(']');
  return content.startsWith('[') && end > 1 ? content.slice(1, end) : undefined;
}

function describeHeadless(line: string): string {
  if (line.startsWith('\ufeff')) return 'starts with a byte order mark; save the file as UTF-8 without one';
  const [name = ''] = line.split(/[=:]/);
  return `${quote(strip(name))} stands before any [section] header`;
}

function closeBlock(block: OpenBlock): Block {
  return { ...block, entries: block.entries.map((entry) => closeEntry(entry, block)) };
}

function closeEntry(entry: OpenEntry, { header, source }: OpenBlock): Entry {
  const strictValue = stripEnd(entry.lines.map((line) => line.cut).join('\n'));
  const value = keepQuoted(entry, strictValue);
  return { key: entry.key, value, strictValue, header, source, line: entry.line };
}

/** The value with comment signs inside quotes kept, where supervisord would cut a quoted piece in two. */
function keepQuoted(entry: OpenEntry, strictValue: string): string {
  if (!QUOTED_KEYS.has(entry.key) || closesItsQuotes(entry.key, strictValue)) return strictValue;
  let open: OpenQuote = '';
  const kept = entry.lines.map(({ raw }) => {
    const scanned = scanLine(raw, open);
    open = scanned.open;
    return strip(raw.slice(0, scanned.commentAt));
  });
  return open === '' ? stripEnd(kept.join('\n')) : strictValue;
}
