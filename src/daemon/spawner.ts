/** Starts processes as the core asks for them and tells how that went and how they end. */
import { closeSync, openSync, statSync } from 'node:fs';
import { type Chain, composeChain, composeEnvironment, type Tools } from '../core/launch.js';
import type { LaunchSpec, SpawnFailure } from '../core/program.js';
import type { Ended, Exits } from '../os/exits.js';
import { withNofile } from '../os/limits.js';
import { ListenError } from '../os/listen.js';
import { readStat } from '../os/proc.js';
import { SpawnError, spawnProcess } from '../os/spawn.js';
import { findCommand } from './commands.js';
import { resolveIdentity } from './identity.js';
import type { ChildFds } from './streams.js';
import type { Expected } from './verifier.js';

export interface SpawnerParts {
  readonly exits: Exits;
  readonly tools: Tools;
  /** What children inherit, free of what is meant for the daemon alone. */
  readonly environment: Readonly<Record<string, string | undefined>>;
  /** Soft limit of open files for children. */
  readonly nofile: number;
  /** SUPD_INSTANCE of every child: by it another life of this very supd knows its own. */
  readonly instance: string;
}

export type Spawned =
  /** `expected`: what it is to become, where it isn't simply what the daemon is. */
  | {
      readonly ok: true;
      readonly pid: number;
      readonly startTicks?: number;
      readonly expected?: Expected;
    }
  | { readonly ok: false; readonly code: SpawnFailure; readonly why: string };

/** Of descriptors, processes, memory, disks: what passes without anybody touching the program. */
const SHORTAGES = new Set(['EMFILE', 'ENFILE', 'EAGAIN', 'ENOMEM', 'ENOSPC', 'EDQUOT', 'EROFS', 'EIO']);

/** Opens the descriptors for a child of this user; they are closed here once it has them. */
export type OpenFds = (uid: number, gid: number) => ChildFds & { readonly extra?: readonly number[] };

export interface SpawnOrder {
  /** For messages. */
  readonly name: string;
  readonly launch: LaunchSpec;
  /** SUPERVISOR_… and SUPD_… of this process. */
  readonly tags: Readonly<Record<string, string>>;
  readonly openFds: OpenFds;
  readonly ended: Ended;
}

/** One attempt. Never throws: what can be wrong with a configured command is an answer in words. */
export function spawnOne(parts: SpawnerParts, order: SpawnOrder): Spawned {
  const { launch, name } = order;
  const identity = resolveIdentity(launch);
  if (!identity.ok) return refuse('IDENTITY', identity.why);
  const { runAs } = identity;
  const tags = { ...order.tags, SUPD_INSTANCE: parts.instance };
  const env = composeEnvironment(parts.environment, runAs, tags, launch.environment);
  const wrong = launch.directory === undefined ? undefined : wrongDirectory(launch.directory);
  if (wrong) return refuse('OTHER', wrong);
  const found = findCommand(launch.command, env.PATH, launch.directory ?? process.cwd());
  if (!found.ok) return found;
  const chain = composeChain(launch, found.words, runAs, parts.tools);
  let fds: ReturnType<OpenFds>;
  try {
    fds = order.openFds(runAs?.uid ?? process.geteuid?.() ?? 0, runAs?.gid ?? process.getegid?.() ?? 0);
  } catch (error) {
    if (error instanceof ListenError) return refuse('OTHER', error.message);
    return openFailure(name, error as NodeJS.ErrnoException);
  }
  try {
    const pid = withNofile(parts.nofile, () => execute(chain, env, launch, fds));
    parts.exits.expect(pid, order.ended);
    const startTicks = readStat(pid)?.startTicks;
    const birth = startTicks === undefined ? {} : { startTicks };
    if (chain.argv.length === found.words.length) return { ok: true, pid, ...birth };
    const expected = { launch, runAs, chain: chain.argv, programWords: found.words.length };
    return { ok: true, pid, ...birth, expected };
  } catch (error) {
    if (!(error instanceof SpawnError)) throw error;
    return spawnFailure(name, error.code, found.words[0] ?? '');
  } finally {
    for (const fd of new Set([fds.stdin, fds.stdout, fds.stderr])) closeSync(fd);
  }
}

/** What a process that another supd started was to become; undefined: what the daemon is, or it can't be told any more. */
export function expectedOf(parts: SpawnerParts, launch: LaunchSpec): Expected | undefined {
  const identity = resolveIdentity(launch);
  const path = launch.environment.PATH ?? parts.environment.PATH;
  const found = findCommand(launch.command, path, launch.directory ?? process.cwd());
  if (!identity.ok || !found.ok) return undefined;
  const { runAs } = identity;
  const { argv } = composeChain(launch, found.words, runAs, parts.tools);
  if (argv.length === found.words.length) return undefined;
  return { launch, runAs, chain: argv, programWords: found.words.length };
}

function execute(
  chain: Chain,
  env: Readonly<Record<string, string>>,
  launch: LaunchSpec,
  fds: ReturnType<OpenFds>,
): number {
  const extra = (fds.extra ?? []).map((fd, i): readonly [number, number] => [3 + i, fd]);
  return spawnProcess({
    file: chain.argv[0] ?? '',
    argv: chain.argv,
    env: Object.entries(env).map(([key, value]) => `${key}=${value}`),
    fds: [[0, fds.stdin], [1, fds.stdout], [2, fds.stderr], ...extra],
    ...(chain.directory === undefined ? {} : { directory: chain.directory }),
    ...(launch.umask === undefined ? {} : { umask: launch.umask }),
  });
}

function wrongDirectory(directory: string): string | undefined {
  const stat = statSync(directory, { throwIfNoEntry: false });
  if (!stat) return `couldn't chdir to ${directory}: ENOENT`;
  return stat.isDirectory() ? undefined : `couldn't chdir to ${directory}: ENOTDIR`;
}

function openFailure(name: string, error: NodeJS.ErrnoException): Spawned {
  const code = error.code ?? error.message;
  const kind = SHORTAGES.has(code) ? 'SHORTAGE' : 'OTHER';
  if (code === 'EMFILE' || code === 'ENFILE') return refuse(kind, `too many open files to spawn '${name}'`);
  const where = error.path ? ` (${error.path})` : '';
  return refuse(kind, `unknown error making dispatchers for '${name}': ${code}${where}`);
}

function spawnFailure(name: string, code: string, file: string): Spawned {
  if (code === 'EMFILE' || code === 'ENFILE')
    return refuse('SHORTAGE', `too many open files to spawn '${name}'`);
  if (code === 'EAGAIN') return refuse('SHORTAGE', `Too many processes in process table to spawn '${name}'`);
  if (code === 'ENOMEM') return refuse('SHORTAGE', `not enough memory to spawn '${name}'`);
  if (code === 'ENOENT')
    return refuse('NO_FILE', `couldn't exec ${file}: ENOENT (is its interpreter missing?)`);
  if (code === 'EACCES' || code === 'ENOEXEC')
    return refuse('NOT_EXECUTABLE', `couldn't exec ${file}: ${code}`);
  return refuse('OTHER', `unknown error during fork for '${name}': ${code}`);
}

function refuse(code: SpawnFailure, why: string): Extract<Spawned, { ok: false }> {
  return { ok: false, code, why };
}

/** Standard input of jobs. */
export function openNull(): number {
  return openSync('/dev/null', 'r');
}
