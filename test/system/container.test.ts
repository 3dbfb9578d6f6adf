/** As the first process of a container: what the kernel and a container's runtime expect of pid 1. */
import { readFileSync } from 'node:fs';
import tap, { test } from 'tap';
import { makePlace, program } from '../helpers/place.js';
import { type Supd, startIn, startSupd } from '../helpers/start-supd.js';
import { until } from '../helpers/until.js';
import { needsRoot } from '../helpers/users.js';

tap.setTimeout(120_000);

// The child of unshare is pid 1 of its own; what ends unshare ends that too.
const AS_FIRST = ['unshare', '--pid', '--fork', '--mount-proc', '--kill-child', '--'];

test('as pid 1 it ends with the essential program’s status', async (t) => {
  if (!needsRoot(t)) return;
  const text =
    program('other', 'waits', { priority: 1 }) +
    program('main', 'exits-after 0 7', { essential: true, autorestart: false });
  const place = makePlace(t, text);
  const { status, stdout } = await place.run(['-n', '-c', place.conf], { as: AS_FIRST });
  t.match(stdout, 'supd started with pid 1\n');
  t.match(stdout, 'main is essential and has ended for good (exit status 7): supd ends with 7');
  t.match(stdout, /stopped: other/);
  t.equal(status, 7);
});

/** The number out here of the supd that is pid 1 in there: unshare's only child. */
function outerPid(supd: Supd): number {
  return Number(readFileSync(`/proc/${supd.pid}/task/${supd.pid}/children`, 'utf8').trim());
}

test('SIGTERM to pid 1 stops its programs in order, each by its own signal', async (t) => {
  if (!needsRoot(t)) return;
  const stops = (signal: string) => ({ stopsignal: signal });
  const place = makePlace(
    t,
    program('a', `ends-with INT %(here)s/ends a`, { ...stops('INT'), priority: 1 }) +
      program('b', `ends-with TERM %(here)s/ends b`, { ...stops('TERM'), priority: 2 }),
  );
  const supd = await startIn(t, place, { as: AS_FIRST });
  await supd.says('a', 'ready');
  await supd.says('b', 'ready');
  process.kill(outerPid(supd), 'SIGTERM');
  t.match(await supd.ended(), { code: 0 });
  t.equal(supd.read('ends'), 'b\na\n');
});

test('as pid 1 it reaps the orphans of its programs', async (t) => {
  if (!needsRoot(t)) return;
  // Nobody's child any more once its parent has gone: pid 1's.
  const orphans = `sh -c '(setsid sh -c "echo orphan; sleep 0.1" &); exec sleep 1000'`;
  const supd = await startIn(t, makePlace(t, program('a', orphans)), { as: AS_FIRST });
  await supd.says('a', 'orphan');
  const first = outerPid(supd);
  await until('the program to be its only child, dead or alive', () => {
    const children = readFileSync(`/proc/${first}/task/${first}/children`, 'utf8').trim().split(' ');
    return children.length === 1;
  });
  t.equal((await supd.client.getProcess({ name: 'a' })).state, 'RUNNING');
});

test('SIGUSR1 to pid 1 goes on to the essential program and never opens a debugger', async (t) => {
  if (!needsRoot(t)) return;
  const text = program('a', 'tells-signals', { essential: true }) + program('b', 'tells-signals');
  const place = makePlace(t, text);
  const supd = await startIn(t, place, { as: AS_FIRST });
  let errors = '';
  supd.child.stderr?.on('data', (more) => {
    errors += more;
  });
  await supd.says('a', 'ready');
  await supd.says('b', 'ready');
  process.kill(outerPid(supd), 'SIGUSR1');
  await supd.logs('received SIGUSR1 and passed it on to a');
  await supd.told('signal', 'HUP', 'b');
  await supd.says('b', 'got HUP');
  t.equal(supd.read('b.out'), 'ready\ngot HUP\n');
  t.equal((await supd.client.getDaemon()).pid, 1);
  t.notMatch(errors, 'Debugger');
});

test('signals that pid 1 has no use for go on to the essential program, whose end is the container’s', async (t) => {
  if (!needsRoot(t)) return;
  const text =
    program('a', 'ends-with WINCH %(here)s/ends a', { essential: true, autorestart: false }) +
    program('b', 'ends-with WINCH %(here)s/ends b');
  const supd = await startIn(t, makePlace(t, text), { as: AS_FIRST });
  for (const name of ['a', 'b']) await supd.says(name, 'ready');
  await supd.state('a', 'RUNNING');
  // As a runtime does by STOPSIGNAL SIGWINCH.
  process.kill(outerPid(supd), 'SIGWINCH');
  t.match(await supd.ended(), { code: 0 });
  t.equal(supd.read('ends'), 'a\n', 'b was stopped by its own signal');
  t.match(supd.read('supd.log'), 'received SIGWINCH and passed it on to a');
});

test('an essential program that is restarted, or stopped by somebody, does not end supd', async (t) => {
  const supd = await startSupd(t, program('a', 'waits', { essential: true, autorestart: true }));
  const { pid } = await supd.state('a', 'RUNNING');
  process.kill(pid, 'SIGKILL');
  await until('it to run again', async () => (await supd.state('a', 'RUNNING')).pid !== pid);
  await supd.told('stop', 'a');
  t.equal((await supd.told('start', 'a')).status, 0);
});

test('death by a signal and FATAL have a status, too', async (t) => {
  const killed = await startSupd(t, program('a', 'waits', { essential: true, autorestart: false }));
  process.kill((await killed.state('a', 'RUNNING')).pid, 'SIGTERM');
  t.match(await killed.ended(), { code: 128 + 15 });
  const text = program('a', 'exits-after 0 0', { essential: true, startsecs: 5, startretries: 0 });
  const place = makePlace(t, text);
  t.match(await place.run(['-n', '-c', place.conf]), { status: 1 });
});
