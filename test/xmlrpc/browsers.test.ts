/** Browsers act for pages of anybody: what they may do here, and that no client of XML-RPC is taken for one. */
import net from 'node:net';
import { hostname } from 'node:os';
import { type Test, test } from 'tap';
import type { HttpServerSpec } from '../../src/config/config.js';
import { makePages } from '../../src/web/pages.js';
import { encodeCall } from '../../src/xmlrpc/codec/encode.js';
import { serveHttp } from '../../src/xmlrpc/sockets.js';
import { type FakeApi, fakeApi } from '../grpc/fake-api.js';
import { freePort } from '../helpers/free-port.js';
import { exchange, post, statusOf } from './serve.js';

const STOP = encodeCall({ method: 'supervisor.stopProcess', params: ['instances:instance1'] });
const quiet = { critical() {}, error() {}, warn() {}, info() {}, debug() {} };

interface Port {
  readonly api: FakeApi;
  readonly port: number;
  readonly ask: (request: string) => Promise<string>;
}

async function serveInet(t: Test, more: Partial<HttpServerSpec> = {}): Promise<Port> {
  const port = await freePort();
  const api = fakeApi();
  const spec = { section: 'inet_http_server', kind: 'inet', address: `127.0.0.1:${port}`, ...more } as const;
  const servers = await serveHttp(
    api,
    { http: [spec], rpcInterfaces: ['supervisor'], daemon: { compat: 'supd' } },
    quiet,
    {},
    async () => makePages(api),
  );
  t.teardown(() => servers.close());
  return { api, port, ask: (request) => exchange(net.connect(port, '127.0.0.1'), [request]) };
}

const get = (path: string, headers = '') => `GET ${path} HTTP/1.1\r\nConnection: close\r\n${headers}\r\n`;
const LOGIN = `Authorization: Basic ${Buffer.from('admin:secret').toString('base64')}\r\n`;
const FIREFOX = 'User-Agent: Mozilla/5.0 (X11) Firefox/140.0\r\nAccept-Language: en-US,en;q=0.5\r\n';

test('CSRF: what a page of anybody can make a browser send changes nothing, also with the user’s password', async (t) => {
  for (const more of [{}, { username: 'admin', password: 'secret' }]) {
    const { api, port, ask } = await serveInet(t, more);
    const login = 'username' in more ? LOGIN : '';
    const host = `Host: 127.0.0.1:${port}\r\n`;
    for (const headers of [
      'Origin: http://evil.example\r\nContent-Type: text/plain\r\n',
      'Origin: null\r\nContent-Type: text/xml\r\n',
      // Another program's page on the same machine.
      `Origin: http://127.0.0.1:${port + 1}\r\n`,
      // Nor a page that the door itself had sent: it sends none that calls.
      `Origin: http://127.0.0.1:${port}\r\n`,
      'Sec-Fetch-Site: cross-site\r\n',
      'Sec-Fetch-Site: same-site\r\n',
      // Browsers of before Origin: what a form sends.
      `${FIREFOX}Content-Type: text/plain;charset=UTF-8\r\n`,
      `${FIREFOX}Content-Type: multipart/form-data; boundary=x\r\n`,
      `${FIREFOX}Content-Type: application/x-www-form-urlencoded\r\n`,
    ]) {
      const answer = await ask(post(STOP, host + login + headers));
      t.equal(statusOf(answer), 403, headers);
      t.match(
        answer,
        /403 Forbidden: a browser may change nothing here: use supctl.* or the buttons of the page/,
      );
      t.notMatch(answer, /access-control/i);
    }
    t.strictSame(api.asked, [], 'nothing has reached the api');
  }
});

test('CORS: no question of a browser is answered with a permission', async (t) => {
  const { port, ask } = await serveInet(t);
  const preflight = `OPTIONS /RPC2 HTTP/1.1\r\nConnection: close\r\nHost: 127.0.0.1:${port}\r\n`;
  const asks = 'Access-Control-Request-Method: POST\r\nAccess-Control-Request-Headers: content-type\r\n';
  const answer = await ask(`${preflight}Origin: http://evil.example\r\n${asks}\r\n`);
  t.equal(statusOf(answer), 403);
  t.notMatch(answer, /access-control/i);
  const bare = await ask(`${preflight}\r\n`);
  t.equal(statusOf(bare), 400);
  t.notMatch(bare, /access-control|^allow:/im);
});

test('DNS rebinding: a page whose name points here reads no log and changes nothing', async (t) => {
  const { api, port, ask } = await serveInet(t);
  const evil = `Host: evil.example:${port}\r\n`;
  for (const headers of [
    FIREFOX,
    // All that a page can make of these headers itself.
    'User-Agent: x\r\nAccept-Language: *\r\n',
    'User-Agent: Mozilla/5.0 Chrome/150.0\r\n',
    `${FIREFOX}Origin: http://evil.example:${port}\r\n`,
  ]) {
    const answer = await ask(get('/mainlogtail', evil + headers));
    t.equal(statusOf(answer), 403, headers);
    t.match(answer, /any name can be pointed here; set username and password, or use the address/);
  }
  const change = await ask(post(STOP, `${evil}${FIREFOX}Origin: http://evil.example:${port}\r\n`));
  t.equal(statusOf(change), 403);
  t.strictSame([api.asked, api.calls], [[], []]);
});

