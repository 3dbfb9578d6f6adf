/** What clients can do to the control socket. */
import { once } from 'node:events';
import net from 'node:net';
import tap, { test } from 'tap';
import { attack, callHeaders, frame, pour, TYPE } from '../helpers/http2-frames.js';
import { program } from '../helpers/place.js';
import { startSupd } from '../helpers/start-supd.js';
import { until } from '../helpers/until.js';
import { GROWTH_MAX_BYTES, MIB, residentOf, times, withstands } from './withstands.js';

tap.jobs = 1;
tap.setTimeout(900_000);

const STATUS = '/supd.v1.ProcessService/ListProcesses';
const EVENTS = '/supd.v1.DaemonService/WatchEvents';
const STDIN = '/supd.v1.ProcessService/WriteStdin';
const END_HEADERS = 4;
const END_STREAM = 1;

test('CVE-2023-44487, rapid reset: calls opened and reset at once, a hundred thousand times', async (t) => {
  await withstands(t, async (socketPath) => {
    for (const _ of times(20)) {
      const socket = attack(socketPath);
      const block = callHeaders(EVENTS);
      const cancel = Buffer.from([0, 0, 0, 8]);
      await pour(
        socket,
        times(5000).map((at) =>
          Buffer.concat([
            frame(TYPE.headers, END_HEADERS, 2 * at + 1, block),
            frame(TYPE.reset, 0, 2 * at + 1, cancel),
          ]),
        ),
      );
      socket.destroy();
    }
  });
});

test('a flood of SETTINGS and PING frames whose answers are never read', async (t) => {
  await withstands(t, async (socketPath) => {
    const settings = frame(TYPE.settings, 0, 0, Buffer.from([0, 4, 0, 0, 255, 255]));
    const ping = frame(TYPE.ping, 0, 0, Buffer.alloc(8));
    for (const one of [settings, ping]) {
      const socket = attack(socketPath);
      socket.pause();
      const many = Buffer.concat(times(1000).map(() => one));
      await pour(
        socket,
        times(200).map(() => many),
      );
      socket.destroy();
    }
  });
});

test('CVE-2024-27316, CONTINUATION frames without an end, and headers of megabytes', async (t) => {
  await withstands(t, async (socketPath) => {
    const endless = attack(socketPath);
    endless.write(frame(TYPE.headers, 0, 1, callHeaders(STATUS)));
    const more = frame(TYPE.continuation, 0, 1, callHeaders(STATUS, { x: 'y'.repeat(8000) }));
    await pour(
      endless,
      times(10_000).map(() => more),
    );
    endless.destroy();
    const bomb = attack(socketPath);
    // One byte each that stands for an entry of the table that the first block made: RFC 7541, section 6.1.
    const entry = Buffer.concat([
      Buffer.from([0x40, 1]),
      Buffer.from('x'),
      Buffer.from([0x7f, 0xa1, 0x1e]),
      Buffer.alloc(4000, 121),
    ]);
    const block = Buffer.concat([callHeaders(STATUS), entry, Buffer.alloc(12_000, 0xbe)]);
    await pour(
      bomb,
      times(500).map((at) => frame(TYPE.headers, END_HEADERS, 2 * at + 1, block)),
    );
    bomb.destroy();
  });
});

test('CVE-2024-37168, a message of 1 GiB is refused by its announcement, and one that is sent anyway is not kept', async (t) => {
  await withstands(t, async (socketPath) => {
    const socket = attack(socketPath);
    socket.write(frame(TYPE.headers, END_HEADERS, 1, callHeaders(STDIN)));
    const announced = Buffer.from([0, 0x40, 0, 0, 0]);
    const piece = Buffer.alloc(16_384, 65);
    const gigabyte = function* (): Generator<Buffer> {
      yield frame(TYPE.data, 0, 1, announced);
      // All that the windows allow, and then what nobody allowed.
      for (let sent = 0; sent < 2 ** 30; sent += piece.length) yield frame(TYPE.data, 0, 1, piece);
    };
    await pour(socket, gigabyte());
    socket.destroy();
  });
});

