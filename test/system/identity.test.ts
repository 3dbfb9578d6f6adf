import { chownSync } from 'node:fs';
import tap, { test } from 'tap';
import { job, makePlace, program } from '../helpers/place.js';
import { statusOf } from '../helpers/proc.js';
import { startIn, startSupd } from '../helpers/start-supd.js';
import { until } from '../helpers/until.js';
import { accountOf, asUser, gidOf, isRoot, needsRoot } from '../helpers/users.js';

tap.jobs = 4;
tap.setTimeout(180_000);

const four = (id: number) => Array(4).fill(id).join('\t');
/** Of /proc/PID/status, ascending. */
const groupsOf = (pid: number) =>
  (statusOf(pid).get('Groups') ?? '')
    .split(' ')
    .filter(Boolean)
    .map(Number)
    .sort((a, b) => a - b);
const NO_CAPABILITIES = '0000000000000000';

test('a program runs as its user: every uid, every gid, its groups and no capability', async (t) => {
  if (!needsRoot(t)) return;
  // What supd itself was started with must not reach the program.
  const as = ['setpriv', '--groups', `0,4,${gidOf('adm')}`, '--'];
  const supd = await startSupd(t, program('a', 'waits', { user: 'www-data' }), { as });
  const { uid, gid } = accountOf('www-data');
  const one = await supd.state('a', 'RUNNING');
  const status = statusOf(one.pid);
  t.equal(status.get('Uid'), four(uid));
  t.equal(status.get('Gid'), four(gid));
  t.same(groupsOf(one.pid), [gid]);
  for (const set of ['CapInh', 'CapPrm', 'CapEff', 'CapAmb']) t.equal(status.get(set), NO_CAPABILITIES, set);
  t.match(one, { uid, gid, groups: [gid] });
});

test('without a user a program is what supd is', async (t) => {
  const supd = await startSupd(t, program('a', 'waits'));
  const { pid } = await supd.state('a', 'RUNNING');
  for (const line of ['Uid', 'Gid', 'Groups', 'CapEff'])
    t.equal(statusOf(pid).get(line), statusOf(supd.pid).get(line), line);
});

test('supplementary_groups are exactly those, by name or number, or none', async (t) => {
  if (!needsRoot(t)) return;
  const supd = await startSupd(
    t,
    program('some', 'waits', { user: 'www-data', supplementary_groups: 'adm,12345' }) +
      program('none', 'waits', { user: 'www-data', supplementary_groups: '' }),
  );
  t.same(groupsOf((await supd.state('some', 'RUNNING')).pid), [gidOf('adm'), 12345]);
  t.same(groupsOf((await supd.state('none', 'RUNNING')).pid), []);
});

test('capabilities are what is left of root', async (t) => {
  if (!needsRoot(t)) return;
  const supd = await startSupd(
    t,
    program('a', 'waits', { user: 'www-data', capabilities: 'net_bind_service' }) +
      program('b', 'waits', { user: 'www-data', no_new_privileges: true }),
  );
  const a = statusOf((await supd.state('a', 'RUNNING')).pid);
  t.equal(a.get('Uid'), four(accountOf('www-data').uid));
  for (const set of ['CapPrm', 'CapEff', 'CapAmb']) t.equal(BigInt(`0x${a.get(set)}`), 1n << 10n, set);
  t.equal(a.get('NoNewPrivs'), '0');
  const b = statusOf((await supd.state('b', 'RUNNING')).pid);
  t.equal(b.get('NoNewPrivs'), '1');
  t.equal(b.get('CapEff'), NO_CAPABILITIES);
});

test('a job runs as its user, too', async (t) => {
  if (!needsRoot(t)) return;
  const supd = await startSupd(t, job('j', 'cat /proc/self/status', { user: 'www-data' }));
  const { uid, gid } = accountOf('www-data');
  t.match(await supd.told('job', 'run', 'j'), { status: 0 });
  const { stdout } = await supd.told('job', 'log', 'j');
  t.match(stdout, new RegExp(`^Uid:\\t${four(uid)}$`, 'm'));
  t.match(stdout, new RegExp(`^Gid:\\t${four(gid)}$`, 'm'));
  t.match(stdout, new RegExp(`^Groups:\\t${gid} ?$`, 'm'));
});

test('an ordinary user’s supd refuses another user in words, and runs its own', async (t) => {
  const place = makePlace(
    t,
    program('other', 'waits', { user: 'www-data', startretries: 0 }) +
      program('root', 'waits', { user: 'root', startretries: 0 }) +
      program('groups', 'waits', { supplementary_groups: 'adm', startretries: 0 }) +
      program('same', 'waits', { user: isRoot ? 'nobody' : (process.getuid?.() ?? 0) }) +
      program('plain', 'waits') +
      job('j', 'adds-a-line %(here)s/ran', { user: 'root' }),
  );
  const { uid, gid } = accountOf('nobody');
  if (isRoot) chownSync(place.dir, uid, gid);
  const supd = await startIn(t, place, { as: isRoot ? asUser('nobody') : [] });
  const own = isRoot ? uid : process.getuid?.();
  for (const [name, user] of [
    ['other', 'www-data'],
    ['root', 'root'],
  ] as const) {
    const { description, pid } = await supd.state(name, 'FATAL');
    t.equal(pid, 0);
    t.equal(
      description,
      `setting user "${user}": supd runs as uid ${own}; only root can start it as another`,
    );
  }
  t.equal((await supd.state('groups', 'FATAL')).description, 'supplementary_groups can only be set by root');
  for (const name of ['same', 'plain']) t.equal((await supd.state(name, 'RUNNING')).uid, own);
  t.match(await supd.told('job', 'run', 'j'), { status: 1 });
  const [run] = await supd.client.listRuns({ job: 'j' });
  t.match(run?.steps[0]?.reason, 'setting user "root"');
  t.equal(supd.read('ran'), '');
});

test('the log of a program belongs to supd, and its user cannot read another’s FIFO', async (t) => {
  if (!needsRoot(t)) return;
  const supd = await startSupd(
    t,
    program('secret', 'waits', { user: 'www-data' }) +
      program('thief', `sh -c 'cat "%(here)s"/run/fifo/* ; exec sleep 1000'`, { user: 'nobody' }),
  );
  await supd.state('secret', 'RUNNING');
  await supd.state('thief', 'RUNNING');
  await until('the refusal', () => /Permission denied|No such file/.test(supd.read('thief.err')));
  t.equal(supd.read('thief.out'), '');
});
