/** [notify:x]: what people hear, by a real mail server, HTTP endpoint, sendmail and command. */
import { mkdirSync, statSync, writeFileSync } from 'node:fs';
import tap, { test } from 'tap';
import { makeAuthority, read, sign } from '../helpers/certificates.js';
import { openHook, openMailServer } from '../helpers/mailbox.js';
import { job, makePlace, program, section } from '../helpers/place.js';
import { requireStack } from '../helpers/require.js';
import { startIn, startSupd } from '../helpers/start-supd.js';
import { until } from '../helpers/until.js';

tap.jobs = 4;
tap.setTimeout(180_000);

test('a failed night is mailed once, with step, reason, last lines and where to look; then that it recovered', async (t) => {
  const server = await openMailServer(t);
  const supd = await startSupd(
    t,
    job('pack', 'true') +
      job('backup', `sh -c 'test -e %(here)s/well && exit; echo No space left; exit 3'`) +
      job('rsync', 'true') +
      '[job:night]\nsteps=pack,backup,rsync\nnotify=ops\n' +
      section('notify:ops', {
        mail: 'root@localhost, boss@example.com',
        smtp: `127.0.0.1:${server.port}`,
        from: 'supd@example.com',
      }),
  );
  t.equal((await supd.told('job', 'run', 'night')).status, 1);
  const [mail] = await until('the mail', () => server.mails.length > 0 && server.mails);
  t.match(mail, { from: 'supd@example.com', to: ['root@localhost', 'boss@example.com'] });
  const text = mail?.text.replace(/=\n/g, '').replace(/\n /g, ' ') ?? '';
  t.match(text, /^Subject: night failed on \S+/m);
  t.match(text, /^From: supd@example.com$/m);
  t.match(text, /Step: backup/);
  t.match(text, /exit status 3/);
  t.match(text, /No space left/);
  const look = /supctl -c (\S+) (job log night --run \S+ --step backup)/.exec(text);
  t.equal(look?.[1], supd.conf);
  t.match(await supd.told(...(look?.[2] ?? '').split(' ')), { status: 0, stdout: /No space left/ });

  await supd.told('job', 'run', 'pack');
  t.equal((await supd.told('job', 'run', 'night')).status, 1, 'and again');
  await until('the second mail', () => server.mails.length === 2);
  writeFileSync(`${supd.dir}/well`, '');
  t.equal((await supd.told('job', 'run', 'night')).status, 0);
  const third = await until('the third mail', () => server.mails[2]);
  t.match(third.text, /^Subject: night recovered on/m);
  t.equal((await supd.told('job', 'run', 'night')).status, 0);
  t.equal(server.mails.length, 3, 'nothing to tell of what is well');
});

test('a webhook gets JSON, follows no redirect, and is tried again until it takes it', async (t) => {
  const elsewhere = await openHook(t);
  const hook = await openHook(t, [302, 500], `http://127.0.0.1:${elsewhere.port}/elsewhere`);
  const supd = await startSupd(
    t,
    job('bad', 'exits-after 0 7') +
      section('notify:hook', { webhook: `http://127.0.0.1:${hook.port}/a/secret` }),
  );
  await supd.told('job', 'run', 'bad');
  await supd.logs(
    /\[notify:hook\] webhook: "bad failed" not delivered: 127.0.0.1:\d+: HTTP 302: redirects are not followed/,
  );
  const conditions = await until('the condition', async () => {
    const all = (await supd.client.getDaemon()).conditions;
    return all.length > 0 && all;
  });
  t.match(conditions, [/\[notify:hook\] webhook: .*HTTP (302|500).*1 message waits/]);
  await until('it to be taken', () => hook.posted.length === 3);
  await until(
    'the condition to be over',
    async () => (await supd.client.getDaemon()).conditions.length === 0,
  );
  t.same(elsewhere.posted, []);
  t.match(hook.posted[2], {
    path: '/a/secret',
    headers: { 'content-type': 'application/json' },
    body: { event: 'failed', kind: 'job', name: 'bad', reason: 'exit status 7', step: 'bad', count: 1 },
  });
  t.notMatch(supd.read('supd.log'), /secret/, 'a path may be a secret');
});

