/** What comes by the socket, whatever it is, gets an answer or an end and costs nothing. */
import net from 'node:net';
import fc from 'fast-check';
import { test } from 'tap';
import { encodeCall } from '../../src/xmlrpc/codec/encode.js';
import { fakeApi, until as silent } from '../grpc/fake-api.js';
import { until } from '../helpers/until.js';
import { exchange, post, serve, statusOf } from './serve.js';

const PID = encodeCall({ method: 'supervisor.getPID', params: [] });

test('a call is answered as text/xml of a known length', async (t) => {
  const { raw } = await serve(t);
  const answer = await raw(post(PID));
  t.equal(statusOf(answer), 200);
  t.match(answer, /\r\nContent-Type: text\/xml\r\n/i);
  const [, length] = /\r\nContent-Length: (\d+)\r\n/i.exec(answer) ?? [];
  t.equal(Buffer.byteLength(answer.slice(answer.indexOf('\r\n\r\n') + 4)), Number(length));
  const old = await raw(`POST /RPC2 HTTP/1.0\r\nContent-Length: ${PID.length}\r\n\r\n${PID}`);
  t.equal(statusOf(old), 200, 'HTTP/1.0, which has no Host and ends by itself');
});

test('one connection serves call after call', async (t) => {
  const { socketPath } = await serve(t);
  const keep = `POST /RPC2 HTTP/1.1\r\nContent-Length: ${PID.length}\r\n\r\n${PID}`;
  const answer = await exchange(net.connect(socketPath), [keep, keep, post(PID)]);
  t.equal(answer.match(/<int>1<\/int>/g)?.length, 3);
});

test('what is no call is refused with the right status', async (t) => {
  const { raw } = await serve(t);
  const status = async (head: string, ...pieces: Buffer[]) =>
    statusOf(
      await raw(
        head.replace(/ HTTP\/1.1\r\n(?!Connection)/, ' HTTP/1.1\r\nConnection: close\r\n'),
        ...pieces,
      ),
    );
  t.equal(await status(post('')), 400);
  t.equal(await status(post('<methodCall/>')), 400);
  t.equal(await status(post('no xml')), 400);
  t.equal(await status(post(`<!DOCTYPE x []>${PID.slice(PID.indexOf('<methodCall'))}`)), 400);
  t.equal(
    await status('POST /RPC2 HTTP/1.1\r\nContent-Length: 3\r\n\r\n', Buffer.from([0xff, 0xfe, 0xfd])),
    400,
  );
  t.equal(await status('GET /RPC2 HTTP/1.1\r\n\r\n'), 400);
  t.equal(await status('POST /logtail/zeo HTTP/1.1\r\nContent-Length: 0\r\n\r\n'), 400);
  t.equal(await status('POST /RPC2 HTTP/1.1\r\n\r\n'), 411);
  t.equal(await status('POST /RPC2 HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n'), 411);
  t.equal(await status('POST /RPC2 HTTP/1.1\r\nContent-Length: 1048577\r\n\r\n'), 413);
  t.equal(await status('GET /%zz HTTP/1.1\r\n\r\n'), 400);
  t.equal(await status('GET /stylesheets/supervisor.css HTTP/1.1\r\n\r\n'), 404);
  t.equal(await status('PUT / HTTP/1.1\r\n\r\n'), 400);
  t.equal(await status('\0\0\0\0\r\n\r\n'), 400);
  t.equal(await status(`GET / HTTP/1.1\r\nX: ${'x'.repeat(100_000)}\r\n\r\n`), 431);
});

test('who is still writing when it is refused gets to read why', async (t) => {
  const { socketPath, raw } = await serve(t);
  const client = net.connect(socketPath);
  let answer = '';
  client.setEncoding('utf8').on('data', (text: string) => {
    answer += text;
  });
  client.write('POST /nothing HTTP/1.1\r\nContent-Length: 4\r\n\r\n');
  // Long enough for the server to have seen the other one.
  t.equal(statusOf(await raw(post(PID))), 200);
  t.equal(answer, '');
  client.write('body');
  await until('an answer', () => answer.includes('\r\n\r\n'));
  t.equal(statusOf(answer), 400);
  client.destroy();
});

test('a connection outlives the refusal of what was asked', async (t) => {
  const { socketPath } = await serve(t);
  // With the superfluous line end that supervisorctl sends.
  const pieces = [
    'GET /logtail/nobody HTTP/1.1\r\n\r\n\r\n',
    post('no xml').replace('Connection: close', 'X: y'),
    post(PID),
  ];
  const answer = await exchange(net.connect(socketPath), pieces);
  t.same(answer.match(/HTTP\/1.1 \d+/g), ['HTTP/1.1 404', 'HTTP/1.1 400', 'HTTP/1.1 200']);
});

