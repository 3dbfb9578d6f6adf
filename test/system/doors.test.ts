/** The doors of the real supd: who comes in where, and that each change is told with who asked. */
import { readFileSync } from 'node:fs';
import path from 'node:path';
import { Client, credentials, type ServiceError } from '@grpc/grpc-js';
import tap, { test } from 'tap';
import { connect } from '../../src/grpc/client.js';
import { makeAuthority, read, type Signed, sign } from '../helpers/certificates.js';
import { freePort } from '../helpers/free-port.js';
import { makePlace, program, section } from '../helpers/place.js';
import { startIn, startSupd } from '../helpers/start-supd.js';

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
  const ro = '%(here)s/ro.sock';
  const supd = await startSupd(t, program('a', 'waits') + section('grpc_server', { readonly_socket: ro }));
  await supd.state('a', 'RUNNING');
  const reader = connect(path.join(supd.dir, 'ro.sock'));
  t.teardown(() => reader.close());
  t.equal((await reader.explainProcess({ name: 'a' })).process.state, 'RUNNING');
  await t.rejects(reader.rereadConfiguration(), { code: 'FORBIDDEN', message: /read-only socket/ });
  await t.rejects(reader.shutdown(), { code: 'FORBIDDEN' });
  t.notMatch(supd.read('supd.log'), 'asked for by');
});
