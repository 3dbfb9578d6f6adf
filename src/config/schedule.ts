/** Cron expressions as text: are they right, and what do their fields allow? When they fall due: cron.ts. */
import { didYouMean } from './nearest.js';
import { quote } from './problems.js';

/** Each field in cron's order, seconds first, as the library takes it. */
interface Schedule {
  /** Six fields. */
  readonly expression: string;
  /** Its hours are not bound to the clock: it goes on through a clock change by elapsed time. */
  readonly everyHour: boolean;
}

export type ScheduleReading =
  | { readonly ok: true; readonly schedule: Schedule }
  | { readonly ok: false; readonly why: string };

interface Field {
  readonly name: string;
  readonly min: number;
  readonly max: number;
  readonly words: readonly string[];
}

const MONTHS = ['jan', 'feb', 'mar', 'apr', 'may', 'jun', 'jul', 'aug', 'sep', 'oct', 'nov', 'dec'];
const WEEKDAYS = ['sun', 'mon', 'tue', 'wed', 'thu', 'fri', 'sat'];
const FIELDS: readonly Field[] = [
  { name: 'second', min: 0, max: 59, words: [] },
  { name: 'minute', min: 0, max: 59, words: [] },
  { name: 'hour', min: 0, max: 23, words: [] },
  { name: 'day of month', min: 1, max: 31, words: [] },
  { name: 'month', min: 1, max: 12, words: MONTHS },
  { name: 'day of week', min: 0, max: 7, words: WEEKDAYS },
];
const ALIASES: ReadonlyMap<string, string> = new Map([
  ['@yearly', '0 0 1 1 *'],
  ['@annually', '0 0 1 1 *'],
  ['@monthly', '0 0 1 * *'],
  ['@weekly', '0 0 * * 0'],
  ['@daily', '0 0 * * *'],
  ['@midnight', '0 0 * * *'],
  ['@hourly', '0 * * * *'],
]);
const LONGEST_MONTH = [31, 29, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31];

