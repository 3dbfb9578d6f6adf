import { chmodSync, existsSync, lstatSync, mkdirSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import net from 'node:net';
import path from 'node:path';
import { test } from 'tap';
import { connect } from '../../src/grpc/client.js';
import { serveGrpc } from '../../src/grpc/server.js';
import { fakeApi } from './fake-api.js';
import { all, eventually, ownDirectory, serve } from './serve.js';

const root = process.getuid?.() === 0;
const quiet = { warn: () => undefined, error: () => undefined };

test('mode and owner of the socket file are right as soon as it can be seen', async (t) => {
  const directory = ownDirectory(t);
  const socketPath = path.join(directory, 'supd.sock');
  const seen: string[] = [];
  const look = (): void => {
    const file = lstatSync(socketPath, { throwIfNoEntry: false });
    if (file) seen.push(`${(file.mode & 0o777).toString(8)} ${file.uid} ${file.gid}`);
  };
  // Every system call between nothing and the finished file goes through these.
  const fs = (await import('node:fs')).default;
  const { syncBuiltinESMExports } = await import('node:module');
  const names = ['linkSync', 'chmodSync', 'chownSync', 'unlinkSync'] as const;
  const real = names.map((name) => [name, fs[name]] as const);
  const put = (functions: readonly (readonly [string, unknown])[]): void => {
    Object.assign(fs, Object.fromEntries(functions));
    syncBuiltinESMExports();
  };
  t.teardown(() => put(real));
  put(
    real.map(([name, done]) => [
      name,
      (...args: unknown[]) => {
        (done as (...args: unknown[]) => void)(...args);
        look();
      },
    ]),
  );
  const old = process.umask(0);
  const owner = root ? { uid: 12_345, gid: 12_346 } : {};
  const server = await serveGrpc({ api: fakeApi(), socketPath, mode: 0o660, ...owner, log: quiet });
  process.umask(old);
  t.teardown(() => server.close(0));
  look();
  const right = root ? '660 12345 12346' : `660 ${process.getuid?.()} ${process.getgid?.()}`;
  t.ok(seen.length > 1, 'it was looked for while it was made');
  t.strictSame([...new Set(seen)], [right]);
  t.equal(process.umask(old), old, 'the umask is as it was');
});

test('what a dead daemon left behind is replaced', async (t) => {
  const directory = ownDirectory(t);
  const socketPath = path.join(directory, 'supd.sock');
  const { spawnSync } = await import('node:child_process');
  const dies = `require('node:net').createServer().listen(${JSON.stringify(socketPath)}, () => process.kill(process.pid, 'SIGKILL'))`;
  spawnSync(process.execPath, ['-e', dies]);
  t.ok(lstatSync(socketPath).isSocket());
  await t.rejects(connect(socketPath).getDaemon(), { code: 'REFUSED' });
  const server = await serveGrpc({ api: fakeApi(), socketPath, mode: 0o700, log: quiet });
  t.teardown(() => server.close(0));
  const client = connect(socketPath);
  t.teardown(() => client.close());
  t.equal((await client.getDaemon()).pid, 1);
});

test('a second daemon is told who is there, and disturbs nothing', async (t) => {
  const peerOf = () => ({ pid: 4711, uid: 0, gid: 0 });
  const { client, socketPath } = await serve(t);
  const second = serveGrpc({ api: fakeApi(), socketPath, mode: 0o700, log: quiet, peerOf });
  await t.rejects(second, { message: `${socketPath}: in use by pid 4711, which answers there` });
  t.equal((await client.getDaemon()).pid, 1);
});

test('what is no socket is not removed', async (t) => {
  const directory = ownDirectory(t);
  const at = (name: string) => path.join(directory, name);
  writeFileSync(at('file'), 'precious');
  mkdirSync(at('dir'));
  symlinkSync(at('nowhere'), at('link'));
  const open = (socketPath: string) => serveGrpc({ api: fakeApi(), socketPath, mode: 0o700, log: quiet });
  await t.rejects(open(at('file')), { message: /a regular file is in the way; nothing was removed/ });
  await t.rejects(open(at('dir')), { message: /a directory is in the way/ });
  await t.rejects(open(at('link')), { message: /a symbolic link is in the way/ });
  await t.rejects(open(at('missing/supd.sock')), { message: /cannot make a socket in .*missing: ENOENT/ });
  await t.rejects(open(at('x'.repeat(120))), { message: /longer than 107 bytes/ });
  t.strictSame(
    ['file', 'dir'].map((name) => existsSync(at(name))),
    [true, true],
  );
});

test('when the second socket cannot be had, the first is given back', async (t) => {
  const directory = ownDirectory(t);
  const socketPath = path.join(directory, 'supd.sock');
  const readonly = { socketPath: path.join(directory, 'file'), mode: 0o777 };
  writeFileSync(readonly.socketPath, '');
  const opening = serveGrpc({ api: fakeApi(), socketPath, mode: 0o700, log: quiet, readonly });
  await t.rejects(opening, { message: /file: a regular file is in the way/ });
  t.notOk(existsSync(socketPath));
});

test('a socket file that was swept away comes back, with its mode, and old connections go on', async (t) => {
  const { client, directory, socketPath, lines, server } = await serve(t, { mode: 0o640, lookEveryMs: 10 });
  await client.getDaemon();
  rmSync(directory, { recursive: true });
  await eventually(() => existsSync(socketPath));
  t.equal(lstatSync(socketPath).mode & 0o777, 0o640);
  const other = connect(socketPath);
  t.teardown(() => other.close());
  t.equal((await other.getDaemon()).pid, 1);
  t.equal((await client.getDaemon()).pid, 1);
  t.strictSame(lines, [`${socketPath}: the socket was gone; made it again`]);
  await server.close(0);
  t.notOk(existsSync(socketPath));
});

test("at its end a daemon leaves another one's socket file alone", async (t) => {
  const { socketPath, server } = await serve(t);
  rmSync(socketPath);
  const other = net.createServer().listen(socketPath);
  t.teardown(() => other.close());
  await server.close(0);
  t.ok(existsSync(socketPath));
});

test('the read-only socket shows everything and changes nothing', async (t) => {
  const directory = ownDirectory(t);
  const readonly = { socketPath: path.join(directory, 'readonly.sock'), mode: 0o666 };
  const { api, client } = await serve(t, { readonly });
  const reader = connect(readonly.socketPath);
  t.teardown(() => reader.close());
  t.equal(lstatSync(readonly.socketPath).mode & 0o777, 0o666);
  await reader.getDaemon();
  await reader.listProcesses();
  await reader.getProcess({ name: 'zeo' });
  await reader.explainProcess({ name: 'zeo' });
  await reader.listConfigurations();
  await reader.readLog({ name: 'zeo' });
  await all(reader.followLog({ name: 'zeo' }));
  await all(reader.watchEvents());
  await reader.listJobs();
  await reader.listRuns({ job: 'nightly' });
  await reader.previewSchedule();
  await all(reader.readRunLog({ job: 'nightly' }));
  const before = api.calls.length;
  const targets = ['all'];
  const refused: (() => Promise<unknown>)[] = [
    () => all(reader.startProcesses({ targets })),
    () => all(reader.stopProcesses({ targets })),
    () => all(reader.restartProcesses({ targets })),
    () => reader.signalProcesses({ targets, signal: 'TERM' }),
    () => reader.writeStdin({ name: 'zeo', chars: new Uint8Array() }),
    () => reader.clearLogs({ daemon: true }),
    () => reader.rereadConfiguration(),
    () => all(reader.updateGroups()),
    () => reader.addGroup({ group: 'a' }),
    () => reader.removeGroup({ group: 'a' }),
    () => reader.shutdown(),
    () => reader.reload(),
    () => reader.reopenLogs(),
    () => all(reader.runJob({ job: 'nightly' })),
    () => reader.cancelRun({ job: 'nightly' }),
  ];
  for (const call of refused)
    await t.rejects(call(), { code: 'FORBIDDEN', message: /^readonly\.sock is the read-only socket: / });
  t.equal(api.calls.length, before, 'none of them reached the api');
  await client.reopenLogs();
  t.equal(api.asked.length, 1);
});

test('the api is told who asks, by which door', async (t) => {
  let next = { pid: 100, uid: 500, gid: 500 };
  const { api, client, socketPath } = await serve(t, { peerOf: (fd) => (fd > 2 ? next : undefined) });
  await client.reopenLogs();
  next = { pid: 101, uid: 0, gid: 0 };
  const other = connect(socketPath);
  t.teardown(() => other.close());
  await other.reopenLogs();
  await client.reopenLogs();
  t.strictSame(
    api.asked.map(({ caller }) => caller),
    [
      { role: 'operator', door: 'supd.sock', uid: 500, pid: 100 },
      { role: 'operator', door: 'supd.sock', uid: 0, pid: 101 },
      { role: 'operator', door: 'supd.sock', uid: 500, pid: 100 },
    ],
  );
});

test('a client can tell no socket, nobody there and no permission apart', async (t) => {
  const { directory, socketPath } = await serve(t);
  const gone = path.join(directory, 'gone.sock');
  await t.rejects(connect(gone).getDaemon(), {
    code: 'NO_SOCKET',
    message: `cannot reach supd at ${gone}: no such file`,
  });
  const plain = path.join(directory, 'plain');
  writeFileSync(plain, '');
  await t.rejects(connect(plain).getDaemon(), { code: 'REFUSED' });
  chmodSync(socketPath, 0);
  if (!root) {
    await t.rejects(connect(socketPath).getDaemon(), { code: 'NO_ACCESS' });
    return;
  }
  // Root enters everywhere: it is tried by a root without that right.
  const { spawnSync } = await import('node:child_process');
  const client = new URL('../../src/grpc/client.js', import.meta.url);
  const code = `const { connect } = await import(${JSON.stringify(client.href)});
    await connect(${JSON.stringify(socketPath)}).getDaemon().catch((error) => console.log(error.code));`;
  const less = ['inh-caps', 'bounding-set'].map((set) => `--${set}=-dac_override,-dac_read_search`);
  const argv = [...less, '--', process.execPath, '--input-type=module', '-e', code];
  t.equal(spawnSync('setpriv', argv, { encoding: 'utf8' }).stdout, 'NO_ACCESS\n');
});
