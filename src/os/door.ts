/** A unix socket that clients come in by: its file with the right mode and owner, kept there while it is open. */
import {
  accessSync,
  chmodSync,
  chownSync,
  constants,
  linkSync,
  lstatSync,
  mkdirSync,
  type Stats,
  unlinkSync,
} from 'node:fs';
import net from 'node:net';
import path from 'node:path';
import type { Peer } from './peer.js';

/** Who is at the other end of a descriptor; undefined: nobody knows. */
export type PeerOf = (fd: number) => Peer | undefined;

/** Takes what does not work just now; `failure` undefined: it works (again). */
export type Note = (about: string, failure: string | undefined) => void;

export interface DoorOptions {
  readonly socketPath: string;
  /** Permission bits, 0o700 for the owner alone. */
  readonly mode: number;
  /** Owner of the file; undefined: the daemon's. */
  readonly uid?: number;
  readonly gid?: number;
  readonly peerOf: PeerOf;
  readonly log: { warn(message: string): void };
  /** Told of a door that nobody finds any more and that can't be made again, and when it is there again. */
  readonly note?: Note;
  /** How often the file is looked for. */
  readonly lookEveryMs: number;
  /** The server that takes the connections. Called again when the socket has to be made again. */
  readonly makeServer: () => net.Server;
}

/** Why a socket can't be had, in words; `code` as the system gives it, undefined where it gives none. */
export class DoorError extends Error {
  readonly code: string | undefined;

  constructor(message: string, code: string | undefined) {
    super(message);
    this.name = 'DoorError';
    this.code = code;
  }
}

/** An open door. */
export class Door {
  readonly #options: DoorOptions;
  #server: net.Server;
  #file: Stats;
  readonly #looking: NodeJS.Timeout;

  /**
   * Listens at `socketPath`.
   * @throws DoorError
   */
  static async open(options: DoorOptions): Promise<Door> {
    await clear(options);
    return new Door(options);
  }

  private constructor(options: DoorOptions) {
    this.#options = options;
    this.#server = listen(options);
    this.#file = lstatSync(options.socketPath);
    this.#looking = setInterval(() => this.#look(), options.lookEveryMs);
    this.#looking.unref();
  }

  /** Lets nobody in any more; who is in stays. The file goes if it is still ours. */
  close(): void {
    clearInterval(this.#looking);
    this.#server.close();
    if (sameFile(stat(this.#options.socketPath), this.#file)) unlinkSync(this.#options.socketPath);
  }

  /** Makes the file again when somebody swept it away, as cleaners of /tmp do. */
  #look(): void {
    const { socketPath, log, note } = this.#options;
    const about = `socket ${socketPath}`;
    try {
      if (stat(socketPath)) return note?.(about, undefined);
      mkdirSync(path.dirname(socketPath), { recursive: true, mode: 0o750 });
      const server = listen(this.#options);
      this.#server.close();
      this.#server = server;
      this.#file = lstatSync(socketPath);
      log.warn(`${socketPath}: the socket was gone; made it again`);
      note?.(about, undefined);
    } catch (error) {
      note?.(about, `${socketPath}: the socket is gone and cannot be made again: ${words(error)}`);
    }
  }
}

/** What Linux takes in a sockaddr_un, its ending zero not counted. */
const MOST_PATH_BYTES = 107;

/**
 * Binds under a name of our own, sets owner and mode, and only then links the socket to its name: nobody ever meets it
 * with another owner or mode, and link(2) fails where something has come up meanwhile.
 */
function listen(options: DoorOptions): net.Server {
  const { socketPath, mode, uid, gid, log, note, makeServer } = options;
  const ownName = path.join(path.dirname(socketPath), `.${process.pid}`);
  const server = makeServer();
  // EMFILE while accepting: the client sees its connection end, the next ones are taken.
  const refusing = `clients of ${socketPath}`;
  server.on('error', (error) => {
    const what = `${socketPath}: cannot let clients in: ${error.message}`;
    if (note) note(refusing, what);
    else log.warn(what);
  });
  server.on('connection', () => note?.(refusing, undefined));
  remove(ownName);
  const umask = process.umask(0o777);
  try {
    server.listen({ path: ownName });
  } finally {
    process.umask(umask);
  }
  try {
    if (uid !== undefined || gid !== undefined) chownSync(ownName, uid ?? KEEP, gid ?? KEEP);
    chmodSync(ownName, mode);
    linkSync(ownName, socketPath);
  } catch (error) {
    server.close();
    throw new DoorError(`${socketPath}: cannot listen: ${words(error)}`, codeOf(error));
  } finally {
    remove(ownName);
  }
  return server;
}

/** chown(2): leave it. */
const KEEP = 0xffffffff;

/** Takes away what a daemon left that has died. Touches nothing else. */
async function clear({ socketPath, peerOf }: DoorOptions): Promise<void> {
  if (Buffer.byteLength(socketPath) > MOST_PATH_BYTES)
    throw new DoorError(
      `${socketPath}: longer than ${MOST_PATH_BYTES} bytes, which Linux does not take for a socket`,
      'ENAMETOOLONG',
    );
  writable(path.dirname(socketPath), socketPath);
  const file = stat(socketPath);
  if (!file) return;
  if (!file.isSocket())
    throw new DoorError(
      `${socketPath}: ${kind(file)} is in the way; nothing was removed: choose another path`,
      undefined,
    );
  const probe = await connectTo(socketPath);
  if (probe instanceof net.Socket) {
    const peer = peerOf(fdOf(probe));
    probe.destroy();
    throw new DoorError(
      `${socketPath}: in use by ${peer ? `pid ${peer.pid}` : 'another daemon'}, which answers there`,
      'EADDRINUSE',
    );
  }
  if (probe.code !== 'ECONNREFUSED')
    throw new DoorError(`${socketPath}: cannot tell whether it is in use: ${probe.message}`, probe.code);
  if (sameFile(stat(socketPath), file)) unlinkSync(socketPath);
}

function writable(directory: string, socketPath: string): void {
  try {
    accessSync(directory, constants.W_OK | constants.X_OK);
  } catch (error) {
    throw new DoorError(
      `${socketPath}: cannot make a socket in ${directory}: ${words(error)}`,
      codeOf(error),
    );
  }
}

function connectTo(socketPath: string): Promise<net.Socket | NodeJS.ErrnoException> {
  return new Promise((resolve) => {
    const socket = net.connect({ path: socketPath });
    socket.once('connect', () => resolve(socket)).once('error', resolve);
  });
}

/** The descriptor of a socket: Node has it and does not give it. */
export function fdOf(socket: net.Socket): number {
  return (socket as unknown as { readonly _handle?: { readonly fd: number } })._handle?.fd ?? -1;
}

function kind(file: Stats): string {
  if (file.isDirectory()) return 'a directory';
  if (file.isSymbolicLink()) return 'a symbolic link';
  return file.isFile() ? 'a regular file' : 'something that is no socket';
}

function stat(file: string): Stats | undefined {
  return lstatSync(file, { throwIfNoEntry: false });
}

function sameFile(one: Stats | undefined, other: Stats): boolean {
  return one?.ino === other.ino && one.dev === other.dev;
}

function remove(file: string): void {
  if (stat(file)) unlinkSync(file);
}

function words(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}

function codeOf(error: unknown): string | undefined {
  return (error as NodeJS.ErrnoException).code;
}
