/** Options of a section -> values, by the option table: filled in, read by type, defaults where none is given. */
import type { Surroundings } from './config.js';
import { expand, layer, type Names } from './expand.js';
import type { OptionRow, Table, Values } from './options/row.js';
import type { Entry } from './parse.js';
import { type Place, type ProblemLog, withoutQuotes } from './problems.js';
import type { Section } from './sections.js';
import { accept, type Read, type ReadContext } from './types/read.js';
import { readChoice } from './types/words.js';
import { readValue } from './types.js';

/** What every section of one configuration is read with. */
export interface Reading {
  readonly problems: ProblemLog;
  readonly surroundings: Surroundings;
  /** compat=strict. */
  readonly strict: boolean;
  /** Where relative paths start. */
  readonly base: string;
  /** `ENV_X` for each variable of the daemon's environment, and host_node_name. */
  readonly names: Names;
  /** Values are taken as they stand: % has no meaning on a command line. */
  readonly verbatim?: true;
}

/**
 * The values of all options of `table`. What is wrong is reported and counts as not given, so that the rest can
 * still be checked.
 * @param names  what may be filled in beside `here` and the reading's own names
 */
export function readOptions<T extends Table>(
  reading: Reading,
  section: Section,
  table: T,
  names: Names = new Map(),
): Values<T> {
  const all = layer(reading.names, names);
  const values: Record<string, unknown> = {};
  for (const [name, row] of Object.entries(table))
    values[name] = readOption(reading, section, name, row, all);
  return values as Values<T>;
}

/** Where a key of a section stands; the section's own place when it isn't given. */
export function placeOf(section: Section, key?: string): Place {
  const entry = key === undefined ? undefined : section.entries.get(key);
  const { file } = (entry ?? section).source;
  const header = section.own.get(key ?? '')?.header ?? section.header;
  const place = { file, line: (entry ?? section).line, section: header };
  return key === undefined ? place : { ...place, key };
}

/** The same reading for a section whose errors are no more than warnings. */
export function forgiving(reading: Reading): Reading {
  return { ...reading, problems: { ...reading.problems, error: reading.problems.warning } };
}

/** An entry's text as it counts in this configuration. */
export function textOf(entry: Entry, reading: Pick<Reading, 'strict'>): string {
  return reading.strict ? entry.strictValue : entry.value;
}

function readOption(reading: Reading, section: Section, name: string, row: OptionRow, names: Names): unknown {
  const entry = section.entries.get(name);
  if (entry !== undefined) return readEntry(reading, section, entry, row, names);
  if (row.required === true) reading.problems.error(placeOf(section, name), `is missing: ${row.doc}`);
  return readDefault(reading, row, names);
}

function readEntry(reading: Reading, section: Section, entry: Entry, row: OptionRow, names: Names): unknown {
  const { problems } = reading;
  const place = placeOf(section, entry.key);
  const here = layer(names, new Map([['here', entry.source.here]]));
  const told = (words: string) => (row.secret ? withoutQuotes(words) : words);
  const text = fillIn(textOf(entry, reading), row, here, reading);
  if (!text.ok) {
    problems.error(place, told(text.why));
    return readDefault(reading, row, names);
  }
  if (text.note !== undefined) problems.warning(place, told(text.note));
  const read = readByRow(text.value, row, reading);
  if (!read.ok) {
    problems.error(place, told(read.why));
    return readDefault(reading, row, names);
  }
  if (read.note !== undefined) problems.warning(place, told(read.note));
  if (row.served === 'later' && !isDefault(read.value, reading, row, names)) {
    problems.warning(place, 'not served by this version yet; ignored');
  }
  return read.value;
}

/** Values of defaults that nothing is filled into, kept because every section needs them again. */
const knownDefaults = new WeakMap<Reading, Map<OptionRow, unknown>>();

function readDefault(reading: Reading, row: OptionRow, names: Names): unknown {
  if (row.default === undefined) return undefined;
  const known = knownDefaults.get(reading) ?? new Map<OptionRow, unknown>();
  if (known.has(row)) return known.get(row);
  const text = fillIn(row.default, row, names, reading);
  // What is filled in may be of no use; that has been told where it is from.
  const read = readByRow(text.ok ? text.value : row.default, row, reading);
  const value = read.ok ? read.value : undefined;
  if (!row.default.includes('%')) knownDefaults.set(reading, known.set(row, value));
  return value;
}

function isDefault(value: unknown, reading: Reading, row: OptionRow, names: Names): boolean {
  return JSON.stringify(value) === JSON.stringify(readDefault(reading, row, names));
}

/**
 * Some values are filled in twice by supervisord, so that a percent sign has to be written %%%%. Where the second
 * time fails, %% was meant as one.
 */
function fillIn(text: string, row: OptionRow, names: Names, reading: Reading): Read<string> {
  if (reading.verbatim) return { ok: true, value: text };
  const once = expand(text, names);
  if (!once.ok) return once;
  if (once.text.includes('\0'))
    return { ok: false, why: 'contains a NUL character, which no process can be given' };
  if (row.twice !== true) return accept(once.text, once.note);
  const twice = expand(once.text, names);
  if (!twice.ok) return reading.strict ? twice : accept(once.text, once.note);
  return accept(twice.text, once.note);
}

function readByRow(text: string, row: OptionRow, reading: Reading): Read<unknown> {
  if (row.type === 'choice') return readChoice(text, row.choices ?? []);
  const context: ReadContext = {
    surroundings: reading.surroundings,
    strict: reading.strict,
    base: reading.base,
  };
  return readValue(row.type, text, context);
}
