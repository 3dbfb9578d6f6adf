/** The gRPC server at its doors: the operators' socket and, when asked, one that can only look and a port by TLS. */
import net from 'node:net';
import path from 'node:path';
import { Server, ServerCredentials } from '@grpc/grpc-js';
import type { Api, Caller } from '../api/api.js';
import { SupdError } from '../api/errors.js';
import { Door, fdOf, type Note, type PeerOf } from '../os/door.js';
import { Calls, type Log } from './calls.js';
import { Guests } from './guests.js';
import { type Handlers, handlersOf } from './handlers.js';
import { methods, type Rpc } from './methods.js';
import { openTlsDoor, type TlsOptions } from './tlsdoor.js';
import { registerWellKnown } from './wellknown.js';

export interface SocketOptions {
  readonly socketPath: string;
  /** Permission bits. */
  readonly mode: number;
  /** Owner of the file; undefined: the daemon's own. */
  readonly uid?: number;
  readonly gid?: number;
}

export interface GrpcOptions extends SocketOptions {
  readonly api: Api;
  /** A second socket whose callers change nothing. */
  readonly readonly?: SocketOptions;
  /** A port for operators with a certificate. */
  readonly tls?: TlsOptions;
  readonly log: Log;
  /** Told of sockets that can't be had. */
  readonly note?: Note;
  /** Who is at the other end of a descriptor; undefined: nobody knows. */
  readonly peerOf?: PeerOf;
  /** How often the socket files are looked for, in case somebody swept them away. */
  readonly lookEveryMs?: number;
  /** How long a connection may say nothing before it is asked whether anybody is there. */
  readonly keepaliveMs?: number;
}

export interface GrpcServer {
  /** Where the port is, when there is one. */
  readonly address?: string;
  /** Lets running calls end for `graceMs`, ends the rest with UNAVAILABLE, and takes the socket files away. */
  close(graceMs?: number): Promise<void>;
}

/**
 * Serves the api. Resolves once clients can connect.
 * @throws Error  in words, when a socket cannot be had; then nothing is open
 */
export async function serveGrpc(options: GrpcOptions): Promise<GrpcServer> {
  const open: Side[] = [];
  const close = async (graceMs = 1000) => void (await Promise.all(open.map((side) => side.close(graceMs))));
  try {
    open.push(await serveSocket(options, options, 'operator'));
    if (options.readonly) open.push(await serveSocket(options, options.readonly, 'reader'));
    if (!options.tls) return { close };
    const side = await serveTls(options, options.tls);
    open.push(side);
    return { close, address: side.address };
  } catch (error) {
    await close(0);
    throw error;
  }
}

interface Side {
  close(graceMs: number): Promise<void>;
}

const SECOND = 1000;
const KIB = 1024;
const LOOK_MS = 2 * SECOND;
/** nghttp2's and Node's bound for one connection. */
const SESSION_MEGABYTES = 10;

/** An operator can ask for a lot; whoever may only look cannot make the daemon grow. */
const limits = {
  operator: { connections: 256, streams: 100, requestBytes: 4096 * KIB },
  reader: { connections: 64, streams: 32, requestBytes: 64 * KIB },
} satisfies Record<Caller['role'], { connections: number; streams: number; requestBytes: number }>;

