/** The XML-RPC client and servers that are not what they should be. */
import { once } from 'node:events';
import net from 'node:net';
import { type Test, test } from 'tap';
import type { FailureCode } from '../../src/api/failure.js';
import { connectXmlRpc, type Place } from '../../src/xmlrpc/client.js';
import { encodeFault, encodeResponse } from '../../src/xmlrpc/codec/encode.js';
import type { Value } from '../../src/xmlrpc/codec/value.js';

/** A server that says this to each request, whatever it is; undefined: nothing. */
async function serve(t: Test, say: (request: string) => string | Buffer | undefined): Promise<Place> {
  const sockets = new Set<net.Socket>();
  const server = net.createServer((socket) => {
    sockets.add(socket);
    socket.on('error', () => {});
    socket.on('data', (bytes) => {
      const said = say(bytes.toString());
      if (said !== undefined) socket.end(said);
    });
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  t.teardown(() => {
    for (const socket of sockets) socket.destroy();
    server.close();
  });
  return { kind: 'tcp', host: '127.0.0.1', port: (server.address() as net.AddressInfo).port };
}

function http(body: string, head = 'HTTP/1.1 200 OK'): string {
  return `${head}\r\nContent-Length: ${Buffer.byteLength(body)}\r\n\r\n${body}`;
}

const answering =
  (answer: (method: string) => string) =>
  (request: string): string =>
    http(answer(/<methodName>(.*?)</.exec(request)?.[1] ?? ''));

/** 3.0 for the version, this for the rest. */
const values = (value: Value) =>
  answering((method) => encodeResponse(method === 'supervisor.getAPIVersion' ? '3.0' : value));

async function failsWith(t: Test, place: Place, code: FailureCode, message: RegExp): Promise<void> {
  await t.rejects(connectXmlRpc(place, undefined).listProcesses(), { code, message }, code);
}

test('answers that are not what they should be are failures in words', async (t) => {
  const cases: readonly (readonly [(request: string) => string, FailureCode, RegExp])[] = [
    [() => 'SSH-2.0-OpenSSH\r\n', 'BROKEN', /no HTTP/],
    [() => http('', 'HTTP/1.1 404 Not Found'), 'BROKEN', /there is no \/RPC2/],
    [() => http('', 'HTTP/1.1 400 Bad Request'), 'BROKEN', /HTTP status 400/],
    [() => http('', 'HTTP/1.1 500 Internal'), 'FAILED', /HTTP status 500/],
    [() => http('', 'HTTP/1.1 401 No'), 'UNAUTHENTICATED', /authentication/],
    [() => http('<html>hello</html>'), 'BROKEN', /getAPIVersion: the answer cannot be read/],
    [() => 'HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\nshort', 'LOST', /abort|hang|reset/i],
    [answering(() => encodeResponse('2.0')), 'WRONG_API', /API version 3.0, but the remote version is 2.0/],
    [answering(() => encodeFault({ code: 1, message: 'UNKNOWN_METHOD' })), 'NO_API', /UNKNOWN_METHOD/],
    [answering(() => encodeFault({ code: 6, message: 'SHUTDOWN_STATE' })), 'SHUTTING_DOWN', /SHUTDOWN/],
    [values('no list'), 'BROKEN', /where an array must be/],
    [values([1]), 'BROKEN', /where a struct must be/],
    [values([{ name: 'a', group: 'a', statename: 'ODD' }]), 'BROKEN', /a state "ODD"/],
  ];
  for (const [say, code, message] of cases) await failsWith(t, await serve(t, say), code, message);
});

test('an answer without end is cut off', async (t) => {
  const head = 'HTTP/1.1 200 OK\r\nContent-Length: 200000000\r\n\r\n';
  const place = await serve(t, () => Buffer.concat([Buffer.from(head), Buffer.alloc(65 << 20)]));
  await failsWith(t, place, 'BROKEN', /larger than \d+ bytes/);
});

test('a wait ends with the caller’s patience, or when it is aborted', async (t) => {
  const place = await serve(t, () => undefined);
  const client = connectXmlRpc(place, undefined);
  await t.rejects(client.getDaemon({ timeoutMs: 20 }), { code: 'TIMEOUT' });
  const gone = new AbortController();
  const waiting = t.rejects(client.getDaemon({ signal: gone.signal }), { code: 'CANCELLED' });
  gone.abort();
  await waiting;
  await t.rejects(client.getDaemon({ signal: gone.signal }), { code: 'CANCELLED' });
});

test('nobody at a socket or port is told apart from a socket that is missing', async (t) => {
  await failsWith(t, { kind: 'unix', path: '/nope/s.sock' }, 'NO_SOCKET', /no such file/);
  const server = net.createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as net.AddressInfo;
  await new Promise((resolve) => server.close(resolve));
  await failsWith(t, { kind: 'tcp', host: '127.0.0.1', port }, 'REFUSED', /refused/);
});

test('user name and password go along, as UTF-8', async (t) => {
  const heads: (string | undefined)[] = [];
  const place = await serve(t, (request) => {
    heads.push(/authorization: Basic (\S+)/i.exec(request)?.[1]);
    return values(true)(request);
  });
  await connectXmlRpc(place, { username: 'mé', password: 'p:w' }).shutdown();
  t.equal(Buffer.from(heads[0] ?? '', 'base64').toString(), 'mé:p:w');
  await connectXmlRpc(place, undefined).shutdown();
  t.equal(heads.at(-1), undefined);
});
