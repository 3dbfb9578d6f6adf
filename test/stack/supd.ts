/** The real supd on a deployment, driven by the real supctl. */
import { type ChildProcess, spawn } from 'node:child_process';
import { readFileSync } from 'node:fs';
import path from 'node:path';
import { endProgram, isAlive, processesNaming, startProgram } from './processes.js';
import type { Site } from './site.js';
import { until } from './until.js';

/** One of `status --json`. */
export interface Status {
  readonly name: string;
  readonly state: string;
  readonly pid: number;
  readonly restarts: number;
  readonly uid: number | null;
  readonly gid: number | null;
  readonly groups: readonly number[];
}

/** One of `job runs NAME --json`. */
export interface RunStatus {
  readonly id: string;
  readonly job: string;
  readonly outcome: string;
  readonly reason: string;
  readonly trigger: string;
  readonly dueTime: string;
  readonly startTime: string;
  readonly endTime: string | null;
  readonly steps: readonly {
    readonly name: string;
    readonly outcome: string;
    readonly exitStatus: number | null;
    readonly attempts: number;
    readonly startTime: string | null;
    readonly endTime: string | null;
    readonly output: string;
    readonly cpuMs: number | null;
    readonly peakMemoryBytes: number | null;
  }[];
}

/** One of `job list --json`. */
export interface JobStatus {
  readonly name: string;
  readonly overdue: boolean;
  readonly lastGood: string | null;
}

export interface Answer {
  readonly status: number;
  readonly stdout: string;
  readonly stderr: string;
}

export interface Supd {
  readonly child: ChildProcess;
  /** Lines of the main log so far. */
  log(): readonly string[];
  /** Runs supctl to its end. */
  supctl(...words: string[]): Promise<Answer>;
  status(): Promise<ReadonlyMap<string, Status>>;
  jobs(): Promise<ReadonlyMap<string, JobStatus>>;
  /** Kept runs of a job, newest first. */
  runs(job: string): Promise<readonly RunStatus[]>;
  /** Waits until all programs are RUNNING. */
  running(): Promise<ReadonlyMap<string, Status>>;
  close(): Promise<void>;
}

export const PROGRAMS = ['haproxy', 'instance1', 'instance2', 'varnish', 'zeoserver'];

/** Starts `bin/supd -n` as the test's own user. It may not be ready yet. */
export function startSupd(site: Site): Supd {
  const own = path.join(site.base, 'site');
  const output = path.join(site.base, 'supd.out');
  const child = startProgram([path.resolve('bin/supd'), '-n', '-c', site.conf], output);
  const supctl = (...words: string[]) => run([path.resolve('bin/supctl'), '-c', site.conf, ...words]);

  async function json<T>(...words: string[]): Promise<T> {
    const { stdout, stderr, status } = await supctl(...words, '--json');
    if (stdout.trim() === '')
      throw new Error(`supctl ${words.join(' ')}: ${status}: ${stderr}${tail(output)}`);
    return JSON.parse(stdout) as T;
  }

  async function status(): Promise<ReadonlyMap<string, Status>> {
    const all = await json<readonly Status[]>('status');
    return new Map(all.map((one) => [one.name, one]));
  }

  return {
    child,
    log: () => readFileSync(path.join(own, 'supd.log'), 'utf8').split('\n'),
    supctl,
    status,
    jobs: async () => {
      const all = await json<readonly JobStatus[]>('job', 'list');
      return new Map(all.map((one) => [one.name, one]));
    },
    runs: (job) => json<readonly RunStatus[]>('job', 'runs', job),
    running: () =>
      until(`${PROGRAMS.join(', ')} to run`, async () => {
        if (child.exitCode !== null) throw new Error(`supd exited ${child.exitCode}: ${tail(output)}`);
        const all = await status();
        return PROGRAMS.every((name) => all.get(name)?.state === 'RUNNING') && all;
      }),
    close: async () => {
      if (child.exitCode === null && child.signalCode === null) {
        await supctl('shutdown');
        await until('supd to end', () => child.exitCode !== null, 90).catch(() =>
          endProgram(child, 'SIGKILL'),
        );
      }
      await endLeftovers(own);
    },
  };
}

/** Whatever is still alive of the deployment is ended by force, so that a failed test leaves nothing behind. */
async function endLeftovers(dir: string): Promise<void> {
  for (const { pid } of processesNaming(dir)) if (isAlive(pid)) process.kill(pid, 'SIGKILL');
  await until(`nothing of ${dir} to be alive`, () => processesNaming(dir).length === 0, 20);
}

function run(argv: readonly string[]): Promise<Answer> {
  return new Promise((resolve, reject) => {
    const child = spawn(argv[0]!, argv.slice(1), { stdio: ['ignore', 'pipe', 'pipe'] });
    let stdout = '';
    let stderr = '';
    child.stdout.setEncoding('utf8').on('data', (text: string) => {
      stdout += text;
    });
    child.stderr.setEncoding('utf8').on('data', (text: string) => {
      stderr += text;
    });
    child.once('error', reject);
    child.once('close', (code) => resolve({ status: code ?? -1, stdout, stderr }));
  });
}

function tail(file: string): string {
  return readFileSync(file, 'utf8').slice(-2000);
}
