/** A deployment of its own for one test: conf/ with its places and ports replaced, an empty site, nothing running. */
import {
  chmodSync,
  chownSync,
  cpSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import path from 'node:path';
import { freePorts } from './ports.js';
import { accountOf, runAs } from './processes.js';

/** The programs that pip installs. */
export const VENV = '/opt/supd-stack/venv';
/** The directory that zope's key may write to, as user save. */
const REMOTE_ROOT = '/home/save/MyProject';
const DIR_IN_CONF = '/home/zope/MyProject';
const CREDENTIALS = 'admin:secret';

export interface Ports {
  readonly zeo: number;
  readonly instance1: number;
  readonly instance2: number;
  readonly haproxy: number;
  readonly haproxyStats: number;
  readonly varnish: number;
  readonly varnishAdmin: number;
  readonly https: number;
  readonly http: number;
  readonly ssh: number;
}

export interface Site {
  /** Holds all of it, and is removed at the end. */
  readonly base: string;
  /** What supd.conf and its neighbours are in; the part of `base` that supd's processes speak of. */
  readonly etc: string;
  readonly conf: string;
  /** DIR of supd.conf. */
  readonly dir: string;
  readonly ports: Ports;
  /** Where the backups arrive on "the other host". */
  readonly remote: string;
  readonly credentials: string;
}

/** What a test changes in supd.conf beyond places and ports: text and its replacement. */
export type Changes = readonly (readonly [text: string, replacement: string])[];

export async function makeSite(changes: Changes = []): Promise<Site> {
  // Not $TMPDIR: every user of the deployment must be able to reach it.
  const base = mkdtempSync('/tmp/supd-stack-');
  chmodSync(base, 0o755);
  const etc = path.join(base, 'site', 'etc');
  const dir = path.join(base, 'site', 'MyProject');
  const site: Site = {
    base,
    etc,
    conf: path.join(etc, 'supd.conf'),
    dir,
    ports: await choosePorts(),
    remote: path.join(REMOTE_ROOT, path.basename(base)),
    credentials: CREDENTIALS,
  };
  mkdirSync(etc, { recursive: true });
  cpSync('conf/jobs', path.join(etc, 'jobs'), { recursive: true });
  for (const name of ['haproxy.cfg', 'default.vcl']) write(path.join(etc, name), adapt(site, readConf(name)));
  write(site.conf, supdConf(site, changes));
  allowKey(site, '~/.ssh/id_ed25519');
  makeZope(site);
  return site;
}

/** Removes the deployment's files, there and here. Everything that runs in it must have ended. */
export function removeSite(site: Site): void {
  rmSync(site.base, { recursive: true, force: true });
  rmSync(site.remote, { recursive: true, force: true });
}

/** Lets the nightly rsync use the private key `identity`; `also` is a further option of ssh, which goes before the others. */
export function allowKey(site: Site, identity: string, also?: readonly string[]): void {
  const here = [
    ...(also ? [also.join(' ')] : []),
    'HostName 127.0.0.1',
    `Port ${site.ports.ssh}`,
    'HostKeyAlias serveur1.example.com',
  ];
  const text = replaceAll(readConf('ssh_config'), [
    ['    User save\n', `    User save\n${here.map((line) => `    ${line}\n`).join('')}`],
    ['~/.ssh/id_ed25519', identity],
  ]);
  write(path.join(site.etc, 'ssh_config'), text);
}

/** A file of conf/. */
export function readConf(name: string): string {
  return readFileSync(path.join('conf', name), 'utf8');
}

function supdConf(site: Site, changes: Changes): string {
  const own = path.join(site.base, 'site');
  return replaceAll(adapt(site, readConf('supd.conf')), [
    ['logfile=/var/log/supd.log', `logfile=${own}/supd.log\nrundir=${own}/run\nstatedir=${own}/state`],
    ['pidfile=/run/supd.pid', `pidfile=${own}/supd.pid`],
    ['save@serveur1.example.com:/"', `save@serveur1.example.com:${path.basename(site.base)}/"`],
    ...changes,
  ]);
}

/** Zope's and ZEO's part, all of it zope's. */
function makeZope({ dir, ...rest }: Site): void {
  const site = { dir, ...rest };
  const { uid, gid } = accountOf('zope');
  mkdirSync(dir);
  chownSync(dir, uid, gid);
  const script = [
    'mkdir -p etc bin var/log var/filestorage',
    'mkdir -m 700 var/blobstorage',
    `ln -s ${VENV}/bin/runzeo ${VENV}/bin/runwsgi ${VENV}/bin/zeopack ${VENV}/bin/repozo bin/`,
    `for name in instance1 instance2; do ${VENV}/bin/mkwsgiinstance -d $name -u ${CREDENTIALS}; done`,
  ];
  runAs('zope', ['bash', '-ec', script.join('\n')], dir);
  const recipe = readFileSync('test/stack/recipe-backup', 'utf8');
  for (const name of ['backup', 'snapshotbackup', 'restore', 'snapshotrestore'])
    write(path.join(dir, 'bin', name), recipe, 0o755);
  write(path.join(dir, 'etc/zeo.conf'), adapt(site, readConf('zeo.conf')));
  for (const name of ['zope.conf', 'zope.ini']) {
    const first = adapt(site, readConf(name));
    const second = first
      .replaceAll('instance1', 'instance2')
      .replaceAll(`:${site.ports.instance1}`, `:${site.ports.instance2}`);
    write(path.join(dir, 'instance1/etc', name), first);
    write(path.join(dir, 'instance2/etc', name), second);
  }
  fillDatabase(dir);
}

/** Two instances that fill an empty database at the same time are in each other's way; so it is done before. */
function fillDatabase(dir: string): void {
  const conf = readFileSync(path.join(dir, 'instance1/etc/zope.conf'), 'utf8').replace(
    /<zeoclient>[\s\S]*<\/zeoclient>/,
    '<blobstorage>\nblob-dir $DIR/var/blobstorage\n<filestorage>\npath $DIR/var/filestorage/Data.fs\n</filestorage>\n</blobstorage>',
  );
  const alone = path.join(dir, 'etc/alone.conf');
  write(alone, conf);
  runAs('zope', [`${VENV}/bin/zconsole`, 'run', alone, '/dev/null'], dir);
}

/** The same file for this deployment's directory and ports. */
function adapt({ dir, ports }: Site, text: string): string {
  const numbers: readonly (readonly [number, number])[] = [
    [8000, ports.varnish],
    [8001, ports.haproxy],
    [8002, ports.haproxyStats],
    [8081, ports.instance1],
    [8082, ports.instance2],
    [8100, ports.zeo],
    [6082, ports.varnishAdmin],
  ];
  const byPort = new Map(numbers.map(([from, to]) => [String(from), String(to)]));
  return text
    .replaceAll(DIR_IN_CONF, dir)
    .replace(/(127\.0\.0\.1:|\.port = ")(\d+)/g, (all, before: string, port: string) => {
      const to = byPort.get(port);
      return to === undefined ? all : before + to;
    });
}

/** @throws for a text that isn't there: then the test no longer changes what it thinks it does */
export function replaceAll(text: string, changes: Changes): string {
  return changes.reduce((so, [from, to]) => {
    if (!so.includes(from)) throw new Error(`"${from}" is not in the file`);
    return so.replaceAll(from, to);
  }, text);
}

async function choosePorts(): Promise<Ports> {
  const [zeo, instance1, instance2, haproxy, haproxyStats, varnish, varnishAdmin, https, http, ssh] =
    (await freePorts(10)) as [number, number, number, number, number, number, number, number, number, number];
  return { zeo, instance1, instance2, haproxy, haproxyStats, varnish, varnishAdmin, https, http, ssh };
}

function write(file: string, text: string, mode = 0o644): void {
  writeFileSync(file, text);
  chmodSync(file, mode);
}

/** Files below `dir` by relative name, with their content in base64: to compare what two hosts hold. */
export function treeOf(dir: string): ReadonlyMap<string, string> {
  const entries = readdirSync(dir, { recursive: true, withFileTypes: true }).filter((entry) =>
    entry.isFile(),
  );
  const names = entries.map((entry) => path.relative(dir, path.join(entry.parentPath, entry.name))).sort();
  return new Map(names.map((name) => [name, readFileSync(path.join(dir, name), 'base64')]));
}
