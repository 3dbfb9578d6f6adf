/** Numbers, sizes, durations, modes. */
import { quote } from '../problems.js';
import { readInteger, strip } from '../whitespace.js';
import { accept, type Read, type Reader, refuse } from './read.js';

const BYTES_PER: ReadonlyMap<string, number> = new Map([
  ['kb', 1024],
  ['mb', 1024 ** 2],
  ['gb', 1024 ** 3],
]);
const MILLIS_PER: ReadonlyMap<string, number> = new Map([
  ['', 1000],
  ['s', 1000],
  ['m', 60_000],
  ['h', 3_600_000],
  ['d', 86_400_000],
]);
/** Larger times and sizes lose nobody anything and keep every sum exact. */
const LARGEST = 2 ** 49;

export const readInt: Reader<number> = (text) => {
  const value = readInteger(text);
  return value === undefined ? refuse(`${quote(text)} is not a whole number`) : accept(bound(value));
};

/** supervisord takes any number and acts on a negative one as on 0. */
export const readCount: Reader<number> = (text) => {
  const value = readInteger(text);
  return value === undefined ? refuse(`${quote(text)} is not a whole number`) : atLeastZero(value, text);
};

export const readBytes: Reader<number> = (text) => {
  const unit = text.slice(-2).toLowerCase();
  const factor = BYTES_PER.get(unit);
  const value = readInteger(factor === undefined ? text : text.slice(0, -2));
  if (value === undefined) {
    return refuse(`${quote(text)} is not a size; right are a number of bytes, or one with KB, MB or GB`);
  }
  return atLeastZero(value * (factor ?? 1), text);
};

/** Milliseconds. */
export const readDuration: Reader<number> = (text, { strict }) => {
  const [, digits = text, unit = ''] = /^(.*?)\s*([smhd]?)$/is.exec(text.slice(0, 64)) ?? [];
  const value = readInteger(digits);
  if (value === undefined || (strict && unit !== '')) {
    return refuse(`${quote(text)} is not a time; right are seconds, or a number with s, m, h or d`);
  }
  return atLeastZero(value * (MILLIS_PER.get(unit.toLowerCase()) ?? 1000), text);
};

/** As `readDuration`, but a negative time is a mistake. */
export const readSpan: Reader<number> = (text, context) => {
  const read = readDuration(text, context);
  return read.ok && read.note !== undefined
    ? refuse(`${quote(text)} is negative; a time is 0 or more`)
    : read;
};

export const readWhole: Reader<number> = (text, context) => {
  const read = readCount(text, context);
  return read.ok && read.note !== undefined ? refuse(`${quote(text)} is negative; right is 0 or more`) : read;
};

export const readSpans: Reader<readonly number[]> = (text, context) => {
  const spans: number[] = [];
  for (const part of text.split(',')) {
    const read = readSpan(strip(part), context);
    if (!read.ok) return read;
    spans.push(read.value);
  }
  return accept(spans);
};

/** Beyond the twelve bits of a mode, supervisord takes any number and the kernel drops the rest. */
export const readOctal: Reader<number> = (text) => {
  const [, sign, digits] = /^([+-]?)(?:0o)?([0-7]+(?:_[0-7]+)*)$/i.exec(strip(text)) ?? [];
  if (digits === undefined) return refuse(`${quote(text)} is not a mode in octal, such as 022 or 0700`);
  const number = BigInt(`0o${digits.replaceAll('_', '')}`);
  const mode = Number(BigInt.asUintN(12, sign === '-' ? -number : number));
  if (sign !== '-' && number <= 0o7777n) return accept(mode);
  return accept(mode, `${quote(text)} is no mode of a file; it counts as 0${mode.toString(8)}`);
};

export const readExitCodes: Reader<readonly number[]> = (text) => {
  if (text === '') return accept([]);
  const codes = text.split(',').map(readInteger);
  if (codes.every((code) => code !== undefined && code >= 0 && code <= 255)) {
    return accept(codes.filter((code) => code !== undefined));
  }
  return refuse(
    `${quote(text)} is not a list of exit statuses; right is 0,2 or the like, each from 0 to 255`,
  );
};

/** A resource limit that is a count. */
export const readLimit: Reader<number | 'unlimited'> = (text) => {
  if (isUnlimited(text)) return accept('unlimited');
  const value = readInteger(text);
  if (value !== undefined && value >= 0) return accept(bound(value));
  return refuse(`${quote(text)} is not a limit; right are a number or unlimited`);
};

/** A resource limit in bytes. */
export const readSizeLimit: Reader<number | 'unlimited'> = (text, context) => {
  if (isUnlimited(text)) return accept('unlimited');
  const read = readBytes(text, context);
  if (read.ok && read.note === undefined) return read;
  return refuse(`${quote(text)} is not a limit; right are bytes, KB, MB, GB or unlimited`);
};

export const readNice: Reader<number> = (text) => {
  const value = readInteger(text);
  if (value !== undefined && value >= -20 && value <= 19) return accept(value);
  return refuse(`${quote(text)} is not a nice value; right is a number from -20 (favoured) to 19`);
};

/** "22:00-06:00" as minutes of the day; the end may be before the begin. */
export const readHours: Reader<{ readonly from: number; readonly to: number }> = (text) => {
  const [, ...found] = /^(\d{1,2}):(\d\d)\s*-\s*(\d{1,2}):(\d\d)$/.exec(text) ?? [];
  const [h1 = 99, m1 = 99, h2 = 99, m2 = 99] = found.map(Number);
  const [from, to] = [h1 * 60 + m1, h2 * 60 + m2];
  if (h1 < 24 && m1 < 60 && h2 < 24 && m2 < 60 && from !== to) return accept({ from, to });
  return refuse(`${quote(text)} is not a span of the day; right is 22:00-06:00 or the like`);
};

function isUnlimited(text: string): boolean {
  return /^(?:unlimited|infinity)$/i.test(text);
}

function atLeastZero(value: number, text: string): Read<number> {
  return value < 0 ? accept(0, `${quote(text)} is negative and counts as 0`) : accept(bound(value));
}

function bound(value: number): number {
  return Math.max(-LARGEST, Math.min(LARGEST, Math.trunc(value)));
}
