/** A machine for the configuration's tests: files in a map, a few users, no disk. */
import path from 'node:path';
import type { Config, Loaded, Overrides, Surroundings } from '../../src/config/config.js';
import { formatProblem, loadConfig } from '../../src/config/load.js';

export interface Machine {
  readonly files?: Readonly<Record<string, string>>;
  readonly directories?: readonly string[];
  readonly env?: Readonly<Record<string, string>>;
  readonly users?: readonly string[];
  readonly cwd?: string;
}

/** Directories are those of the files and the usual ones. Users and groups: root, zope, save and the given ones. */
export function fakeSurroundings(machine: Machine = {}): Surroundings {
  const { files = {}, directories = [], env = {}, users = [], cwd = '/srv' } = machine;
  const known = new Set(['/', '/tmp', '/run', '/etc', '/var/log', '/var/lib', '/home/zope', cwd]);
  for (const place of [...Object.keys(files).map((file) => path.dirname(file)), ...directories]) {
    for (let at = place; at !== '/'; at = path.dirname(at)) known.add(at);
  }
  const accounts = new Set(['root', 'zope', 'save', '0', '1000', ...users]);
  return {
    env,
    hostName: 'host1',
    cwd,
    tmpDir: '/tmp',
    home: '/home/zope',
    readText: (file) => {
      const text = files[file];
      if (text === undefined) throw new Error(`ENOENT: no such file or directory, open '${file}'`);
      return text;
    },
    glob: (pattern, dir) => {
      const source = path
        .resolve(dir, pattern)
        .replace(/[.+^${}()|[\]\\]/g, '\\$&')
        .replaceAll('*', '[^/]*');
      const names = [...Object.keys(files), ...known];
      return names.filter((name) => new RegExp(`^${source}$`).test(name)).sort();
    },
    isDirectory: (file) => known.has(file),
    exists: (file) => Object.hasOwn(files, file) || known.has(file),
    realPath: (file) => file,
    userExists: (name) => accounts.has(name),
    groupExists: (name) => accounts.has(name),
  };
}

/** Loads `text` as supd.conf in the working directory. */
export function loadText(text: string, machine: Machine = {}, overrides: Overrides = {}): Loaded {
  const files = { [path.join(machine.cwd ?? '/srv', 'supd.conf')]: text, ...machine.files };
  return loadConfig('supd.conf', fakeSurroundings({ ...machine, files }), overrides);
}

/** What is wrong with `text`, each as it is shown. */
export function problemsOf(text: string, machine: Machine = {}): readonly string[] {
  return loadText(text, machine).problems.map(formatProblem);
}

/** The configuration, which must have no error. */
export function configOf(text: string, machine: Machine = {}, overrides: Overrides = {}): Config {
  const loaded = loadText(text, machine, overrides);
  if (loaded.ok) return loaded.config;
  throw new Error(`the configuration has problems:\n${loaded.problems.map(formatProblem).join('\n')}`);
}
