/** A real systemd with conf/supd.service, in namespaces of its own. */
import { spawn } from 'node:child_process';
import { existsSync, readdirSync, readFileSync, rmdirSync } from 'node:fs';
import path from 'node:path';
import { type Answer, finish, type Owner, type Place } from './place.js';
import { until } from './until.js';

const root = path.resolve(import.meta.dirname, '../../..');

export interface Systemd {
  /** Runs a command inside to its end. */
  run(file: string, ...words: readonly string[]): Promise<Answer>;
  systemctl(...words: readonly string[]): Promise<Answer>;
  supctl(...words: readonly string[]): Promise<Answer>;
  /** A property of supd.service: ActiveState, MainPID … */
  property(name: string): Promise<string>;
  /** Pids, as they are out here, of all that is left in the service's cgroup. */
  inService(): readonly number[];
}

/** Boots it with the place as its /etc/supd; supd is not started yet. It ends, with all that runs in it, after the test. */
export async function bootSystemd(t: Owner, place: Place): Promise<Systemd> {
  const child = spawn(`${place.dir}/bin/boots-systemd`, [place.dir, root, process.execPath], {
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  let said = '';
  for (const stream of [child.stdout, child.stderr])
    stream?.setEncoding('utf8').on('data', (more: string) => {
      said += more;
    });
  const ended = new Promise((resolve) => child.once('exit', resolve));
  const cgroup = path.join(cgroup2() ?? '', path.basename(place.dir));
  t.teardown(async () => {
    child.kill('SIGKILL');
    await ended;
    await until('its cgroups to be empty', () => {
      removeCgroups(cgroup);
      return true;
    });
  });
  const first = await until('systemd to be started', () => {
    if (child.exitCode !== null) return 0;
    const [pid = ''] = readFileSync(`/proc/${child.pid}/task/${child.pid}/children`, 'utf8')
      .trim()
      .split(' ');
    return pid !== '' && readFileSync(`/proc/${pid}/comm`, 'utf8') === 'systemd\n' && Number(pid);
  });
  if (first === 0) throw new Error(`systemd can't be started: ${said}`);

  const enter = ['-t', String(first), '-m', '-p', '-u', '-i', '-C', '-r', '-w', '--'];
  const run = (file: string, ...words: readonly string[]) =>
    finish(spawn('nsenter', [...enter, file, ...words], { stdio: ['pipe', 'pipe', 'pipe'] }));
  const systemctl = (...words: readonly string[]) => run('systemctl', ...words);
  await until('systemd to be up', async () => (await systemctl('is-system-running')).stdout === 'running\n');
  return {
    run,
    systemctl,
    supctl: (...words) => run('supctl', '-c', '/etc/supd/supd.conf', ...words),
    property: async (name) => (await systemctl('show', '--value', '-p', name, 'supd')).stdout.trim(),
    inService: () => {
      const file = `${cgroup}/system.slice/supd.service/cgroup.procs`;
      return existsSync(file) ? readFileSync(file, 'utf8').split('\n').filter(Boolean).map(Number) : [];
    },
  };
}

/** Where the machine has cgroup v2. */
export function cgroup2(): string | undefined {
  return /^(?:\S+ ){4}(\S+) .* - cgroup2 /m.exec(readFileSync('/proc/self/mountinfo', 'utf8'))?.[1];
}

/** @throws while something is alive in them */
function removeCgroups(dir: string): void {
  if (!existsSync(dir)) return;
  for (const entry of readdirSync(dir, { withFileTypes: true }))
    if (entry.isDirectory()) removeCgroups(path.join(dir, entry.name));
  rmdirSync(dir);
}
