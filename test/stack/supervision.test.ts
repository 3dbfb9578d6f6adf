import { cpSync, readFileSync } from 'node:fs';
import path from 'node:path';
import root, { test } from 'tap';
import { isOpen } from './front.js';
import {
  accountOf,
  childrenOf,
  environmentOf,
  identityOf,
  isAlive,
  processesNaming,
  tryAs,
} from './processes.js';
import { served, shareStack, timesServed } from './stack.js';
import { PROGRAMS } from './supd.js';
import { until } from './until.js';
import { ask, visit, writePage } from './web.js';

const open = shareStack(root);

test('ZEO, both Zopes, HAProxy and Varnish run, with the identity that each should have', async (t) => {
  const stack = await open(t);
  if (!stack) return;
  const all = await stack.supd.running();
  t.same([...all.keys()].sort(), PROGRAMS);
  const zope = accountOf('zope');
  t.ok(zope.groups.length > 1, 'zope has a supplementary group');

  for (const name of ['zeoserver', 'instance1', 'instance2']) {
    const { pid, uid, gid, groups } = all.get(name)!;
    const expected = { uids: Array(4).fill(zope.uid), gids: Array(4).fill(zope.gid), groups: zope.groups };
    t.same(identityOf(pid), expected, `${name} is zope, with zope's groups and no other`);
    t.same({ uid, gid, groups: [...groups].sort((a, b) => a - b) }, zope, `status says so of ${name}`);
    const environment = environmentOf(pid);
    t.match(
      Object.fromEntries(environment),
      {
        HOME: '/home/zope',
        USER: 'zope',
        LOGNAME: 'zope',
        SHELL: '/bin/bash',
        SUPERVISOR_PROCESS_NAME: name,
      },
      `the environment of ${name} is zope's`,
    );
  }

  t.equal(identityOf(all.get('haproxy')!.pid).uids[0], 0, "HAProxy's master was started as root");
  for (const [name, user] of [
    ['haproxy', 'zope'],
    ['varnish', 'vcache'],
  ] as const) {
    const dropped = await until(`${name}'s child`, () => childrenOf(all.get(name)!.pid)[0]);
    const { uid, gid } = accountOf(user);
    const { uids, gids } = identityOf(dropped);
    t.same(
      { uids, gids },
      { uids: Array(4).fill(uid), gids: Array(4).fill(gid) },
      `${name}'s child is ${user}`,
    );
  }
});

test("the site's user may use supctl, another user may not", async (t) => {
  const stack = await open(t);
  if (!stack) return;
  // The repository may be where only root can read.
  const client = path.join(stack.site.base, 'client');
  for (const name of ['bin', 'dist']) cpSync(name, path.join(client, name), { recursive: true });
  const words = [path.join(client, 'bin/supctl'), '-c', stack.site.conf, 'status'];
  t.match(tryAs('zope', words), { status: 0, stdout: /^instance1 +RUNNING/m });
  t.match(tryAs('save', words), { status: 4, stderr: /run supctl as root/ });
});

test('a page written through instance1 is read through Apache, Varnish, HAProxy and instance2', async (t) => {
  const stack = await open(t);
  if (!stack) return;
  const { site, front, supd } = stack;
  await writePage(
    site,
    site.ports.instance1,
    'accueil',
    '<p>Bonjour <a tal:attributes="href template/absolute_url"/></p>',
  );

  t.match(await supd.supctl('stop', 'instance1'), { status: 0 });
  const page = await until('Apache to serve the page', async () => {
    const seen = await visit(site, front.certificate, '/accueil');
    return seen.status === 200 && seen;
  });
  t.match(page.body, 'Bonjour');
  t.match(
    page.body,
    'href="https://ssl.devagile/accueil"',
    'its address is the public one (VirtualHostMonster)',
  );
  t.match(page.headers.via, 'varnish');
  t.match(page.headers['x-cache'], /HIT|MISS/, 'by way of Varnish');
  t.ok(timesServed(site, 'instance2', '/accueil') > 0, 'instance2 has served it');
  t.equal(timesServed(site, 'instance1', '/accueil'), 0, 'instance1 has not');
  t.match(await supd.supctl('start', 'instance1'), { status: 0 });
  await served(site);

  const bad = await visit(
    site,
    front.certificate,
    '/VirtualHostBase/http/elsewhere:80/kb/VirtualHostRoot/accueil',
  );
  t.equal(bad.status, 403, 'a visitor may not bring a virtual host of his own');
});

