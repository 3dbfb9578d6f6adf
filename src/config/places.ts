/** Where a daemon keeps what is its own, unless the configuration says it. Pure: the same answer for supd and supctl. */
import { createHash } from 'node:crypto';
import path from 'node:path';

export interface Who {
  /** Effective uid of the daemon when it starts. */
  readonly uid: number;
  readonly env: Readonly<Record<string, string | undefined>>;
  /** Absolute; where other users' directories may be, too. */
  readonly tmpDir: string;
}

export interface Places {
  /** FIFOs and sockets; need not outlive a boot. */
  readonly rundir: string;
  /** Journal of runs, state. */
  readonly statedir: string;
  /** `<rundir>/supd.sock`. */
  readonly socket: string;
}

/** The longest that Linux takes is 107 bytes; the read-only socket and a temporary name need some of them. */
const socketPathBytes = 100;

/**
 * The default places of the daemon that runs on a configuration.
 * @param configPath  real path of the main file, so that a link to it means the same daemon
 */
export function defaultPlaces(configPath: string, who: Who): Places {
  const instance = instanceOf(configPath);
  const state = stateHome(who);
  const rundir = runHomes(who)
    .flatMap((home) => [path.join(home, instance.name), path.join(home, instance.hash)])
    .find((dir) => Buffer.byteLength(socketIn(dir)) < socketPathBytes);
  // A TMPDIR that is too long for a socket: /tmp is always short enough.
  const dir = rundir ?? path.join(`/tmp/supd-${who.uid}`, instance.hash);
  return { rundir: dir, statedir: path.join(state, instance.name), socket: socketIn(dir) };
}

/** The control socket of a run directory. */
export function socketIn(rundir: string): string {
  return path.join(rundir, 'supd.sock');
}

const labelLetters = 40;

/** "etc-supd-1f3a09bc": for people the names of directory and file, against confusion a hash of the whole path. */
function instanceOf(configPath: string): { readonly name: string; readonly hash: string } {
  const hash = createHash('sha256').update(configPath).digest('hex').slice(0, 8);
  const { dir, name } = path.parse(configPath);
  const label = `${path.basename(dir)}-${name}`
    .replace(/[^A-Za-z0-9._-]+/g, '_')
    .replace(/^[._-]+/, '')
    .slice(0, labelLetters);
  return { name: label === '' ? hash : `${label}-${hash}`, hash };
}

/** In order of preference; the later ones for when a path would become too long. */
function runHomes({ uid, env, tmpDir }: Who): readonly string[] {
  if (uid === 0) return ['/run/supd'];
  const own = path.join(tmpDir, `supd-${uid}`);
  const session = absolute(env.XDG_RUNTIME_DIR);
  return session === undefined ? [own] : [path.join(session, 'supd'), own];
}

function stateHome({ uid, env, tmpDir }: Who): string {
  if (uid === 0) return '/var/lib/supd';
  const state = absolute(env.XDG_STATE_HOME);
  if (state !== undefined) return path.join(state, 'supd');
  const home = absolute(env.HOME);
  // Nobody's home: what is kept goes where the rest is.
  return home === undefined
    ? path.join(tmpDir, `supd-${uid}`, 'state')
    : path.join(home, '.local/state/supd');
}

/** The XDG rule: a relative path is as good as none. */
function absolute(dir: string | undefined): string | undefined {
  return dir !== undefined && path.isAbsolute(dir) ? dir : undefined;
}
