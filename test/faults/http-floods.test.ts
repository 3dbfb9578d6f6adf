/** What clients can do to the HTTP sockets, by a unix socket and by a port. */
import { once } from 'node:events';
import net from 'node:net';
import path from 'node:path';
import tap, { type Test, test } from 'tap';
import { connectXmlRpc } from '../../src/xmlrpc/client.js';
import { encodeCall } from '../../src/xmlrpc/codec/encode.js';
import { freePort } from '../helpers/free-port.js';
import { pour } from '../helpers/http2-frames.js';
import { program, section } from '../helpers/place.js';
import type { Supd } from '../helpers/start-supd.js';
import { until } from '../helpers/until.js';
import { times, withstands } from './withstands.js';

tap.jobs = 1;
tap.setTimeout(900_000);

/** One of the doors that are flooded. */
interface HttpDoor {
  readonly name: string;
  /** A connection that minds nothing. */
  readonly knock: () => net.Socket;
  /** How many programs XML-RPC tells there. */
  readonly ask: () => Promise<number>;
  readonly supd: Supd;
}

const INTERFACE = section('rpcinterface:supervisor', {
  'supervisor.rpcinterface_factory': 'supervisor.rpcinterface:make_main_rpcinterface',
});

/** `flood` against each door of one supd, which serves at both again afterwards. */
async function floods(t: Test, flood: (door: HttpDoor) => Promise<unknown>, more = ''): Promise<void> {
  const port = await freePort();
  const conf =
    section('unix_http_server', { file: '%(here)s/http.sock' }) +
    section('inet_http_server', { port: `127.0.0.1:${port}` }) +
    INTERFACE +
    more;
  await withstands(
    t,
    async (_, supd) => {
      const file = path.join(supd.dir, 'http.sock');
      const doors = [
        { name: 'unix', place: { kind: 'unix', path: file }, to: { path: file } },
        { name: 'inet', place: { kind: 'tcp', host: '127.0.0.1', port }, to: { host: '127.0.0.1', port } },
      ] as const;
      for (const { name, place, to } of doors) {
        const open = new Set<net.Socket>();
        const knock = () => {
          const socket = net.connect({ ...to, allowHalfOpen: true });
          open.add(socket);
          socket.once('close', () => open.delete(socket));
          return socket.on('error', () => undefined).resume();
        };
        const ask = () =>
          untilLetIn(async () => (await connectXmlRpc(place, undefined).listProcesses()).processes.length);
        await flood({ name, knock, ask, supd });
        t.ok((await ask()) > 0, `${name}: served while they are still there`);
        for (const socket of open) socket.destroy();
        t.ok((await ask()) > 0, `${name}: and when they are gone`);
        t.equal((await supd.told('status', 'a')).status, 0);
      }
    },
    conf,
  );
}

/** Whom the kernel turns away at a unix socket, since so many wait there before supd has had its turn, asks again. */
async function untilLetIn(ask: () => Promise<number>): Promise<number> {
  const outcome = await until('the kernel to let us in', () =>
    ask().catch((error: Error) => !error.message.includes('EAGAIN') && error),
  );
  if (outcome instanceof Error) throw outcome;
  return outcome;
}

const settled = (socket: net.Socket) =>
  Promise.race([once(socket, 'connect'), once(socket, 'close')]).catch(() => undefined);
const head = (length: number | string) => `POST /RPC2 HTTP/1.1\r\nContent-Length: ${length}\r\n\r\n`;
const post = (body: string) => head(Buffer.byteLength(body)) + body;
const LIST = encodeCall({ method: 'supervisor.getAllProcessInfo', params: [] });

test('ten thousand connections over HTTP: the idle ones make room, and who asks is answered', async (t) => {
  await floods(t, async ({ knock, ask }) => {
    for (const round of times(20)) {
      const crowd = times(500).map(knock);
      await Promise.all(crowd.map(settled));
      if (round % 5 === 0) t.ok((await ask()) > 0);
      for (const socket of crowd) socket.destroy();
    }
  });
});

test('slow headers, slow bodies and half-open connections keep nobody out', async (t) => {
  const halves = [
    '',
    'POST /RPC2 HT',
    'POST /RPC2 HTTP/1.1\r\nContent-Length: 9\r\nX',
    `${head(1000)}<methodCall>`,
  ];
  for (const half of halves) {
    await floods(t, async ({ knock, ask, name }) => {
      const slow = times(400).map(() => {
        const socket = knock();
        socket.write(half);
        return socket;
      });
      await Promise.all(slow.map(settled));
      t.ok((await ask()) > 0, `${name}: ${JSON.stringify(half)}`);
      // Those that are left say that nothing more will come, and stay.
      for (const socket of slow) socket.end();
      t.ok((await ask()) > 0, `${name}: ${JSON.stringify(half)}, half-open`);
    });
  }
});

test('bodies of 1 GiB, announced or in pieces without a length, are neither kept nor read', async (t) => {
  const piece = Buffer.alloc(65_536, 120);
  const chunk = Buffer.concat([Buffer.from('10000\r\n'), piece, Buffer.from('\r\n')]);
  const gigabyte = function* (start: string, of: Buffer): Generator<Buffer> {
    yield Buffer.from(start);
    for (let sent = 0; sent < 2 ** 30; sent += piece.length) yield of;
  };
  await floods(t, async ({ knock }) => {
    for (const [start, of] of [
      [head(2 ** 30), piece],
      [head('99999999999999999999'), piece],
      ['POST /RPC2 HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n', chunk],
      ['GET /mainlogtail HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n', chunk],
      ['PUT /nothing HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n', chunk],
    ] as const) {
      const socket = knock();
      let sent = 0;
      await pour(socket, gigabyte(start, of));
      sent = socket.bytesWritten;
      t.ok(sent < 2 ** 28, `${start.split('\r\n')[0]}: ${sent} bytes were sent`);
      socket.destroy();
    }
  });
});

