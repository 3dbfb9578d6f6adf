/** What others had to learn: each published hole of a program of supd's kind, and that supd hasn't it. */
import { readdirSync, readFileSync, readlinkSync } from 'node:fs';
import http2 from 'node:http2';
import net from 'node:net';
import path from 'node:path';
import tap, { test } from 'tap';
import { connect } from '../../src/grpc/client.js';
import { methods } from '../../src/grpc/methods.js';
import type { MethodResponse, Value } from '../../src/xmlrpc/codec/value.js';
import { serve } from '../grpc/serve.js';
import { attack, frame, pour, TYPE } from '../helpers/http2-frames.js';
import { makePlace, program, section } from '../helpers/place.js';
import { statusOf } from '../helpers/proc.js';
import { startIn, startSupd } from '../helpers/start-supd.js';
import { until } from '../helpers/until.js';
import { serve as serveHttp } from '../xmlrpc/serve.js';

tap.setTimeout(120_000);

/** The gRPC status of a call to any path. */
function callPath(socketPath: string, name: string): Promise<string> {
  return new Promise((resolve, reject) => {
    const session = http2.connect('http://x', { createConnection: () => net.connect(socketPath) });
    session.on('error', reject);
    const stream = session.request({
      ':method': 'POST',
      ':path': name,
      'content-type': 'application/grpc',
      te: 'trailers',
    });
    const done = (head: http2.IncomingHttpHeaders) => {
      if (head['grpc-status'] === undefined) return;
      resolve(String(head['grpc-status']));
      session.destroy();
    };
    stream.on('response', done).on('trailers', done).on('error', reject).resume();
    stream.end(Buffer.alloc(5));
  });
}

test('CVE-2017-11610: only the methods of the table can be called, no attribute of anything', async (t) => {
  const { socketPath, api } = await serve(t);
  const service = '/supd.v1.DaemonService';
  for (const name of [
    'constructor',
    '__proto__',
    'toString',
    'getDaemon',
    'GetDaemon.call',
    'GetDaemon/call',
    '',
  ])
    t.equal(await callPath(socketPath, `${service}/${name}`), '12', name);
  t.equal(await callPath(socketPath, '/__proto__'), '12');
  t.equal(await callPath(socketPath, `${service}/GetDaemon`), '0');
  t.equal(api.asked.length, 0);
  // The table is the contract's: a method that is in neither does not exist.
  const contract = ['daemon', 'process', 'job']
    .flatMap((file) => [...readFileSync(`proto/supd/v1/${file}.proto`, 'utf8').matchAll(/^ {2}rpc (\w+)/gm)])
    .map((one) => one[1]);
  t.strictSame(
    Object.values(methods)
      .map((one) => one.path.split('/').at(-1))
      .sort(),
    contract.sort(),
  );
});

test('CVE-2019-12105: no port is open unless asked for, and asked for without TLS it is a start error', async (t) => {
  const supd = await startSupd(t, program('a', 'waits'));
  const own = readdirSync(`/proc/${supd.pid}/fd`);
  t.ok(own.length > 3);
  const table = ['tcp', 'tcp6']
    .map((name) => readFileSync(`/proc/${supd.pid}/net/${name}`, 'utf8'))
    .join('\n');
  const listening = new Set(
    [...table.matchAll(/^\s*\d+: \S+ \S+ 0A .* (\d+) \d+ \S+ \d/gm)].map((one) => one[1]),
  );
  const sockets = own.map((fd) => linkOf(`/proc/${supd.pid}/fd/${fd}`));
  t.notOk(sockets.some((link) => listening.has(/^socket:\[(\d+)\]$/.exec(link)?.[1])));
  const place = makePlace(t, section('grpc_server', { listen: '127.0.0.1:1' }));
  t.match(await place.run(['-n', '-c', place.conf]), { status: 2, stderr: /needs tls_cert too/ });
});

test('CVE-2017-11610 over XML-RPC: a dotted name is one name, and leads nowhere', async (t) => {
  const { call, api } = await serveHttp(t);
  const unknown = { fault: { code: 1, message: 'UNKNOWN_METHOD' } };
  for (const name of [
    // The exploit's own.
    'supervisor.supervisord.options.warnings.linecache.os.system',
    'supervisor.getPID.constructor',
    'supervisor.getPID.call',
    'supervisor.constructor',
    'supervisor.__proto__',
    'supervisor.__class__',
    'system.multicall.constructor',
    'system.constructor',
    'constructor.constructor',
    '__proto__.getPID',
    '__proto__',
    'toString',
    'supervisor.',
    '.getPID',
    'supervisor',
  ]) {
    t.match(await call(name, 'touch /tmp/hacked'), unknown, name);
    const [inside] = listIn(await call('system.multicall', [{ methodName: name, params: ['x'] }]));
    t.match(inside, { faultCode: 1, faultString: 'UNKNOWN_METHOD' }, `${name} in a multicall`);
  }
  t.equal(api.asked.length, 0);
  t.match(await call('supervisor.getPID'), { value: api.daemon().pid });
});

function listIn(answer: MethodResponse): readonly Value[] {
  if (!('value' in answer) || !Array.isArray(answer.value)) throw new Error(JSON.stringify(answer));
  return answer.value;
}

