/** What the configuration may ask about this machine, and the tools that supd needs of it. */
import { accessSync, constants } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import type { Surroundings } from '../config/config.js';
import { fileSystem } from '../config/files.js';
import { writableBy } from '../config/writers.js';
import type { Tools } from '../core/launch.js';
import { findAccount, findGroup } from '../os/accounts.js';

/** The real machine, for loadConfig. */
export function machineSurroundings(env: NodeJS.ProcessEnv): Surroundings {
  return {
    ...fileSystem,
    env,
    hostName: os.hostname(),
    cwd: process.cwd(),
    tmpDir: os.tmpdir(),
    home: env.HOME ?? os.homedir(),
    userExists: (name) => findAccount(name) !== undefined,
    groupExists: (name) => findGroup(name) !== undefined,
    ...(process.geteuid?.() === 0 ? { writableBy } : {}),
  };
}

/**
 * The tools' paths.
 * @throws Error that names what is missing and the package that has it
 */
export function findTools(searchPath: string): Tools {
  const dirs = [...searchPath.split(':'), '/usr/sbin', '/usr/bin', '/sbin', '/bin'].filter(
    (dir) => dir !== '',
  );
  const find = (name: string, from: string): string => {
    const file = dirs.map((dir) => path.join(dir, name)).find(isExecutable);
    if (file === undefined) throw new Error(`${name} is not installed; it comes with ${from}`);
    return file;
  };
  return {
    setpriv: find('setpriv', 'util-linux'),
    prlimit: find('prlimit', 'util-linux'),
    nice: find('nice', 'coreutils'),
    env: find('env', 'coreutils'),
    cat: find('cat', 'coreutils'),
  };
}

function isExecutable(file: string): boolean {
  try {
    accessSync(file, constants.X_OK);
    return true;
  } catch {
    return false;
  }
}
