/** What collective.recipe.supervisor makes of a real buildout: supd takes it as it is. */
import { execFileSync, spawn } from 'node:child_process';
import { chmodSync, chownSync, cpSync, mkdirSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import path from 'node:path';
import tap, { type Test, test } from 'tap';
import { defaultPlaces } from '../../src/config/places.js';
import { type Answer, clear, finish } from '../helpers/place.js';
import { requireStack } from '../helpers/require.js';
import { until } from '../helpers/until.js';
import { accountOf } from '../helpers/users.js';
import { freePorts } from './ports.js';

tap.setTimeout(300_000);

interface Site {
  readonly dir: string;
  readonly conf: string;
}

/** Runs the buildout in a directory of its own. */
async function build(t: Test): Promise<Site> {
  const dir = mkdtempSync('/tmp/supd-buildout-');
  const conf = path.join(dir, 'etc/supervisord.conf');
  t.teardown(() => clear(dir));
  chmodSync(dir, 0o755);
  cpSync('test/stack/buildout', dir, { recursive: true });
  mkdirSync(path.join(dir, 'var/log'), { recursive: true });
  const { uid, gid } = accountOf('zope');
  chownSync(path.join(dir, 'var'), uid, gid);
  const ports = await freePorts(4);
  const words = ['zeoserver', 'instance1', 'instance2', 'supervisor'].map(
    (name, i) => `ports:${name}=${ports[i]}`,
  );
  execFileSync('/opt/supd-stack/buildout/bin/buildout', ['-c', 'deployment.cfg', ...words], {
    cwd: dir,
    stdio: 'pipe',
  });
  const { rundir, statedir } = defaultPlaces(conf, { uid: 0, env: {}, tmpDir: '/tmp' });
  t.teardown(() => {
    for (const place of [rundir, statedir]) rmSync(place, { recursive: true, force: true });
  });
  return { dir, conf };
}

function run(file: string, ...words: string[]): Promise<Answer> {
  return finish(spawn(file, words, { stdio: ['pipe', 'pipe', 'pipe'] }));
}

/** Starts bin/supd as the recipe's wrapper starts supervisord. */
function start(t: Test, { conf }: Site) {
  const child = spawn(path.resolve('bin/supd'), ['-n', '-c', conf], { stdio: ['ignore', 'ignore', 'pipe'] });
  const ended = new Promise<number | null>((resolve) => child.once('exit', resolve));
  t.teardown(async () => {
    child.kill('SIGTERM');
    await ended;
  });
  return { child, ended };
}

const NEEDS = ['root', 'stack', 'buildout', 'python3'];
const RUNNING = ['haproxy', 'instance1', 'instance2', 'varnish', 'zeoserver'];

test('a configuration from a buildout starts unchanged: every program runs as its user', async (t) => {
  if (!requireStack(t, NEEDS)) return;
  const site = await build(t);
  const text = readFileSync(site.conf, 'utf8');
  t.match(text, /^\[program:zeoserver\]$/m);
  t.match(await run(path.resolve('bin/supd'), '--check', '-c', site.conf), { status: 0, stdout: '' });
  const { ended } = start(t, site);
  const ctl = (...words: string[]) => run(path.resolve('bin/supctl'), '-c', site.conf, ...words);
  const status = await until('all to run', async () => {
    const { stdout } = await ctl('status');
    return RUNNING.every((name) => new RegExp(`^${name} +RUNNING `, 'm').test(stdout)) && stdout;
  });
  t.match(status, /^instance-debug +STOPPED +Not started$/m);
  const views = JSON.parse((await ctl('status', '--json')).stdout) as { name: string; uid: number }[];
  const uidOf = (name: string) => views.find((view) => view.name === name)?.uid;
  const { uid } = accountOf('zope');
  t.same(RUNNING.map(uidOf), [0, uid, uid, 0, uid]);
  t.equal(readFileSync(site.conf, 'utf8'), text);
  t.match(await ctl('shutdown'), { status: 0, stdout: 'Shut down\n' });
  t.equal(await ended, 0);
});

test('the recipe’s own supervisorctl, with its user and password, talks to supd', async (t) => {
  if (!requireStack(t, NEEDS)) return;
  const site = await build(t);
  const { ended } = start(t, site);
  // The wrapper that buildout made: it names the configuration, which names server, user and password.
  const ctl = (...words: string[]) => run(path.join(site.dir, 'bin/supervisorctl'), ...words);
  const status = await until('all to run', async () => {
    const { stdout } = await ctl('status');
    return (
      RUNNING.every((name) => new RegExp(`^${name} +RUNNING +pid \\d+, uptime 0:`, 'm').test(stdout)) &&
      stdout
    );
  });
  t.match(status, /^instance-debug +STOPPED +Not started$/m);
  t.match(await ctl('restart', 'instance1'), {
    status: 0,
    stdout: 'instance1: stopped\ninstance1: started\n',
  });
  t.match(await ctl('stop', 'haproxy'), { status: 0, stdout: 'haproxy: stopped\n' });
  t.match(await ctl('status', 'haproxy'), { status: 3, stdout: /^haproxy +STOPPED / });
  t.match(await ctl('reread'), { status: 0, stdout: 'No config updates to processes\n' });
  const text = readFileSync(site.conf, 'utf8');
  const { serverurl = '' } = /^serverurl = (?<serverurl>.*)$/m.exec(text)?.groups ?? {};
  const wrong = await run(
    '/opt/supd-stack/buildout/bin/supervisorctl',
    '-s',
    serverurl,
    '-u',
    'admin',
    '-p',
    'x',
    'version',
  );
  t.match(wrong, { status: 1, stdout: /Server requires authentication/ });
  t.match(await ctl('shutdown'), { status: 0, stdout: 'Shut down\n' });
  t.equal(await ended, 0);
});
