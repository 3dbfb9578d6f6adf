/** Who may come in: HTTP Basic, with a plain password or its SHA-1. */
import { test } from 'tap';
import { makeCheck } from '../../src/xmlrpc/auth.js';
import { post, serve, statusOf } from './serve.js';

const basic = (text: string) => `Basic ${Buffer.from(text).toString('base64')}`;

test('the right user and password open the door, nothing else does', async (t) => {
  const check = makeCheck('admin', 'thé:pass');
  t.ok(check);
  t.ok(check?.(basic('admin:thé:pass')));
  t.ok(check?.(basic('admin:thé:pass').replace('Basic', 'basic')));
  for (const header of [
    undefined,
    '',
    'Basic',
    'Basic !!!',
    'Bearer x',
    basic('admin'),
    basic('admin:'),
    basic('admin:wrong'),
    basic('Admin:thé:pass'),
    basic(':thé:pass'),
    basic('admin:thé:pass '),
  ])
    t.notOk(check?.(header), String(header));
});

test('{SHA} is compared as a hash, and is no password itself', async (t) => {
  const stored = '{SHA}82ab876d1387bfafe46cc1c8a2ef074eae50cb1d';
  const check = makeCheck('user', stored);
  t.ok(check?.(basic('user:thepassword')));
  t.notOk(check?.(basic(`user:${stored}`)));
  t.notOk(check?.(basic('user:82ab876d1387bfafe46cc1c8a2ef074eae50cb1d')));
});

test('without a user name everybody may come in, and the log says so', async (t) => {
  t.equal(makeCheck(undefined, undefined), undefined);
  t.equal(makeCheck('', ''), undefined);
  const { lines, close } = await serve(t, { section: 'unix_http_server' });
  t.same(lines, [
    "INFO RPC interface 'supervisor' initialized",
    "CRIT Server 'unix_http_server' running without any HTTP authentication checking",
  ]);
  await close();
});

test('every path asks for the password, which is never logged', async (t) => {
  const { raw, lines } = await serve(t, { username: 'admin', password: 'sesame' });
  for (const path of ['/RPC2', '/logtail/zeo', '/mainlogtail', '/', '/nope']) {
    const answer = await raw(`GET ${path} HTTP/1.1\r\nAuthorization: ${basic('admin:wrong-one')}\r\n\r\n`);
    t.equal(statusOf(answer), 401, path);
    t.match(answer, /\r\nwww-authenticate: basic realm="default"\r\n/i);
    t.match(answer, /\r\nconnection: close\r\n/i);
  }
  const xml = '<methodCall><methodName>supervisor.getPID</methodName></methodCall>';
  t.equal(statusOf(await raw(post(xml))), 401);
  const answer = await raw(post(xml, `Authorization: ${basic('admin:sesame')}\r\n`));
  t.match(answer, /<int>1<\/int>/);
  t.same(
    lines.filter((line) => /running without|sesame|wrong-one/.test(line)),
    [],
  );
});