test('restart gives a new process that serves', async (t) => {
  const stack = await open(t);
  if (!stack) return;
  const { site, supd } = stack;
  const before = (await supd.running()).get('instance1')!.pid;
  const { status, stdout } = await supd.supctl('restart', 'instance1');
  t.equal(status, 0);
  t.equal(stdout, 'instance1: stopped\ninstance1: started\n');
  const after = (await supd.status()).get('instance1')!;
  t.equal(after.state, 'RUNNING');
  t.not(after.pid, before);
  t.notOk(isAlive(before));
  await served(site);
});

test('a killed Zope comes back by itself', async (t) => {
  const stack = await open(t);
  if (!stack) return;
  const { site, supd } = stack;
  const before = (await supd.running()).get('instance2')!;
  process.kill(before.pid, 'SIGKILL');
  const after = await until('instance2 to run again', async () => {
    const now = (await supd.status()).get('instance2')!;
    return now.pid !== before.pid && now.state === 'RUNNING' && now;
  });
  t.ok(after.restarts > before.restarts, 'the restart is counted');
  t.same(identityOf(after.pid).groups, accountOf('zope').groups);
  await served(site);
});

test('stop leaves no process of the program', async (t) => {
  const stack = await open(t);
  if (!stack) return;
  const { site, supd } = stack;
  const own = {
    instance2: 'instance2/etc/zope.ini',
    varnish: `${site.dir}/var/varnish`,
    haproxy: 'haproxy.cfg',
  };
  for (const [name, text] of Object.entries(own)) {
    t.ok(processesNaming(text).length > 0, `${name} runs`);
    t.match(await supd.supctl('stop', name), { status: 0, stdout: `${name}: stopped\n` });
    t.same(processesNaming(text), [], `nothing of ${name} is left`);
    t.match((await supd.status()).get(name), { state: 'STOPPED' });
  }
  for (const port of [site.ports.instance2, site.ports.varnish, site.ports.haproxy])
    t.notOk(await isOpen(port), 'nobody listens on its port');
  t.equal((await ask(site, site.ports.instance1, '/')).status, 200, 'instance1 is undisturbed');
  for (const name of Object.keys(own)) t.match(await supd.supctl('start', name), { status: 0 });
  await supd.running();
  await served(site);
});

test('shutdown stops everything in reverse order and leaves no process', async (t) => {
  const stack = await open(t);
  if (!stack) return;
  const { site, supd } = stack;
  const pids = [...(await supd.running()).values()].map(({ pid }) => pid);
  const tree = [...pids, ...pids.flatMap(childrenOf)];
  t.match(await supd.supctl('shutdown'), { status: 0 });
  await until('supd to end', () => supd.child.exitCode !== null, 120);
  t.equal(supd.child.exitCode, 0);
  t.same(tree.filter(isAlive), []);
  t.same(processesNaming(`${site.base}/site`), []);
  const stopped = supd
    .log()
    .flatMap((line) => /stopped: (\S+)/.exec(line)?.[1] ?? [])
    .slice(-PROGRAMS.length);
  t.same(stopped, ['varnish', 'haproxy', 'instance2', 'instance1', 'zeoserver']);
  t.throws(() => readFileSync(`${site.base}/site/supd.pid`), { code: 'ENOENT' }, 'the pidfile is gone');
});
