/** How much one request, one stream and one connection may come to. */
import { once } from 'node:events';
import http2 from 'node:http2';
import net from 'node:net';
import path from 'node:path';
import { type Test, test } from 'tap';
import { connect } from '../../src/grpc/client.js';
import { attack, callHeaders, frame, TYPE } from '../helpers/http2-frames.js';
import { until as soon } from '../helpers/until.js';
import { fakeApi, until } from './fake-api.js';
import { ownDirectory, serve } from './serve.js';

const LIST = '/supd.v1.ProcessService/ListProcesses';
const WATCH = '/supd.v1.DaemonService/WatchEvents';
/** RFC 9113, section 7. */
const REFUSED_STREAM = 7;

async function serveBoth(t: Test, api = fakeApi()) {
  const readonly = { socketPath: path.join(ownDirectory(t), 'readonly.sock'), mode: 0o600 };
  const served = await serve(t, { readonly, api });
  return { ...served, readonlyPath: readonly.socketPath };
}

/** The frames in what has come so far: [type, stream, body]. */
function framesIn(bytes: Buffer): readonly (readonly [number, number, Buffer])[] {
  const found: [number, number, Buffer][] = [];
  for (let at = 0; at + 9 <= bytes.length; ) {
    const length = bytes.readUIntBE(at, 3);
    found.push([bytes[at + 3] ?? 0, bytes.readUInt32BE(at + 5), bytes.subarray(at + 9, at + 9 + length)]);
    at += 9 + length;
  }
  return found;
}

test('a connection has a hundred calls at a time, on the read-only socket thirty-two, and is told so', async (t) => {
  let watching = 0;
  const api = fakeApi({
    events: (_token, signal) => {
      watching += 1;
      return until(signal, () => undefined);
    },
  });
  const { socketPath, readonlyPath } = await serveBoth(t, api);
  for (const [at, most] of [
    [socketPath, 100],
    [readonlyPath, 32],
  ] as const) {
    const session = http2.connect('http://supd', { createConnection: () => net.connect(at) });
    t.teardown(() => session.destroy());
    await once(session, 'remoteSettings');
    t.equal(session.remoteSettings?.maxConcurrentStreams, most);
    // Who doesn't mind what he was told:
    watching = 0;
    const socket = attack(at);
    t.teardown(() => socket.destroy());
    let answer = Buffer.alloc(0);
    socket.on('data', (bytes: Buffer) => {
      answer = Buffer.concat([answer, bytes]);
    });
    await once(socket, 'data');
    const asked = most + 20;
    for (let n = 0; n < asked; n += 1) {
      socket.write(frame(TYPE.headers, 4, 2 * n + 1, callHeaders(WATCH)));
      socket.write(frame(TYPE.data, 1, 2 * n + 1, Buffer.alloc(5)));
    }
    const refused = () =>
      framesIn(answer).filter(
        ([type, , body]) => type === TYPE.reset && body.readUInt32BE() === REFUSED_STREAM,
      );
    await soon('the ones too many to be refused', () => refused().length === asked - most || socket.closed);
    await soon('no more than allowed to be watching', () => watching > 0);
    t.ok(watching <= most, `${watching} were watching`);
  }
});

test('a request at the read-only socket has 64 KiB at most', async (t) => {
  const { readonlyPath } = await serveBoth(t);
  const reader = connect(readonlyPath);
  t.teardown(() => reader.close());
  await t.rejects(reader.listProcesses({ targets: ['x'.repeat(65 * 1024)] }), { code: 'TOO_MUCH' });
  t.ok((await reader.listProcesses({ targets: ['x'.repeat(63 * 1024)] })).unknown.length <= 1);
});

test('requests that never end take nobody’s place', async (t) => {
  const { socketPath, readonlyPath } = await serveBoth(t);
  for (const at of [socketPath, readonlyPath]) {
    const slow = Array.from({ length: 400 }, () => {
      const socket = attack(at);
      socket.write(frame(TYPE.headers, 4, 1, callHeaders(LIST)));
      // The half of a message that is announced.
      socket.write(frame(TYPE.data, 0, 1, Buffer.from([0, 0, 0, 0, 100, 1, 2])));
      return socket;
    });
    t.teardown(() => {
      for (const socket of slow) socket.destroy();
    });
    await soon('some to have made room', () => slow.some(({ closed }) => closed));
    const late = connect(at);
    t.teardown(() => late.close());
    t.equal((await late.getDaemon()).pid, 1);
  }
});
