/** Values on the command line, checked when they are read and refused in supervisord's words. */
import path from 'node:path';
import type { Surroundings } from '../config/config.js';
import { pythonRepr } from '../config/expand.js';
import { readInteger } from '../config/whitespace.js';

export type Machine = Pick<Surroundings, 'cwd' | 'home' | 'isDirectory'>;

/** @returns what is wrong with the value; undefined when nothing is */
export type Check = (text: string, machine: Machine) => string | undefined;

export const checkInt: Check = (text) =>
  readInteger(text) === undefined ? `invalid literal for int() with base 10: ${pythonRepr(text)}` : undefined;

export const checkBytes: Check = (text, machine) =>
  checkInt(/[kmg]b$/i.test(text) ? text.slice(0, -2) : text, machine);

export const checkOctal: Check = (text) =>
  /^\s*[+-]?(?:0o?)?[0-7]+\s*$/i.test(text) ? undefined : `${text} can not be converted to an octal type`;

const LEVELS = ['critical', 'error', 'warn', 'info', 'debug', 'trace', 'blather'];

export const checkLevel: Check = (text) =>
  LEVELS.includes(text.toLowerCase()) ? undefined : `bad logging level name ${pythonRepr(text)}`;

/** One that exists. */
export const checkDirectory: Check = (text, machine) =>
  machine.isDirectory(absolute(text, machine)) ? undefined : `${text} is not an existing directory`;

/** A file in a directory that exists; a bare name will do. */
export const checkFile: Check = (text, machine) =>
  !text.includes('/') || machine.isDirectory(path.dirname(absolute(text, machine)))
    ? undefined
    : `The directory named as part of the path ${text} does not exist`;

function absolute(text: string, { cwd, home }: Machine): string {
  return path.resolve(cwd, text === '~' || text.startsWith('~/') ? home + text.slice(1) : text);
}
