/** A TCP port that lets nobody in without a certificate of the right authority: mutual TLS, RFC 8446. */
import { readFileSync, statSync } from 'node:fs';
import type net from 'node:net';
import tls from 'node:tls';
import type { Log } from './calls.js';

export interface TlsOptions {
  /** "host:port"; no host: every address. */
  readonly listen: string;
  /** Paths of PEM files. They are read again when they have changed. */
  readonly cert: string;
  readonly key: string;
  readonly clientCa: string;
}

export interface TlsDoorOptions extends TlsOptions {
  readonly log: Log;
  /** How often the files are looked at. */
  readonly lookEveryMs: number;
  /** A connection, before anything is known of it. False: it has been sent away. */
  readonly onConnection: (key: string, socket: net.Socket) => boolean;
  /** Its certificate has been verified. `subject`: "CN=alice, O=example". */
  readonly onGuest: (key: string, socket: tls.TLSSocket, subject: string) => void;
}

export interface TlsDoor {
  /** Where it listens: "127.0.0.1:9443". */
  readonly address: string;
  close(): void;
}

/** A client has this long to show its certificate. */
const HANDSHAKE_MS = 5000;
/** Whoever knocks without a certificate is told of in the log at most this often. */
const TELL_EVERY_MS = 10_000;

/**
 * Listens. Resolves once clients can connect.
 * @throws Error in words: files that are no certificates, an address that can't be had
 */
export async function openTlsDoor(options: TlsDoorOptions): Promise<TlsDoor> {
  const { listen, log, onConnection, onGuest } = options;
  const { host, port } = addressOf(listen);
  let stamp = stampOf(options);
  const server = tls.createServer({
    ...contextOf(options),
    requestCert: true,
    rejectUnauthorized: true,
    minVersion: 'TLSv1.2',
    ALPNProtocols: ['h2'],
    handshakeTimeout: HANDSHAKE_MS,
  });
  server.on('connection', (socket: net.Socket) => void onConnection(keyOf(socket), socket));
  server.on('secureConnection', (socket) => {
    socket.on('error', () => undefined);
    const key = keyOf(socket);
    // What the server promises by rejectUnauthorized is looked at once more: here a slip would open the port to all.
    if (!socket.authorized) return void socket.destroy();
    onGuest(key, socket, describeSubject(socket.getPeerCertificate()));
  });
  const refused = throttled((count, why) =>
    log.warn(`${listen}: ${count} connection${count > 1 ? 's' : ''} refused, the last one: ${why}`),
  );
  server.on('tlsClientError', (error) => refused(error.message));
  server.on('error', (error) => log.warn(`${listen}: ${error.message}`));
  await listening(server, host, port, listen);
  const looking = setInterval(() => {
    const now = stampOf(options);
    if (now === stamp) return;
    stamp = now;
    try {
      server.setSecureContext(contextOf(options));
      log.warn(`${listen}: the certificates have changed and are used from now on`);
    } catch (error) {
      log.warn(`${(error as Error).message}; the ones before are used on`);
    }
  }, options.lookEveryMs);
  looking.unref();
  const bound = server.address() as net.AddressInfo;
  return {
    address: `${bound.family === 'IPv6' ? `[${bound.address}]` : bound.address}:${bound.port}`,
    close: () => {
      clearInterval(looking);
      server.close();
    },
  };
}

/** One connection of all that there are: both ends of it are in the address. */
function keyOf(socket: net.Socket): string {
  const { remoteAddress = '', remotePort = 0, remoteFamily } = socket;
  return `${remoteFamily === 'IPv6' ? `[${remoteAddress}]` : remoteAddress}:${remotePort}`;
}

function addressOf(listen: string): { readonly host: string; readonly port: number } {
  const colon = listen.lastIndexOf(':');
  const host = listen.slice(0, colon).replace(/^\[(.*)\]$/, '$1');
  return { host, port: Number(listen.slice(colon + 1)) };
}

function listening(server: tls.Server, host: string, port: number, listen: string): Promise<void> {
  return new Promise((resolve, reject) => {
    const failed = (error: Error) => reject(new Error(`[grpc_server] listen: ${listen}: ${error.message}`));
    server.once('error', failed);
    server.listen({ port, ...(host === '' ? {} : { host }) }, () => {
      server.off('error', failed);
      resolve();
    });
  });
}

function contextOf(options: TlsOptions): tls.SecureContextOptions {
  const read = (key: string, file: string): Buffer => {
    try {
      return readFileSync(file);
    } catch (error) {
      throw new Error(`[grpc_server] ${key}: ${(error as Error).message}`);
    }
  };
  const context = {
    cert: read('tls_cert', options.cert),
    key: read('tls_key', options.key),
    ca: read('tls_client_ca', options.clientCa),
  };
  try {
    tls.createSecureContext(context);
  } catch (error) {
    // OpenSSL's words name neither file nor key; they quote nothing of either.
    throw new Error(
      `[grpc_server] tls_cert, tls_key, tls_client_ca: ${(error as Error).message}; right are a certificate, ` +
        `its own key and the certificate of the clients' authority, all as PEM`,
    );
  }
  return context;
}

/** Of what is in the files, as far as their dates tell. */
function stampOf({ cert, key, clientCa }: TlsOptions): string {
  return [cert, key, clientCa]
    .map((file) => {
      const stat = statSync(file, { throwIfNoEntry: false });
      return stat ? `${stat.ino} ${stat.mtimeMs} ${stat.size}` : '';
    })
    .join('|');
}

/** "CN=alice, O=example": what a certificate says of its owner. It comes from outside: for the log, never a command. */
function describeSubject({ subject }: tls.PeerCertificate): string {
  const parts = Object.entries(subject ?? {}).map(([name, value]) => `${name}=${String(value)}`);
  return parts.join(', ') || 'a certificate without a subject';
}

function throttled(tell: (count: number, why: string) => void): (why: string) => void {
  let count = 0;
  let next = Number.NEGATIVE_INFINITY;
  return (why) => {
    count += 1;
    if (performance.now() < next) return;
    next = performance.now() + TELL_EVERY_MS;
    tell(count, why);
    count = 0;
  };
}