/** Never throws. @see crontab(5); `L`, `5L` and `5#3` (last, last Friday, third Friday) are allowed too. */
export function parseSchedule(text: string): ScheduleReading {
  const words = text.trim().split(/\s+/);
  const first = words[0] ?? '';
  if (first.startsWith('@')) return parseAlias(first, words.length);
  if (/^(?:CRON_)?TZ=/.test(first))
    return refuse(`${quote(first)} does not belong here; give timezone= its own line`);
  if (words.length < 5 || words.length > 6 || text.length > 1000) {
    const count = first === '' ? 0 : words.length;
    return refuse(
      `${quote(text)} has ${count} field${count === 1 ? '' : 's'}; right are five (minute hour day month weekday), six with seconds first, or @daily`,
    );
  }
  if (/^(["']).*\1$/.test(text.trim())) return refuse(`${quote(text)}: leave the quotes out`);
  const fields = words.length === 5 ? ['0', ...words] : words;
  const values: (readonly number[] | undefined)[] = [];
  const plain: string[] = [];
  for (const [index, field] of FIELDS.entries()) {
    const read = readField(fields[index]!, field, index === 5, index === 3);
    if (!read.ok) return refuse(`${field.name} ${read.why}`);
    const mixed = index === 5 ? findMixture(fields[index]!) : undefined;
    if (mixed !== undefined) return refuse(`${field.name} ${mixed}`);
    values.push(read.values);
    plain.push(read.values ? withoutRepeats(fields[index]!, read.numbers, index === 5) : '*');
  }
  const never = findImpossibleDate(values[3], values[4], values[5]);
  if (never !== undefined) return refuse(`${quote(text)} never falls due: ${never}`);
  return { ok: true, schedule: { expression: plain.join(' '), everyHour: /^[*?]/.test(plain[2]!) } };
}

/** undefined when `zone` is a name of the time zone database. */
export function timeZoneFault(zone: string): string | undefined {
  try {
    new Intl.DateTimeFormat('en', { timeZone: zone });
    return /^[+-]/.test(zone)
      ? `${quote(zone)} is an offset; name a place, such as Europe/Berlin`
      : undefined;
  } catch {
    const hint = didYouMean(zone, Intl.supportedValuesOf('timeZone'));
    return `${quote(zone)} is not a time zone${hint === '' ? '; right is a name such as Europe/Berlin or UTC' : hint}`;
  }
}

function parseAlias(word: string, count: number): ScheduleReading {
  const expression = ALIASES.get(word.toLowerCase());
  if (expression !== undefined && count === 1) return parseSchedule(expression);
  if (word.toLowerCase() === '@reboot')
    return refuse('"@reboot" is no time; use a [program] with autostart instead');
  return refuse(
    `${quote(word)} is none of ${[...ALIASES.keys()].join(', ')}${didYouMean(word, ALIASES.keys())}`,
  );
}

function refuse(why: string): ScheduleReading {
  return { ok: false, why };
}

type FieldReading =
  /** undefined: every value. `numbers`: without the last days, of which `values` has the earliest they can mean. */
  | {
      readonly ok: true;
      readonly values: readonly number[] | undefined;
      readonly numbers: readonly number[];
    }
  | { readonly ok: false; readonly why: string };

type RangeReading =
  | { readonly ok: true; readonly values: readonly number[] | undefined }
  | { readonly ok: false; readonly why: string };

function readField(text: string, field: Field, weekday: boolean, monthday: boolean): FieldReading {
  const values = new Set<number>();
  const lasts: number[] = [];
  let every = false;
  for (const item of text.split(',')) {
    const special = readSpecial(item, weekday, monthday);
    if (special !== undefined) lasts.push(special);
    else {
      const range = readRange(item, field);
      if (!range.ok) return range;
      for (const value of range.values ?? []) values.add(value);
      every ||= range.values === undefined;
    }
  }
  return { ok: true, values: every ? undefined : [...values, ...lasts], numbers: [...values] };
}

/** What cron-parser refuses in a list, or passes over without a word. */
function findMixture(weekdays: string): string | undefined {
  const items = weekdays.split(',');
  if (items.length === 1) return undefined;
  const nth = items.find((item) => item.includes('#'));
  if (nth !== undefined) return `${quote(nth)} can't be part of a list; make it a job of its own`;
  const last = items.filter((item) => /L$/i.test(item));
  if (last.length === 0 || last.length === items.length) return undefined;
  return `${quote(weekdays)} mixes last days of the month (${last.join(', ')}) with others; make them jobs of their own`;
}

/**
 * A list as its numbers, each once, and the last day (`L`, `5L`) as it was written: cron-parser refuses a list that
 * says a value twice ("0,*", "1-5,3").
 */
function withoutRepeats(field: string, values: readonly number[], weekday: boolean): string {
  if (!field.includes(',')) return field.toUpperCase();
  const special = new Set(field.split(',').flatMap((item) => (/L$/i.test(item) ? item.toUpperCase() : [])));
  if (weekday && special.size > 0) return [...special].join(',');
  const numbers = values.map((value) => (weekday ? value % 7 : value));
  return [...[...new Set(numbers)].sort((a, b) => a - b), ...special].join(',');
}

/** `L`, `5L`, `5#3`: the earliest day that they can mean. */
function readSpecial(item: string, weekday: boolean, monthday: boolean): number | undefined {
  if (monthday && /^L$/i.test(item)) return 28;
  return weekday && /^[0-7](?:L|#[1-5])$/i.test(item) ? Number(item[0]) : undefined;
}

function readRange(item: string, field: Field): RangeReading {
  const [, from, to, step] = /^([^-/]+)(?:-([^-/]+))?(?:\/(\d{1,4}))?$/.exec(item) ?? [];
  if (from === undefined) return { ok: false, why: refuseItem(item, field) };
  if (step !== undefined && (Number(step) < 1 || Number(step) > field.max)) {
    return { ok: false, why: `${quote(item)}: the step must lie between 1 and ${field.max}` };
  }
  const every = from === '*' || (from === '?' && /^day/.test(field.name));
  if (every && to === undefined) {
    return { ok: true, values: step === undefined ? undefined : count(field.min, field.max, Number(step)) };
  }
  const low = readNumber(from, field);
  const high = to === undefined ? (step === undefined ? low : field.max) : readNumber(to, field);
  if (low === undefined || high === undefined) return { ok: false, why: refuseItem(item, field) };
  if (low > high)
    return {
      ok: false,
      why: `${quote(item)} runs backwards; write ${from}-${field.max},${field.min}-${to} or the like`,
    };
  return { ok: true, values: count(low, high, Number(step ?? 1)) };
}

function readNumber(word: string, field: Field): number | undefined {
  const named = field.words.indexOf(word.toLowerCase());
  if (named >= 0) return named + field.min;
  const number = /^\d{1,2}$/.test(word) ? Number(word) : Number.NaN;
  return number >= field.min && number <= field.max ? number : undefined;
}

function count(low: number, high: number, step: number): readonly number[] {
  return Array.from({ length: Math.floor((high - low) / step) + 1 }, (_, index) => low + index * step);
}

function refuseItem(item: string, field: Field): string {
  const allowed = `${field.min} to ${field.max}${field.words.length > 0 ? ` or ${field.words[0]} to ${field.words.at(-1)}` : ''}`;
  if (/^(?:\d{1,2}|L)W$/i.test(item))
    return `${quote(item)}: W (nearest working day) is not supported; right is ${allowed}`;
  if (/^L-\d+$/i.test(item))
    return `${quote(item)}: only L itself (the last day) is supported; right is ${allowed}`;
  if (/^H/i.test(item)) return `${quote(item)}: H (a spread value) is not supported; use jitter= instead`;
  if (item === '') return `has an empty place in its list; right is ${allowed}, *, lists, ranges and /steps`;
  return `${quote(item)} is not allowed; right is ${allowed}, *, lists, ranges and /steps`;
}

/** 30 February and the like; with a day of week as well, either may hold. */
function findImpossibleDate(
  days: readonly number[] | undefined,
  months: readonly number[] | undefined,
  weekdays: readonly number[] | undefined,
): string | undefined {
  if (days === undefined || months === undefined || weekdays !== undefined) return undefined;
  const earliest = Math.min(...days);
  if (months.some((month) => earliest <= LONGEST_MONTH[month - 1]!)) return undefined;
  return `no such month has a day ${earliest}`;
}
