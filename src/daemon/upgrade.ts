/**
 * New code in place of the old: the process executes its own program again, the same pid, its children still its own.
 * What the code was told at its start goes along; all else is in the state file.
 */
import {
  accessSync,
  closeSync,
  constants,
  openSync,
  readFileSync,
  realpathSync,
  rmSync,
  statSync,
} from 'node:fs';
import path from 'node:path';
import { keepInherited, replaceProcess } from '../os/exec.js';
import type { Exits } from '../os/exits.js';
import { spawnProcess } from '../os/spawn.js';

/** What the code before hands on beside the state. */
export interface Handover {
  /** Descriptor of the lock of rundir, which is held throughout. */
  readonly lock: number;
  /** Soft limit of open files for children. */
  readonly nofile: number;
  /** How many times the code has been replaced, this time included. */
  readonly upgrades: number;
  /** Descriptors of FIFOs, so that what a program leaves in them outlives it while nobody reads; to be closed then. */
  readonly fifos: readonly number[];
}

/** How this process was started: to be taken before anything is changed. */
export interface Origin {
  /** File and words that start this program. */
  readonly command: readonly string[];
  readonly cwd: string;
  readonly env: Readonly<Record<string, string | undefined>>;
}

const MARK = 'SUPD_UPGRADE';
/** A check that takes longer is no check. */
const CHECK_MS = 30_000;
const KILL = 9;

/** What the code before left for this one; undefined: this is a start like any other. Children must not inherit it. */
export function takeHandover(env: NodeJS.ProcessEnv): Handover | undefined {
  const [lock, nofile, upgrades, ...fifos] = (env[MARK] ?? '').split(',').map(Number);
  delete env[MARK];
  if (lock === undefined || nofile === undefined || upgrades === undefined) return undefined;
  return { lock, nofile, upgrades, fifos };
}

export function originOf(env: NodeJS.ProcessEnv): Origin {
  return { command: ownCommand(env.PATH), cwd: process.cwd(), env: { ...env } };
}

/** Executes the program that is installed now. Returns only when that can't be done: why, and all is as it was. */
export function tryNewCode(origin: Origin, handover: Handover): string {
  const before = process.cwd();
  const { lock, nofile, upgrades, fifos } = handover;
  for (const fd of [lock, ...fifos]) keepInherited(fd, true);
  try {
    process.chdir(origin.cwd);
    const mark = [lock, nofile, upgrades, ...fifos].join(',');
    replaceProcess(origin.command[0] ?? '', origin.command, environment({ ...origin.env, [MARK]: mark }));
  } catch (error) {
    process.chdir(before);
    for (const fd of [lock, ...fifos]) keepInherited(fd, false);
    return `not upgraded: ${(error as Error).message}; supd goes on by the code before`;
  }
}

export type Checked =
  /** The version that is installed. */
  { readonly ok: true; readonly version: string } | { readonly ok: false; readonly why: readonly string[] };

/** Does the program that is installed now start at all, read the configuration, and read the state of this one? */
export async function checkNewCode(exits: Exits, origin: Origin, rundir: string): Promise<Checked> {
  const version = await run(exits, origin, rundir, '--version');
  if (!version.ok) return version;
  const checked = await run(exits, origin, rundir, '--check');
  return checked.ok ? { ok: true, version: version.version } : checked;
}

async function run(exits: Exits, origin: Origin, rundir: string, flag: string): Promise<Checked> {
  const file = path.join(rundir, 'upgrade.out');
  const output = openSync(file, 'w', 0o600);
  const input = openSync('/dev/null', 'r');
  const argv = [...origin.command, flag];
  try {
    const pid = spawnProcess({
      file: argv[0] ?? '',
      argv,
      env: environment(origin.env),
      directory: origin.cwd,
      fds: [
        [0, input],
        [1, output],
        [2, output],
      ],
    });
    const timer = setTimeout(() => exits.signal(pid, KILL), CHECK_MS);
    const exit = await new Promise<unknown>((resolve) => {
      exits.expect(pid, (how) => resolve('code' in how ? how.code : 'a signal'));
    });
    clearTimeout(timer);
    const text = readFileSync(file, 'utf8').trim();
    if (exit === 0) return { ok: true, version: text };
    return { ok: false, why: [`${argv.join(' ')} ended with ${String(exit)}`, ...text.split('\n')] };
  } catch (error) {
    return { ok: false, why: [`${argv[0]}: ${(error as Error).message}`] };
  } finally {
    closeSync(output);
    closeSync(input);
    rmSync(file, { force: true });
  }
}

/**
 * By the script itself where it can be executed and this Node is the one that its first line finds: it then finds the one
 * that is installed now. A Node that was named at the start is kept by its path.
 */
function ownCommand(searchPath: string | undefined): readonly string[] {
  const [, script = '', ...words] = process.argv;
  try {
    accessSync(script, constants.X_OK);
    const isScript = readFileSync(script, 'latin1').startsWith('#!');
    if (isScript && nodeIn(searchPath) === realpathSync(process.execPath)) return [script, ...words];
  } catch {
    // Not to be executed: as it was started.
  }
  return [process.execPath, ...process.execArgv, script, ...words];
}

/** The file that env(1) executes for `node`. */
function nodeIn(searchPath = ''): string | undefined {
  for (const directory of searchPath.split(':')) {
    const file = path.join(directory || '.', 'node');
    try {
      accessSync(file, constants.X_OK);
      if (statSync(file).isFile()) return realpathSync(file);
    } catch {
      // Not there.
    }
  }
  return undefined;
}

/** bin/supd moves this variable out of Node's sight, and the next start has to find it where it was. */
function environment(env: Readonly<Record<string, string | undefined>>): readonly string[] {
  const { SUPD_NODE_EXTRA_CA_CERTS: certs, ...rest } = env;
  const all = certs ? { ...rest, NODE_EXTRA_CA_CERTS: certs } : rest;
  return Object.entries(all).flatMap(([key, value]) => (value === undefined ? [] : [`${key}=${value}`]));
}
