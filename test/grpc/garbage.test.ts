import { once } from 'node:events';
import http2 from 'node:http2';
import net from 'node:net';
import { test } from 'tap';
import { connect } from '../../src/grpc/client.js';
import { serve } from './serve.js';

const PREFACE = Buffer.from('PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n');

/** Repeatable bytes: a failure can be looked at again. */
function noise(seed: number, length: number): Buffer {
  const bytes = Buffer.alloc(length);
  let state = seed * 2_654_435_761 + 1;
  for (let at = 0; at < length; at += 1) {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    bytes[at] = state >>> 24;
  }
  return bytes;
}

/** Sends bytes; hangs up when the daemon has, or has had time to be hurt by them. */
async function send(socketPath: string, ...pieces: readonly Buffer[]): Promise<void> {
  const socket = net.connect(socketPath);
  socket.on('error', () => undefined).resume();
  for (const piece of pieces) socket.write(piece);
  socket.end();
  const bored = setTimeout(() => socket.destroy(), 20);
  await once(socket, 'close');
  clearTimeout(bored);
}

/** A frame of HTTP/2. */
function http2Frame(type: number, flags: number, stream: number, body: Buffer): Buffer {
  const head = Buffer.alloc(9);
  head.writeUIntBE(body.length, 0, 3);
  head[3] = type;
  head[4] = flags;
  head.writeUInt32BE(stream, 5);
  return Buffer.concat([head, body]);
}

test('no bytes on the socket stop the daemon', async (t) => {
  const { client, socketPath, lines } = await serve(t);
  for (let seed = 1; seed <= 40; seed += 1) {
    const bytes = noise(seed, seed * 37);
    await send(socketPath, bytes);
    await send(socketPath, PREFACE, bytes);
    // Well-formed frames of any kind around the noise.
    const settings = http2Frame(4, 0, 0, Buffer.alloc(0));
    await send(socketPath, PREFACE, settings, http2Frame(seed % 12, bytes[0] ?? 0, seed % 3, bytes));
  }
  await send(socketPath, Buffer.from('GET / HTTP/1.1\r\nHost: x\r\n\r\n'));
  await send(socketPath, Buffer.from([0x16, 3, 1, 2, 0, 1, 0, 1]));
  await send(socketPath);
  t.equal((await client.getDaemon()).pid, 1);
  t.strictSame(lines, []);
});

interface Ended {
  readonly http: unknown;
  readonly status: unknown;
}

/** One raw request. */
async function request(
  session: http2.ClientHttp2Session,
  headers: object,
  ...body: Buffer[]
): Promise<Ended> {
  const stream = session.request({
    ':method': 'POST',
    ':path': '/supd.v1.DaemonService/GetDaemon',
    'content-type': 'application/grpc',
    te: 'trailers',
    ...headers,
  });
  let http: unknown;
  let status: unknown;
  stream.on('response', (head) => {
    http = head[':status'];
    status = head['grpc-status'];
  });
  stream.on('trailers', (trailers) => {
    status = trailers['grpc-status'];
  });
  stream.on('error', () => undefined).resume();
  for (const piece of body) stream.write(piece);
  stream.end();
  await once(stream, 'close');
  return { http, status };
}

function message(bytes: Buffer, flag = 0): Buffer {
  const head = Buffer.alloc(5);
  head[0] = flag;
  head.writeUInt32BE(bytes.length, 1);
  return Buffer.concat([head, bytes]);
}

test('a request that makes no sense is refused alone', async (t) => {
  const { client, socketPath, lines } = await serve(t);
  const session = http2.connect('http://x', { createConnection: () => net.connect(socketPath) });
  session.on('error', () => undefined);
  t.teardown(() => session.destroy());
  const stdin = { ':path': '/supd.v1.ProcessService/WriteStdin' };
  t.match(await request(session, {}, message(Buffer.alloc(0))), { http: 200, status: '0' });
  t.match(await request(session, { ':path': '/supd.v1.DaemonService/Nothing' }), { status: '12' });
  t.match(await request(session, { ':path': '/%ff~"\\' }), { status: '12' });
  t.match(await request(session, { 'content-type': 'text/plain' }), { http: 415 });
  t.match(await request(session, stdin), { status: '12' }, 'no message');
  t.match(await request(session, stdin, message(noise(1, 100))), { status: '13' }, 'not protobuf');
  t.match(
    await request(session, stdin, message(noise(2, 100), 1)),
    { status: /^1[23]$/ },
    'says it is compressed',
  );
  t.match(await request(session, stdin, Buffer.from([0, 255, 255, 255, 255])), { status: '8' }, 'says 4 GiB');
  t.match(await request(session, { 'grpc-timeout': 'soon' }), { status: '13' });
  t.match(await request(session, { 'grpc-timeout': '99999999H' }, message(Buffer.alloc(0))), { http: 200 });
  t.match(await request(session, { ':path': '/grpc.health.v1.Health/Check' }, message(noise(3, 50))), {
    status: '13',
  });
  const info = '/grpc.reflection.v1.ServerReflection/ServerReflectionInfo';
  t.match(await request(session, { ':path': info }, message(noise(4, 50))), { status: '13' });
  t.equal((await client.getDaemon()).pid, 1);
  t.ok(lines.every((line) => /Health|Reflection/.test(line)));
});

test('more than 4 MiB in one request is refused, and just less is taken', async (t) => {
  const { client, api } = await serve(t);
  const big = client.writeStdin({ name: 'zeo', chars: Buffer.alloc(4 * 2 ** 20 + 1) });
  await t.rejects(big, { code: 'TOO_MUCH' });
  await client.writeStdin({ name: 'zeo', chars: Buffer.alloc(4 * 2 ** 20 - 100) });
  t.equal(api.calls.length, 1);
});

test('a crowd is let in up to a number, and room is made when it leaves', async (t) => {
  const { client, socketPath } = await serve(t);
  await client.getDaemon();
  const crowd = Array.from({ length: 300 }, () => net.connect(socketPath).on('error', () => undefined));
  const closed = crowd.map((socket) => once(socket.resume(), 'close'));
  await Promise.race([closed[299], Promise.all(closed.slice(0, 200))]);
  t.ok(crowd.filter(({ closed: gone }) => gone).length >= 1);
  t.equal((await client.getDaemon()).pid, 1);
  for (const socket of crowd) socket.destroy();
  await Promise.all(closed);
  const late = connect(socketPath);
  t.teardown(() => late.close());
  let answered = false;
  while (!answered)
    answered = await late.getDaemon().then(
      ({ pid }) => pid === 1,
      () => false,
    );
  t.ok(answered);
});
