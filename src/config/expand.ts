/** Python's % formatting of a value, as supervisord applies it: `%(name)s`, `%(process_num)02d`, `%%`. */
import { didYouMean } from './nearest.js';

/** What `%(name)s` may stand for. A Map is one. */
export interface Names {
  get(name: string): string | number | undefined;
  keys(): Iterable<string>;
}

/** Both; what `inner` has counts. */
export function layer(outer: Names, inner: Names): Names {
  return {
    get: (name) => inner.get(name) ?? outer.get(name),
    keys: () => new Set([...outer.keys(), ...inner.keys()]),
  };
}

export type Expanded =
  /** `note`: what was accepted although it can't be meant. */
  | { readonly ok: true; readonly text: string; readonly note?: string }
  /** `why` says what is wrong and what would be right. */
  | { readonly ok: false; readonly why: string };

/** The text with each `%` item replaced. Never throws. */
export function expand(text: string, names: Names): Expanded {
  let done = '';
  let at = 0;
  let note: string | undefined;
  let isFirst = true;
  while (at < text.length) {
    const percent = text.indexOf('%', at);
    if (percent < 0) break;
    done += text.slice(at, percent);
    const item = readItem(text, percent + 1);
    if ('why' in item) return { ok: false, why: item.why };
    at = item.end;
    if (item.end === percent + 2 && item.conversion === '%') {
      done += '%';
      continue;
    }
    if (item.name === undefined) {
      const lone = text.slice(percent, item.end);
      // Python puts its whole dictionary here, as the first item. Nobody can want that, but it is no error there.
      if (!isFirst || !/[sra]/.test(item.conversion)) return { ok: false, why: lonePercent(lone) };
      note = lonePercent(lone);
      isFirst = false;
      done += lone;
      continue;
    }
    isFirst = false;
    const value = names.get(item.name);
    if (value === undefined) return { ok: false, why: unknownName(item.name, names) };
    const shown = format(value, item);
    if (shown === undefined) return { ok: false, why: wrongConversion(item, value) };
    done += shown;
  }
  const whole = done + text.slice(at);
  return note === undefined ? { ok: true, text: whole } : { ok: true, text: whole, note };
}

interface Item {
  readonly name: string | undefined;
  readonly flags: string;
  readonly width: number;
  readonly precision: number | undefined;
  readonly conversion: string;
  readonly end: number;
}

/** So that a mistyped width doesn't fill the memory. */
const WIDEST = 4096;

function readItem(text: string, start: number): Item | { readonly why: string } {
  let at = start;
  let name: string | undefined;
  if (text[at] === '(') {
    const end = closingParenthesis(text, at);
    if (end < 0) return { why: '"%(" has no closing ")"; write %%( for the characters %(' };
    name = text.slice(at + 1, end);
    at = end + 1;
  }
  const pattern = /([#0\- +]*)(\d*)(?:\.(\d*))?[hlL]?([\s\S]?)/y;
  pattern.lastIndex = at;
  const [whole = '', flags = '', width = '', precision, conversion = ''] = pattern.exec(text) ?? [];
  if (conversion === '') return { why: 'it ends in the middle of a % item; write %% for a percent sign' };
  if (Number(width) > WIDEST || Number(precision ?? 0) > 100) {
    return { why: `the width of ${text.slice(start - 1, at + whole.length)} is too large` };
  }
  return {
    name,
    flags,
    width: Number(width),
    precision: precision === undefined ? undefined : Number(precision),
    conversion,
    end: at + whole.length,
  };
}

/** Parentheses may stand in a name as long as they are balanced. */
function closingParenthesis(text: string, open: number): number {
  let depth = 0;
  for (let at = open; at < text.length; at += 1) {
    if (text[at] === '(') depth += 1;
    else if (text[at] === ')') depth -= 1;
    if (depth === 0) return at;
  }
  return -1;
}

function format(value: string | number, item: Item): string | undefined {
  const { conversion, precision, flags } = item;
  if (conversion === 's') return pad(String(value).slice(0, precision), item, false);
  if (conversion === 'r' || conversion === 'a') {
    return pad(
      (typeof value === 'string' ? pythonRepr(value) : String(value)).slice(0, precision),
      item,
      false,
    );
  }
  if (typeof value !== 'number') return undefined;
  if (conversion === 'c') return pad(String.fromCodePoint(Math.max(0, value)), item, false);
  const digits = formatNumber(Math.abs(value), item);
  if (digits === undefined) return undefined;
  const plus = flags.includes('+') ? '+' : flags.includes(' ') ? ' ' : '';
  return pad((value < 0 ? '-' : plus) + digits, item, true);
}

function formatNumber(value: number, { conversion, precision, flags }: Item): string | undefined {
  const whole = (radix: number): string =>
    Math.trunc(value)
      .toString(radix)
      .padStart(precision ?? 0, '0');
  const prefix = (text: string): string => (flags.includes('#') ? text : '');
  switch (conversion) {
    case 'd':
    case 'i':
    case 'u':
      return whole(10);
    case 'o':
      return prefix('0o') + whole(8);
    case 'x':
      return prefix('0x') + whole(16);
    case 'X':
      return prefix('0X') + whole(16).toUpperCase();
    case 'f':
    case 'F':
      return value.toFixed(precision ?? 6);
    case 'g':
    case 'G':
      return String(Number(value.toPrecision(Math.max(1, precision ?? 6))));
    case 'e':
    case 'E': {
      const text = value.toExponential(precision ?? 6).replace(/e([+-])(\d)$/, 'e$10$2');
      return conversion === 'E' ? text.toUpperCase() : text;
    }
    default:
      return undefined;
  }
}

function pad(text: string, { width, flags }: Item, number: boolean): string {
  if (flags.includes('-')) return text.padEnd(width);
  if (!number || !flags.includes('0')) return text.padStart(width);
  const sign = /^(?:[+\- ])?(?:0[xXo])?/.exec(text)?.[0] ?? '';
  return sign + text.slice(sign.length).padStart(width - sign.length, '0');
}

/** Quoted as Python shows a string. */
export function pythonRepr(text: string): string {
  const mark = text.includes("'") && !text.includes('"') ? '"' : "'";
  const escaped = text
    .replaceAll('\\', '\\\\')
    .replaceAll('\n', '\\n')
    .replaceAll('\r', '\\r')
    .replaceAll('\t', '\\t');
  return mark + escaped.replaceAll(mark, `\\${mark}`) + mark;
}

function lonePercent(item: string): string {
  return `${JSON.stringify(item)} is no item that can be filled in; write ${JSON.stringify(`%${item}`)} for these characters, or %(name)s`;
}

function unknownName(name: string, names: Names): string {
  if (name.startsWith('ENV_')) {
    const variable = name.slice(4);
    const others = [...names.keys()]
      .filter((known) => known.startsWith('ENV_'))
      .map((known) => known.slice(4));
    return `%(${name})s: the environment has no ${variable}${didYouMean(variable, others)}`;
  }
  const known = [...names.keys()].filter((other) => !other.startsWith('ENV_')).sort();
  return `%(${name})s is not known here${didYouMean(name, known)}; there are ${known.join(', ')} and ENV_X for each variable X of the environment`;
}

function wrongConversion({ conversion, name }: Item, value: string | number): string {
  if (typeof value === 'string' && /[diuoxXeEfFgGc]/.test(conversion)) {
    return `%(${name})${conversion} asks for a number, but ${name} is text; write %(${name})s`;
  }
  return `%(${name})${conversion}: there is no conversion "${conversion}"; write %(${name})s`;
}
