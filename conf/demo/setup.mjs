// Makes the demo's private directory: the filled-in configurations, copies of the stand-ins, empty data.
import { spawnSync } from 'node:child_process';
import fs from 'node:fs';
import net from 'node:net';
import os from 'node:os';
import path from 'node:path';

const here = import.meta.dirname;

/**
 * @returns {Promise<{dir: string, conf: string, drop: {uid: number, gid: number} | undefined, ports: Ports,
 *   notes: string[]}>} notes: what is real and what is played, in words
 * @typedef {{zeo: number, instance1: number, instance2: number, balancer: number, cache: number}} Ports
 */
export async function makeDemo() {
  const dir = fs.mkdtempSync(path.join(fs.realpathSync(os.tmpdir()), 'supd-demo-'));
  try {
    return await fill(dir);
  } catch (error) {
    fs.rmSync(dir, { recursive: true, force: true });
    throw error;
  }
}

async function fill(dir) {
  const root = process.getuid() === 0;
  // Others must reach what they run and write; what isn't root's is nobody else's business.
  fs.chmodSync(dir, root ? 0o755 : 0o700);
  for (const name of ['bin', 'etc', 'log', 'serveur1', 'var/backups', 'var/filestorage']) {
    fs.mkdirSync(path.join(dir, name), { recursive: true, mode: 0o755 });
  }
  // Copies, because nobody may not be allowed to read where this repository lies.
  for (const name of fs.readdirSync(here).filter((one) => one.endsWith('.mjs'))) {
    fs.copyFileSync(path.join(here, name), path.join(dir, 'bin', name));
    fs.chmodSync(path.join(dir, 'bin', name), 0o755);
  }
  const drop = root ? nobody(dir) : undefined;
  if (drop) {
    for (const name of ['serveur1', 'var', 'var/backups', 'var/filestorage']) {
      fs.chownSync(path.join(dir, name), drop.uid, drop.gid);
    }
  }
  const ports = await freePorts();
  const parts = chooseParts(dir, ports);
  const values = {
    DIR: dir,
    USER: 'nobody',
    NODE: quoted(process.execPath),
    ZEO_PORT: ports.zeo,
    INSTANCE1_PORT: ports.instance1,
    INSTANCE2_PORT: ports.instance2,
    BALANCER_PORT: ports.balancer,
    BALANCER: parts.balancer,
    CACHE: parts.cache,
    RSYNC: parts.rsync,
  };
  const conf = path.join(dir, 'demo.conf');
  const text = substitute(fs.readFileSync(path.join(here, '../demo.conf'), 'utf8'), values, '%%');
  fs.writeFileSync(conf, drop ? text : text.replace(/^user=.*\n/gm, ''));
  for (const name of ['haproxy.cfg', 'demo.vcl']) {
    const file = fs.readFileSync(path.join(here, name), 'utf8');
    fs.writeFileSync(path.join(dir, 'etc', name), substitute(file, values, '%'));
  }
  return { dir, conf, drop, ports, notes: [...parts.notes, whoNote(root, drop)] };
}

/** %(ENV_DEMO_NAME)s -> its value; a percent sign in a value is written as `percent`. */
function substitute(text, values, percent) {
  return text.replace(/%\(ENV_DEMO_(\w+)\)s/g, (whole, name) => {
    if (!(name in values)) throw new Error(`the demo has no value for ${whole}`);
    return String(values[name]).replaceAll('%', percent);
  });
}

/** Real programs where they can run, stand-ins elsewhere. */
function chooseParts(dir, ports) {
  const stand = (name) => `${quoted(process.execPath)} ${quoted(path.join(dir, 'bin', name))}`;
  const notes = [];
  const choose = (name, missing, real, played) => {
    notes.push(
      missing.length === 0 ? `${name}: the real one` : `${name}: a stand-in (${missing.join(', ')})`,
    );
    return missing.length === 0 ? real() : played;
  };
  const lacking = (...names) =>
    names.filter((name) => !findProgram(name)).map((name) => `no ${name} on PATH`);
  const balancer = choose(
    'haproxy',
    lacking('haproxy'),
    () => `${quoted(findProgram('haproxy'))} -W -db -f ${quoted(path.join(dir, 'etc/haproxy.cfg'))}`,
    `${stand('balancer.mjs')} 127.0.0.1:${ports.balancer} 127.0.0.1:${ports.instance1} 127.0.0.1:${ports.instance2}`,
  );
  // Varnish compiles its configuration into a library beside its data.
  const noexec = canExecute(path.join(dir, 'bin/zeo.mjs')) ? [] : [`programs may not run in ${dir}`];
  const cache = choose(
    'varnishd',
    [...lacking('varnishd', 'gcc'), ...noexec],
    () =>
      `${quoted(findProgram('varnishd'))} -F -n ${quoted(path.join(dir, 'var/varnish'))} -a 127.0.0.1:${ports.cache} ` +
      `-f ${quoted(path.join(dir, 'etc/demo.vcl'))} -s malloc,16m -T none`,
    `${stand('cache.mjs')} 127.0.0.1:${ports.cache} 127.0.0.1:${ports.balancer}`,
  );
  const rsync = choose('rsync', lacking('rsync'), () => quoted(findProgram('rsync')), stand('rsync.mjs'));
  return { balancer, cache, rsync, notes };
}

function whoNote(root, drop) {
  if (!root) return 'everything runs as you';
  if (drop) return 'supd is root; its programs and jobs run as nobody';
  return 'everything runs as root: nobody does not exist here, or may not run this Node';
}

/** The ids of nobody, if it can run Node in the demo's directory. */
function nobody(dir) {
  const id = (flag) => Number(spawnSync('id', [flag, 'nobody'], { encoding: 'utf8' }).stdout || Number.NaN);
  const drop = { uid: id('-u'), gid: id('-g') };
  if (Number.isNaN(drop.uid) || Number.isNaN(drop.gid)) return undefined;
  return spawnSync(process.execPath, ['-e', ''], { ...drop, cwd: dir }).status === 0 ? drop : undefined;
}

function findProgram(name) {
  const places = (process.env.PATH ?? '').split(':').filter((place) => place.startsWith('/'));
  return places.map((place) => path.join(place, name)).find(canExecute);
}

function canExecute(file) {
  try {
    fs.accessSync(file, fs.constants.X_OK);
    return fs.statSync(file).isFile();
  } catch {
    return false;
  }
}

function quoted(text) {
  return `"${text}"`;
}

/** Ports of 127.0.0.1 that nobody listens on now. */
async function freePorts() {
  const names = ['zeo', 'instance1', 'instance2', 'balancer', 'cache'];
  const servers = names.map(() => net.createServer());
  await Promise.all(
    servers.map((server) => new Promise((resolve) => server.listen(0, '127.0.0.1', resolve))),
  );
  const ports = servers.map((server) => server.address().port);
  await Promise.all(servers.map((server) => new Promise((resolve) => server.close(resolve))));
  return Object.fromEntries(names.map((name, index) => [name, ports[index]]));
}
