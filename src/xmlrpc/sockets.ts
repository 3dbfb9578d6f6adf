/** The HTTP servers that the configuration asks for: [unix_http_server] and [inet_http_server]. */
import { lookup } from 'node:dns/promises';
import { once } from 'node:events';
import type net from 'node:net';
import { hostname } from 'node:os';
import path from 'node:path';
import type { Api, Caller } from '../api/api.js';
import type { Config, DaemonSpec, HttpServerSpec } from '../config/config.js';
import { StartFault } from '../daemon/startfault.js';
import { findAccount, findGroup } from '../os/accounts.js';
import { Door, fdOf, type Note } from '../os/door.js';
import { peerOf } from '../os/peer.js';
import { makeCheck } from './auth.js';
import { bindFault, chownFault } from './bind.js';
import { hostsOf } from './browsers.js';
import type { Pages } from './pages.js';
import { Room } from './room.js';
import { type HttpFront, type HttpLimits, type HttpLog, makeFront } from './server.js';
import { tableOf } from './table.js';
import { Turns } from './turns.js';

interface ServersLimits extends HttpLimits {
  /** How often a socket file is looked for, in case somebody swept it away. */
  readonly lookEveryMs: number;
}
const LOOK_EVERY_MS = 2000;
/** What the answers of all multicalls may come to together; single answers are bounded by themselves. */
const ANSWERS_MAX_BYTES = 16 << 20;
/** For requests that have begun when the servers close. */
const GRACE_MS = 1000;

export interface HttpServers {
  /** @param graceMs  for requests that have begun */
  close(graceMs?: number): Promise<void>;
}

interface ServersLog extends HttpLog {
  info(message: string): void;
  critical(message: string): void;
  /** Told of sockets that can't be had. */
  readonly note?: Note;
}

/**
 * Opens all of them, or none.
 * @param loadPages  called once, with the first request for a page; undefined: there are none
 * @throws StartFault
 */
export async function serveHttp(
  api: Api,
  {
    http,
    rpcInterfaces,
    daemon,
  }: Pick<Config, 'http' | 'rpcInterfaces'> & {
    readonly daemon: Pick<DaemonSpec, 'compat'>;
  },
  log: ServersLog,
  limits: Partial<ServersLimits> = {},
  loadPages?: () => Promise<Pages>,
): Promise<HttpServers> {
  const open: HttpServers[] = [];
  const close = async (graceMs?: number) =>
    void (await Promise.all(open.map((server) => server.close(graceMs))));
  const methods = tableOf(rpcInterfaces);
  const [turns, answersRoom] = [new Turns(), new Room(ANSWERS_MAX_BYTES)];
  let pages: Promise<Pages> | undefined;
  const openPages = loadPages && (() => (pages ??= loadPages()));
  const strict = daemon.compat === 'strict';
  const shared = { api, strict, methods, log, limits, turns, answersRoom, openPages };
  // In supervisord's order: it is seen in the log.
  const specs = [
    ...http.filter(({ kind }) => kind === 'inet'),
    ...http.filter(({ kind }) => kind === 'unix'),
  ];
  try {
    for (const spec of specs) {
      const front = makeFront({
        ...shared,
        check: makeCheck(spec.username, spec.password),
        knowsHost: hostsOf([hostname(), ...(spec.kind === 'unix' ? [] : [hostIn(spec.address)])]),
        isNameless: spec.kind === 'unix',
        door: JSON.stringify([spec.section, spec.address, spec.username ?? '']),
        callerOf: (socket) => callerOf(spec, socket),
      });
      open.push(
        await (spec.kind === 'unix'
          ? openUnix(spec, front, log, limits.lookEveryMs)
          : openInet(spec, front, log)),
      );
      for (const name of rpcInterfaces) log.info(`RPC interface '${name}' initialized`);
      if (!spec.username)
        log.critical(`Server '${spec.section}' running without any HTTP authentication checking`);
    }
  } catch (error) {
    await close();
    throw error;
  }
  return { close };
}

function callerOf({ kind, address, username }: HttpServerSpec, socket: net.Socket): Caller {
  if (kind === 'inet') {
    const from = socket.remoteAddress ?? 'nobody knows where';
    return { role: 'operator', door: address, subject: username ? `${username} from ${from}` : from };
  }
  const peer = peerOf(fdOf(socket));
  const door = path.basename(address);
  return { role: 'operator', door, ...(peer ? { uid: peer.uid, pid: peer.pid } : {}) };
}

async function openUnix(
  spec: HttpServerSpec,
  front: HttpFront,
  log: ServersLog,
  lookEveryMs = LOOK_EVERY_MS,
): Promise<HttpServers> {
  const owner = ownerOf(spec);
  try {
    const door = await Door.open({
      socketPath: spec.address,
      mode: spec.chmod ?? 0o700,
      ...owner,
      peerOf,
      log,
      ...(log.note ? { note: log.note } : {}),
      lookEveryMs,
      makeServer: front.makeServer,
    });
    return {
      close: async (graceMs = GRACE_MS) => {
        door.close();
        await front.close(graceMs);
      },
    };
  } catch (error) {
    const isOwner = (error as NodeJS.ErrnoException).code === 'EPERM' && spec.chown !== undefined;
    throw isOwner ? chownFault(spec, owner.uid ?? -1, owner.gid ?? -1) : bindFault(spec, error);
  }
}

/** `user` leaves the group as it is. */
function ownerOf({ chown, section }: HttpServerSpec): { uid?: number; gid?: number } {
  if (chown === undefined) return {};
  const [user = '', group] = chown.split(':');
  const account = findAccount(user);
  const gid = group === undefined ? undefined : findGroup(group);
  if (!account || (group !== undefined && gid === undefined))
    throw new StartFault(
      `[${section}] chown: there is no ${account ? `group "${group}"` : `user "${user}"`}`,
    );
  return { uid: account.uid, ...(gid === undefined ? {} : { gid }) };
}

async function openInet(spec: HttpServerSpec, front: HttpFront, log: HttpLog): Promise<HttpServers> {
  const server = front.makeServer();
  try {
    const host = await numericOf(hostIn(spec.address));
    const port = Number(spec.address.slice(spec.address.lastIndexOf(':') + 1));
    // `::` takes IPv6 alone, so that `*:9001` can stand beside it.
    server.listen({ host, port, ipv6Only: host.includes(':') });
    await once(server, 'listening');
  } catch (error) {
    throw bindFault(spec, error);
  }
  server.on('error', (error) => log.warn(`${spec.address}: ${error.message}`));
  return {
    close: async () => {
      server.close();
      await front.close(GRACE_MS);
    },
  };
}

/** "[::1]:9001" -> "::1". */
function hostIn(address: string): string {
  return address.slice(0, address.lastIndexOf(':')).replace(/^\[(.*)\]$/, '$1');
}

/** All of IPv4 without a host; a name means its IPv4 address where it has one, as with supervisord. */
async function numericOf(host: string): Promise<string> {
  if (host === '') return '0.0.0.0';
  const addresses = await lookup(host, { all: true });
  return (addresses.find(({ family }) => family === 4) ?? addresses[0])?.address ?? host;
}
