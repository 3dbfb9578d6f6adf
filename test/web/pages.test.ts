/** The pages on an api that notes what it is asked: what they show, escape and refuse. */
import { test } from 'tap';
import { SupdError } from '../../src/api/errors.js';
import { makePages } from '../../src/web/pages.js';
import { fakeApi, instance1, until, zeo } from '../grpc/fake-api.js';
import { serve } from '../xmlrpc/serve.js';
import { toldIn, visit } from './visit.js';

test('the page shows each process, what can be done to it, the jobs, and what does not work just now', async (t) => {
  const { socketPath } = await serve(t);
  const { status, headers, body } = await visit({ path: socketPath }).get('/');
  t.equal(status, 200);
  t.equal(headers.get('content-type'), 'text/html;charset=utf-8');
  const [running = '', fatal = ''] = body.split('<tr>').slice(2);
  t.match(
    running,
    /class="good">running<[\s\S]*pid 7, uptime 0:00:05[\s\S]*>instances:instance1<[\s\S]*>yes<[\s\S]*>healthy</,
  );
  t.match(running, 'href="tail.html?processname=instances%3Ainstance1"');
  t.match(running, 'href="logtail/instances%3Ainstance1/stdout"');
  t.notMatch(running, 'stderr', 'it has no log of that');
  const buttons = (row: string) =>
    [...row.matchAll(/value="([^"]+)">([^<]+)<\/button>/g)].map(([, value]) => value);
  const named = (verbs: readonly string[], id: string) => verbs.map((verb) => `${verb} ${id}`);
  t.same(buttons(running), named(['restart', 'stop', 'clearlog'], 'instances:instance1'));
  t.match(
    fatal,
    /class="bad">fatal<[\s\S]*Exited too quickly[\s\S]*log: no space left on device[\s\S]*>zeo</,
  );
  t.same(buttons(fatal), named(['start', 'clearlog'], 'zeo:zeo'));
  t.match(body, /Does not work just now<[\s\S]*<li>disk full</);
  t.match(
    body,
    /nightly<[\s\S]*0 3 \* \* \* Europe\/Berlin<[\s\S]*class="bad">failed<[\s\S]*rsync failed<[\s\S]*too old</,
  );
  t.equal((await visit({ path: socketPath }).get('/index.html')).status, 200);
  t.match(await visit({ path: socketPath }).get('/ok.html'), { status: 200, body: 'OK' });
});

test('a page of very many programs takes turns with everything else', async (t) => {
  const many = Array.from({ length: 5000 }, (_, at) => ({ ...zeo, name: `zeo${at}`, group: `zeo${at}` }));
  const details: unknown[] = [];
  const api = fakeApi({
    processes: (_, detail) => {
      details.push(detail);
      return { processes: many, unknown: [] };
    },
  });
  let turns = 0;
  let isOver = false;
  const turn = () => {
    turns += 1;
    if (!isOver) setImmediate(turn);
  };
  const pages = makePages(api);
  const asked = { caller: { door: 'test' } };
  const answer = pages({ name: '/', query: new URLSearchParams(), bearer: 'me', asked } as Parameters<
    typeof pages
  >[0]);
  setImmediate(turn);
  const { text } = await answer;
  isOver = true;
  t.same(details, ['brief'], 'and looks at none of them in /proc');
  t.ok(turns > 1, `${turns} turns`);
  t.equal(text?.toString().split('<tr>').length, 5000 + 4, 'and has them all');
});

test('of a job that ran as a step alone it says so', async (t) => {
  const [nightly] = fakeApi().jobs();
  const { lastRun: _, lastGood: __, ...job } = nightly!;
  const never = { ...job, spec: { ...job.spec, name: 'drill' } };
  const asStep = { ...never, spec: { ...job.spec, name: 'backup' }, lastGood: Date.UTC(2026, 10, 24) };
  const failed = { ...never, spec: { ...job.spec, name: nightly!.lastRun!.steps[0]!.name } };
  const api = fakeApi({ jobs: () => [never, asStep, failed, nightly!] });
  const { body } = await visit({ path: (await serve(t, { api })).socketPath }).get('/');
  t.match(body, /drill<[\s\S]*>never run<[\s\S]*backup<[\s\S]*>well as a step<\/span> 2026-11-2/);
  t.match(body, new RegExp(`>${failed.spec.name}<[\\s\\S]*?>as a step<`));
});