test('without smtp it is sendmail that mails; a command reads the message', async (t) => {
  const place = makePlace(
    t,
    job('bad', 'exits-after 0 7') +
      section('notify:mail', { mail: 'root@localhost', from: 'supd@localhost' }) +
      section('notify:command', {
        command: `sh -c 'cat >%(here)s/part; echo $SUPD_EVENT $SUPD_NAME >>%(here)s/part; mv %(here)s/part %(here)s/got'`,
      }),
  );
  const supd = await startIn(t, place, { env: { PATH: `${place.dir}/bin:${process.env.PATH}` } });
  await supd.told('job', 'run', 'bad');
  const sent = await until('sendmail', () => supd.read('sendmail.got'));
  t.match(
    sent,
    /^-i\n-f\nsupd@localhost\nroot@localhost\nFrom: supd@localhost\nTo: root@localhost\nSubject: bad failed on /,
  );
  t.match(sent, /\n\nJob: {2}bad|\n\nJob: bad/);
  const read = await until('the command', () => supd.read('got'));
  t.match(read, /^bad failed on .*exit status 7\n\n/);
  t.match(read, /\nfailed bad\n$/);
});

test('a program that is FATAL is told to every section that wants it, with what it said last', async (t) => {
  const hook = await openHook(t);
  const url = `http://127.0.0.1:${hook.port}`;
  const supd = await startSupd(
    t,
    program('p', `sh -c 'test -e %(here)s/well && exec sleep 100; echo cannot bind >&2; exit 1'`, {
      startretries: 0,
      startsecs: 5,
    }) +
      section('notify:jobs', { webhook: `${url}/jobs`, on: 'failed' }) +
      section('notify:all', { webhook: `${url}/all` }),
  );
  await supd.state('p', 'FATAL');
  await until('the message', () => hook.posted.length > 0);
  t.match(hook.posted[0], {
    path: '/all',
    body: { event: 'fatal', kind: 'program', name: 'p:p', output: /cannot bind/ },
  });
  writeFileSync(`${supd.dir}/well`, '');
  await supd.told('start', 'p');
  await until('the recovery', () => hook.posted.length === 2);
  t.match(hook.posted[1], { path: '/all', body: { event: 'recovered', name: 'p:p' } });
});

test('what could not be delivered outlives supd, and so does what was told', async (t) => {
  const refusing = await openHook(t, Array(1000).fill(500));
  const taking = await openHook(t);
  const text = (port: number) =>
    job('bad', `sh -c 'test -e %(here)s/well'`) +
    section('notify:hook', { webhook: `http://127.0.0.1:${port}/` });
  const place = makePlace(t, text(refusing.port));
  const first = await startIn(t, place);
  await first.told('job', 'run', 'bad');
  await first.logs(/not delivered: .*HTTP 500/);
  await first.ended('SIGTERM');
  place.configure(text(taking.port));
  const second = await startIn(t, place);
  await until('it to be taken', () => taking.posted.length > 0);
  t.match(taking.posted[0], { body: { event: 'failed', name: 'bad' } });
  writeFileSync(`${place.dir}/well`, '');
  await second.told('job', 'run', 'bad');
  await until('the recovery', () => taking.posted.length > 1);
  t.match(taking.posted[1], { body: { event: 'recovered', name: 'bad' } });
  t.equal(statSync(`${place.dir}/state/notify.json`).mode & 0o777, 0o600);
});

test('notify test tries each way of a section and says what came of it; the password is in no message', async (t) => {
  const server = await openMailServer(t, { withLogin: true });
  const supd = await startSupd(
    t,
    section('notify:ops', {
      mail: 'root@localhost',
      smtp: `127.0.0.1:${server.port}`,
      smtp_user: 'supd',
      smtp_password: 'hush',
      webhook: 'http://127.0.0.1:1/',
      command: 'no-such-command',
    }),
  );
  const told = await supd.told('notify', 'test', 'ops');
  t.equal(told.status, 1);
  t.match(told.stdout, /^ops: mail delivered$/m);
  t.match(told.stdout, /^ops: webhook failed: 127.0.0.1:1: .*ECONNREFUSED/m);
  t.match(told.stdout, /^ops: command failed: .*no-such-command/m);
  t.same(server.mails[0]?.login, ['supd', 'hush']);
  t.notMatch(server.mails[0]?.text, /hush/);
  t.notMatch(supd.read('supd.log'), /hush/);
  const unknown = await supd.told('notify', 'test', 'nobody');
  t.equal(unknown.status, 1);
  t.match(unknown.stdout + unknown.stderr, /there is no section \[notify:nobody\]; there is ops/);
});

