/** The pages of the real supd, by a unix socket and by ports: what changes by them, and what doesn't. */
import { writeFileSync } from 'node:fs';
import http from 'node:http';
import net from 'node:net';
import { hostname } from 'node:os';
import tap, { type Test, test } from 'tap';
import { encodeCall } from '../../src/xmlrpc/codec/encode.js';
import { MIB, residentOf, times } from '../faults/withstands.js';
import { freePort } from '../helpers/free-port.js';
import { job, program, section } from '../helpers/place.js';
import { type Start, type Supd, startSupd } from '../helpers/start-supd.js';
import { until } from '../helpers/until.js';
import { exchange, post, statusOf } from '../xmlrpc/serve.js';
import { FIREFOX, type Headers, toldIn, type Visitor, visit } from './visit.js';

tap.jobs = 4;
tap.setTimeout(180_000);

interface Site {
  readonly supd: Supd;
  /** By a unix socket, by a port with a password, and by one without. */
  readonly unix: Visitor;
  readonly admin: Visitor;
  readonly anybody: Visitor;
  readonly port: number;
  readonly openPort: number;
}

async function site(t: Test, text = program('a', 'waits'), start: Start = {}): Promise<Site> {
  const [port, openPort] = [await freePort(), await freePort()];
  const supd = await startSupd(
    t,
    section('unix_http_server', { file: '%(here)s/http.sock' }) +
      section('inet_http_server', { port: `127.0.0.1:${port}`, username: 'admin', password: 'secret' }) +
      section('inet_http_server:open', { port: `127.0.0.1:${openPort}` }) +
      section('rpcinterface:supervisor', {
        'supervisor.rpcinterface_factory': 'supervisor.rpcinterface:make_main_rpcinterface',
      }) +
      text,
    start,
  );
  return {
    supd,
    unix: visit({ path: `${supd.dir}/http.sock` }),
    admin: visit({ host: '127.0.0.1', port }, 'admin:secret'),
    anybody: visit({ host: '127.0.0.1', port: openPort }),
    port,
    openPort,
  };
}

test('the buttons restart, stop and start a program, clear its log, and the log says who asked and why', async (t) => {
  const { supd, admin, unix, port } = await site(t, program('a', 'prints-lines 2') + program('b', 'waits'));
  const { pid } = await supd.state('a', 'RUNNING');
  t.match((await admin.get('/')).body, `pid ${pid}, uptime 0:0`);
  t.equal(await admin.press('restart a:a', { reason: 'new\nrelease' }), 'Process a restarted');
  const after = await supd.state('a', 'RUNNING');
  t.not(after.pid, pid);
  await supd.logs(`restart a:a asked for by admin from 127.0.0.1 at 127.0.0.1:${port} (page): new release\n`);
  t.equal(await unix.press('stop a:a'), 'Process a stopped');
  await supd.state('a', 'STOPPED');
  await supd.logs(
    new RegExp(
      `stop a:a asked for by uid ${process.getuid?.()} \\(pid \\d+\\) at http.sock \\(page\\)$`,
      'm',
    ),
  );
  t.equal(await unix.press('stop a:a'), 'ERROR: Process a: not running');
  t.equal(await unix.press('start a:a'), 'Process a started');
  await supd.says('a', 'line 000000002');
  t.equal(await admin.press('clearlog a:a'), 'Log for a cleared');
  t.notMatch(supd.read('a.out'), 'line');
  t.match(await admin.press('restartall'), /^All restarted at /);
  t.match(await admin.press('stopall'), /^All stopped at /);
  t.same(
    (await supd.status()).map(({ state }) => state),
    ['STOPPED', 'STOPPED'],
  );
  t.match((await admin.get('/')).body, /stopped<[\s\S]*stopped</);
  t.notMatch(supd.read('supd.log'), /secret|defect/);
});

test('CSRF: without a token, with a wrong one and with one of somebody else nothing changes', async (t) => {
  const { supd, admin, anybody, unix } = await site(t);
  const { pid } = await supd.state('a', 'RUNNING');
  const own = await admin.token();
  t.match(own, /^[0-9a-z]+\.[\w-]{43}$/);
  const flipped = own.slice(0, -2) + (own.at(-2) === 'A' ? 'B' : 'A') + own.at(-1);
  const tokens = {
    none: '',
    'of nobody': `0.${'A'.repeat(43)}`,
    'that is no token': '<x>',
    'with a letter changed': flipped,
    'from another time': own.replace(/^[0-9a-z]+/, '1000'),
    'without its end': own.slice(0, -1),
    'of another port': await anybody.token(),
    'of another door': await unix.token(),
  };
  for (const action of ['stop a:a', 'restart a:a', 'clearlog a:a', 'stopall', 'restartall'])
    for (const [what, token] of Object.entries(tokens)) {
      const { status, headers, body } = await admin.post({ action, token });
      t.equal(status, 403, `${action} with a token ${what}`);
      t.match(toldIn(body), /^Nothing was done: .* Reload the page and press the button again\.$/);
      t.notOk(headers.has('location'));
    }
  t.equal((await admin.post({ action: 'stop a:a' })).status, 403);
  t.equal((await admin.post({ action: 'stop a:a' }, {}, `/?token=${own}`)).status, 403, 'nor in the address');
  t.equal((await unix.post({ action: 'stop a:a', token: own })).status, 403);
  // Before the token there is the password.
  t.equal(
    (await admin.post({ action: 'stop a:a', token: own }, { Authorization: 'Basic eDp5' })).status,
    401,
  );
  t.equal((await admin.get('/', { Authorization: 'Basic eDp5' })).status, 401);
  t.match(await supd.state('a', 'RUNNING'), { pid });
  t.notMatch(supd.read('supd.log'), 'asked for');
  t.equal(
    (await admin.post({ action: 'stop a:a', token: own })).status,
    303,
    'and with the right one it does',
  );
  await supd.state('a', 'STOPPED');
});