test('every state has its buttons, and each of them does what it says', async (t) => {
  const { socketPath, api } = await serve(t);
  const visitor = visit({ path: socketPath });
  t.equal(await visitor.press('start zeo:zeo'), 'Process zeo started');
  t.equal(await visitor.press('stop zeo'), 'Process zeo stopped');
  t.equal(await visitor.press('restart instances:instance1'), 'Process instances:instance1 restarted');
  t.equal(await visitor.press('clearlog zeo:zeo'), 'Log for zeo cleared');
  t.match(await visitor.press('stopall'), /^All stopped at \d{4}-\d\d-\d\d \d\d:\d\d:\d\d$/);
  t.match(await visitor.press('restartall'), /^All restarted at /);
  t.match(await visitor.press('refresh'), /^Page refreshed at /);
  const changes = api.calls.filter(([name]) => name !== 'processes');
  t.same(changes, [
    ['start', ['zeo:zeo']],
    ['stop', ['zeo:zeo']],
    ['restart', ['instances:instance1']],
    ['clearLogs', ['zeo:zeo']],
    ['stop', ['all']],
    ['restart', ['all']],
  ]);
  t.match(api.asked[0]?.caller, { role: 'operator', uid: process.getuid?.(), door: 's.sock (page)' });
});

test('what can’t be done is told in words', async (t) => {
  const failing = (code: 'SPAWN_ERROR' | 'FAILED' | 'NOT_RUNNING', message: string) =>
    async function* () {
      for (let n = 1; n < 8; n += 1) yield { name: `p${n}`, group: `p${n}`, code, message };
    };
  const api = fakeApi({
    start: failing('SPAWN_ERROR', "can't find command 'x'"),
    stop: failing('FAILED', 'held by nightly (backup, run 1) for 2m 3s'),
    restart: () => {
      throw new SupdError('SHUTTING_DOWN', 'supd is shutting down');
    },
  });
  const { socketPath } = await serve(t, { api });
  const { press } = visit({ path: socketPath });
  t.equal(await press('start zeo'), "ERROR: Process zeo: spawn error: can't find command 'x'");
  t.equal(await press('stop zeo'), 'ERROR: Process zeo: held by nightly (backup, run 1) for 2m 3s');
  t.match(
    await press('stopall'),
    /^All stopped at .*, but for p1: held by nightly .*; p5: held [^;]*; and 2 more$/,
  );
  t.equal(await press('restart zeo'), 'ERROR: supd is shutting down');
  t.equal(await press('start nobody'), 'No such process named nobody');
  t.equal(await press('reboot'), 'ERROR: "reboot" is nothing that can be done here');
  t.equal(await press('constructor zeo'), 'ERROR: "constructor" is nothing that can be done here');
  t.equal(await press('start'), 'No such process named ');
});

test('what takes its time is answered before its end, and goes on', async (t) => {
  const left: string[] = [];
  const api = fakeApi({ stop: ([name = ''], { signal }) => until(signal!, () => left.push(name)) });
  const { socketPath } = await serve(t, { api, pages: { patienceMs: 10 } });
  const { press } = visit({ path: socketPath });
  t.equal(await press('stop zeo'), 'Stop of zeo asked for; it goes on');
  t.equal(await press('stopall'), 'Stop of all asked for; it goes on');
  t.same(left, ['zeo:zeo', 'all'], 'nobody waits any longer');
});