test('a password leaves the machine by TLS only, to whom the certificate names: STARTTLS, or from the first byte', async (t) => {
  if (!requireStack(t, ['openssl'])) return;
  const place = makePlace(t, '');
  const authority = makeAuthority(place.dir, 'authority');
  // Who connects there gets to this machine, ip(7), and nothing says so. IPv4: to some Nodes no certificate is right for IPv6.
  const address = '0.0.0.0';
  const trusted = read(sign(authority, place.dir, '/CN=mail.test', 2, address));
  const foreign = read(sign(makeAuthority(place.dir, 'nobody'), place.dir, '/CN=nobody.test', 2, address));
  const servers = {
    plain: await openMailServer(t, { withLogin: true }),
    starttls: await openMailServer(t, { withLogin: true, tls: { ...trusted, from: 'STARTTLS' } }),
    first: await openMailServer(t, { withLogin: true, tls: { ...trusted, from: 'first byte' } }),
    foreign: await openMailServer(t, { withLogin: true, tls: { ...foreign, from: 'STARTTLS' } }),
  };
  const sections = Object.entries(servers).map(([name, { port }]) =>
    section(`notify:${name}`, {
      mail: 'root@localhost',
      smtp: `${address}:${port}`,
      smtp_tls: name === 'first',
      smtp_user: 'supd',
      smtp_password: 'hush',
    }),
  );
  place.configure(sections.join(''));
  const supd = await startIn(t, place, { env: { NODE_EXTRA_CA_CERTS: authority.cert } });
  for (const name of ['starttls', 'first'] as const) {
    t.match(await supd.told('notify', 'test', name), { status: 0, stdout: `${name}: mail delivered\n` });
    t.match(servers[name].mails, [{ login: ['supd', 'hush'], isSecure: true }], name);
  }
  const refused = { plain: /STARTTLS/, foreign: /certificate/ } as const;
  for (const name of ['plain', 'foreign'] as const) {
    const told = await supd.told('notify', 'test', name);
    t.match(told, { status: 1, stdout: refused[name] }, name);
    t.same(servers[name].mails, []);
  }
  for (const { openLogins } of Object.values(servers)) t.same(openLogins, []);
  t.notMatch(supd.read('supd.log'), /hush/);
});

test('a mail that the server refuses for now is a condition, and is there after the next try', async (t) => {
  const server = await openMailServer(t, { isFull: true });
  const supd = await startSupd(
    t,
    job('bad', 'exits-after 0 7') +
      section('notify:ops', { mail: 'root@localhost', smtp: `127.0.0.1:${server.port}` }),
  );
  await supd.told('job', 'run', 'bad');
  await supd.logs(/\[notify:ops\] mail: "bad failed" not delivered: .*451/);
  t.match(await supd.told('status'), { stderr: /\[notify:ops\] mail: .*451.*1 message waits/ });
  server.takeMails();
  await until('it to be taken', () => server.mails.length === 1);
  await until(
    'the condition to be over',
    async () => (await supd.client.getDaemon()).conditions.length === 0,
  );
});

test('a run that outlives supd is told at its end by the next one', async (t) => {
  const hook = await openHook(t);
  const place = makePlace(
    t,
    job('long', `sh -c 'until test -e %(here)s/go; do sleep 0.05; done; exit 3'`) +
      section('notify:hook', { webhook: `http://127.0.0.1:${hook.port}/`, on: 'failed' }),
  );
  const first = await startIn(t, place);
  await first.told('job', 'run', 'long', '--no-wait');
  await until('the run to be on record', async () => {
    const [run] = await first.client.listRuns({ job: 'long' });
    return run?.steps[0]?.outcome === 'running';
  });
  await first.ended('SIGKILL');
  await startIn(t, place);
  writeFileSync(`${place.dir}/go`, '');
  await until('the message', () => hook.posted.length > 0);
  t.match(hook.posted[0], { body: { event: 'failed', name: 'long' } });
});

