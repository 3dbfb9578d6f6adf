/**
 * Starts a process by posix_spawn(3): flat 0.3-0.6 ms whatever the size of the daemon, where Node's fork grows
 * with it. The child gets its own process group, default signal dispositions, an empty signal mask and just the
 * file descriptors given. Nobody but os/exits.ts may wait for it.
 */
import { constants } from 'node:fs';
import { check, errorName, libc, loadKoffi } from './libc.js';

export interface SpawnRequest {
  /** Absolute, or relative to `directory`. */
  readonly file: string;
  readonly argv: readonly string[];
  readonly env: readonly string[];
  /** Entered before the program is executed, with the daemon's rights. */
  readonly directory?: string;
  readonly umask?: number;
  /** Child's descriptor number → ours. */
  readonly fds: readonly (readonly [child: number, own: number])[];
  /** Child's descriptor number → FIFO, which the child itself opens for both directions: none of ours is needed. */
  readonly fifos?: readonly (readonly [child: number, path: string])[];
  /** A session of its own instead of only a process group. */
  readonly session?: boolean;
}

export class SpawnError extends Error {
  readonly code: string;
  constructor(code: string) {
    super(`posix_spawn: ${code}`);
    this.code = code;
  }
}

const SETPGROUP = 0x02;
const SETSIGDEF = 0x04;
const SETSIGMASK = 0x08;
const SETSID = 0x80;

const posixSpawn = libc(
  'int posix_spawn(_Out_ int *pid, const char *path, void *actions, void *attr, const char **argv, const char **envp)',
);
const actionsInit = libc('int posix_spawn_file_actions_init(void *actions)');
const actionsDestroy = libc('int posix_spawn_file_actions_destroy(void *actions)');
const addDup2 = libc('int posix_spawn_file_actions_adddup2(void *actions, int fd, int newfd)');
const addOpen = libc(
  'int posix_spawn_file_actions_addopen(void *actions, int fd, const char *path, int flags, uint mode)',
);
const addChdir = libc('int posix_spawn_file_actions_addchdir_np(void *actions, const char *path)');
const attrInit = libc('int posix_spawnattr_init(void *attr)');
const attrSetFlags = libc('int posix_spawnattr_setflags(void *attr, short flags)');
const attrSetSigDefault = libc('int posix_spawnattr_setsigdefault(void *attr, void *set)');
const attrSetSigMask = libc('int posix_spawnattr_setsigmask(void *attr, void *set)');

// sizeof(posix_spawnattr_t) is 336, of posix_spawn_file_actions_t 80, of sigset_t 128 (glibc, 64 bits).
const allSignals = Buffer.alloc(128, 0xff);
const noSignals = Buffer.alloc(128);

const OPEN_FIFO = constants.O_RDWR | constants.O_NONBLOCK | constants.O_NOFOLLOW;

const attributes = new Map<number, Buffer>();

/**
 * Starts the process and returns its pid.
 * @throws SpawnError with the errno's name: of the directory, of a FIFO, of the exec, or of the fork (EAGAIN, ENOMEM)
 */
export function spawnProcess(request: SpawnRequest): number {
  const actions = Buffer.alloc(80);
  check(actionsInit(actions), 'posix_spawn_file_actions_init');
  try {
    if (request.directory !== undefined) addChdir(actions, request.directory);
    for (const [child, own] of request.fds) addDup2(actions, own, child);
    for (const [child, path] of request.fifos ?? []) addOpen(actions, child, path, OPEN_FIFO, 0);
    const pid = [0];
    const flags = SETSIGDEF | SETSIGMASK | (request.session ? SETSID : SETPGROUP);
    const argv = [...request.argv, null];
    const env = [...request.env, null];
    // The umask is the process's: safe, since this thread does nothing else until the child has executed.
    const old = request.umask === undefined ? undefined : process.umask(request.umask);
    let errno: number;
    try {
      errno = posixSpawn(pid, request.file, actions, attributesFor(flags), argv, env);
    } finally {
      if (old !== undefined) process.umask(old);
    }
    if (errno !== 0) throw new SpawnError(errorName(errno));
    return pid[0] ?? 0;
  } finally {
    actionsDestroy(actions);
  }
}

function attributesFor(flags: number): Buffer {
  let attr = attributes.get(flags);
  if (attr) return attr;
  attr = Buffer.alloc(336);
  check(attrInit(attr), 'posix_spawnattr_init');
  attrSetFlags(attr, flags);
  attrSetSigDefault(attr, allSignals);
  attrSetSigMask(attr, noSignals);
  attributes.set(flags, attr);
  return attr;
}

/** Loads what the first spawn needs, before it is urgent. */
export function prepareSpawn(): void {
  loadKoffi();
  attributesFor(SETSIGDEF | SETSIGMASK | SETPGROUP);
}
