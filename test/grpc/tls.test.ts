/** The port: nobody comes in without a certificate of the configured authority. */
import { copyFileSync, readFileSync } from 'node:fs';
import net from 'node:net';
import path from 'node:path';
import tls from 'node:tls';
import { Client, credentials, type ServiceError } from '@grpc/grpc-js';
import { type Test, test } from 'tap';
import { methods } from '../../src/grpc/methods.js';
import { makeAuthority, read, type Signed, sign } from '../helpers/certificates.js';
import { requireStack } from '../helpers/require.js';
import { eventually, ownDirectory, serve } from './serve.js';

interface Site {
  readonly dir: string;
  readonly authority: Signed;
  readonly server: Signed;
  readonly alice: Signed;
}

function site(t: Test): Site {
  const dir = ownDirectory(t);
  const authority = makeAuthority(dir, 'authority');
  return {
    dir,
    authority,
    server: sign(authority, dir, '/CN=server'),
    alice: sign(authority, dir, '/CN=alice/O=example'),
  };
}

async function open(t: Test, { authority, server }: Site, more = {}) {
  const files = { cert: server.cert, key: server.key, clientCa: authority.cert };
  const served = await serve(t, { tls: { listen: '127.0.0.1:0', ...files }, ...more });
  const address = served.server.address ?? '';
  return { ...served, address, port: Number(address.split(':').at(-1)) };
}

/** A client of grpc-js; without `own` it has no certificate. */
function client(t: Test, address: string, authority: Signed, own?: Signed): Client {
  const mine = own ? read(own) : undefined;
  const secure = credentials.createSsl(readFileSync(authority.cert), mine?.key ?? null, mine?.cert ?? null);
  // An address is no name that TLS could ask for.
  const made = new Client(address, secure, { 'grpc.ssl_target_name_override': 'localhost' });
  t.teardown(() => made.close());
  return made;
}

function getDaemon(by: Client): Promise<number> {
  return call(by, methods.getDaemon).then(({ pid }) => pid);
}

function call<Given extends object, Answer>(
  by: Client,
  method: {
    readonly path: string;
    readonly request: { encode(given: Given): { finish(): Uint8Array } };
    readonly answer: { decode(bytes: Uint8Array): Answer };
  },
): Promise<Answer> {
  return new Promise((resolve, reject) => {
    const done = (error: ServiceError | null, answer?: Answer) =>
      error ? reject(error) : resolve(answer as Answer);
    by.makeUnaryRequest(
      method.path,
      (given: Given) => Buffer.from(method.request.encode(given).finish()),
      (bytes: Buffer) => method.answer.decode(bytes),
      {} as Given,
      { deadline: Date.now() + 20_000 },
      done,
    );
  });
}

test('a client with a certificate of the right authority is an operator, and its subject goes to the log', async (t) => {
  if (!requireStack(t, ['openssl'])) return;
  const made = site(t);
  const { address, api } = await open(t, made);
  const alice = client(t, address, made.authority, made.alice);
  t.equal(await getDaemon(alice), 1);
  await call(alice, methods.reopenLogs);
  t.strictSame(
    api.asked.map(({ caller }) => caller),
    [{ role: 'operator', door: '127.0.0.1:0', subject: 'CN=alice, O=example' }],
  );
});

test('CVE-2019-12105, an open port: without a certificate, or with one of another authority, nobody is let in', async (t) => {
  if (!requireStack(t, ['openssl'])) return;
  const made = site(t);
  const { address, api, client: local } = await open(t, made);
  await t.rejects(getDaemon(client(t, address, made.authority)), { code: 14 }, 'none');
  const stranger = sign(makeAuthority(made.dir, 'stranger'), made.dir, '/CN=alice');
  await t.rejects(getDaemon(client(t, address, made.authority, stranger)), { code: 14 }, 'a stranger’s');
  const late = sign(made.authority, made.dir, '/CN=late', -1);
  await t.rejects(getDaemon(client(t, address, made.authority, late)), { code: 14 }, 'one that is over');
  const plain = new Client(address, credentials.createInsecure());
  t.teardown(() => plain.close());
  await t.rejects(getDaemon(plain), { code: 14 }, 'plain text');
  t.equal(api.asked.length, 0);
  t.equal((await local.getDaemon()).pid, 1, 'the socket answers on');
});

test('a port without all three files is not opened, and the reason names the key', async (t) => {
  if (!requireStack(t, ['openssl'])) return;
  const made = site(t);
  const right = {
    listen: '127.0.0.1:0',
    cert: made.server.cert,
    key: made.server.key,
    clientCa: made.authority.cert,
  };
  const opening = (wrong: object) => serve(t, { tls: { ...right, ...wrong } });
  await t.rejects(opening({ key: path.join(made.dir, 'none') }), {
    message: /^\[grpc_server\] tls_key: ENOENT/,
  });
  await t.rejects(opening({ cert: made.server.key }), { message: /^\[grpc_server\] tls_cert, tls_key, / });
  await t.rejects(opening({ key: made.alice.key }), { message: /its own key/ });
  const taken = net.createServer().listen(0, '127.0.0.1');
  t.teardown(() => taken.close());
  await eventually(() => taken.address() !== null);
  const { port } = taken.address() as net.AddressInfo;
  await t.rejects(opening({ listen: `127.0.0.1:${port}` }), { message: /listen: .*EADDRINUSE/ });
});

test('connections that never end their handshake make room for those that do', async (t) => {
  if (!requireStack(t, ['openssl'])) return;
  const made = site(t);
  const { address, port } = await open(t, made);
  const mute = Array.from({ length: 600 }, () => net.connect(port, '127.0.0.1').on('error', () => undefined));
  t.teardown(() => {
    for (const socket of mute) socket.destroy();
  });
  await eventually(
    () => mute.filter((socket) => socket.closed).length > 0 || mute.every(({ pending }) => !pending),
  );
  t.equal(await getDaemon(client(t, address, made.authority, made.alice)), 1);
});

test('a new certificate is used without a restart, and a broken one is not', async (t) => {
  if (!requireStack(t, ['openssl'])) return;
  const made = site(t);
  const { address, port, lines } = await open(t, made, { lookEveryMs: 10 });
  const shown = () =>
    new Promise<string>((resolve, reject) => {
      const own = { ...read(made.alice), ca: readFileSync(made.authority.cert) };
      const socket = tls.connect({ host: '127.0.0.1', port, ...own, ALPNProtocols: ['h2'] }, () => {
        resolve(String(socket.getPeerCertificate().subject.CN));
        socket.destroy();
      });
      socket.once('error', reject);
    });
  t.equal(await shown(), 'server');
  copyFileSync(made.alice.key, made.server.key);
  await eventually(() => lines.some((line) => /used on$/.test(line)));
  t.equal(await shown(), 'server');
  copyFileSync(made.alice.cert, made.server.cert);
  await eventually(() => lines.some((line) => /used from now on$/.test(line)));
  t.equal(await shown(), 'alice');
  t.equal(await getDaemon(client(t, address, made.authority, made.alice)), 1);
});