test('XSS: no name, description, condition, log line or message can be more than text', async (t) => {
  const evil = `<img src=x onerror=alert(1)>"'></td></pre><script>alert(1)</script>&lt;\x1b\x7f\x00`;
  const odd = {
    ...zeo,
    name: evil,
    group: evil,
    description: evil,
    logFailure: evil,
    waitingFor: [evil],
    rolling: evil,
  };
  const base = fakeApi();
  const members = [
    { id: `${evil}:${evil}`, name: evil, group: evil, state: 'FATAL', startsAtOnce: false },
  ] as const;
  const [nightly] = base.jobs();
  const api = fakeApi({
    processes: () => ({ processes: [odd, { ...instance1, health: evil }], unknown: [] }),
    groups: () => [{ name: evil, priority: 1, members }],
    daemon: () => ({ ...base.daemon(), conditions: [evil], identifier: evil, version: evil }),
    jobs: () => [
      {
        ...nightly!,
        spec: { ...nightly!.spec, name: evil, schedule: evil, timezone: evil },
        overdueReason: evil,
        lastRun: { ...nightly!.lastRun!, reason: evil },
      },
    ],
    readLog: () => ({ content: Buffer.from(`${evil}\n`), size: 1 }),
    start: async function* () {
      yield { name: evil, group: evil, code: 'FAILED', message: evil };
    },
  });
  const { socketPath } = await serve(t, { api });
  const visitor = visit({ path: socketPath });
  const bodies = [(await visitor.get('/')).body];
  for (const path of ['/tail.html?processname=', '/tail.html?channel=stderr&processname=x'])
    bodies.push((await visitor.get(path + encodeURIComponent(evil))).body);
  const { headers } = await visitor.post({ action: `start ${evil}`, token: await visitor.token() });
  const location = headers.get('location') ?? '';
  t.notMatch(location, /[\s<>"]/);
  const shown = (await visitor.get(location.slice(1))).body;
  t.match(shown, 'Process &lt;img src=x');
  bodies.push(shown, (await visitor.get(`/?${new URLSearchParams({ message: evil, action: evil })}`)).body);
  bodies.push((await visitor.post({ action: evil, token: evil })).body);
  for (const body of bodies) {
    t.notMatch(body, /<script|<img|onerror=[^a]|[\x00\x1b\x7f]/);
    // All tags are ours, and every attribute is quoted.
    for (const [tag] of body.replace(/<style>[\s\S]*<\/style>/, '').matchAll(/<[^>]*>/g))
      t.match(tag, /^<(!DOCTYPE html|\/?[a-z][a-z0-9]*( [a-z]+="[^"<>]*")*)>$/, tag);
  }
});

test('a page keeps everything from elsewhere out, and has only links and forms that lead back here', async (t) => {
  const { socketPath } = await serve(t);
  const visitor = visit({ path: socketPath });
  const posted = await visitor.post({ action: 'refresh' });
  t.equal(posted.status, 303);
  const pages = ['/', '/?action=stopall', '/tail.html?processname=zeo', '/tail.html'].map((path) =>
    visitor.get(path),
  );
  for (const { headers, body } of [...(await Promise.all(pages)), posted]) {
    t.match(
      headers.get('content-security-policy'),
      /^default-src 'none'; style-src 'sha256-[\w+/]{43}='; img-src data:; form-action 'self'; base-uri 'none'; frame-ancestors 'none'$/,
    );
    for (const [name, value] of [
      ['x-frame-options', 'DENY'],
      ['x-content-type-options', 'nosniff'],
      ['referrer-policy', 'same-origin'],
      ['cache-control', 'no-store'],
      ['cross-origin-opener-policy', 'same-origin'],
      ['cross-origin-resource-policy', 'same-origin'],
    ] as const)
      t.equal(headers.get(name), value);
    t.notMatch([...headers.keys()].join(), /access-control|set-cookie/);
    for (const [, where = ''] of body.matchAll(/(?:href|action|src)="([^"]*)"/g))
      t.match(
        where,
        /^(\.\/|data:,|(tail\.html|logtail\/|mainlogtail)[^:]*)$/,
        'below whatever prefix a proxy has',
      );
    t.notMatch(body, /<script|style="|javascript:/);
  }
  t.match(posted.headers.get('location'), /^\.\/\?message=Page\+refreshed/);
});

test('a message that supd did not write is not shown, nor one of somebody else', async (t) => {
  const one = visit({ path: (await serve(t)).socketPath });
  const other = visit({ path: (await serve(t)).socketPath });
  const location = (await one.post({ action: 'refresh' })).headers.get('location') ?? '';
  const path = location.slice(1);
  t.match(toldIn((await one.get(path)).body), /^Page refreshed at/);
  for (const forged of [
    path.replace('refreshed', 'hacked'),
    path.replace(/&seal=.*/, ''),
    '/?message=hacked',
    '/?seal=x',
  ])
    t.equal(toldIn((await one.get(forged)).body), '', forged);
  t.equal(toldIn((await other.get(path)).body), '');
  const seal = new URLSearchParams(path.slice(2)).get('seal') ?? '';
  t.equal((await one.post({ action: 'stopall', token: seal })).status, 403, 'nor is its proof a token');
});

test('a token is good for four hours, and a page that is too old can still be refreshed', async (t) => {
  let minutes = 0;
  const { socketPath, api } = await serve(t, { pages: { nowMs: () => minutes * 60_000 } });
  const visitor = visit({ path: socketPath });
  const token = await visitor.token();
  minutes = 239;
  t.equal((await visitor.post({ action: 'stop zeo', token })).status, 303);
  minutes = 240;
  const late = await visitor.post({ action: 'stop zeo', token });
  t.equal(late.status, 403);
  t.match(toldIn(late.body), /^Nothing was done: .* Reload the page/);
  t.equal((await visitor.post({ action: 'refresh', token })).status, 303);
  minutes = 100;
  const early = await visitor.token();
  minutes = 99;
  t.equal(
    (await visitor.post({ action: 'stop zeo', token: early })).status,
    403,
    'of a time that is still to come',
  );
  t.equal(api.asked.length, 1);
});

test('what is no form of ours is refused before anything of it is read', async (t) => {
  const { socketPath, api } = await serve(t);
  const visitor = visit({ path: socketPath });
  const token = await visitor.token();
  const form = { action: 'stopall', token };
  t.equal((await visitor.post(form, { 'Content-Type': 'text/plain' })).status, 415);
  t.equal((await visitor.post(form, { 'Content-Type': 'multipart/form-data; boundary=x' })).status, 415);
  t.equal((await visitor.post({ ...form, reason: 'x'.repeat(17_000) })).status, 413);
  t.equal((await visitor.post(form, {}, '/tail.html?processname=zeo')).status, 405);
  t.equal((await visitor.post(form, {}, '/ok.html')).status, 405);
  t.equal((await visitor.post(form, { 'Content-Length': '20', 'Transfer-Encoding': 'chunked' })).status, 400);
  t.same(api.asked, []);
});

test('the end of a log is shown without what steers terminals, and no more than was asked for', async (t) => {
  const text = '\u2019\x1b[31mred\x1b[0m \x1b]0;title\x07green \xff\r\n';
  const bytes = Buffer.concat([Buffer.from(text, 'utf8').subarray(1), Buffer.from([0xff, 0x41])]);
  const api = fakeApi({ readLog: () => ({ content: bytes, size: 9 }) });
  const asked: unknown[] = [];
  const { readLog } = api;
  const { socketPath } = await serve(t, {
    api: {
      ...api,
      readLog: (...args) => {
        asked.push(args);
        return readLog(...args);
      },
    },
  });
  const { get } = visit({ path: socketPath });
  const preOf = (body: string) => /<pre>([\s\S]*)<\/pre>/.exec(body)?.[1];
  t.equal(preOf((await get('/tail.html?processname=zeo')).body), 'red green \u00ff\n\ufffdA');
  for (const limit of ['5000', '1', '999999999', '-5', 'x', '1e9'])
    await get(`/tail.html?processname=zeo&limit=${limit}`);
  t.same(
    asked.map((args) => (args as number[])[2]),
    [-1024, -5000, -1024, -262_144, -1024, -1024, -1024],
  );
  t.equal(preOf((await get('/tail.html?processname=zeo&channel=stderr')).body), 'No file for zeo');
  t.match(await get('/tail.html'), { status: 404, body: /No process name found/ });
  t.match(await get('/tail.html?processname=nobody'), { status: 404, body: /No such process named nobody/ });
});

test('with compat=strict there is the page, too; without any program it says so', async (t) => {
  const api = fakeApi({ processes: () => ({ processes: [], unknown: [] }), jobs: () => [] });
  const { socketPath } = await serve(t, { api, compat: 'strict' });
  const { status, body } = await visit({ path: socketPath }).get('/');
  t.equal(status, 200);
  t.match(body, 'No programs to manage');
  t.notMatch(body, 'Jobs');
});
