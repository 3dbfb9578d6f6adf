/** The whole deployment, running: one for each test file, opened by the first test that needs it. */
import { readFileSync } from 'node:fs';
import type { Test } from 'tap';
import { requireStack } from '../helpers/require.js';
import { ONCE_FAR_OFF } from '../helpers/schedules.js';
import { type Front, openFront } from './front.js';
import { type Changes, makeSite, removeSite, type Site } from './site.js';
import { type Supd, startSupd } from './supd.js';
import { until } from './until.js';
import { ask, makeKb } from './web.js';

export interface Stack {
  readonly site: Site;
  readonly front: Front;
  readonly supd: Supd;
}

/** What the deployment needs of the machine. */
export const NEEDED = [
  'root',
  'stack',
  'haproxy',
  'varnishd',
  'apache2',
  'rsync',
  'sshd',
  'setpriv',
  'openssl',
  'gcc',
];

/** The times of conf/supd.conf are for big sites; and none of its jobs comes due by itself, whenever this runs. */
const QUICK: Changes = [
  ['schedule=0 3 * * *', `schedule=${ONCE_FAR_OFF}`],
  ['schedule=30 5 * * 0', `schedule=${ONCE_FAR_OFF}`],
  ['retry_delay=1m,5m,15m', 'retry_delay=1s'],
  ['zeopack -d 7', 'zeopack -d 0'],
];

/**
 * Gives the file's tests their stack: `const stack = await open(t)`, undefined when the machine lacks something (the
 * test has been skipped then). It ends with `root`, the file's own test.
 */
export function shareStack(
  root: Test,
  changes: () => Changes = () => [],
): (t: Test) => Promise<Stack | undefined> {
  let shared: Promise<Stack> | undefined;
  return async (t) => {
    if (!requireStack(t, NEEDED)) return undefined;
    shared ??= openStack(root, [...QUICK, ...changes()]);
    return shared;
  };
}

async function openStack(root: Test, changes: Changes): Promise<Stack> {
  const site = await makeSite(changes);
  root.teardown(() => {
    if (process.env.KEEP_SITE !== '1') removeSite(site);
  });
  const front = await openFront(site);
  root.teardown(() => front.close());
  const supd = startSupd(site);
  root.teardown(() => supd.close());
  await supd.running();
  await served(site);
  await makeKb(site, site.ports.instance1);
  return { site, front, supd };
}

/** Both instances answer, and HAProxy and Varnish know it. */
export async function served(site: Site): Promise<void> {
  const { instance1, instance2, haproxy, varnish } = site.ports;
  for (const port of [instance1, instance2, haproxy, varnish])
    await until(`an answer on port ${port}`, async () => (await ask(site, port, '/')).status === 200);
}

/** How often instance `name` has answered a GET of a path that ends in `page`, by its access log. */
export function timesServed(site: Site, name: string, page: string): number {
  const log = readFileSync(`${site.dir}/var/log/${name}-access.log`, 'utf8');
  return log.split('\n').filter((line) => line.includes('"GET ') && line.includes(`${page} HTTP/`)).length;
}