test('a token ends with the supd that gave it', async (t) => {
  const { supd, admin } = await site(t);
  const { pid } = await supd.state('a', 'RUNNING');
  const token = await admin.token();
  t.match(await supd.told('upgrade'), { status: 0 });
  t.equal((await admin.post({ action: 'stop a:a', token })).status, 403);
  t.match(await supd.state('a', 'RUNNING'), { pid });
  t.equal(await admin.press('stop a:a'), 'Process a stopped');
});

test('a page from elsewhere changes nothing, also with the user’s password and a token that is right', async (t) => {
  const { supd, admin, port, anybody, openPort } = await site(t);
  const { pid } = await supd.state('a', 'RUNNING');
  for (const [visitor, own] of [
    [admin, port],
    [anybody, openPort],
  ] as const) {
    const form = { action: 'stop a:a', token: await visitor.token() };
    for (const headers of [
      { Origin: 'http://evil.example' },
      { Origin: 'null' },
      { Origin: `http://127.0.0.1:${own + 1}` },
      { Origin: `http://127.0.0.1:${own}`, 'Sec-Fetch-Site': 'cross-site' },
      { 'Sec-Fetch-Site': 'cross-site', 'Sec-Fetch-Mode': 'navigate' },
      { 'Sec-Fetch-Site': 'same-site', 'Sec-Fetch-Mode': 'navigate' },
      { Origin: 'http://evil.example', 'Sec-Fetch-Site': 'same-origin' },
    ] as readonly Headers[]) {
      const { status, headers: answered, body } = await visitor.post(form, { ...FIREFOX, ...headers });
      t.equal(status, 403, JSON.stringify(headers));
      t.match(body, 'a page from elsewhere may change nothing here');
      t.notMatch([...answered.keys()].join(), 'access-control');
    }
    t.equal(
      (await visitor.get('/', { ...FIREFOX, Origin: 'http://evil.example' })).status,
      403,
      'nor reads the token',
    );
    const cors = { ...FIREFOX, 'Sec-Fetch-Site': 'cross-site', 'Sec-Fetch-Mode': 'cors' };
    t.equal((await visitor.get('/', cors)).status, 403);
  }
  const call = encodeCall({ method: 'supervisor.stopProcess', params: ['a'] });
  for (const origin of ['http://evil.example', `http://127.0.0.1:${openPort}`]) {
    const rpc = post(call, `Host: 127.0.0.1:${openPort}\r\nOrigin: ${origin}\r\n`);
    t.equal(
      statusOf(await exchange(net.connect(openPort, '127.0.0.1'), [rpc])),
      403,
      'nor by XML-RPC, as before',
    );
  }
  t.match(await supd.state('a', 'RUNNING'), { pid });
  const own = { ...FIREFOX, Origin: `http://127.0.0.1:${port}`, 'Sec-Fetch-Site': 'same-origin' };
  t.equal((await admin.post({ action: 'stop a:a', token: await admin.token() }, own)).status, 303);
  await supd.state('a', 'STOPPED');
});

test('DNS rebinding: a page whose name points here neither reads the page nor changes anything', async (t) => {
  const { supd, admin, anybody, unix, openPort, port } = await site(t);
  await supd.state('a', 'RUNNING');
  const evil = { ...FIREFOX, Host: `evil.example:${openPort}` };
  t.match(await anybody.get('/', evil), { status: 403, body: /any name can be pointed here/ });
  const form = { action: 'stop a:a', token: await anybody.token() };
  const ownSite = { Origin: `http://evil.example:${openPort}`, 'Sec-Fetch-Site': 'same-origin' };
  for (const more of [{}, ownSite] as readonly Headers[])
    t.equal((await anybody.post(form, { ...evil, ...more })).status, 403);
  // Through a proxy in front of the unix socket, which has no password either.
  t.equal((await unix.post({ ...form, token: await unix.token() }, { ...evil })).status, 403);
  await supd.state('a', 'RUNNING');
  for (const host of [`localhost:${openPort}`, hostname(), '[::1]:9'])
    t.equal((await anybody.get('/', { ...FIREFOX, Host: host })).status, 200, host);
  const named = { ...FIREFOX, Host: 'supd.example.org', Origin: 'https://supd.example.org' };
  t.equal(
    (await admin.post({ action: 'stop a:a', token: await admin.token() }, named)).status,
    303,
    `${port}`,
  );
  await supd.state('a', 'STOPPED');
});