test('followers that never read hold back themselves and nobody else', async (t) => {
  const supd = await startSupd(
    t,
    program('loud', 'floods-stdout', { stdout_logfile_maxbytes: '1MB', stdout_logfile_backups: 1 }) +
      program('a', 'waits', { autorestart: true }),
  );
  await supd.state('loud', 'RUNNING');
  const socketPath = `${supd.dir}/run/supd.sock`;
  const before = residentOf(supd.pid);
  const name = Buffer.from('\n\x04loud');
  const asked = Buffer.concat([Buffer.from([0, 0, 0, 0, name.length]), name]);
  const mute = times(50).map(() => {
    const socket = attack(socketPath);
    socket.pause();
    for (const at of [1, 3, 5, 7]) {
      socket.write(frame(TYPE.headers, END_HEADERS, at, callHeaders('/supd.v1.ProcessService/FollowLog')));
      socket.write(frame(TYPE.data, END_STREAM, at, asked));
    }
    return socket;
  });
  let pid = (await supd.state('a', 'RUNNING')).pid;
  for (const _ of times(10)) {
    process.kill(pid, 'SIGKILL');
    pid = await until('a to be back', async () => {
      const now = await supd.client.getProcess({ name: 'a' });
      return now.state === 'RUNNING' && now.pid !== pid && now.pid;
    });
    const { size } = await supd.client.readLog({ name: 'loud' });
    await until('loud to write on', async () => (await supd.client.readLog({ name: 'loud' })).size !== size);
  }
  t.ok(
    residentOf(supd.pid) - before < GROWTH_MAX_BYTES,
    `grew by ${(residentOf(supd.pid) - before) / MIB} MiB`,
  );
  for (const socket of mute) socket.destroy();
});

test('ten thousand connections: the idle ones make room, and who asks is answered', async (t) => {
  await withstands(t, async (socketPath) => {
    // As many at a time as this process may hold; supd's own bound is far below either.
    for (const _ of times(20)) {
      const crowd = times(500).map(() =>
        net
          .connect(socketPath)
          .on('error', () => undefined)
          .resume(),
      );
      await Promise.all(
        crowd.map((socket) =>
          Promise.race([once(socket, 'connect'), once(socket, 'close')]).catch(() => undefined),
        ),
      );
      for (const socket of crowd) socket.destroy();
    }
  });
});

test('connections that send half a preface, or nothing, do not keep anybody out', async (t) => {
  await withstands(t, async (socketPath, supd) => {
    const slow = times(400).map((at) => {
      const socket = net
        .connect(socketPath)
        .on('error', () => undefined)
        .resume();
      if (at % 2 === 0) socket.write('PRI * HTT');
      return socket;
    });
    t.equal((await supd.told('status', 'a')).status, 0);
    for (const socket of slow) socket.destroy();
  });
});

test('protobuf that is none, groups nested without end and lengths beyond the message are refused one by one', async (t) => {
  await withstands(t, async (socketPath) => {
    const nested = Buffer.alloc(60_000, 0x0b);
    const beyond = Buffer.from([0x0a, 0xff, 0xff, 0xff, 0xff, 0x07]);
    for (const bytes of [nested, beyond, Buffer.alloc(50_000, 0xff)]) {
      const head = Buffer.alloc(5);
      head.writeUInt32BE(bytes.length, 1);
      const socket = attack(socketPath);
      const body = Buffer.concat([head, bytes]);
      const pieces = times(Math.ceil(body.length / 16_000)).map((at) =>
        body.subarray(at * 16_000, (at + 1) * 16_000),
      );
      await pour(socket, [
        frame(TYPE.headers, END_HEADERS, 1, callHeaders(STATUS)),
        ...pieces.map((piece) => frame(TYPE.data, 0, 1, piece)),
        frame(TYPE.data, END_STREAM, 1),
      ]);
      socket.destroy();
    }
  });
});