test('a browser may read by address, by localhost and by the machine’s name; with a password by any name', async (t) => {
  const open = await serveInet(t);
  for (const host of ['127.0.0.1', '[::1]', 'localhost', 'LOCALHOST.', 'supd.localhost', hostname()]) {
    const answer = await open.ask(get('/mainlogtail', `Host: ${host}:${open.port}\r\n${FIREFOX}`));
    t.equal(statusOf(answer), 200, host);
    t.match(answer, /\r\nX-Content-Type-Options: nosniff\r\n/i);
    t.match(answer, /\r\nCross-Origin-Resource-Policy: same-origin\r\n/i);
  }
  for (const host of ['127.0.0.1.evil.example', 'localhost.evil.example', 'xlocalhost', '', '127.0.0.1@evil'])
    t.equal(statusOf(await open.ask(get('/mainlogtail', `Host: ${host}\r\n${FIREFOX}`))), 403, host);
  const guarded = await serveInet(t, { username: 'admin', password: 'secret' });
  const named = `Host: supd.example.org\r\n${FIREFOX}`;
  t.equal(statusOf(await guarded.ask(get('/mainlogtail', named + LOGIN))), 200);
  t.equal(statusOf(await guarded.ask(get('/mainlogtail', named))), 401);
});

test('a page from elsewhere reads no log as a script, an image or by fetch, and a link to it works', async (t) => {
  const { port, ask } = await serveInet(t);
  const status = async (headers: string) =>
    statusOf(await ask(get('/mainlogtail', `Host: 127.0.0.1:${port}\r\n${FIREFOX}${headers}`)));
  t.equal(await status('Sec-Fetch-Site: cross-site\r\nSec-Fetch-Mode: no-cors\r\n'), 403);
  t.equal(await status('Sec-Fetch-Site: same-site\r\nSec-Fetch-Mode: cors\r\n'), 403);
  t.equal(await status('Origin: http://evil.example\r\n'), 403);
  t.equal(await status('Origin: null\r\n'), 403);
  t.equal(await status('Sec-Fetch-Site: cross-site\r\nSec-Fetch-Mode: navigate\r\n'), 200);
  t.equal(await status('Sec-Fetch-Site: same-origin\r\nSec-Fetch-Mode: cors\r\n'), 200);
  t.equal(await status('Sec-Fetch-Site: none\r\nSec-Fetch-Mode: navigate\r\n'), 200);
});

test('no GET changes anything, as links in a page of supervisord do', async (t) => {
  const { api, port, ask } = await serveInet(t);
  for (const path of [
    '/?action=stopall',
    '/index.html?processname=zeo&action=stop',
    '/index.html?action=restartall',
    '/RPC2?methodName=supervisor.shutdown',
    '/stop/zeo',
  ])
    t.ok([400, 404, 405].includes(statusOf(await ask(get(path, `Host: 127.0.0.1:${port}\r\n`)))), path);
  t.strictSame(api.asked, []);
});

test('clients of XML-RPC come in by whatever name, address or proxy leads here', async (t) => {
  const { api, ask } = await serveInet(t);
  const clients = [
    // Python's xmlrpc.client, supervisorctl, superlance.
    'User-Agent: Python-xmlrpc/3.11\r\nContent-Type: text/xml\r\nAccept-Encoding: gzip\r\n',
    'User-Agent: \r\nAccept: */*\r\n',
    // Perl, PHP, Go, curl, whose content type is a form's, and Node's fetch.
    'User-Agent: RPC::XML/1.0\r\nContent-Type: text/xml\r\nTE: deflate,gzip;q=0.3\r\n',
    'Content-Type: text/xml; charset=utf-8\r\nUser-Agent: Guzzle\r\n',
    'User-Agent: Go-http-client/1.1\r\nContent-Type: text/plain\r\n',
    'User-Agent: curl/8.5.0\r\nAccept: */*\r\nContent-Type: application/x-www-form-urlencoded\r\n',
    'User-Agent: node\r\nAccept-Language: *\r\nSec-Fetch-Mode: cors\r\nContent-Type: text/xml\r\n',
  ];
  const hosts = ['127.0.0.1:9001', 'supd.example.org', 'backend_supd', 'plone1:9001', 'localhost', ''];
  const proxied = 'X-Forwarded-For: 10.0.0.5\r\nX-Forwarded-Host: supervisor.example.org\r\n';
  for (const [at, client] of clients.entries()) {
    for (const host of client.includes('node\r\n') ? ['127.0.0.1:9001', 'localhost'] : hosts)
      t.equal(statusOf(await ask(post(STOP, `Host: ${host}\r\n${client}${proxied}`))), 200, `${at} ${host}`);
  }
  t.equal(statusOf(await ask(post(STOP))), 200, 'without any Host');
  t.ok(api.asked.length > 35);
});

test('who changes something over TCP is told by address and user name, and with the reason given', async (t) => {
  const reason = encodeURIComponent('für\nwartung');
  for (const [more, who] of [
    [{}, '127.0.0.1'],
    [{ username: 'admin', password: 'secret' }, 'admin from 127.0.0.1'],
  ] as const) {
    const { api, port, ask } = await serveInet(t, more);
    await ask(post(STOP, `${LOGIN}X-Supd-Reason: ${reason}\r\n`));
    t.match(api.asked[0]?.caller, { role: 'operator', door: `127.0.0.1:${port}`, subject: who });
    t.equal(api.asked[0]?.reason, 'für\nwartung');
  }
});