test('GET changes nothing: supervisord’s links are answered with the page and a word', async (t) => {
  const { supd, admin } = await site(t);
  const { pid } = await supd.state('a', 'RUNNING');
  const token = encodeURIComponent(await admin.token());
  for (const path of [
    '/?action=stopall',
    '/index.html?action=restartall',
    '/index.html?processname=a&action=stop',
    `/?action=stop+a%3Aa&token=${token}`,
  ]) {
    const { status, headers, body } = await admin.get(path);
    t.equal(status, 405, path);
    t.equal(headers.get('allow'), 'POST');
    t.equal(toldIn(body), 'Nothing was done: a link changes nothing here. Press the button.');
  }
  t.match(await admin.get('/index.html?action=refresh'), { status: 200, body: /Page refreshed at/ });
  t.match(await supd.state('a', 'RUNNING'), { pid });
  t.notMatch(supd.read('supd.log'), 'asked for');
});

test('what a job holds is refused, with the job’s name', async (t) => {
  const { supd, unix } = await site(
    t,
    program('zeo', 'waits') + program('b', 'waits') + job('backup', 'waits', { holds: 'zeo' }),
  );
  const { pid } = await supd.state('zeo', 'RUNNING');
  await supd.told('job', 'run', 'backup', '--no-wait');
  await until(
    'the backup',
    async () => (await supd.client.listRuns({ job: 'backup' }))[0]?.steps[0]?.outcome === 'running',
  );
  t.match(await unix.press('restart zeo:zeo'), /^ERROR: Process zeo: held by backup \(run \S+\) for /);
  t.match(await unix.press('stopall'), /^All stopped at .*, but for zeo: held by backup /);
  t.match(await supd.state('zeo', 'RUNNING'), { pid });
  await supd.state('b', 'STOPPED');
  t.match((await unix.get('/')).body, /backup<[\s\S]*>running</);
});

test('a stop that takes its time holds nobody up: others look meanwhile, and see it', async (t) => {
  const { supd, admin, unix } = await site(t, program('a', 'ignores-sigterm', { stopwaitsecs: 3 }));
  await supd.says('a', 'ready');
  const stopped = admin.press('stop a:a');
  await supd.state('a', 'STOPPING');
  t.match((await unix.get('/')).body, 'stopping</span>');
  t.equal(await stopped, 'Process a stopped');
});

test('hostile output is text in the page of a log, without what steers terminals', async (t) => {
  const { supd, admin } = await site(
    t,
    program('a', 'says "\\033[31m</pre><script>alert(1)</script>\\033[0m <b>&amp;\\n" go', {
      autorestart: false,
    }),
  );
  await supd.state('a', 'RUNNING');
  writeFileSync(`${supd.dir}/go`, '');
  await supd.says('a', 'alert');
  const { body } = await admin.get('/tail.html?processname=a');
  t.match(body, '<pre>&lt;/pre&gt;&lt;script&gt;alert(1)&lt;/script&gt; &lt;b&gt;&amp;amp;\n</pre>');
  t.notMatch(body, /<script|\[31m|<b>/);
});

test('bodies that are too large are refused, and after thousands of visits supd is as large as before', async (t) => {
  const { supd, unix } = await site(
    t,
    times(20)
      .map((n) => program(`p${n}`, 'waits'))
      .join(''),
  );
  const huge = { action: 'stopall', reason: 'x'.repeat(10 * MIB) };
  t.equal((await unix.post(huge)).status, 413);
  const agent = new http.Agent({ keepAlive: true, maxSockets: 4 });
  t.teardown(() => agent.destroy());
  const ask = (method: string, path: string, body = '') =>
    new Promise<number>((resolve, reject) => {
      const headers = { 'Content-Type': 'application/x-www-form-urlencoded', 'Content-Length': body.length };
      http
        .request({ socketPath: `${supd.dir}/http.sock`, agent, method, path, headers }, (answer) => {
          answer.resume().once('end', () => resolve(answer.statusCode ?? 0));
        })
        .once('error', reject)
        .end(body);
    });
  const visits = async (count: number) => {
    const all = times(count).map((n) =>
      n % 3 === 0
        ? ask('POST', '/', 'action=stopall&token=x')
        : ask('GET', n % 3 === 1 ? '/' : '/tail.html?processname=p1'),
    );
    t.same([...new Set(await Promise.all(all))].sort(), [200, 403]);
  };
  await visits(1000);
  const before = residentOf(supd.pid);
  await visits(3000);
  const grown = residentOf(supd.pid) - before;
  t.ok(grown < 16 * MIB, `grew by ${grown / MIB} MiB`);
  t.notMatch(supd.read('supd.log'), /defect|asked for/);
});
