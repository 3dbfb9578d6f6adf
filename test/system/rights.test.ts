/** Who programs run as and what they may do: read back from the kernel, shown, and enforced. */
import { execFileSync } from 'node:child_process';
import { chmodSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import tap, { type Test, test } from 'tap';
import { makePlace, type Options, program } from '../helpers/place.js';
import { statusOf } from '../helpers/proc.js';
import { requireStack } from '../helpers/require.js';
import { startIn, startSupd } from '../helpers/start-supd.js';
import { accountOf, asUser, needsRoot } from '../helpers/users.js';

tap.jobs = 3;
tap.setTimeout(120_000);

test('status --json and why show the rights that the kernel gives', async (t) => {
  if (!needsRoot(t)) return;
  const supd = await startSupd(
    t,
    program('a', 'waits', {
      user: 'www-data',
      supplementary_groups: 'adm,12345',
      capabilities: 'net_bind_service,sys_nice',
      no_new_privileges: true,
      nice: 5,
      umask: '027',
      limit_nofile: 777,
      limit_nproc: 500,
      limit_core: 0,
      limit_memlock: '64KB',
    }),
  );
  const { pid } = await supd.state('a', 'RUNNING');
  const { uid, gid } = accountOf('www-data');
  const [one] = JSON.parse((await supd.told('status', '--json')).stdout);
  t.strictSame(one.identity, {
    uid,
    gid,
    groups: [4, 12345],
    capabilities: ['net_bind_service', 'sys_nice'],
    noNewPrivileges: true,
    nice: 5,
    umask: 0o27,
    limitNofile: { soft: 777, hard: 777 },
    limitNproc: { soft: 500, hard: 500 },
    limitCore: { soft: 0, hard: 0 },
    limitMemlock: { soft: 65536, hard: 65536 },
  });
  // The kernel's own word.
  const status = statusOf(pid);
  t.equal(BigInt(`0x${status.get('CapPrm')}`), (1n << 10n) | (1n << 23n));
  t.equal(status.get('Umask'), '0027');
  t.match(readFileSync(`/proc/${pid}/limits`, 'utf8'), /^Max open files +777 +777/m);
  const { stdout } = await supd.told('why', 'a');
  t.match(
    stdout,
    `It runs as uid ${uid}, gid ${gid}, groups 4,12345, capabilities net_bind_service,sys_nice`,
  );
  t.match(stdout, 'its limits are nofile 777, nproc 500, core 0, memlock 65536');
});

test('an ordinary user takes a port below 1024 by its capability, and not without', async (t) => {
  if (!requireStack(t, ['root', 'ip'])) return;
  const listens = `${process.execPath} -e "require('node:net').createServer().listen(80, '127.0.0.1', () => console.log('listening'))"`;
  const user = { user: 'www-data', startretries: 0, startsecs: 60 };
  const supd = await startSupd(
    t,
    program('may', listens, { ...user, capabilities: 'net_bind_service' }) + program('not', listens, user),
    // In a network of its own: nothing of this machine's is touched.
    { as: ['unshare', '--net', '--', 'sh', '-c', 'ip link set lo up; exec "$@"', 'sh'] },
  );
  await supd.says('may', 'listening');
  await supd.state('not', 'FATAL');
  t.match(supd.read('not.err'), /EACCES/);
});

/** A supd that finds this instead of setpriv. */
async function withSetpriv(t: Test, script: string, options: Options, interpreter = '/bin/sh') {
  const place = makePlace(t, program('a', 'waits', { user: 'www-data', ...options }));
  const tools = `${place.dir}/tools`;
  mkdirSync(tools);
  writeFileSync(`${tools}/setpriv`, `#!${interpreter}\n${script}\n`);
  chmodSync(`${tools}/setpriv`, 0o755);
  return startIn(t, place, { env: { PATH: `${tools}:${process.env.PATH}` } });
}

const SKIP = 'while [ "$1" != -- ]; do shift; done; shift;';

test('CVE-2017-1000082: a program that runs as root instead of its user is ended and FATAL with the reason', async (t) => {
  if (!needsRoot(t)) return;
  const supd = await withSetpriv(t, `${SKIP} exec "$@"`, {});
  const { description, pid } = await supd.state('a', 'FATAL');
  t.equal(pid, 0);
  const { uid, gid } = accountOf('www-data');
  t.match(
    description,
    `it ran with other rights than was asked: uid 0 instead of ${uid}, gid 0 instead of ${gid}`,
  );
  t.match(
    (await supd.told('why', 'a')).stdout,
    /^It ran with other rights .*\n.*^Next: nothing until somebody/ms,
  );
  await supd.logs('and is ended: uid 0 instead of');
});

test('groups, capabilities and no_new_privileges that differ end a program as a wrong uid does', async (t) => {
  if (!needsRoot(t)) return;
  const { uid, gid } = accountOf('www-data');
  const become = `--reuid ${uid} --regid ${gid}`;
  // Perl does it itself: another setpriv after this one could be taken for the program, while it is still root.
  const perl = `shift while $ARGV[0] ne '--'; shift; $) = '${gid} 4'; $( = ${gid}; ($<, $>) = (${uid}, ${uid}); exec @ARGV`;
  const other = await withSetpriv(t, perl, {}, '/usr/bin/perl');
  t.match((await other.state('a', 'FATAL')).description, `asked: groups 4 instead of ${gid}`);
  for (const [flags, options, why] of [
    [`--groups ${gid} --inh-caps +chown --ambient-caps +chown`, {}, 'capabilities nobody gave it: chown'],
    [`--groups ${gid}`, { no_new_privileges: true }, 'no_new_privileges is not in force'],
  ] as const) {
    const supd = await withSetpriv(t, `${SKIP} exec /usr/bin/setpriv ${become} ${flags} -- "$@"`, options);
    t.match((await supd.state('a', 'FATAL')).description, why);
  }
});

test('a program that has less than it was given goes on, with a word in the log', async (t) => {
  if (!needsRoot(t)) return;
  const { uid, gid } = accountOf('www-data');
  const become = `--reuid ${uid} --regid ${gid} --groups ${gid}`;
  const supd = await withSetpriv(t, `${SKIP} exec /usr/bin/setpriv ${become} -- "$@"`, {
    capabilities: 'net_raw',
  });
  await supd.logs('runs with less than was asked: without the capabilities net_raw');
  await supd.state('a', 'RUNNING');
});

test('a program with the setuid bit is what its file makes it', async (t) => {
  if (!needsRoot(t)) return;
  const place = makePlace(t, program('a', `${'%(here)s'}/sleeper 1000`, { user: 'www-data', nice: 3 }));
  writeFileSync(`${place.dir}/sleeper`, readFileSync('/bin/sleep'));
  chmodSync(`${place.dir}/sleeper`, 0o4755);
  const supd = await startIn(t, place);
  const { pid } = await supd.state('a', 'RUNNING');
  t.match(statusOf(pid).get('Uid'), /\t0\t0\t0$/);
  t.equal((await supd.told('stop', 'a')).status, 0);
  t.notMatch(supd.read('supd.log'), 'other rights');
});

test('why tells who asked last and the reason, the last end, and what happens next', async (t) => {
  const supd = await startSupd(
    t,
    program('a', 'waits') +
      program('b', 'exits-after 0 3', { startsecs: 60, startretries: 50, autostart: false }),
  );
  await supd.state('a', 'RUNNING');
  t.match((await supd.told('why', 'a')).stdout, /^a is RUNNING, pid \d+, since .*\.\nNobody has asked/);
  await supd.told('restart', 'a', '--reason', 'new release');
  const { stdout } = await supd.told('why', 'a');
  t.match(
    stdout,
    /^Before that, pid \d+ was terminated by SIGTERM at .* after .*: restart was asked for by .*: new release\.$/m,
  );
  t.match(stdout, /^Asked for last: restart at .* by uid \d+ \(pid \d+\) at supd\.sock: new release\.$/m);
  t.match(stdout, /Next: when it ends it is started again, unless with status 0 \(exitcodes\)\.\n$/);
  await supd.told('start', 'b');
  const json = JSON.parse((await supd.told('why', 'b', '--json')).stdout);
  t.match(json, { process: { name: 'b' }, lastAsked: { what: 'start', reason: '' } });
  t.match(json.cause + json.next, /Exited too quickly.*exit status 3|counts as RUNNING|started in a moment/);
  t.match(await supd.told('why', 'nobody'), { status: 1 });
});

test('what is taken back is read again: other rights are told, and it runs on', async (t) => {
  if (!needsRoot(t) || !requireStack(t, ['renice'])) return;
  const place = makePlace(
    t,
    program('a', 'waits', { user: 'www-data', nice: 5 }) +
      program('b', 'waits', { user: 'www-data', nice: 5 }),
  );
  const first = await startIn(t, place);
  await first.says('a', 'ready');
  await first.says('b', 'ready');
  const { pid } = await first.state('a', 'RUNNING');
  await first.ended('SIGKILL');
  const [setpriv = '', ...words] = asUser('www-data');
  execFileSync(setpriv, [...words, 'renice', '-n', '10', '-p', String(pid)]);
  const second = await startIn(t, place);
  await second.logs(`a: pid ${pid}, taken back, runs otherwise than was asked: nice 10 instead of 5`);
  t.equal((await second.state('a', 'RUNNING')).pid, pid);
  t.match((await second.told('why', 'a')).stdout, 'It runs otherwise than was asked: nice 10 instead of 5.');
  t.notMatch((await second.told('why', 'b')).stdout, 'otherwise');
  t.notMatch(second.read('supd.log'), /b: pid \d+, taken back, runs/);
});
