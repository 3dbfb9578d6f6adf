/** A directory with a configuration and copies of the fixtures, gone with all that runs in it after the test. */
import { type ChildProcess, spawn } from 'node:child_process';
import {
  chmodSync,
  cpSync,
  existsSync,
  mkdtempSync,
  readFileSync,
  realpathSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import type { Test } from 'tap';
import { openInstallation } from './installation.js';
import { isAlive, processesNaming } from './proc.js';
import { until } from './until.js';
import { isRoot } from './users.js';

const root = path.resolve(import.meta.dirname, '../../..');
const fixtures = path.join(root, 'test/fixtures');

export type Options = Readonly<Record<string, string | number | boolean>>;

export interface Answer {
  /** -1: ended by a signal. */
  readonly status: number;
  readonly stdout: string;
  readonly stderr: string;
}

export interface Place {
  readonly dir: string;
  readonly conf: string;
  /** Replaces the configuration. */
  configure(text: string, daemon?: Options): void;
  /** Starts bin/supd with these words. */
  supd(args: readonly string[], how?: Launch): ChildProcess;
  /** Runs bin/supd to its end. */
  run(args: readonly string[], how?: Launch): Promise<Answer>;
  /** Runs bin/supctl to its end; `input` is what is typed. */
  ctl(words: readonly string[], input?: string, how?: Launch): Promise<Answer>;
  /** A file of the directory, or '' while there is none. */
  read(name: string): string;
}

export interface Launch {
  /** Words before bin/supd: setpriv … */
  readonly as?: readonly string[];
  readonly env?: Readonly<Record<string, string>>;
  readonly cwd?: string;
}

/** Whose end is the end of what was made for it: a test, mostly. */
export type Owner = Pick<Test, 'teardown'>;

/** @param text  sections of programs and jobs; [supd] is there already, everything in it below the directory */
export function makePlace(t: Owner, text: string, daemon: Options = {}): Place {
  const dir = makeDirectory();
  const conf = path.join(dir, 'supd.conf');
  t.teardown(() => clear(dir));
  const environment = { PATH: process.env.PATH ?? '', HOME: dir, SUPD_TEST: dir };
  const launch = (bin: string, args: readonly string[], { as = [], env = {}, cwd = dir }: Launch = {}) => {
    const isOthers = isRoot && (as.length > 0 || args.includes('-u'));
    const program = path.join(isOthers ? openInstallation() : root, 'bin', bin);
    const [file = '', ...rest] = [...as, program, ...args];
    return spawn(file, rest, { cwd, env: { ...environment, ...env }, stdio: ['pipe', 'pipe', 'pipe'] });
  };
  const place: Place = {
    dir,
    conf,
    configure: (changed, options = daemon) => writeFileSync(conf, `${daemonSection(options)}\n${changed}\n`),
    supd: (args, how) => launch('supd', args, how),
    run: (args, how) => finish(launch('supd', args, how)),
    ctl: (words, input, how) => finish(launch('supctl', ['-c', conf, ...words], how), input),
    read: (name) => {
      const file = path.join(dir, name);
      return existsSync(file) ? readFileSync(file, 'utf8') : '';
    },
  };
  place.configure(text);
  return place;
}

/** A directory of its own below /tmp, with copies of the fixtures in bin/. */
export function makeDirectory(): string {
  const dir = mkdtempSync(path.join(existsSync('/tmp') ? '/tmp' : tmpdir(), 'supd-'));
  // Other users' programs work in it.
  chmodSync(dir, 0o755);
  cpSync(realpathSync(fixtures), path.join(dir, 'bin'), { recursive: true });
  return dir;
}

/** A [program:x] whose logs are NAME.out and NAME.err. The command's first word may be a fixture. */
export function program(name: string, command: string, options: Options = {}): string {
  return section(`program:${name}`, {
    command: fixture(command),
    startsecs: 0,
    stdout_logfile: `%(here)s/${name}.out`,
    stderr_logfile: `%(here)s/${name}.err`,
    ...options,
  });
}

/** An [eventlistener:x], otherwise as a program. */
export function listener(name: string, command: string, events: string, options: Options = {}): string {
  return program(name, command, { events, ...options }).replace('[program:', '[eventlistener:');
}

/** A [job:x]. The command's first word may be a fixture. */
export function job(name: string, command: string, options: Options = {}): string {
  return section(`job:${name}`, { command: fixture(command), ...options });
}

export function section(header: string, options: Options): string {
  const lines = Object.entries(options).map(([key, value]) => `${key} = ${value}`);
  return `[${header}]\n${lines.join('\n')}\n`;
}

function daemonSection(options: Options): string {
  return section('supd', {
    logfile: '%(here)s/supd.log',
    pidfile: '%(here)s/supd.pid',
    childlogdir: '%(here)s',
    rundir: '%(here)s/run',
    statedir: '%(here)s/state',
    ...options,
  });
}

function fixture(command: string): string {
  const [word = ''] = command.split(' ');
  return existsSync(path.join(fixtures, word)) ? `%(here)s/bin/${command}` : command;
}

/** Waits for the end of a child and of its output. */
export function finish(child: ChildProcess, input = ''): Promise<Answer> {
  return new Promise((resolve, reject) => {
    const chunks: Record<'stdout' | 'stderr', Buffer[]> = { stdout: [], stderr: [] };
    for (const name of ['stdout', 'stderr'] as const)
      child[name]?.on('data', (bytes: Buffer) => chunks[name].push(bytes));
    child.once('error', reject);
    child.stdin?.on('error', () => {}).end(input);
    child.once('close', (code) => {
      const of = (name: 'stdout' | 'stderr') => Buffer.concat(chunks[name]).toString('utf8');
      resolve({ status: code ?? -1, stdout: of('stdout'), stderr: of('stderr') });
    });
  });
}

/** Ends all that runs in the directory, and removes it. */
export async function clear(dir: string): Promise<void> {
  await until(`nothing of ${dir} to be alive`, () => {
    const left = processesNaming(dir);
    for (const pid of left) if (isAlive(pid)) process.kill(pid, 'SIGKILL');
    return left.length === 0;
  });
  rmSync(dir, { recursive: true, force: true });
}