test('many large bodies at a time take a bounded room', async (t) => {
  const most = Buffer.alloc(2 ** 20 - 1, 120);
  await floods(t, async ({ knock }) => {
    const crowd = times(120).map(() => {
      const socket = knock();
      for (const _ of times(8)) {
        socket.write(head(most.length));
        socket.write(most);
      }
      // The last one without its end, so that it stays.
      socket.write(head(most.length));
      return socket;
    });
    await Promise.all(crowd.map(settled));
    await pour(crowd.at(-1) as net.Socket, [most.subarray(1)]);
  });
});

test('floods of headers, with and without an end', async (t) => {
  const line = Buffer.from(`X-${'y'.repeat(100)}: ${'z'.repeat(100)}\r\n`);
  const short = Buffer.from('a:b\r\n'.repeat(1000));
  await floods(t, async ({ knock }) => {
    for (const one of [line, short, Buffer.from('\r\n'), Buffer.alloc(1000, 0), Buffer.alloc(1000, 120)]) {
      const socket = knock();
      socket.write('GET / HTTP/1.1\r\n');
      await pour(
        socket,
        times(20_000).map(() => one),
      );
      socket.destroy();
    }
  });
});

test('a hundred thousand requests in one stream, and garbage behind good ones', async (t) => {
  const good = Buffer.from(post(LIST).repeat(100));
  const small = Buffer.from('GET /nothing HTTP/1.1\r\n\r\n'.repeat(1000));
  const pages = Buffer.from('GET / HTTP/1.1\r\n\r\n'.repeat(1000));
  const bad = Buffer.concat([Buffer.from(post(LIST)), Buffer.from('\0\xff no request \r\n\r\n'.repeat(100))]);
  await floods(t, async ({ knock }) => {
    for (const one of [good, small, pages, bad])
      for (const _ of times(10)) {
        const socket = knock();
        await pour(
          socket,
          times(100).map(() => one),
        );
        socket.destroy();
      }
  });
});

test('many that ask at once for all there is, without end, leave time for the others', async (t) => {
  const calls = times(200).map(() => ({ methodName: 'supervisor.getAllConfigInfo', params: [] }));
  const many = encodeCall({ method: 'system.multicall', params: [calls] });
  await floods(
    t,
    async ({ knock, ask }) => {
      const crowd = times(60).map(() => {
        const socket = knock();
        for (const _ of times(8)) socket.write(post(LIST));
        socket.write(post(many));
        return socket;
      });
      await Promise.all(crowd.map(settled));
      t.ok((await ask()) > 0);
    },
    program('many', 'waits', { numprocs: 50, process_name: 'many%(process_num)d', autostart: false }),
  );
});

test('XML bombs, deep nesting and millions of elements are refused one by one', async (t) => {
  const laughs = times(20).map((at) => `<!ENTITY l${at + 1} "${`&l${at};`.repeat(10)}">`);
  const bombs = [
    `<!DOCTYPE x [<!ENTITY l0 "ha">${laughs.join('')}]><methodCall><methodName>&l20;</methodName></methodCall>`,
    `<!DOCTYPE x [<!ENTITY e SYSTEM "file:///etc/passwd">]><methodCall><methodName>&e;</methodName></methodCall>`,
    `<methodCall>${'<value><array><data>'.repeat(40_000)}`,
    '<a>'.repeat(300_000),
    `<methodCall><params>${'<param/>'.repeat(100_000)}</params></methodCall>`,
    `<methodCall ${'a="b" '.repeat(150_000)}/>`,
    `<methodCall a="${'<'.repeat(900_000)}`,
    `<![CDATA[${'<!--'.repeat(200_000)}`,
    `<methodCall><methodName>${'&amp;'.repeat(200_000)}</methodName></methodCall>`,
    `<methodCall><methodName>${'&#x41;'.repeat(150_000)}</methodName></methodCall>`,
    `<?xml${' '.repeat(1_000_000)}?>`,
    `${' '.repeat(1_000_000)}<`,
  ];
  await floods(t, async ({ knock }) => {
    const answers = bombs.map(async (bomb) => {
      const socket = knock();
      let answer = '';
      socket.setEncoding('latin1').on('data', (text: string) => {
        answer += text;
      });
      socket.write(`POST /RPC2 HTTP/1.1\r\nConnection: close\r\nContent-Length: ${bomb.length}\r\n\r\n`);
      socket.write(bomb);
      await once(socket, 'end');
      return /^HTTP\/1\.1 (\d+)/.exec(answer)?.[1] === '400' || /<fault>/.test(answer);
    });
    t.strictSame(
      await Promise.all(answers),
      bombs.map(() => true),
    );
  });
});

test('followers of logs that never read hold back themselves, and make room for who does', async (t) => {
  const loud = program('loud', 'floods-stdout', {
    stdout_logfile_maxbytes: '1MB',
    stdout_logfile_backups: 1,
  });
  await floods(
    t,
    async ({ knock, ask, supd }) => {
      await supd.state('loud', 'RUNNING');
      const mute = times(300).map((at) => {
        const socket = knock().pause();
        socket.write(`GET ${at % 2 === 0 ? '/logtail/loud' : '/mainlogtail'} HTTP/1.1\r\n\r\n`);
        return socket;
      });
      await Promise.all(mute.map(settled));
      t.ok((await ask()) > 0);
      const { size } = await supd.client.readLog({ name: 'loud' });
      await until(
        'loud to write on',
        async () => (await supd.client.readLog({ name: 'loud' })).size !== size,
      );
    },
    loud,
  );
});