test('a log of nobody is 404', async (t) => {
  const { raw } = await serve(t);
  for (const path of [
    '',
    '/',
    '/nobody',
    '/zeo/',
    '/zeo/stdin',
    '/zeo/stdout/x',
    '/zeo/stderr',
    '/instances:*',
    '/z*',
  ])
    t.equal(statusOf(await raw(`GET /logtail${path} HTTP/1.1\r\nConnection: close\r\n\r\n`)), 404, path);
});

test('a log comes in pieces, with its headers at once', async (t) => {
  const { raw, api } = await serve(t);
  const answer = await raw('GET /logtail/instances%3Ainstance1 HTTP/1.1\r\nConnection: close\r\n\r\n');
  t.match(answer, /^HTTP\/1\.1 200/);
  for (const header of ['Content-Type: text/plain;charset=utf-8', 'X-Accel-Buffering: no'])
    t.match(answer, new RegExp(`\r\n${header}\r\n`, 'i'));
  t.match(answer, /\r\nLast-Modified: Thu, 01 Jan 1970 00:00:00 GMT\r\n/i);
  t.match(answer, /\r\n\r\n4\r\none\n\r\n4\r\ntwo\n\r\n0\r\n\r\n$/);
  t.same(api.calls.at(-1), ['followLog', 'instances:instance1', 'stdout', 1024]);
  const main = await raw('GET /mainlogtail HTTP/1.1\r\nConnection: close\r\n\r\n');
  t.notMatch(main, /X-Accel/i);
  t.same(api.calls.at(-1), ['followLog', '', 'stdout', 1024]);
});

test('who leaves ends the following of a log', async (t) => {
  let ended = false;
  const api = fakeApi({
    followLog: (_name, _channel, _bytes, signal) =>
      silent(signal, () => {
        ended = true;
      }),
  });
  const { socketPath } = await serve(t, { api });
  const socket = net.connect(socketPath);
  socket.write('GET /mainlogtail HTTP/1.1\r\n\r\n');
  await new Promise((resolve) => socket.once('data', resolve));
  socket.destroy();
  await until('the follower to end', () => ended);
});

test('who leaves ends the wait, not the start', async (t) => {
  let waiting = false;
  let ended = false;
  const api = fakeApi({
    start: (_targets, { signal }) => {
      waiting = true;
      return silent(signal ?? new AbortController().signal, () => {
        ended = true;
      });
    },
  });
  const { socketPath, call } = await serve(t, { api });
  const socket = net.connect(socketPath);
  socket.write(post(encodeCall({ method: 'supervisor.startProcess', params: ['zeo'] })));
  await until('the start to be waited for', () => waiting);
  // Half a farewell is one, too: nothing will be read.
  socket.end();
  await until('the wait to end', () => ended);
  t.match(await call('supervisor.getPID'), { ok: true, value: 1 });
});

test('a server that closes answers what waits, and ends every connection', async (t) => {
  let waiting = false;
  const api = fakeApi({
    start: (_targets, { signal }) => {
      waiting = true;
      return silent(signal ?? new AbortController().signal, () => undefined);
    },
  });
  const { raw, close, socketPath } = await serve(t, { api });
  const start = encodeCall({ method: 'supervisor.startProcess', params: ['zeo'] });
  const waited = raw(`POST /RPC2 HTTP/1.1\r\nContent-Length: ${start.length}\r\n\r\n${start}`);
  const idle = exchange(net.connect(socketPath), []);
  await until('the start to be waited for', () => waiting);
  await close();
  t.match(await waited, /SHUTDOWN_STATE/);
  t.equal(await idle, '');
});

test('slow and unfinished requests are ended', async (t) => {
  const limits = { headerMs: 200, requestMs: 400 };
  const { raw, call } = await serve(t, { limits });
  const answers = await Promise.all([
    raw(),
    raw('POST /RPC2 HT'),
    raw('POST /RPC2 HTTP/1.1\r\nContent-Length: 100\r\n'),
    raw('POST /RPC2 HTTP/1.1\r\nContent-Length: 100\r\n\r\n<methodCall>'),
  ]);
  for (const answer of answers) t.ok(answer === '' || statusOf(answer) === 408, JSON.stringify(answer));
  t.match(await call('supervisor.getPID'), { ok: true });
});

