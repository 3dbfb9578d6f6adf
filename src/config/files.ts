/** What a configuration asks of the file system, by node:fs. */
import { existsSync, readdirSync, readFileSync, realpathSync, statSync } from 'node:fs';
import path from 'node:path';
import type { Surroundings } from './config.js';

/** The part of Surroundings that the file system answers. */
export const fileSystem: Pick<Surroundings, 'readText' | 'glob' | 'isDirectory' | 'exists' | 'realPath'> = {
  readText: (file) => readFileSync(file, 'utf8'),
  glob: findMatches,
  isDirectory: (file) => statSync(file, { throwIfNoEntry: false, bigint: false })?.isDirectory() ?? false,
  exists: (file) => existsSync(file),
  realPath: (file) => {
    try {
      return realpathSync(file);
    } catch {
      return path.resolve(file);
    }
  },
};

/** By the rules of Python's glob: `*`, `?` and `[…]` in each part, hidden names only when asked for by a dot. */
function findMatches(pattern: string, dir: string): readonly string[] {
  const full = path.resolve(dir, pattern);
  let found = ['/'];
  for (const part of full.split('/').filter((name) => name !== '')) {
    const matcher = toRegExp(part);
    found = found.flatMap((parent) => {
      if (matcher === undefined) return [path.join(parent, part)];
      return listNames(parent)
        .filter((name) => (part.startsWith('.') || !name.startsWith('.')) && matcher.test(name))
        .map((name) => path.join(parent, name));
    });
  }
  return found.filter((file) => existsSync(file)).sort();
}

function listNames(directory: string): readonly string[] {
  try {
    return readdirSync(directory);
  } catch {
    return [];
  }
}

/** undefined: a plain name. */
function toRegExp(part: string): RegExp | undefined {
  if (!/[*?[]/.test(part)) return undefined;
  let source = '';
  for (let at = 0; at < part.length; at += 1) {
    const char = part[at]!;
    const end = char === '[' ? part.indexOf(']', at + (/[!\]]/.test(part[at + 1] ?? '') ? 2 : 1)) : -1;
    if (char === '*') {
      if (part[at - 1] !== '*') source += '.*';
    } else if (char === '?') source += '.';
    else if (end > 0) {
      const inner = part
        .slice(at + 1, end)
        .replaceAll('\\', '\\\\')
        .replaceAll(']', '\\]')
        .replace(/^!/, '^');
      source += `[${inner}]`;
      at = end;
    } else source += char.replace(/[\\^$.|+()[\]{}]/, '\\$&');
  }
  try {
    return new RegExp(`^${source}$`, 's');
  } catch {
    return undefined;
  }
}
