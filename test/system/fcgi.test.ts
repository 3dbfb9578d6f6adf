import { existsSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import net from 'node:net';
import tap, { type Test, test } from 'tap';
import { makePlace, type Options, program, section } from '../helpers/place.js';
import { descriptorsOf } from '../helpers/proc.js';
import { requireStack } from '../helpers/require.js';
import { type Supd, startIn, startSupd } from '../helpers/start-supd.js';
import { until } from '../helpers/until.js';
import { accountOf, isRoot, needsRoot } from '../helpers/users.js';

tap.jobs = 4;
tap.setTimeout(180_000);

/** A [fcgi-program:x] of the fixture that accepts on its standard input. */
function fcgi(name: string, socket: string, options: Options = {}): string {
  const text = program(name, 'accepts-on-stdin', { socket, ...options });
  return text.replace('[program:', '[fcgi-program:');
}

const copies = (count: number) => ({ numprocs: count, process_name: 'p%(process_num)d' });

interface Served {
  /** Of the copy that accepted. */
  readonly pid: number;
  /** Lets it accept the next. */
  leave(): void;
}

/** One client: connects and stays until it leaves. */
function connect(to: net.NetConnectOpts): Promise<Served> {
  return new Promise((resolve, reject) => {
    const client = net.connect(to);
    client.setEncoding('utf8');
    client.once('error', reject);
    client.once('data', (text) => resolve({ pid: Number(text), leave: () => client.destroy() }));
  });
}

async function refusal(to: net.NetConnectOpts): Promise<string | undefined> {
  try {
    (await connect(to)).leave();
    return undefined;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code;
  }
}

async function freePort(host: string): Promise<number> {
  const server = net.createServer();
  await new Promise<void>((resolve) => server.listen(0, host, resolve));
  const { port } = server.address() as net.AddressInfo;
  await new Promise((resolve) => server.close(resolve));
  return port;
}

async function pidsOf(supd: Supd, ...names: string[]): Promise<readonly number[]> {
  const running = await Promise.all(names.map((name) => supd.state(name, 'RUNNING')));
  return running.map(({ pid }) => pid).sort();
}

/** The pids that serve so many clients at once. */
async function servers(to: net.NetConnectOpts, count: number): Promise<readonly number[]> {
  const clients = await Promise.all(Array.from({ length: count }, () => connect(to)));
  for (const client of clients) client.leave();
  return clients.map(({ pid }) => pid).sort();
}

/** Do these processes serve as many clients at once? */
async function serve(t: Test, supd: Supd, to: net.NetConnectOpts, ...names: string[]): Promise<void> {
  const pids = await pidsOf(supd, ...names);
  t.same(await servers(to, names.length), pids);
}

test('all copies of a FastCGI program accept on one socket, which is their standard input', async (t) => {
  if (!requireStack(t, ['python3'])) return;
  const supd = await startSupd(t, fcgi('f', 'unix://%(here)s/f.sock', copies(3)));
  const names = ['f:p0', 'f:p1', 'f:p2'];
  const pids = await pidsOf(supd, ...names);
  await supd.says('f', /(ready\n){3}/);
  t.same([...descriptorsOf(pids[0] ?? 0).keys()].sort(), [0, 1, 2], 'and they have nothing else of supd');
  const path = `${supd.dir}/f.sock`;
  t.same(await servers({ path }, 3), pids, 'each is busy with one client, so that the others must serve');
  const inodes = pids.map((pid) => descriptorsOf(pid).get(0));
  t.match(inodes[0], /^socket:/);
  t.equal(new Set(inodes).size, 1);
  t.equal(statSync(path).mode & 0o7777, 0o700);
  await supd.logs(`INFO Creating socket unix://${path}\n`);
});

test('the socket stays while one copy is left and closes with the last; its file stays', async (t) => {
  if (!requireStack(t, ['python3'])) return;
  const supd = await startSupd(t, fcgi('f', 'unix://%(here)s/f.sock', copies(2)));
  const path = `${supd.dir}/f.sock`;
  const [first] = await pidsOf(supd, 'f:p0', 'f:p1');
  const { ino } = statSync(path);
  await supd.told('restart', 'f:p0');
  await supd.told('stop', 'f:p1');
  t.equal(statSync(path).ino, ino, 'a restart has kept it');
  const { pid } = await supd.state('f:p0', 'RUNNING');
  t.not(pid, first);
  t.same(await servers({ path }, 1), [pid]);
  await supd.told('stop', 'f:p0');
  await supd.logs(`INFO Closing socket unix://${path}\n`);
  t.equal(await refusal({ path }), 'ECONNREFUSED');
  t.ok(existsSync(path));
  await supd.told('start', 'f:*');
  await serve(t, supd, { path }, 'f:p0', 'f:p1');
  await supd.ended('SIGTERM');
  t.equal(await refusal({ path }), 'ECONNREFUSED');
});

test('a client that comes while the only copy is started again after a crash is served', async (t) => {
  if (!requireStack(t, ['python3'])) return;
  const supd = await startSupd(t, fcgi('f', 'unix://%(here)s/f.sock', { autorestart: true }));
  const path = `${supd.dir}/f.sock`;
  for (let round = 0; round < 5; round += 1) {
    const { pid } = await supd.state('f', 'RUNNING');
    const busy = await connect({ path });
    const waiting = connect({ path });
    process.kill(pid, 'SIGKILL');
    t.not((await waiting).pid, pid);
    (await waiting).leave();
    busy.leave();
  }
  t.equal(supd.read('supd.log').match(/Creating socket/g)?.length, 1);
});

test('FastCGI programs are taken back with their sockets after supd was killed, and at an upgrade', async (t) => {
  if (!requireStack(t, ['python3'])) return;
  const yama = '/proc/sys/kernel/yama/ptrace_scope';
  if (!isRoot && existsSync(yama) && Number(readFileSync(yama, 'utf8')) > 0)
    return t.plan(0, 'needs root, or a kernel that lets users trace their own processes');
  const port = await freePort('127.0.0.1');
  const place = makePlace(
    t,
    fcgi('u', 'unix://%(here)s/u.sock', { ...copies(2), autorestart: true }) +
      fcgi('t', `tcp://localhost:${port}`, { ...copies(2), autorestart: true }),
  );
  const names = ['u:p0', 'u:p1', 't:p0', 't:p1'];
  const sockets: readonly net.NetConnectOpts[] = [
    { path: `${place.dir}/u.sock` },
    { host: '127.0.0.1', port },
  ];
  let supd = await startIn(t, place);
  const pids = await pidsOf(supd, ...names);
  await supd.ended('SIGKILL');
  // Nobody is refused while there is no supd.
  for (const to of sockets) t.equal((await servers(to, 2)).length, 2);
  supd = await startIn(t, place);
  t.same(await pidsOf(supd, ...names), pids);
  t.match(await supd.told('upgrade'), { status: 0 });
  t.same(await pidsOf(supd, ...names), pids);
  // A copy that is started now gets the same socket, beside the other that has it.
  for (const [group, to] of [
    ['u', sockets[0]],
    ['t', sockets[1]],
  ] as const) {
    if (!to) continue;
    const { pid } = await supd.state(`${group}:p0`, 'RUNNING');
    process.kill(pid, 'SIGKILL');
    await until(
      'it to be started again',
      async () => (await supd.state(`${group}:p0`, 'RUNNING')).pid !== pid,
    );
    await serve(t, supd, to, `${group}:p0`, `${group}:p1`);
    t.match(await supd.told('stop', `${group}:*`), { status: 0 });
    t.equal(await refusal(to), 'ECONNREFUSED', 'and supd closes it with the last');
  }
  t.equal(supd.read('supd.log').match(/Creating socket/g)?.length, 2);
});

test('TCP sockets too, IPv4 and IPv6', async (t) => {
  if (!requireStack(t, ['python3'])) return;
  const [four, six, named] = [
    await freePort('127.0.0.1'),
    await freePort('::1'),
    await freePort('127.0.0.1'),
  ];
  const supd = await startSupd(
    t,
    fcgi('four', `tcp://127.0.0.1:${four}`, { socket_backlog: 5 }) +
      fcgi('six', `tcp://[::1]:${six}`) +
      fcgi('named', `tcp://localhost:${named}`),
  );
  await serve(t, supd, { host: '127.0.0.1', port: four }, 'four');
  await serve(t, supd, { host: '::1', port: six }, 'six');
  await serve(t, supd, { host: '127.0.0.1', port: named }, 'named');
  await supd.told('stop', 'four');
  t.equal(await refusal({ host: '127.0.0.1', port: four }), 'ECONNREFUSED');
  t.match(await supd.told('start', 'four'), { status: 0, stdout: 'four: started\n' });
});

test('the socket belongs to whom socket_owner says, else to the program’s user', async (t) => {
  if (!needsRoot(t) || !requireStack(t, ['python3'])) return;
  const supd = await startSupd(
    t,
    fcgi('users', 'unix://%(here)s/users.sock', { user: 'www-data' }) +
      fcgi('own', 'unix://%(here)s/own.sock', { user: 'www-data', socket_owner: 'nobody:games' }) +
      fcgi('half', 'unix://%(here)s/half.sock', { socket_owner: 'nobody', socket_mode: '0660' }),
  );
  const fileOf = async (name: string) => {
    await supd.state(name, 'RUNNING');
    const { uid, gid, mode } = statSync(`${supd.dir}/${name}.sock`);
    return { uid, gid, mode: (mode & 0o7777).toString(8) };
  };
  const [data, nobody, games] = ['www-data', 'nobody', 'games'].map(accountOf);
  t.same(await fileOf('users'), { uid: data?.uid, gid: data?.gid, mode: '700' });
  t.same(await fileOf('own'), { uid: nobody?.uid, gid: games?.gid, mode: '700' });
  t.same(await fileOf('half'), { uid: nobody?.uid, gid: 0, mode: '660' });
  await serve(t, supd, { path: `${supd.dir}/users.sock` }, 'users');
});

test('a socket that can’t be had is a clear start error, and whoever has it keeps it', async (t) => {
  const other = net.createServer((client) => client.end('mine'));
  await new Promise<void>((resolve) => other.listen(0, '127.0.0.1', resolve));
  t.teardown(() => other.close());
  const { port } = other.address() as net.AddressInfo;
  const place = makePlace(t, '');
  const cases: readonly (readonly [socket: string, said: string])[] = [
    [`tcp://127.0.0.1:${port}`, `could not create FastCGI socket tcp://127.0.0.1:${port}: EADDRINUSE`],
    ['tcp://no.such.host.invalid:9000', 'there is no host "no.such.host.invalid"'],
    [`unix://${place.dir}/none/f.sock`, 'ENOENT'],
    [`unix://${place.dir}/supd.conf`, 'something that is not a socket is there'],
    [`unix://${place.dir}/${'x'.repeat(108)}`, 'its path is longer than 107 bytes'],
  ];
  for (const [socket, said] of cases) {
    place.configure(fcgi('f', socket));
    const { status, stderr } = await place.run(['-n', '-c', place.conf]);
    t.equal(status, 1, said);
    t.match(stderr, /^Error: \[fcgi-program:f\]: could not create FastCGI socket /m);
    t.ok(stderr.includes(said), stderr);
    t.notMatch(stderr, /\n {4}at /, 'no stack of calls');
  }
  t.match(readFileSync(place.conf, 'utf8'), /fcgi-program/);
});

test('an update or reload to a socket that can’t be had is refused and changes nothing', async (t) => {
  if (!requireStack(t, ['python3'])) return;
  const good = fcgi('f', 'unix://%(here)s/f.sock');
  const supd = await startSupd(t, good);
  const pids = await pidsOf(supd, 'f');
  supd.configure(fcgi('f', 'unix://%(here)s/none/f.sock') + fcgi('g', 'unix://%(here)s/none/g.sock'));
  const { status, stdout, stderr } = await supd.told('update');
  t.equal(status, 1);
  t.match(stdout, /^f: has problems/m);
  t.match(stderr, /f: \[fcgi-program:f\]: could not create FastCGI socket .*: ENOENT/);
  t.match(await supd.told('add', 'g'), { status: 1, stdout: /could not create FastCGI socket/ });
  t.same(await pidsOf(supd, 'f'), pids);
  await supd.told('reload');
  await supd.logs(/could not serve by the new configuration: .*FastCGI socket/);
  await supd.state('f', 'RUNNING');
  await serve(t, supd, { path: `${supd.dir}/f.sock` }, 'f');
});

test('a changed socket replaces the old one at an update', async (t) => {
  if (!requireStack(t, ['python3'])) return;
  const supd = await startSupd(t, fcgi('f', 'unix://%(here)s/a.sock'));
  await supd.state('f', 'RUNNING');
  supd.configure(fcgi('f', 'unix://%(here)s/b.sock'));
  t.match(await supd.told('update'), { status: 0, stdout: 'f: stopped\nf: updated process group\n' });
  await serve(t, supd, { path: `${supd.dir}/b.sock` }, 'f');
  t.equal(await refusal({ path: `${supd.dir}/a.sock` }), 'ECONNREFUSED');
});

test('a socket that was left behind is taken over; a path that became something else is told', async (t) => {
  if (!requireStack(t, ['python3'])) return;
  const place = makePlace(t, fcgi('f', 'unix://%(here)s/f.sock', { autostart: false, startretries: 0 }));
  const path = `${place.dir}/f.sock`;
  const dead = net.createServer();
  await new Promise<void>((resolve) => dead.listen(`${place.dir}/g.sock`, resolve));
  await new Promise((resolve) => dead.close(resolve));
  const supd = await startIn(t, place);
  writeFileSync(path, 'precious');
  await supd.told('start', 'f');
  t.match((await supd.state('f', 'FATAL')).description, 'something that is not a socket is there');
  t.equal(place.read('f.sock'), 'precious');
});

test('in a [group:x] a FastCGI program keeps its socket; with compat=strict it is an ordinary program', async (t) => {
  if (!requireStack(t, ['python3'])) return;
  const text =
    fcgi('f', 'unix://%(here)s/f.sock', copies(2)) +
    program('w', 'waits') +
    section('group:g', { programs: 'f,w' });
  const supd = await startSupd(t, text);
  const pids = await pidsOf(supd, 'g:p0', 'g:p1');
  t.same(await servers({ path: `${supd.dir}/f.sock` }, 2), pids);
  t.match(descriptorsOf((await supd.state('g:w', 'RUNNING')).pid).get(0), /fifo/);
  const strict = await startSupd(t, text.replaceAll('accepts-on-stdin', 'waits'), {
    daemon: { compat: 'strict' },
  });
  t.match(descriptorsOf((await strict.state('g:p0', 'RUNNING')).pid).get(0), /fifo/);
  t.notOk(existsSync(`${strict.dir}/f.sock`));
  const odd =
    program('o', 'waits').replace('[program:', '[fcgi-program:') + section('group:h', { programs: 'o' });
  const without = await startSupd(t, odd);
  t.match(
    descriptorsOf((await without.state('h:o', 'RUNNING')).pid).get(0),
    /fifo/,
    'supervisord takes that',
  );
});

test('nothing can be written to the standard input of a FastCGI program', async (t) => {
  if (!requireStack(t, ['python3'])) return;
  const supd = await startSupd(t, fcgi('f', 'unix://%(here)s/f.sock'));
  await supd.state('f', 'RUNNING');
  await t.rejects(supd.client.writeStdin({ name: 'f', chars: Buffer.from('x') }));
  await serve(t, supd, { path: `${supd.dir}/f.sock` }, 'f');
});
