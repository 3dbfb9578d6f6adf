/** Sockets and FIFOs that somebody removed, as cleaners of /tmp do. */
import { existsSync, mkdirSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import tap, { test } from 'tap';
import { makePlace, program, section } from '../helpers/place.js';
import { startIn } from '../helpers/start-supd.js';
import { until } from '../helpers/until.js';
import { lostLines } from './accounts.js';
import { isHealed, isTold, supervisionGoesOn } from './supervision.js';

tap.jobs = 3;

test('removed sockets are made again, each of them', async (t) => {
  const place = makePlace(
    t,
    section('grpc_server', { readonly_socket: '%(here)s/ro.sock' }) +
      section('unix_http_server', { file: '%(here)s/http.sock' }) +
      section('rpcinterface:supervisor', {
        'supervisor.rpcinterface_factory': 'supervisor.rpcinterface:make_main_rpcinterface',
      }) +
      program('victim', 'waits'),
  );
  const supd = await startIn(t, place);
  const sockets = ['run/supd.sock', 'ro.sock', 'http.sock'].map((name) => `${place.dir}/${name}`);
  for (const socket of sockets) rmSync(socket);
  for (const socket of sockets) {
    await supd.logs(`${socket}: the socket was gone; made it again\n`);
    t.match(await supd.told('-s', `unix://${socket}`, 'status'), { status: 0, stdout: /^victim +RUNNING/ });
  }
  await supervisionGoesOn(t, supd);
});

test('a socket whose directory is gone is told of by the other doors, and made again when it can be', async (t) => {
  const place = makePlace(
    t,
    section('grpc_server', { readonly_socket: '%(here)s/door/ro.sock' }) + program('victim', 'waits'),
  );
  const door = `${place.dir}/door`;
  mkdirSync(door);
  const supd = await startIn(t, place);
  renameSync(door, `${door}.away`);
  writeFileSync(door, 'in the way');
  await isTold(t, supd, /\/door\/ro\.sock: the socket is gone and cannot be made again: /);
  await supervisionGoesOn(t, supd);
  rmSync(door);
  await isHealed(t, supd, /cannot be made again/);
  t.ok(existsSync(`${door}/ro.sock`), 'with its directory');
  const readonly = await supd.told('-s', `unix://${door}/ro.sock`, 'status');
  t.match(readonly, { status: 0, stdout: /^victim +RUNNING/ });
  await until('victim', () => supd.state('victim', 'RUNNING'));
});

test('removed FIFOs: output goes on, also for a supd that is started after a kill; the next start makes them again', async (t) => {
  const place = makePlace(
    t,
    program('a', 'counts %(here)s/a.pids 0.02') + program('victim', 'waits') + program('b', 'waits'),
  );
  const first = await startIn(t, place);
  await first.says('a', '1\n');
  await first.says('b', 'ready');
  for (const name of ['a:a', 'b:b'])
    for (const end of ['in', 'stdout', 'stderr'])
      rmSync(`${place.dir}/run/fifo/${encodeURIComponent(name)}.${end}`);
  await isTold(t, first, /^FIFOs were removed: a:a, b:b; made again when these are started again$/);
  await supervisionGoesOn(t, first);
  t.match(await first.told('restart', 'b'), { status: 0 });
  await isTold(t, first, /^FIFOs were removed: a:a; /);
  const a = await first.state('a', 'RUNNING');

  await first.ended('SIGKILL');
  const second = await startIn(t, place);
  t.equal((await second.state('a', 'RUNNING')).pid, a.pid);
  const lines = () => place.read('a.out').split('\n').length;
  const before = lines();
  await until('more output', () => lines() > before + 10);
  await isTold(t, second, /^FIFOs were removed: a:a; /);
  t.match(await second.told('restart', 'a'), { status: 0 });
  await isHealed(t, second, /FIFOs were removed: a:a;/);
  const text = place.read('a.out');
  const restart = text.lastIndexOf('\n1\n') + 1;
  t.ok(lostLines(text.slice(0, restart)) <= 1, 'but for the read in flight');
  t.equal(lostLines(text.slice(restart)), 0);
});