function linkOf(file: string): string {
  try {
    return readlinkSync(file);
  } catch {
    return '';
  }
}

test('CVE-2025-5891: no name or pattern of a request takes more than a moment', async (t) => {
  const copies = { numprocs: 100, process_name: '%(program_name)s-%(process_num)050d', autostart: false };
  const supd = await startSupd(t, program('a', 'waits', copies));
  const asked = async (targets: readonly string[]) => supd.client.listProcesses({ targets });
  t.equal((await asked([`${'*0'.repeat(2000)}x`])).processes.length, 0);
  await asked([`*${'['.repeat(4000)}`]);
  for (const targets of [
    [`${'*a'.repeat(100_000)}b`],
    Array.from({ length: 50_000 }, (_, at) => `name-${at}`),
  ])
    await t.rejects(asked(targets), { code: 'BAD_ARGUMENT', field: 'targets' });
  t.equal((await supd.client.getDaemon()).pid, supd.pid);
});

test('pm2’s exec(): what a name or a reason says is never a command', async (t) => {
  const supd = await startSupd(t, program('a', 'waits'));
  await supd.state('a', 'RUNNING');
  const evil = `$(touch ${supd.dir}/hacked); \`touch ${supd.dir}/hacked\` '; touch ${supd.dir}/hacked'`;
  await supd.told('restart', 'a', '--reason', evil);
  await supd.told('start', evil);
  await supd.told('signal', evil, 'a');
  await supd.told('job', 'run', evil);
  t.notOk(readdirSync(supd.dir).includes('hacked'));
  await supd.logs('touch');
});

test('CVE-2026-21714: windows that overflow cost the client its connection and supd no memory', async (t) => {
  const supd = await startSupd(t, program('a', 'waits'));
  const before = Number(/\d+/.exec(statusOf(supd.pid).get('VmRSS') ?? '')?.[0]);
  const most = Buffer.from([0x7f, 0xff, 0xff, 0xff]);
  const pieces = Array.from({ length: 20 }, () => frame(TYPE.window, 0, 0, most));
  for (let at = 0; at < 500; at += 1) {
    const socket = attack(`${supd.dir}/run/supd.sock`);
    await pour(socket, pieces);
    socket.end();
  }
  const client = connect(`${supd.dir}/run/supd.sock`);
  t.teardown(() => client.close());
  t.equal((await client.getDaemon()).pid, supd.pid);
  const grown = Number(/\d+/.exec(statusOf(supd.pid).get('VmRSS') ?? '')?.[0]) - before;
  t.ok(grown < 64 * 1024, `${grown} KiB`);
});

test('CVE-2024-37168 and Node’s own: the versions that are asked for have the fixes', async (t) => {
  const { engines, dependencies } = JSON.parse(readFileSync('package.json', 'utf8'));
  t.equal(engines.node, '^20.20.2 || ^22.22.2 || >=24.14.1');
  const [, major, minor, patch] = /^\^(\d+)\.(\d+)\.(\d+)$/.exec(dependencies['@grpc/grpc-js']) ?? [];
  t.ok(Number(major) * 1e6 + Number(minor) * 1e3 + Number(patch) >= 1_010_009, 'grpc-js from 1.10.9 on');
});

test('CVE-2024-22017: supd never changes its own user in mid-life', async (t) => {
  const files = readdirSync('src', { recursive: true, encoding: 'utf8' }).filter((name) =>
    name.endsWith('.ts'),
  );
  t.ok(files.length > 100);
  for (const name of files) {
    const text = readFileSync(path.join('src', name), 'utf8');
    t.notMatch(text, /process\.(?:set(?:e?[ug]id|groups)|initgroups)\b/, name);
  }
});

test('a second daemon takes neither socket nor pidfile nor programs from the first', async (t) => {
  const supd = await startSupd(t, program('a', 'waits'));
  const { pid } = await supd.state('a', 'RUNNING');
  const second = await supd.run(['-n', '-c', supd.conf]);
  t.match(second.stderr, /is running already/);
  t.not(second.status, 0);
  t.equal(supd.read('supd.pid'), `${supd.pid}\n`);
  t.equal((await supd.state('a', 'RUNNING')).pid, pid);
});

test('CVE-2016-7795: an empty, and an endless, message on any socket is answered or ignored', async (t) => {
  const place = makePlace(
    t,
    program('a', 'waits') + section('unix_http_server', { file: '%(here)s/http.sock' }),
  );
  const supd = await startIn(t, place);
  for (const name of ['run/supd.sock', 'http.sock']) {
    for (const bytes of ['', '\0', '\n\n\n', 'x'.repeat(100_000)]) {
      const socket = net
        .connect(path.join(supd.dir, name))
        .on('error', () => undefined)
        .resume();
      socket.end(bytes);
      await Promise.race([
        new Promise((resolve) => socket.once('close', resolve)),
        new Promise((resolve) => setTimeout(resolve, 50)),
      ]);
      socket.destroy();
    }
  }
  await until('an answer', async () => (await supd.client.getDaemon()).pid === supd.pid);
  t.equal((await supd.state('a', 'RUNNING')).name, 'a');
});
