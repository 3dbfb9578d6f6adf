/** Where the servers listen: the socket's file, its mode and owner, ports, and what stands in the way. */
import { once } from 'node:events';
import { existsSync, linkSync, lstatSync, readFileSync, statSync, unlinkSync, writeFileSync } from 'node:fs';
import net from 'node:net';
import path from 'node:path';
import { test } from 'tap';
import type { HttpServerSpec } from '../../src/config/config.js';
import { StartFault } from '../../src/daemon/startfault.js';
import { encodeCall } from '../../src/xmlrpc/codec/encode.js';
import { serveHttp } from '../../src/xmlrpc/sockets.js';
import { fakeApi } from '../grpc/fake-api.js';
import { freePort } from '../helpers/free-port.js';
import { makePlace, section } from '../helpers/place.js';
import { requireStack } from '../helpers/require.js';
import { until } from '../helpers/until.js';
import { isRoot } from '../helpers/users.js';
import { exchange, ownDirectory, post, serve, statusOf } from './serve.js';

const PID = encodeCall({ method: 'supervisor.getPID', params: [] });

test('the socket has the mode that is asked for, and goes with the server', async (t) => {
  const { socketPath, close } = await serve(t, { chmod: 0o640 });
  t.equal(lstatSync(socketPath).mode & 0o777, 0o640);
  await close();
  t.notOk(existsSync(socketPath));
  const usual = await serve(t);
  t.equal(lstatSync(usual.socketPath).mode & 0o777, 0o700);
});

test('the socket has the owner that is asked for', async (t) => {
  if (!requireStack(t, ['root'])) return;
  const both = await serve(t, { chown: 'nobody:daemon' });
  t.match(statSync(both.socketPath), { uid: 65534, gid: 1 });
  const user = await serve(t, { chown: 'nobody' });
  t.match(statSync(user.socketPath), { uid: 65534, gid: process.getgid?.() }, 'the group stays');
});

test('a stale socket is taken away', async (t) => {
  const directory = ownDirectory(t);
  const stale = net.createServer();
  const file = path.join(directory, 's.sock');
  await new Promise<void>((resolve) => stale.listen(file, resolve));
  // Node takes the file away when it closes: it is put back as a dead daemon leaves it.
  linkSync(file, `${file}.kept`);
  await new Promise((resolve) => stale.close(resolve));
  linkSync(`${file}.kept`, file);
  const { call } = await serve(t, { directory });
  t.match(await call('supervisor.getPID'), { ok: true });
});

test('a socket that was swept away is made again', async (t) => {
  const { socketPath, call, lines } = await serve(t, { limits: { lookEveryMs: 20 } });
  unlinkSync(socketPath);
  await until('the socket to be there again', () => existsSync(socketPath));
  t.match(await call('supervisor.getPID'), { ok: true });
  t.match(lines.join('\n'), /^WARN .*s\.sock: the socket was gone; made it again$/m);
});

test('who calls by a unix socket is known', async (t) => {
  const { call, api } = await serve(t);
  await call('supervisor.stopProcess', 'instances:instance1');
  t.match(api.asked.at(-1)?.caller, {
    role: 'operator',
    door: 's.sock',
    uid: process.getuid?.(),
    pid: process.pid,
  });
});

const quiet = { critical() {}, error() {}, warn() {}, info() {}, debug() {} };

function open(...http: Partial<HttpServerSpec>[]) {
  const specs = http.map((one): HttpServerSpec => ({ section: 'x', kind: 'inet', address: '', ...one }));
  return serveHttp(
    fakeApi(),
    { http: specs, rpcInterfaces: ['supervisor'], daemon: { compat: 'supd' } },
    quiet,
  );
}

test('ports are served, several of them, and IPv6', async (t) => {
  const port = await freePort('::1').catch(() => undefined);
  if (port === undefined) return t.plan(0, 'needs IPv6 on loopback');
  const servers = await open({ address: `[::1]:${port}` }, { address: `localhost:${port}` });
  t.teardown(() => servers.close());
  for (const host of ['::1', '127.0.0.1'])
    t.equal(statusOf(await exchange(net.connect(port, host), [post(PID)])), 200, host);
});

