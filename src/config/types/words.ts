/** Values that are one of some words. */
import { SIGNAL_NAMES, signalNumber } from '../../core/signals.js';
import type { LogLevel } from '../config.js';
import { didYouMean } from '../nearest.js';
import { quote } from '../problems.js';
import { readInteger, strip } from '../whitespace.js';
import { accept, type Reader, refuse } from './read.js';

const TRUE = ['yes', 'true', 'on', '1'];
const FALSE = ['no', 'false', 'off', '0'];
const LOG_LEVELS: readonly LogLevel[] = ['critical', 'error', 'warn', 'info', 'debug', 'trace', 'blather'];

export const readBool: Reader<boolean> = (text) => {
  const word = text.toLowerCase();
  if (TRUE.includes(word)) return accept(true);
  if (FALSE.includes(word)) return accept(false);
  const hint = didYouMean(text, [...TRUE, ...FALSE]);
  return refuse(`${quote(text)} is neither true nor false (yes, true, on, 1; no, false, off, 0)${hint}`);
};

export const readAutorestart: Reader<'always' | 'unexpected' | 'never'> = (text) => {
  const word = text.toLowerCase();
  if (word === 'unexpected') return accept('unexpected');
  if (TRUE.includes(word)) return accept('always');
  if (FALSE.includes(word)) return accept('never');
  const hint = didYouMean(text, ['unexpected', ...TRUE, ...FALSE]);
  return refuse(`${quote(text)} is none of true, false and unexpected${hint}`);
};

export const readSignal: Reader<number> = (text) => {
  const literal = readInteger(text);
  const number = signalNumber(literal === undefined ? strip(text) : String(literal));
  if (number !== undefined) return accept(number);
  if (literal !== undefined) {
    return refuse(`there is no signal ${quote(text)}; right are 1 to 31, or a name such as TERM`);
  }
  const withPrefix = text.toUpperCase().startsWith('SIG') ? text : `SIG${text}`;
  const hint = didYouMean(withPrefix, SIGNAL_NAMES);
  return refuse(`${quote(text)} is not a signal${hint === '' ? '; right is TERM, INT or the like' : hint}`);
};

export const readLogLevel: Reader<LogLevel> = (text) => {
  const word = text.toLowerCase();
  const level = LOG_LEVELS.find((known) => known === word);
  if (level !== undefined) return accept(level);
  const hint = didYouMean(word === 'warning' ? 'warn' : word, LOG_LEVELS);
  return refuse(`${quote(text)} is not a log level (${LOG_LEVELS.join(', ')})${hint}`);
};

/** One word of the option's own list. */
export function readChoice(text: string, choices: readonly string[]): ReturnType<Reader<string>> {
  const word = text.toLowerCase();
  if (choices.includes(word)) return accept(word);
  return refuse(`${quote(text)} is none of ${choices.join(', ')}${didYouMean(word, choices)}`);
}

/** A name of a process or group: no blank, colon or slash, which would break namespecs and URLs. */
export const readName: Reader<string> = (text) => {
  const name = strip(text);
  if (name === '') return refuse('the name is empty');
  const bad = /[ :/\0]/.exec(name)?.[0];
  return bad === undefined
    ? accept(name)
    : refuse(`${quote(name)} is no name: it must not contain ${quote(bad)}`);
};

export const readText: Reader<string> = (text) => accept(text);

/** As `readList`, but where supervisord minds a comma too many. */
export const readNames: Reader<readonly string[]> = (text) => {
  if (text === '') return accept([]);
  const names = text.split(',').map(strip);
  return names.includes('') ? refuse(`${quote(text)} has a comma too many`) : accept(names);
};

/** A comma list; blanks around the members don't count, empty members do not either. */
export const readList: Reader<readonly string[]> = (text) =>
  accept(
    text
      .split(',')
      .map(strip)
      .filter((member) => member !== ''),
  );

/** Separated by blanks or commas. */
export const readWords: Reader<readonly string[]> = (text) =>
  accept(text.split(/[\s,]+/).filter((word) => word !== ''));