/** What all doors of a kind have behind them. */
function openSide({ api, log, keepaliveMs = 15 * SECOND }: GrpcOptions, role: Caller['role'], door: string) {
  const limit = limits[role];
  const guests = new Guests(limit.connections);
  const calls = new Calls(
    (key) => ({ role, door, ...guests.whoIs(key) }),
    log,
    (key) => guests.enterCall(key),
  );
  const server = new Server({
    'grpc.enable_channelz': 0,
    'grpc.max_receive_message_length': limit.requestBytes,
    'grpc.max_concurrent_streams': limit.streams,
    // Frames that make no sense leave a connection that Node neither reads nor closes: only a ping finds that out.
    'grpc.keepalive_time_ms': keepaliveMs,
    'grpc.keepalive_timeout_ms': Math.min(keepaliveMs, 10 * SECOND),
    // Of what a client leaves unread, and of headers that never end.
    'grpc-node.max_session_memory': SESSION_MEGABYTES,
  });
  registerMethods(server, calls, handlersOf(api), role, door);
  registerWellKnown(server, calls, api);
  const injector = server.createConnectionInjector(ServerCredentials.createInsecure());
  return {
    guests,
    serve: (key: string, connection: net.Socket) => {
      // In the place of an address this tells a call which connection it came by.
      Object.defineProperty(connection, 'remoteAddress', { value: key });
      Object.defineProperty(connection, 'remotePort', { value: undefined });
      injector.injectConnection(connection);
    },
    close: async (graceMs: number) => {
      injector.drain(graceMs + FAREWELL_MS);
      const allGone = Promise.all(guests.sockets().map(gone));
      if (await within(graceMs, allGone)) return;
      calls.endWaits();
      await within(FAREWELL_MS, allGone);
      for (const connection of guests.sockets()) connection.destroy();
      await allGone;
    },
  };
}

async function serveSocket(options: GrpcOptions, socket: SocketOptions, role: Caller['role']): Promise<Side> {
  const { log, note, peerOf = () => undefined, lookEveryMs = LOOK_MS } = options;
  const doorName = path.basename(socket.socketPath);
  const side = openSide(options, role, doorName);
  let count = 0;
  const letIn = (connection: net.Socket) => {
    count += 1;
    const key = `${doorName}#${count}`;
    const peer = peerOf(fdOf(connection));
    const who = peer ? { uid: peer.uid, pid: peer.pid } : {};
    if (side.guests.admit(key, connection, who)) side.serve(key, connection);
  };
  const door = await Door.open({
    ...socket,
    peerOf,
    log,
    ...(note ? { note } : {}),
    lookEveryMs,
    makeServer: () => net.createServer({ pauseOnConnect: false }, letIn),
  });
  return {
    close: (graceMs) => {
      door.close();
      return side.close(graceMs);
    },
  };
}

async function serveTls(options: GrpcOptions, tls: TlsOptions): Promise<Side & { readonly address: string }> {
  const side = openSide(options, 'operator', tls.listen);
  const door = await openTlsDoor({
    ...tls,
    log: options.log,
    lookEveryMs: options.lookEveryMs ?? LOOK_MS,
    onConnection: (key, connection) => side.guests.admit(key, connection),
    onGuest: (key, connection, subject) => {
      side.guests.introduce(key, { subject });
      side.serve(key, connection);
    },
  });
  return {
    address: door.address,
    close: (graceMs) => {
      door.close();
      return side.close(graceMs);
    },
  };
}

/** For the last statuses to reach clients that read. */
const FAREWELL_MS = 100;

function registerMethods(
  server: Server,
  calls: Calls,
  handlers: Handlers,
  role: Caller['role'],
  doorName: string,
): void {
  for (const name of Object.keys(methods) as (keyof typeof methods)[]) {
    // Handlers has for each method the handler of its own types; in a loop over all of them that is lost.
    const method = methods[name] as unknown as Rpc<unknown, unknown>;
    const handler = handlers[name] as never;
    const refuse = (): never => {
      throw new SupdError('FORBIDDEN', `${doorName} is the read-only socket: ${name} is not served here`);
    };
    const allowed = method.changes && role === 'reader' ? (refuse as never) : handler;
    server.register(
      method.path,
      method.stream ? calls.stream(allowed) : calls.unary(allowed),
      // pbjs gives Buffers where there are any.
      (answer: unknown) => method.answer.encode(answer).finish() as Buffer,
      (bytes: Buffer) => method.request.decode(bytes),
      method.stream ? 'serverStream' : 'unary',
    );
  }
}

function gone(socket: net.Socket): Promise<void> {
  return new Promise((resolve) => {
    if (socket.destroyed) resolve();
    else socket.once('close', () => resolve());
  });
}

/** Did it come within that time? */
function within(ms: number, what: Promise<unknown>): Promise<boolean> {
  return new Promise((resolve) => {
    const timer = setTimeout(() => resolve(false), ms);
    void what.then(() => {
      clearTimeout(timer);
      resolve(true);
    });
  });
}