test('the kernel asks whether a client over TCP is still there: a host that has gone holds nothing for ever', async (t) => {
  const port = await freePort();
  const servers = await open({ address: `127.0.0.1:${port}` });
  t.teardown(() => servers.close());
  const client = net.connect(port, '127.0.0.1');
  t.teardown(() => client.destroy());
  await once(client, 'connect');
  const hex = (number: number) => `:${number.toString(16).toUpperCase().padStart(4, '0')}`;
  // proc_net_tcp.txt of the kernel: timer 02 is keepalive's.
  const line = await until('the connection to be accepted', () =>
    readFileSync('/proc/net/tcp', 'utf8')
      .split('\n')
      .map((one) => one.trim().split(/\s+/))
      .find(
        ([, local = '', remote = '', , , timer = '']) =>
          local.endsWith(hex(port)) && remote.endsWith(hex(client.localPort ?? 0)) && timer.startsWith('02:'),
      ),
  );
  t.ok(line);
});

test('a place that is taken is told in the words of supervisord, and nothing stays open', async (t) => {
  const directory = ownDirectory(t);
  const taken = await serve(t);
  const port = await freePort();
  const other = net.createServer();
  await new Promise<void>((resolve) => other.listen(port, '127.0.0.1', resolve));
  t.teardown(() => void other.close());
  const first = path.join(directory, 'first.sock');
  const isTaken =
    /^Another program is already listening on a port that one of our HTTP servers is configured to use\. {2}Shut this program down first before starting supervisord\. \(/;
  for (const spec of [
    { address: `127.0.0.1:${port}` },
    { kind: 'unix' as const, address: taken.socketPath },
  ]) {
    const fault = await open({ kind: 'unix', address: first }, spec).catch((error) => error);
    t.ok(fault instanceof StartFault);
    t.match(fault.message, isTaken);
    t.match(fault.message, spec.address);
    t.notOk(existsSync(first));
  }
});

test('what else keeps a socket from being made is told with its place', async (t) => {
  const directory = ownDirectory(t);
  const unix = async (address: string, more: Partial<HttpServerSpec> = {}) => {
    const fault = await open({ section: 'unix_http_server', kind: 'unix', address, ...more }).catch(
      (error) => error,
    );
    t.ok(fault instanceof StartFault, String(fault));
    return String(fault.message);
  };
  t.match(
    await unix(path.join(directory, 'no/s.sock')),
    /^Cannot open an HTTP server: socket\.error reported errno\.ENOENT \(2\) \(\[unix_http_server\] .*no\/s\.sock/,
  );
  const file = path.join(directory, 'file');
  writeFileSync(file, 'precious');
  t.match(await unix(file), /a regular file is in the way; nothing was removed/);
  t.equal(statSync(file).size, 8);
  t.match(await unix(directory), /a directory is in the way/);
  t.match(await unix(path.join(directory, 'x'.repeat(200))), /longer than 107 bytes/);
});

test('a socket that may not be given away is told in the words of supervisord', async (t) => {
  const place = makePlace(t, section('unix_http_server', { file: '%(here)s/s.sock', chown: 'root:daemon' }));
  // Root may give everything away: it is tried by a root without that right.
  const as = isRoot ? ['setpriv', '--inh-caps=-chown', '--bounding-set=-chown', '--clear-groups', '--'] : [];
  const { status, stderr } = await place.run(['-n', '-c', place.conf], { as });
  t.equal(status, 2);
  t.match(
    stderr,
    /Not permitted to chown \/.*s\.sock to uid\/gid \(0, 1\); adjust "sockchown" value in config file or on command line to values that the current user \(\w+\) can successfully chown$/m,
  );
  t.notOk(existsSync(`${place.dir}/s.sock`));
});
