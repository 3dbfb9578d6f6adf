// The two that are compared, each with the same programs and options in its own configuration.
import { spawn, spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, rmSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { keepTrackOf } from './place.mjs';
import { until } from './until.mjs';

const root = path.resolve(import.meta.dirname, '../..');
// The same Node for bin/supd and bin/supctl as for us, whatever PATH says.
const env = { ...process.env, PATH: `${path.dirname(process.execPath)}:${process.env.PATH}` };

const files = (dir, name) => ({
  logfile: path.join(dir, `${name}.log`),
  pidfile: path.join(dir, `${name}.pid`),
  childlogdir: dir,
  minfds: 8192,
});

export const supd = (bin = path.join(root, 'bin')) => ({
  name: 'supd',
  daemon: path.join(bin, 'supd'),
  control: path.join(bin, 'supctl'),
  sections: (dir) =>
    section('supd', {
      ...files(dir, 'supd'),
      rundir: path.join(dir, 'run'),
      statedir: path.join(dir, 'state'),
    }),
});

export const supervisord = {
  name: 'supervisord',
  daemon: '/usr/bin/supervisord',
  control: '/usr/bin/supervisorctl',
  sections: (dir) => {
    const socket = path.join(dir, 'supervisor.sock');
    const factory = 'supervisor.rpcinterface:make_main_rpcinterface';
    return [
      section('supervisord', files(dir, 'supervisord')),
      section('unix_http_server', { file: socket }),
      section('rpcinterface:supervisor', { 'supervisor.rpcinterface_factory': factory }),
      section('supervisorctl', { serverurl: `unix://${socket}` }),
    ].join('\n');
  },
};

export function isInstalled({ daemon, control }) {
  return existsSync(daemon) && existsSync(control);
}

/** Its version, as its control program or itself says it. */
export function versionOf({ daemon }) {
  return spawnSync(daemon, ['--version'], { env, encoding: 'utf8' }).stdout?.trim();
}

/**
 * Starts the daemon in the foreground on these sections of programs, below `dir`.
 * `begin` is when (performance.now()) it was asked for; `socket` is where supd serves.
 */
export function start(which, above, programs) {
  const dir = path.join(above, which.name);
  // What an earlier one left: supd would take its programs back.
  rmSync(dir, { recursive: true, force: true });
  mkdirSync(dir, { recursive: true });
  const conf = path.join(dir, 'daemon.conf');
  writeFileSync(conf, `${which.sections(dir)}\n${programs}\n`);
  const begin = performance.now();
  const child = spawn(which.daemon, ['-n', '-c', conf], { env, cwd: dir, stdio: 'ignore' });
  keepTrackOf(child);
  return { which, dir, conf, begin, child, pid: child.pid, socket: path.join(dir, 'run/supd.sock') };
}

/** Runs supctl or supervisorctl to its end. */
export function control({ which, conf }, ...words) {
  return new Promise((resolve, reject) => {
    const child = spawn(which.control, ['-c', conf, ...words], { env, stdio: ['ignore', 'pipe', 'pipe'] });
    let output = '';
    for (const stream of [child.stdout, child.stderr])
      stream.setEncoding('utf8').on('data', (more) => {
        output += more;
      });
    child.once('error', reject);
    child.once('close', (status) => resolve({ status, output }));
  });
}

/** Waits until `status` shows so many programs in that state. */
export async function untilShown(daemon, count, state = 'RUNNING') {
  const pattern = new RegExp(`\\s${state}\\s`, 'g');
  const look = async () => ((await control(daemon, 'status')).output.match(pattern) ?? []).length >= count;
  await until(`${count} programs of ${daemon.which.name} ${state}`, look, { everyMs: 300 });
}

/** A section of both dialects, which are one. */
export function section(header, options) {
  const lines = Object.entries(options).map(([key, value]) => `${key}=${value}`);
  return `[${header}]\n${lines.join('\n')}\n`;
}

/** So many of one program, which does nothing. */
export function sleepers(count, options = {}) {
  return section('program:sleeper', {
    command: '/bin/sleep 100000',
    numprocs: count,
    process_name: '%(program_name)s_%(process_num)03d',
    startsecs: 1,
    autorestart: 'true',
    ...options,
  });
}
