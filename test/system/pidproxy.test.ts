import { type ChildProcess, spawn } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import path from 'node:path';
import { test } from 'tap';
import { finish, makePlace, type Place } from '../helpers/place.js';
import { until } from '../helpers/until.js';

const pidproxy = path.resolve(import.meta.dirname, '../../../bin/pidproxy');

function start(place: Place, ...words: readonly string[]): ChildProcess {
  return spawn(pidproxy, words, { cwd: place.dir, stdio: ['ignore', 'pipe', 'pipe'] });
}

/** Writes its pid, then a line for each signal; ends some time after a TERM. */
const daemon = `
  trap 'echo hup >> told' HUP
  trap 'echo term >> told; echo gone >> told; exit 0' TERM
  echo $$ > pid.new; mv pid.new pid
  while :; do sleep 0.05; done`;

test('pidproxy passes signals to the process in the file, and ends after it', async (t) => {
  const place = makePlace(t, '');
  writeFileSync(path.join(place.dir, 'd.sh'), daemon);
  const proxy = start(place, 'pid', '/bin/sh', 'd.sh');
  const answer = finish(proxy);
  await until('the daemon to run', () => place.read('pid') !== '');
  proxy.kill('SIGHUP');
  await until('the signal to arrive', () => place.read('told') === 'hup\n');
  proxy.kill('SIGTERM');
  t.same(await answer, { status: 0, stdout: '', stderr: '' });
  t.equal(place.read('told'), 'hup\nterm\ngone\n', 'the daemon was gone first');
});

test('pidproxy ends when its command does', async (t) => {
  const place = makePlace(t, '');
  t.match(await finish(start(place, 'pid', '/bin/true')), { status: 0 });
});

test('pidproxy tells of a file that it cannot read, and goes on', async (t) => {
  const place = makePlace(t, '');
  const proxy = start(place, 'pid', '/bin/sh', '-c', 'echo up > up; while [ ! -e end ]; do sleep 0.05; done');
  const answer = finish(proxy);
  const told = new Promise((resolve) => proxy.stdout?.once('data', resolve));
  await until('it to run', () => place.read('up') !== '');
  proxy.kill('SIGTERM');
  await told;
  writeFileSync(path.join(place.dir, 'end'), '');
  t.same(await answer, { status: 0, stdout: "Can't read child pidfile pid!\n", stderr: '' });
});

test('pidproxy says how it is called', async (t) => {
  const place = makePlace(t, '');
  t.match(await finish(start(place, 'pid')), { status: 1, stdout: /^Usage: pidproxy <pidfile name>/ });
});
