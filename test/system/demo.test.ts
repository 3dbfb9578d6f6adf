/** `npm run demo`, as a visitor of the repository runs it. */
import { type ChildProcess, spawn, spawnSync } from 'node:child_process';
import {
  chmodSync,
  chownSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { type Test, test } from 'tap';
import { copyInstallation } from '../helpers/installation.js';
import { processesNaming } from '../helpers/proc.js';
import { accountOf, isRoot } from '../helpers/users.js';

const REAL = ['haproxy', 'varnishd', 'gcc', 'rsync'];
const nobody = accountOf('nobody');

test('the demo shows a page through both instances, runs the night, and leaves nothing', async (t) => {
  const site = makeSite(t);
  const demo = startDemo(t, site, { flags: ['--once'] });
  t.equal(await demo.ended, 'status 0', demo.output());
  hasShownAll(t, demo.output());
  if (isRoot) {
    const ids = (id: number) => Array(4).fill(id).join(' ');
    t.match(
      demo.output(),
      `\ninstance1: Uid ${ids(nobody.uid)}, Gid ${ids(nobody.gid)}, Groups ${nobody.gid} `,
    );
  }
  leavesNothing(t, site);
});

test('the demo runs as an ordinary user, with stand-ins for what is not installed, and writes nothing into the repository', async (t) => {
  const site = makeSite(t);
  const repository = copyInstallation(path.join(site, 'repository'));
  const before = readdirSync(repository, { recursive: true }).length;
  if (isRoot) chownSync(path.join(site, 'tmp'), nobody.uid, nobody.gid);
  const demo = startDemo(t, site, {
    flags: ['--once'],
    repository,
    path: pathWithout(site, REAL),
    drop: isRoot,
  });
  t.equal(await demo.ended, 'status 0', demo.output());
  for (const name of ['haproxy', 'varnishd', 'rsync'])
    t.match(demo.output(), `  ${name}: a stand-in (no ${name} `);
  t.match(demo.output(), '  everything runs as you\n');
  hasShownAll(t, demo.output());
  t.equal(readdirSync(repository, { recursive: true }).length, before);
  leavesNothing(t, site);
});

test('the demo serves until Ctrl-C, and its printed commands work', async (t) => {
  const site = makeSite(t);
  const demo = startDemo(t, site, { flags: [], path: pathWithout(site, REAL) });
  await demo.seen('Ctrl-C ends it all.');
  const address = /^ {2}(http:\S+) {3}the site/m.exec(demo.output())?.[1] ?? '';
  t.match(await (await fetch(address)).text(), '<p>Bonjour</p>');
  const commands =
    demo
      .output()
      .split('Try, in')[1]
      ?.match(/^ {2}bin\/supctl \S+ \S+ status$/m) ?? [];
  t.equal(commands.length, 1);
  const status = spawnSync('sh', ['-c', commands[0] ?? ''], { encoding: 'utf8' });
  t.equal(status.stdout.match(/ RUNNING /g)?.length, 5, status.stderr);
  demo.child.kill('SIGINT');
  demo.child.kill('SIGINT'); // npm passes it on a second time
  t.equal(await demo.ended, 'status 0', demo.output());
  leavesNothing(t, site);
});

test('the demo fails, and says where, when a step of the night does', async (t) => {
  const site = makeSite(t);
  const bin = pathWithout(site, REAL);
  writeFileSync(path.join(bin, 'rsync'), '#!/bin/sh\necho "no room over there" >&2\nexit 11\n', {
    mode: 0o755,
  });
  const demo = startDemo(t, site, { flags: ['--once'], path: bin });
  t.equal(await demo.ended, 'status 1', demo.output());
  t.match(demo.output(), 'demo: supctl job run nightly: status 1');
  t.match(demo.output(), /^nightly: rsync-backups failed.*11/m);
  leavesNothing(t, site);
});

function hasShownAll(t: Test, output: string): void {
  t.equal(output.match(/ RUNNING /g)?.length, 5);
  t.match(
    output,
    '\n/accueil written through instance1, read through the cache from instance2: MISS, then HIT\n',
  );
  for (const step of ['zeopack', 'backup', 'verify', 'rsync-backups', 'rsync-logs']) {
    t.match(output, new RegExp(`^nightly: ${step} ok `, 'm'));
  }
  t.match(output, /^nightly: ok /m);
  t.match(output, 'packed: 2 records, 1 kept\n');
  t.match(output, '\ndemo: all worked, nothing is left\n');
}

/** Neither files nor processes: all that the demo starts works below its TMPDIR. */
function leavesNothing(t: Test, site: string): void {
  t.same(readdirSync(path.join(site, 'tmp')), []);
  t.same(processesNaming(path.join(site, 'tmp')), []);
}

interface Demo {
  readonly child: ChildProcess;
  readonly ended: Promise<string>;
  output(): string;
  /** Resolves once the output holds `text`. @throws when the demo ends without */
  seen(text: string): Promise<void>;
}

interface How {
  readonly flags: readonly string[];
  readonly repository?: string;
  readonly path?: string;
  readonly drop?: boolean;
}

function startDemo(t: Test, site: string, how: How): Demo {
  const drop = how.drop ? ['--reuid', `${nobody.uid}`, '--regid', `${nobody.gid}`, '--clear-groups'] : [];
  const program = [process.execPath, 'conf/demo/run.mjs', ...how.flags];
  const child = spawn('setpriv', ['--pdeathsig', 'TERM', ...drop, ...program], {
    cwd: how.repository ?? process.cwd(),
    env: { PATH: how.path ?? process.env.PATH, HOME: site, TMPDIR: path.join(site, 'tmp') },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  let output = '';
  let look = () => {};
  for (const stream of [child.stdout, child.stderr]) {
    stream.setEncoding('utf8').on('data', (text: string) => {
      output += text;
      look();
    });
  }
  const ended = new Promise<string>((resolve) => {
    child.on('close', (code, signal) => resolve(signal ?? `status ${code}`));
  });
  t.teardown(async () => {
    if (child.exitCode === null) child.kill('SIGTERM');
    await ended;
  });
  return {
    child,
    ended,
    output: () => output,
    seen: (text) =>
      new Promise((resolve, reject) => {
        look = () => output.includes(text) && resolve();
        look();
        ended.then((how) => reject(new Error(`${how} before "${text}": ${output}`)));
      }),
  };
}

/** A directory of the test's own, with `tmp` in it for the demo. Other users may look into it. */
function makeSite(t: Test): string {
  const site = mkdtempSync(path.join(os.tmpdir(), 'supd-test-demo-'));
  t.teardown(() => rmSync(site, { recursive: true, force: true }));
  chmodSync(site, 0o755);
  mkdirSync(path.join(site, 'tmp'));
  return site;
}

/** A PATH with all of the present one but `names`. */
function pathWithout(site: string, names: readonly string[]): string {
  const bin = path.join(site, 'bin');
  mkdirSync(bin);
  const taken = new Set(names);
  for (const place of (process.env.PATH ?? '').split(':').filter((one) => existsSync(one))) {
    for (const name of readdirSync(place)) {
      if (!taken.has(name)) symlinkSync(path.resolve(place, name), path.join(bin, name));
      taken.add(name);
    }
  }
  return bin;
}
