/** The doors of the real supd: who comes in where, and that each change is told with who asked. */
import { readFileSync } from 'node:fs';
import { userInfo } from 'node:os';
import path from 'node:path';
import { Client, credentials, type ServiceError } from '@grpc/grpc-js';
import tap, { test } from 'tap';
import { connect } from '../../src/grpc/client.js';
import { makeAuthority, read, type Signed, sign } from '../helpers/certificates.js';
import { freePort } from '../helpers/free-port.js';
import { job, makePlace, program, section } from '../helpers/place.js';
import { requireStack } from '../helpers/require.js';
import { startIn, startSupd } from '../helpers/start-supd.js';
import { until } from '../helpers/until.js';
import { accountOf, gidOf, needsRoot } from '../helpers/users.js';

tap.setTimeout(120_000);

function reopenLogs(port: number, authority: Signed, own?: Signed): Promise<void> {
  const mine = own ? read(own) : undefined;
  const secure = credentials.createSsl(readFileSync(authority.cert), mine?.key ?? null, mine?.cert ?? null);
  const client = new Client(`127.0.0.1:${port}`, secure, { 'grpc.ssl_target_name_override': 'localhost' });
  return new Promise<void>((resolve, reject) => {
    const done = (error: ServiceError | null) => (error ? reject(error) : resolve());
    const empty = () => Buffer.alloc(0);
    client.makeUnaryRequest('/supd.v1.DaemonService/ReopenLogs', empty, empty, {}, done);
  }).finally(() => client.close());
}

test('the port lets in who has a certificate, and the log tells whose it was', async (t) => {
  if (!requireStack(t, ['openssl'])) return;
  const place = makePlace(t, '');
  const authority = makeAuthority(place.dir, 'authority');
  const server = sign(authority, place.dir, '/CN=server');
  const alice = sign(authority, place.dir, '/CN=alice/O=example');
  const port = await freePort();
  const files = { tls_cert: server.cert, tls_key: server.key, tls_client_ca: authority.cert };
  place.configure(program('a', 'waits') + section('grpc_server', { listen: `127.0.0.1:${port}`, ...files }));
  const supd = await startIn(t, place);
  await reopenLogs(port, authority, alice);
  await supd.logs(`reopen logs asked for by CN=alice, O=example at 127.0.0.1:${port}`);
  await t.rejects(reopenLogs(port, authority), { code: 14 });
  await t.rejects(
    reopenLogs(port, authority, sign(makeAuthority(place.dir, 'other'), place.dir, '/CN=eve')),
    {
      code: 14,
    },
  );
  await supd.logs(/connections? refused, the last one/);
  t.notMatch(supd.read('supd.log'), 'CN=eve');
});

test('the read-only socket tells why, and refuses reread, which sets what an update goes by', async (t) => {
  // In a directory that isn't there before: supd makes it.
  const ro = '%(here)s/run/ro.sock';
  const supd = await startSupd(t, program('a', 'waits') + section('grpc_server', { readonly_socket: ro }));
  await supd.state('a', 'RUNNING');
  const reader = connect(path.join(supd.dir, 'run/ro.sock'));
  t.teardown(() => reader.close());
  t.equal((await reader.explainProcess({ name: 'a' })).process.state, 'RUNNING');
  await t.rejects(reader.rereadConfiguration(), { code: 'FORBIDDEN', message: /read-only socket/ });
  await t.rejects(reader.shutdown(), { code: 'FORBIDDEN' });
  t.notMatch(supd.read('supd.log'), 'asked for by');
});

test('every change is in the log with who asked, at which door, and why', async (t) => {
  const supd = await startSupd(
    t,
    program('a', 'waits', { autorestart: true }) +
      program('b', 'waits') +
      job('one', 'says ran /') +
      job('slow', 'sleep 1000'),
  );
  await supd.state('a', 'RUNNING');
  const { uid } = userInfo();
  await supd.told('reread');
  await supd.logs(new RegExp(`reread asked for by uid ${uid} \\(pid \\d+\\) at supd\\.sock$`, 'm'));
  const running = supd.told('job', 'run', 'slow');
  await supd.logs('run slow asked for by');
  for (const [words, told = words.join(' ')] of [
    [['stop', 'a']],
    [['start', 'a']],
    [['restart', 'a']],
    [['signal', 'CONT', 'a']],
    [['clear', 'a'], 'clear logs of a'],
    [['clear', '--daemon'], 'clear the main log'],
    [['stop', 'b']],
    [['remove', 'b']],
    [['add', 'b']],
    [['update'], 'update'],
    [['job', 'run', 'one'], 'run one'],
    [['job', 'cancel', 'slow'], 'cancel slow'],
    [['upgrade'], 'upgrade'],
    [['reload'], 'reload'],
    [['shutdown'], 'shutdown'],
  ] as const) {
    const [verb = '', ...rest] = words;
    const flags = ['--reason', 'why not\u001b[31m'];
    const [first, ...more] =
      verb === 'job' ? [verb, rest[0] ?? '', ...flags, ...rest.slice(1)] : [verb, ...flags, ...rest];
    await until(`${told} to be possible`, async () => (await supd.told(first, ...more)).status !== 4);
    // An escape sequence would be the terminal's of whoever reads the log.
    await supd.logs(
      new RegExp(`${told} asked for by uid ${uid} \\(pid \\d+\\) at supd\\.sock: why not \\[31m$`, 'm'),
    );
  }
  await running;
});

test('owner, group and mode of the sockets decide who comes in: members of the group and nobody else', async (t) => {
  if (!needsRoot(t)) return;
  const supd = await startSupd(
    t,
    program('a', 'waits') +
      section('grpc_server', {
        socket: '%(here)s/op.sock',
        mode: '0770',
        owner: 'root:games',
        readonly_socket: '%(here)s/ro.sock',
        readonly_mode: '0770',
        readonly_owner: 'daemon:users',
      }) +
      section('unix_http_server', { file: '%(here)s/http.sock', chmod: '0770', chown: 'root:games' }) +
      section('rpcinterface:supervisor', {
        'supervisor.rpcinterface_factory': 'supervisor.rpcinterface:make_main_rpcinterface',
      }),
    { socket: 'op.sock' },
  );
  await supd.state('a', 'RUNNING');
  const nobody = accountOf('nobody');
  const as = (groups: string) => ({
    as: ['setpriv', '--reuid', `${nobody.uid}`, '--regid', `${nobody.gid}`, '--groups', groups, '--'],
  });
  const ask = async (socket: string, groups: string, ...words: string[]) =>
    (await supd.ctl(['-s', `unix://${supd.dir}/${socket}`, ...words], '', as(groups))).status;
  const [games, users, neither] = [`${gidOf('games')}`, `${gidOf('users')}`, `${nobody.gid}`];
  for (const socket of ['op.sock', 'http.sock']) {
    t.equal(await ask(socket, games, 'restart', '--reason', 'mine', 'a'), 0, socket);
    await supd.logs(
      new RegExp(
        `start a(:a)? asked for by uid ${nobody.uid} .*at ${socket.replace('.', '\\.')}: mine$`,
        'm',
      ),
    );
    for (const others of [users, neither]) t.equal(await ask(socket, others, 'status'), 4, socket);
  }
  t.equal(await ask('ro.sock', users, 'status'), 0);
  t.not(await ask('ro.sock', users, 'stop', 'a'), 0);
  for (const others of [games, neither]) t.equal(await ask('ro.sock', others, 'status'), 4);
  t.equal((await supd.state('a', 'RUNNING')).state, 'RUNNING');
});
