/** Finds the file that a command names, or says in supervisord's words why it can't be executed. */
import { accessSync, constants, type Stats, statSync } from 'node:fs';
import path from 'node:path';
import type { ProcessSpec, SpawnFailure } from '../core/program.js';
import { splitCommand } from '../core/words.js';

export type Found =
  | { readonly ok: true; readonly words: readonly string[] }
  | { readonly ok: false; readonly code: SpawnFailure; readonly why: string };

const DEFAULT_PATH = '/bin:/usr/bin:/usr/local/bin';

/**
 * The command's words, the first one made a path.
 * @param searchPath  PATH of the child; a word without a slash is looked up in it, and the first existing entry is
 *                    taken whatever it is
 * @param directory   where the child will be when it executes a relative path
 */
export function findCommand(command: string, searchPath: string | undefined, directory: string): Found {
  const split = splitCommand(command);
  if (!split.ok) return refuse('NOT_EXECUTABLE', `can't parse command '${command}': ${split.why}`);
  const [word, ...rest] = split.words;
  if (word === undefined || word === '') return refuse('NOT_EXECUTABLE', 'command is empty');
  const file = word.includes('/') ? word : lookUp(word, searchPath ?? DEFAULT_PATH);
  const stat = file === undefined ? undefined : statOf(path.resolve(directory, file));
  if (!file || !stat) return refuse('NO_FILE', `can't find command '${word}'`);
  if (stat.isDirectory()) return refuse('NOT_EXECUTABLE', `command at '${file}' is a directory`);
  if ((stat.mode & 0o111) === 0) return refuse('NOT_EXECUTABLE', `command at '${file}' is not executable`);
  try {
    accessSync(path.resolve(directory, file), constants.X_OK);
  } catch {
    return refuse('NOT_EXECUTABLE', `no permission to run command '${file}'`);
  }
  return { ok: true, words: [file, ...rest] };
}

export interface Uncommandable {
  readonly code: 'NO_FILE' | 'NOT_EXECUTABLE';
  readonly why: string;
}

/** Why a program's command can't be executed, or undefined: it can. `searchPath`: the daemon's PATH. */
export function checkCommand(spec: ProcessSpec, searchPath: string | undefined): Uncommandable | undefined {
  const path = spec.environment.PATH ?? searchPath;
  const found = findCommand(spec.command, path, spec.directory ?? process.cwd());
  if (found.ok) return undefined;
  return { code: found.code === 'NO_FILE' ? 'NO_FILE' : 'NOT_EXECUTABLE', why: found.why };
}

function lookUp(word: string, searchPath: string): string | undefined {
  return searchPath
    .split(':')
    .map((dir) => path.join(dir === '' ? '.' : dir, word))
    .find((file) => statOf(file) !== undefined);
}

/** undefined also when a directory on the way may not be entered. */
function statOf(file: string): Stats | undefined {
  try {
    return statSync(file, { throwIfNoEntry: false });
  } catch {
    return undefined;
  }
}

function refuse(code: SpawnFailure, why: string): Found {
  return { ok: false, code, why };
}
