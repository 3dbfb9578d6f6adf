/** Every type that an option may have: text -> value, or what is wrong with it. */

import { readEnvironment } from './environment.js';
import { parseSchedule, timeZoneFault } from './schedule.js';
import { readCapabilities, readGroups, readOwner, readUser } from './types/accounts.js';
import { readAddress, readFcgiSocket, readHaproxy, readUrl, readUrls } from './types/addresses.js';
import * as numbers from './types/numbers.js';
import * as paths from './types/paths.js';
import { readDependencies, readProbe } from './types/probes.js';
import { accept, type Read, type Reader, refuse } from './types/read.js';
import * as words from './types/words.js';

const readVariables: Reader<Readonly<Record<string, string>>> = (text, { strict }) => {
  const read = readEnvironment(text, strict);
  return read.ok
    ? accept(read.values, read.notes.length > 0 ? read.notes.join('; ') : undefined)
    : refuse(read.why);
};

const readTimeZone: Reader<string> = (text) => {
  const fault = timeZoneFault(text);
  return fault === undefined ? accept(text) : refuse(fault);
};

/** Checked without a zone here; whether it ever falls due doesn't depend on one. */
const readSchedule: Reader<string> = (text) => {
  const read = parseSchedule(text);
  return read.ok ? accept(text) : refuse(read.why);
};

const READERS = {
  address: readAddress,
  autorestart: words.readAutorestart,
  bool: words.readBool,
  bytes: numbers.readBytes,
  capabilities: readCapabilities,
  count: numbers.readCount,
  dependencies: readDependencies,
  directory: paths.readDirectory,
  duration: numbers.readDuration,
  environment: readVariables,
  exitcodes: numbers.readExitCodes,
  'fcgi socket': readFcgiSocket,
  file: paths.readFile,
  groups: readGroups,
  haproxy: readHaproxy,
  hours: numbers.readHours,
  int: numbers.readInt,
  limit: numbers.readLimit,
  list: words.readList,
  logfile: paths.readLogfile,
  loglevel: words.readLogLevel,
  'loose directory': paths.readLooseDirectory,
  'loose path': paths.readLoosePath,
  'main log': paths.readMainLog,
  name: words.readName,
  names: words.readNames,
  nice: numbers.readNice,
  octal: numbers.readOctal,
  owner: readOwner,
  path: paths.readPath,
  probe: readProbe,
  schedule: readSchedule,
  signal: words.readSignal,
  'size limit': numbers.readSizeLimit,
  span: numbers.readSpan,
  spans: numbers.readSpans,
  text: words.readText,
  timezone: readTimeZone,
  url: readUrl,
  urls: readUrls,
  user: readUser,
  whole: numbers.readWhole,
} as const satisfies Record<string, Reader<unknown>>;

export type TypeName = keyof typeof READERS;
/** What a type's values are in the code. */
export type ValueOf<T extends TypeName> = (typeof READERS)[T] extends Reader<infer V> ? V : never;

/** Reads `text` as `type`. */
export function readValue<T extends TypeName>(
  type: T,
  text: string,
  context: Parameters<Reader<unknown>>[1],
): Read<ValueOf<T>> {
  const reader = READERS[type] as unknown as Reader<ValueOf<T>>;
  return reader(text, context);
}