test('a run that was cut off with the machine is told by the next start', async (t) => {
  const hook = await openHook(t);
  const place = makePlace(
    t,
    job('long', 'true') + section('notify:hook', { webhook: `http://127.0.0.1:${hook.port}/`, on: 'failed' }),
  );
  // What the journal holds then: a run that goes on, of which nothing is left.
  const dir = `${place.dir}/state/jobs/runs/long`;
  mkdirSync(dir, { recursive: true });
  const step = { name: 'long', outcome: 'running', attempts: 1, startTime: 1, outputBytes: 0, output: '' };
  const run = {
    id: 'r',
    job: 'long',
    outcome: 'running',
    trigger: 'request',
    dueTime: 1,
    startTime: 1,
    steps: [step],
  };
  writeFileSync(`${dir}/r.json`, JSON.stringify(run));
  await startIn(t, place);
  await until('the message', () => hook.posted.length > 0);
  t.match(hook.posted[0], { body: { event: 'failed', name: 'long', reason: /supd ended during the run/ } });
});

test('a job that nothing ever ran becomes overdue: in the list, the conditions, and told once; a good step ends it', async (t) => {
  const hook = await openHook(t);
  const supd = await startSupd(
    t,
    job('verify', 'true', { max_age: '1s', notify: 'hook' }) +
      '[job:night]\nsteps=verify\nnotify=\n' +
      section('notify:hook', { webhook: `http://127.0.0.1:${hook.port}/` }),
  );
  await until('the message', () => hook.posted.length > 0);
  t.match(hook.posted[0], {
    body: { event: 'overdue', name: 'verify', reason: /^no good run since it was configured/ },
  });
  const list = JSON.parse((await supd.told('job', 'list', '--json')).stdout);
  t.match(list, [
    { name: 'verify', overdue: true, overdueReason: /max_age is 1s/, lastGood: null },
    { name: 'night', overdue: false },
  ]);
  t.match((await supd.client.getDaemon()).conditions, [/^job verify is overdue: /]);
  t.match(await supd.told('status'), { status: 0, stderr: /^supctl: job verify is overdue: no good run/ });
  await supd.told('job', 'run', 'night');
  await until('the recovery', () => hook.posted.length > 1);
  t.match(hook.posted[1], { body: { event: 'recovered', name: 'verify', reason: /as a step of run/ } });
  const [verify] = JSON.parse((await supd.told('job', 'list', '--json')).stdout);
  t.match(verify.lastGood, /^\d{4}-/);
});

test('a run that was missed is on record as one, and told', async (t) => {
  const hook = await openHook(t);
  const hour = 3_600_000;
  const due = new Date(Math.floor(Date.now() / hour) * hour - 2 * hour);
  const schedule = `0 ${due.getUTCHours()} * * *`;
  const place = makePlace(
    t,
    job('nightly', 'true', { schedule, timezone: 'UTC', catchup: '1m' }) +
      section('notify:hook', { webhook: `http://127.0.0.1:${hook.port}/`, on: 'missed' }),
  );
  mkdirSync(`${place.dir}/state/jobs`, { recursive: true });
  const last = { nightly: { due: due.getTime() - 24 * hour, schedule: `${schedule} UTC` } };
  writeFileSync(`${place.dir}/state/jobs/schedule.json`, JSON.stringify(last));
  const supd = await startIn(t, place);
  await until('the message', () => hook.posted.length > 0);
  const reason = 'missed: supd was not running';
  t.match(hook.posted[0], { body: { event: 'missed', name: 'nightly', reason } });
  const runs = JSON.parse((await supd.told('job', 'runs', 'nightly', '--json')).stdout);
  t.match(runs, [{ outcome: 'skipped', missed: true, reason, dueTime: due.toISOString() }]);
  t.match((await supd.told('job', 'list')).stdout, /^nightly .* missed \d{4}-/m);
});
