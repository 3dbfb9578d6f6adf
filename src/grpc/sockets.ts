/** The control sockets as [grpc_server] asks for them. */
import path from 'node:path';
import type { Api } from '../api/api.js';
import type { GrpcServerSpec } from '../config/config.js';
import { socketIn } from '../config/places.js';
import { findAccount, findGroup } from '../os/accounts.js';
import type { Note } from '../os/door.js';
import { peerOf } from '../os/peer.js';
import type { Log } from './calls.js';
import { type GrpcServer, type SocketOptions, serveGrpc } from './server.js';
import type { TlsOptions } from './tlsdoor.js';

/**
 * Opens the operators' socket and, when configured, the read-only one and the port.
 * @throws Error in words: an unknown owner, a socket that can't be had
 */
export function serveSockets(
  api: Api,
  spec: GrpcServerSpec,
  rundir: string,
  log: Log,
  note: Note,
): Promise<GrpcServer> {
  const socketPath = spec.socket ?? socketIn(rundir);
  return serveGrpc({
    api,
    socketPath,
    mode: spec.mode,
    ...ownerOf(spec.owner, 'owner'),
    ...(spec.readonlySocket === undefined ? {} : { readonly: readonlyOptions(spec, spec.readonlySocket) }),
    ...tlsOf(spec),
    log,
    note,
    peerOf,
  });
}

/** The configuration is refused where `listen` stands without all three. */
function tlsOf({ listen, tlsCert, tlsKey, tlsClientCa }: GrpcServerSpec): { readonly tls?: TlsOptions } {
  if (listen === undefined || !tlsCert || !tlsKey || !tlsClientCa) return {};
  return { tls: { listen, cert: tlsCert, key: tlsKey, clientCa: tlsClientCa } };
}

function readonlyOptions(spec: GrpcServerSpec, socketPath: string): SocketOptions {
  return {
    socketPath: path.resolve(socketPath),
    mode: spec.readonlyMode,
    ...ownerOf(spec.readonlyOwner, 'readonly_owner'),
  };
}

/** `user` or `user:group`; the group is the user's own unless it is said. */
function ownerOf(owner: string | undefined, key: string): { uid?: number; gid?: number } {
  if (owner === undefined) return {};
  const [user = '', group] = owner.split(':');
  const account = findAccount(user);
  if (!account) throw new Error(`[grpc_server] ${key}: there is no user "${user}"`);
  const gid = group === undefined ? account.gid : findGroup(group);
  if (gid === undefined) throw new Error(`[grpc_server] ${key}: there is no group "${group}"`);
  return { uid: account.uid, gid };
}
