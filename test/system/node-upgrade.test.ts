import { execFileSync } from 'node:child_process';
import {
  chmodSync,
  mkdirSync,
  readdirSync,
  readlinkSync,
  realpathSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import path from 'node:path';
import tap, { test } from 'tap';
import { job, makePlace, type Place, program } from '../helpers/place.js';
import { familyOf } from '../helpers/proc.js';
import { type Supd, startIn } from '../helpers/start-supd.js';
import { until } from '../helpers/until.js';
import { wholeLog } from '../logs/scratch.js';

tap.jobs = 2;
tap.setTimeout(300_000);

const root = path.resolve(import.meta.dirname, '../../..');

/** Another Node than this one: SUPD_TEST_NODE, or a node22, node24 … of PATH. */
function otherNode(): string | undefined {
  const inPath = (process.env.PATH ?? '').split(':').flatMap((dir) => {
    try {
      return readdirSync(dir)
        .filter((name) => /^node\d+$/.test(name))
        .map((name) => path.join(dir, name));
    } catch {
      return [];
    }
  });
  const named = process.env.SUPD_TEST_NODE;
  return [...(named ? [named] : []), ...inPath].find((file) => {
    const version = execFileSync(file, ['--version'], { encoding: 'utf8' }).trim();
    return version !== process.version;
  });
}

/** A PATH whose `node` can be made another one. */
function makePath(place: Place): { readonly PATH: string; readonly install: (node: string) => void } {
  const dir = path.join(place.dir, 'path');
  mkdirSync(dir);
  return {
    PATH: `${dir}:/usr/bin:/bin`,
    install: (node) => {
      rmSync(path.join(dir, 'node'), { force: true });
      symlinkSync(node, path.join(dir, 'node'));
    },
  };
}

const nodeOf = ({ pid }: Supd) => readlinkSync(`/proc/${pid}/exe`);

test('an upgrade goes on with the Node that PATH has now, there and back, with all that runs', async (t) => {
  const other = otherNode();
  if (!other) return t.plan(0, 'needs a second Node: SUPD_TEST_NODE=/path/of/node, or node24 in PATH');
  const place = makePlace(
    t,
    program('pumped', 'counts %(here)s/pumped.pids 0') +
      program('direct', 'counts %(here)s/direct.pids 0', { logfile_mode: 'auto' }) +
      program('ends', 'ends-as-told 7', { autorestart: false }) +
      job('j', 'ends-as-told 0'),
  );
  const { PATH, install } = makePath(place);
  install(process.execPath);
  const supd = await startIn(t, place, { env: { PATH } });
  t.equal(nodeOf(supd), realpathSync(process.execPath));
  const pidsOf = async () =>
    Promise.all(['pumped', 'direct', 'ends'].map(async (name) => (await supd.state(name, 'RUNNING')).pid));
  const pids = await pidsOf();
  await supd.says('ends', 'ready');
  t.match(await supd.told('job', 'run', 'j', '--no-wait'), { status: 0 });
  for (const node of [other, process.execPath, other]) {
    install(node);
    t.match(await supd.told('upgrade', '--check'), { status: 0, stderr: '' });
    t.match(await supd.told('upgrade'), { status: 0, stderr: '' });
    t.equal(nodeOf(supd), realpathSync(node));
    t.same(await pidsOf(), pids);
    for (const pid of pids) t.equal(familyOf(pid).ppid, supd.pid);
  }
  t.match(await supd.told('signal', 'USR1', 'ends'), { status: 0 });
  t.match(await supd.state('ends', 'EXITED'), { exitStatus: 7 });
  t.match(await supd.told('stop', 'pumped', 'direct'), { status: 0 });
  for (const name of ['pumped', 'direct']) {
    const lines = wholeLog(`${supd.dir}/${name}.out`).toString().split('\n').slice(0, -1);
    t.equal(
      lines.findIndex((line, i) => line !== String(i + 1)),
      -1,
      `${name}: ${lines.length} lines in order`,
    );
  }
  t.equal((await supd.client.listRuns({ job: 'j' }))[0]?.outcome, 'running');
});

test('what another Node left is taken back after supd was killed, and its ends are seen', async (t) => {
  const other = otherNode();
  if (!other) return t.plan(0, 'needs a second Node: SUPD_TEST_NODE=/path/of/node, or node24 in PATH');
  const place = makePlace(t, program('a', 'ends-as-told 7', { autorestart: false }) + program('b', 'waits'));
  const { PATH, install } = makePath(place);
  install(process.execPath);
  const first = await startIn(t, place, { env: { PATH } });
  await first.says('a', 'ready');
  const { pid } = await first.state('b', 'RUNNING');
  await first.ended('SIGKILL');
  install(other);
  const second = await startIn(t, place, { env: { PATH } });
  t.equal(nodeOf(second), realpathSync(other));
  t.equal((await second.state('b', 'RUNNING')).pid, pid);
  t.match(await second.told('signal', 'USR1', 'a'), { status: 0 });
  await second.state('a', 'EXITED');
  t.match(await second.told('restart', 'b'), { status: 0 });
});

test('a Node that was named at the start is kept, whatever PATH has', async (t) => {
  const place = makePlace(t, program('a', 'waits'));
  const { PATH, install } = makePath(place);
  const broken = path.join(place.dir, 'broken');
  writeFileSync(broken, '#!/bin/sh\nexit 3\n');
  chmodSync(broken, 0o755);
  install(broken);
  const supd = await startIn(t, place, { as: [process.execPath], env: { PATH } });
  const { pid } = await supd.state('a', 'RUNNING');
  t.match(await supd.told('upgrade'), { status: 0, stdout: /was upgraded to/ });
  t.equal(nodeOf(supd), realpathSync(process.execPath));
  t.equal((await supd.state('a', 'RUNNING')).pid, pid);
});

test('a Node in PATH that can’t run supd is found out, and nothing happens', async (t) => {
  const place = makePlace(t, program('a', 'waits'));
  const { PATH, install } = makePath(place);
  install(process.execPath);
  const supd = await startIn(t, place, { env: { PATH } });
  const { pid } = await supd.state('a', 'RUNNING');
  const old = path.join(place.dir, 'old');
  // As far as supd can tell, this is Node 18.
  writeFileSync(
    path.join(place.dir, 'old.cjs'),
    `Object.defineProperty(process.versions, 'node', { value: '18.20.1' });\n`,
  );
  writeFileSync(old, `#!/bin/sh\nexec ${process.execPath} -r ${place.dir}/old.cjs "$@"\n`);
  chmodSync(old, 0o755);
  install(old);
  t.match(await supd.told('upgrade', '--check'), {
    status: 1,
    stderr: /needs Node 20 or later, this is 18\.20\.1/,
  });
  t.match(await supd.told('upgrade'), { status: 1, stderr: /not upgraded/ });
  await until('the old code to go on', async () => (await supd.client.getDaemon()).upgrades === 0);
  t.equal((await supd.state('a', 'RUNNING')).pid, pid);
  t.match(execFileSync(path.join(root, 'bin/supd'), ['--version'], { encoding: 'utf8' }), /^\d/);
});
