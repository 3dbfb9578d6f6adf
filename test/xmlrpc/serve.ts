/** The HTTP servers on a fake Api, in a directory of the test's own; and clients that speak bytes. */
import { mkdtempSync, rmSync } from 'node:fs';
import net from 'node:net';
import { tmpdir } from 'node:os';
import path from 'node:path';
import type { Test } from 'tap';
import type { HttpServerSpec } from '../../src/config/config.js';
import { makePages } from '../../src/web/pages.js';
import { decodeResponse } from '../../src/xmlrpc/codec/decode.js';
import { encodeCall } from '../../src/xmlrpc/codec/encode.js';
import type { MethodResponse, Value } from '../../src/xmlrpc/codec/value.js';
import { serveHttp } from '../../src/xmlrpc/sockets.js';
import { type FakeApi, fakeApi } from '../grpc/fake-api.js';

export interface Serving {
  readonly directory: string;
  readonly socketPath: string;
  readonly api: FakeApi;
  /** What was logged, each line after its level. */
  readonly lines: string[];
  close(): Promise<void>;
  call(method: string, ...params: Value[]): Promise<MethodResponse>;
  /** Sends these bytes and gives all that comes back until the server ends the connection. */
  raw(...pieces: (string | Buffer)[]): Promise<string>;
}

export type Options = Partial<HttpServerSpec> & {
  readonly api?: FakeApi;
  readonly interfaces?: readonly string[];
  readonly compat?: 'supd' | 'strict';
  readonly limits?: Parameters<typeof serveHttp>[3];
  readonly directory?: string;
  readonly pages?: Parameters<typeof makePages>[1];
};

export function ownDirectory(t: Test): string {
  const directory = mkdtempSync(path.join(tmpdir(), 'supd-http-'));
  t.teardown(() => rmSync(directory, { recursive: true, force: true }));
  return directory;
}

export async function serve(t: Test, options: Options = {}): Promise<Serving> {
  const { api = fakeApi(), interfaces = ['supervisor'], compat = 'supd', limits = {} } = options;
  const directory = options.directory ?? ownDirectory(t);
  const socketPath = path.join(directory, 's.sock');
  const lines: string[] = [];
  const note = (level: string) => (text: string) => void lines.push(`${level} ${text}`);
  const log = {
    critical: note('CRIT'),
    error: note('ERRO'),
    warn: note('WARN'),
    info: note('INFO'),
    debug: note('DEBG'),
  };
  const spec: HttpServerSpec = { section: 'unix_http_server', kind: 'unix', address: socketPath, ...options };
  const config = { http: [spec], rpcInterfaces: interfaces, daemon: { compat } };
  const servers = await serveHttp(api, config, log, limits, async () => makePages(api, options.pages));
  t.teardown(() => servers.close());
  const raw = (...pieces: (string | Buffer)[]) => exchange(net.connect(socketPath), pieces);
  return {
    directory,
    socketPath,
    api,
    lines,
    close: servers.close,
    raw,
    call: async (method, ...params) =>
      decodeResponse(bodyOf(await raw(post(encodeCall({ method, params }))))),
  };
}

/** A request that ends its connection. */
export function post(body: string, headers = ''): string {
  return `POST /RPC2 HTTP/1.1\r\nConnection: close\r\nContent-Length: ${Buffer.byteLength(body)}\r\n${headers}\r\n${body}`;
}

export function statusOf(answer: string): number {
  return Number(/^HTTP\/1\.1 (\d+)/.exec(answer)?.[1] ?? Number.NaN);
}

function bodyOf(answer: string): string {
  return answer.slice(answer.indexOf('\r\n\r\n') + 4);
}

export function exchange(socket: net.Socket, pieces: readonly (string | Buffer)[]): Promise<string> {
  return new Promise((resolve) => {
    let answer = '';
    socket.setEncoding('utf8').on('data', (piece: string) => {
      answer += piece;
    });
    // A reset is an end, too.
    socket.on('error', () => undefined);
    socket.once('close', () => resolve(answer));
    for (const piece of pieces) socket.write(piece);
  });
}
