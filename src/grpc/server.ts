/** The gRPC server on its unix sockets: one for operators and, when asked, one that can only look. */
import net from 'node:net';
import path from 'node:path';
import { Server, ServerCredentials } from '@grpc/grpc-js';
import type { Api, Caller } from '../api/api.js';
import { SupdError } from '../api/errors.js';
import { Door, fdOf, type PeerOf } from '../os/door.js';
import type { Peer } from '../os/peer.js';
import { Calls, type Log } from './calls.js';
import { type Handlers, handlersOf } from './handlers.js';
import { methods, type Rpc } from './methods.js';
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
  readonly log: Log;
  /** Who is at the other end of a descriptor; undefined: nobody knows. */
  readonly peerOf?: PeerOf;
  /** How often the socket files are looked for, in case somebody swept them away. */
  readonly lookEveryMs?: number;
}

export interface GrpcServer {
  /** Lets running calls end for `graceMs`, ends the rest with UNAVAILABLE, and takes the socket files away. */
  close(graceMs?: number): Promise<void>;
}

/**
 * Serves the api. Resolves once clients can connect.
 * @throws Error  in words, when a socket cannot be had; then nothing is open
 */
export async function serveGrpc(options: GrpcOptions): Promise<GrpcServer> {
  const operators = await serveDoor(options, options, 'operator');
  try {
    const readers = options.readonly && (await serveDoor(options, options.readonly, 'reader'));
    return {
      close: async (graceMs = 1000) => {
        await Promise.all([operators.close(graceMs), readers?.close(graceMs)]);
      },
    };
  } catch (error) {
    await operators.close(0);
    throw error;
  }
}

const SECOND = 1000;
const KIB = 1024;

/** An operator can ask for a lot; whoever may only look cannot make the daemon grow. */
const limits = {
  operator: { connections: 256, streams: 100, requestBytes: 4096 * KIB },
  reader: { connections: 64, streams: 32, requestBytes: 64 * KIB },
} satisfies Record<Caller['role'], { connections: number; streams: number; requestBytes: number }>;

async function serveDoor(
  { api, log, peerOf = () => undefined, lookEveryMs = 5 * SECOND }: GrpcOptions,
  socket: SocketOptions,
  role: Caller['role'],
): Promise<{ close(graceMs: number): Promise<void> }> {
  const limit = limits[role];
  const doorName = path.basename(socket.socketPath);
  const inside = new Map<string, { readonly socket: net.Socket; readonly peer: Peer | undefined }>();
  const callerOf = (key: string): Caller => {
    const peer = inside.get(key)?.peer;
    return { role, door: doorName, ...(peer && { uid: peer.uid, pid: peer.pid }) };
  };
  const calls = new Calls(callerOf, log);
  const server = new Server({
    'grpc.enable_channelz': 0,
    'grpc.max_receive_message_length': limit.requestBytes,
    'grpc.max_concurrent_streams': limit.streams,
    // Frames that make no sense leave a connection that Node neither reads nor closes: only a ping finds that out.
    'grpc.keepalive_time_ms': 15 * SECOND,
    'grpc.keepalive_timeout_ms': 10 * SECOND,
  });
  registerMethods(server, calls, handlersOf(api), role, doorName);
  registerWellKnown(server, calls, api);
  const injector = server.createConnectionInjector(ServerCredentials.createInsecure());

  let count = 0;
  const letIn = (connection: net.Socket) => {
    connection.on('error', () => undefined);
    if (inside.size >= limit.connections) {
      connection.destroy();
      return;
    }
    count += 1;
    const key = `${doorName}#${count}`;
    inside.set(key, { socket: connection, peer: peerOf(fdOf(connection)) });
    connection.once('close', () => inside.delete(key));
    // A unix socket has no remote address: in its place this tells a call which connection it came by.
    Object.defineProperty(connection, 'remoteAddress', { value: key });
    injector.injectConnection(connection);
  };
  const door = await Door.open({
    ...socket,
    peerOf,
    log,
    lookEveryMs,
    makeServer: () => net.createServer({ pauseOnConnect: false }, letIn),
  });

  return {
    close: async (graceMs) => {
      door.close();
      injector.drain(graceMs + FAREWELL_MS);
      const allGone = Promise.all([...inside.values()].map((one) => gone(one.socket)));
      if (await within(graceMs, allGone)) return;
      calls.endWaits();
      await within(FAREWELL_MS, allGone);
      for (const { socket: connection } of inside.values()) connection.destroy();
      await allGone;
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
