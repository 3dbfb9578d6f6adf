/** The program supctl: what it is outside of itself, and its end. */
import { existsSync, lstatSync, readFileSync, statSync } from 'node:fs';
import { homedir, hostname, tmpdir } from 'node:os';
import path from 'node:path';
import type { Loaded, Surroundings } from '../config/config.js';
import type { Departure } from '../config/departures.js';
import { fileSystem } from '../config/files.js';
import { describeUnreadable, findConfig } from '../config/find.js';
import { writableBy } from '../config/writers.js';
import { connect } from '../grpc/client.js';
import { commands } from './commands/index.js';
import { readLightly } from './find.js';
import { supctl } from './supctl.js';

void main();

async function main(): Promise<void> {
  const program = process.argv[1] ?? 'supctl';
  const exit = await supctl({
    program: path.basename(program),
    argv: process.argv.slice(2),
    env: process.env,
    input: () => process.stdin,
    output: process.stdout,
    errors: process.stderr,
    now: Date.now,
    commands,
    connect: {
      grpc: connect,
      xmlrpc: async (place, credentials) =>
        (await import('../xmlrpc/client.js')).connectXmlRpc(place, credentials),
    },
    findConfiguration: (given) => findConfiguration(given, program),
    readConfiguration: (file) =>
      readLightly(file, {
        ...surroundings(),
        ...fileSystem,
        uid: process.geteuid?.() ?? 0,
        ownerOf: (path) => statSync(path).uid,
      }),
    loadConfiguration,
    findDepartures,
    exists,
    onInterrupt: (act) => {
      process.on('SIGINT', act);
      return () => process.off('SIGINT', act);
    },
  });
  // A connection that is still closing has nothing more to say.
  process.exit(exit);
}

function surroundings(): Pick<Surroundings, 'env' | 'hostName' | 'cwd' | 'tmpDir' | 'home'> {
  return {
    env: process.env,
    hostName: hostname(),
    cwd: process.cwd(),
    tmpDir: tmpdir(),
    home: process.env.HOME ?? homedir(),
  };
}

function findConfiguration(given: string | undefined, program: string): string {
  if (given === undefined) {
    const found = findConfig(path.dirname(path.dirname(program)), { cwd: process.cwd(), exists: existsSync });
    if (found.ok) return found.path;
    throw new Error(found.message);
  }
  if (!exists(given)) throw new Error(`could not find config file ${given}`);
  try {
    readFileSync(given);
  } catch (error) {
    throw new Error(describeUnreadable(given, error));
  }
  return given;
}

async function loadConfiguration(file: string): Promise<Loaded> {
  const { loadConfig } = await import('../config/load.js');
  return loadConfig(file, await wholeSurroundings());
}

async function findDepartures(file: string): Promise<readonly Departure[] | undefined> {
  const [load, departures] = await Promise.all([
    import('../config/load.js'),
    import('../config/departures.js'),
  ]);
  const survey = load.surveyConfig(file, await wholeSurroundings());
  return survey && departures.findDepartures(survey);
}

async function wholeSurroundings(): Promise<Surroundings> {
  const { findAccount, findGroup } = await import('../os/accounts.js');
  return {
    ...surroundings(),
    ...fileSystem,
    userExists: (name) => findAccount(name) !== undefined,
    groupExists: (name) => findGroup(name) !== undefined,
    ...(process.geteuid?.() === 0 ? { writableBy } : {}),
  };
}

/** A directory that this user may not look into is no reason to try another place. */
function exists(file: string): boolean {
  try {
    lstatSync(file);
    return true;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'EACCES';
  }
}