test('an idle connection is kept, until there are too many', async (t) => {
  const { socketPath } = await serve(t, { limits: { connections: 3, headerMs: 60_000, requestMs: 60_000 } });
  const connections: { socket: net.Socket; closed: boolean }[] = [];
  const connect = async () => {
    const one = { socket: net.connect(socketPath), closed: false };
    one.socket
      .on('error', () => undefined)
      .once('close', () => {
        one.closed = true;
      });
    t.teardown(() => one.socket.destroy());
    connections.push(one);
    const answered = new Promise((resolve) => one.socket.once('data', resolve));
    one.socket.write(`POST /RPC2 HTTP/1.1\r\nContent-Length: ${PID.length}\r\n\r\n${PID}`);
    await answered;
  };
  for (let i = 0; i < 4; i += 1) await connect();
  await until('the first to go', () => connections[0]?.closed === true);
  t.same(
    connections.map(({ closed }) => closed),
    [true, false, false, false],
  );
});

test('who reads nothing of a long answer is put out, who is only idle is not', async (t) => {
  let isOut = false;
  const api = fakeApi({
    followLog: async function* (_name, _channel, _bytes, signal) {
      try {
        while (!signal.aborted) yield Buffer.alloc(65_536, 'x');
      } finally {
        isOut = true;
      }
    },
  });
  const { socketPath } = await serve(t, { api, limits: { unreadMs: 100 } });
  const idle = net.connect(socketPath);
  t.teardown(() => idle.destroy());
  const ask = async () => {
    const answer = new Promise((resolve) => idle.once('data', resolve));
    idle.write(`POST /RPC2 HTTP/1.1\r\nContent-Length: ${PID.length}\r\n\r\n${PID}`);
    return String(await answer);
  };
  t.match(await ask(), /200 OK/);
  const lazy = net.connect(socketPath).pause();
  t.teardown(() => lazy.destroy());
  lazy.write('GET /mainlogtail HTTP/1.1\r\n\r\n');
  await until('it to be put out', () => isOut);
  t.match(await ask(), /200 OK/);
});

test('who asks for too much at a time on one connection is put out', async (t) => {
  let waits = 0;
  const api = fakeApi({
    start: (_targets, { signal }) => {
      waits += 1;
      return silent(signal ?? new AbortController().signal, () => undefined);
    },
  });
  const { socketPath, call } = await serve(t, { api, limits: { pending: 4 } });
  const start = encodeCall({ method: 'supervisor.startProcess', params: ['zeo'] });
  const request = `POST /RPC2 HTTP/1.1\r\nContent-Length: ${start.length}\r\n\r\n${start}`;
  t.equal(await exchange(net.connect(socketPath), [request.repeat(50)]), '');
  t.ok(waits <= 4, `${waits} waited`);
  t.match(await call('supervisor.getPID'), { ok: true });
});

test('a defect is 500 and a line in the log, and the next call is served', async (t) => {
  const api = fakeApi({
    processes: () => {
      throw new TypeError('oh no');
    },
  });
  const { raw, lines, call } = await serve(t, { api });
  const answer = await raw(post(encodeCall({ method: 'supervisor.getAllProcessInfo', params: [] })));
  t.equal(statusOf(answer), 500);
  t.match(lines.join('\n'), /^ERRO defect in supd: TypeError: oh no/m);
  t.match(await call('supervisor.getPID'), { ok: true });
});

test('any bytes at all leave the server as it was', async (t) => {
  const { raw, call, lines } = await serve(t, { limits: { headerMs: 100, requestMs: 200 } });
  const bytes = fc.oneof(
    fc.uint8Array({ maxLength: 200 }).map((one) => Buffer.from(one)),
    fc.string({ unit: 'binary', maxLength: 200 }).map((body) => Buffer.from(post(body))),
    fc
      .string({ unit: 'binary', maxLength: 50 })
      .map((path) => Buffer.from(`GET /${path} HTTP/1.1\r\nConnection: close\r\n\r\n`)),
  );
  await fc.assert(
    fc.asyncProperty(fc.array(bytes, { minLength: 8, maxLength: 8 }), async (requests) => {
      await Promise.all(requests.map((one) => raw(one)));
    }),
    { numRuns: 10 },
  );
  t.match(await call('supervisor.getPID'), { ok: true, value: 1 });
  t.same(
    lines.filter((line) => line.startsWith('ERRO')),
    [],
  );
});
