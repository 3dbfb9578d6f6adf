/** Files and directories. Given out absolute, unless said otherwise. */
import path from 'node:path';
import { quote } from '../problems.js';
import { accept, type ReadContext, type Reader, refuse } from './read.js';

export type Logfile =
  | { readonly kind: 'none' }
  | { readonly kind: 'auto' }
  | { readonly kind: 'path'; readonly path: string }
  /** The old way to ask for std*_syslog=true. */
  | { readonly kind: 'syslog' };

/** A directory that exists. */
export const readDirectory: Reader<string> = (text, context) => {
  if (text === '') return refuse('is empty; give a directory');
  const directory = absolute(text, context);
  if (context.surroundings.isDirectory(directory)) return accept(directory);
  const what = context.surroundings.exists(directory) ? 'is not a directory' : 'does not exist';
  return refuse(`${quote(text)} ${what}; create it or name another`);
};

/** A file that may not exist yet, in a directory that does. */
export const readPath: Reader<string> = (text, context) => {
  if (text === '') return refuse('is empty; give a path');
  const file = absolute(text, context);
  const directory = path.dirname(file);
  if (directory === context.base || context.surroundings.isDirectory(directory)) return accept(file);
  if (
    context.surroundings.isDirectory(
      path.dirname(path.resolve(context.surroundings.cwd, expandHome(text, context))),
    )
  ) {
    return accept(file, `${quote(directory)} does not exist (relative paths start in ${context.base})`);
  }
  return refuse(`${quote(text)}: the directory ${directory} does not exist; create it or name another`);
};

/** A file that exists. */
export const readFile: Reader<string> = (text, context) => {
  const file = absolute(text, context);
  return context.surroundings.exists(file) ? accept(file) : refuse(`${quote(text)} does not exist`);
};

/** The main log: a path, or `syslog` as it stands. */
export const readMainLog: Reader<string> = (text, context) =>
  text === 'syslog' ? accept(text) : readPath(text, context);

/** The program's own business, known when it starts: as written, since a relative one depends on the daemon. */
export const readLooseDirectory: Reader<string> = (text, context) => {
  if (text === '' || context.surroundings.isDirectory(path.resolve(context.base, text))) return accept(text);
  return accept(text, `${quote(text)} does not exist yet; the process cannot start without it`);
};

/** A path whose directory will be there when it is needed. */
export const readLoosePath: Reader<string> = (text, context) => accept(absolute(text, context));

export const readLogfile: Reader<Logfile> = (text, context) => {
  switch (text.toLowerCase()) {
    case '':
    case 'none':
    case 'off':
      return accept({ kind: 'none' });
    case 'auto':
      return accept({ kind: 'auto' });
    case 'syslog':
      return accept({ kind: 'syslog' });
    default: {
      const read = readPath(text, context);
      return read.ok ? accept({ kind: 'path', path: read.value }, read.note) : read;
    }
  }
};

/** `~` alone or before a slash; other users' directories are not looked up. */
function expandHome(text: string, { surroundings }: ReadContext): string {
  return text === '~' || text.startsWith('~/') ? surroundings.home + text.slice(1) : text;
}

function absolute(text: string, context: ReadContext): string {
  return path.resolve(context.base, expandHome(text, context));
}
