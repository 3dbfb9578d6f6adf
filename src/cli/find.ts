/**
 * Which socket a configuration means. Reads only what that needs: the whole configuration takes longer to compile
 * than the answer to `status` takes.
 */
import path from 'node:path';
import type { Surroundings } from '../config/config.js';
import { expand } from '../config/expand.js';
import { omitUndefined } from '../config/omit-undefined.js';
import { type Entry, parseText } from '../config/parse.js';
import { defaultPlaces, socketIn } from '../config/places.js';

export type Here = Pick<
  Surroundings,
  'env' | 'hostName' | 'cwd' | 'tmpDir' | 'home' | 'readText' | 'glob' | 'realPath'
> & {
  /** Effective uid of who asks. */
  readonly uid: number;
  /** uid of a file's owner. */
  readonly ownerOf: (file: string) => number;
};

export interface Found {
  /** Absolute paths, the likeliest first: which one is there depends on who started the daemon. */
  readonly sockets: readonly string[];
  /** Of the interactive mode. */
  readonly prompt: string;
  readonly historyFile: string | undefined;
  /** Where supervisorctl finds its daemon, with what it says to be let in: [supctl] serverurl, username, password. */
  readonly serverUrl?: string;
  readonly username?: string;
  readonly password?: string;
}

/**
 * What supctl has to know of the configuration at `file`.
 * @throws Error with a message in words when a value that is needed cannot be expanded
 */
export function readLightly(file: string, here: Here): Found {
  const values = collect(file, here);
  const resolve = (entry: Entry | undefined) =>
    entry && path.resolve(here.cwd, expandHome(expandEntry(entry, here), here.home));
  const socket = resolve(values.get('grpc_server.socket'));
  const rundir = resolve(values.get('supd.rundir'));
  const prompt = values.get('supctl.prompt');
  const text = (name: string) => {
    const entry = values.get(name);
    return entry && expandEntry(entry, here);
  };
  return {
    sockets: socket ? [socket] : rundir ? [socketIn(rundir)] : defaultSockets(file, here),
    prompt: prompt ? expandEntry(prompt, here) : 'supervisor',
    historyFile: resolve(values.get('supctl.history_file')),
    ...omitUndefined({
      serverUrl: text('supctl.serverurl'),
      username: text('supctl.username'),
      password: text('supctl.password'),
    }),
  };
}

/**
 * The daemon may be this user's, from a session or without one (cron, su); that of the configuration's owner, when
 * root asks; or root's.
 */
function defaultSockets(file: string, { env, tmpDir, uid, ownerOf, realPath }: Here): readonly string[] {
  const real = realPath(file);
  const own = env.XDG_RUNTIME_DIR === undefined ? [] : [{ uid, env, tmpDir }];
  const users = uid === 0 ? [0, ownerOf(real)] : [uid, 0];
  const whos = [
    ...own,
    ...users.flatMap((user) => [
      { uid: user, env: { XDG_RUNTIME_DIR: `/run/user/${user}` }, tmpDir },
      { uid: user, env: {}, tmpDir },
    ]),
  ];
  return [...new Set(whos.map((who) => defaultPlaces(real, who).socket))];
}

const wanted: ReadonlySet<string> = new Set([
  'grpc_server.socket',
  'supd.rundir',
  'supctl.prompt',
  'supctl.history_file',
  'supctl.serverurl',
  'supctl.username',
  'supctl.password',
  'include.files',
]);

const firstName: Readonly<Record<string, string>> = { supervisord: 'supd', supervisorctl: 'supctl' };

/** "section.key" to the entry that counts: the last one, included files after the main one. */
function collect(file: string, here: Here): ReadonlyMap<string, Entry> {
  const values = new Map<string, Entry>();
  readInto(values, file, here);
  const include = values.get('include.files');
  if (!include) return values;
  const dir = path.dirname(path.resolve(here.cwd, file));
  for (const pattern of expandEntry(include, here).split(/\s+/)) {
    if (pattern === '') continue;
    for (const one of here.glob(pattern, dir)) {
      try {
        readInto(values, one, here);
      } catch {
        // A directory, or not for this user: what supd makes of it is said by supd --check.
      }
    }
  }
  return values;
}

function readInto(values: Map<string, Entry>, file: string, here: Here): void {
  const source = { file, here: path.dirname(path.resolve(here.cwd, file)) };
  for (const block of parseText(here.readText(file), source).blocks) {
    const section = firstName[block.header] ?? block.header;
    for (const entry of block.entries) {
      const name = `${section}.${entry.key}`;
      if (wanted.has(name)) values.set(name, entry);
    }
  }
}

function expandEntry(entry: Entry, { env, hostName }: Here): string {
  const { value, source, line } = entry;
  if (!value.includes('%')) return value;
  const names = new Map<string, string>([
    ['here', source.here],
    ['host_node_name', hostName],
  ]);
  for (const [name, text] of Object.entries(env)) if (text !== undefined) names.set(`ENV_${name}`, text);
  const expanded = expand(value, names);
  if (expanded.ok) return expanded.text;
  throw new Error(`${source.file}:${line}: ${entry.key}: ${expanded.why}`);
}

function expandHome(text: string, home: string): string {
  return text === '~' || text.startsWith('~/') ? home + text.slice(1) : text;
}
