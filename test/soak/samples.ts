/** What the kernel shows of a supd, second by second, and how long it keeps callers waiting. */
import { readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { Worker } from 'node:worker_threads';
import { descriptorsOf, statusOf } from '../helpers/proc.js';
import type { Supd } from '../helpers/start-supd.js';

export interface Sample {
  /** Since the sampling began. */
  readonly seconds: number;
  readonly residentMib: number;
  readonly descriptors: number;
  /** What they are: "socket 3", "/a/file.out 1". */
  readonly open: ReadonlyMap<string, number>;
  readonly threads: number;
  /** In rundir and statedir together. */
  readonly files: number;
}

export interface Sampling {
  readonly samples: readonly Sample[];
  /** Milliseconds of each call of getDaemon, less what the machine had no CPU for. */
  readonly latencies: readonly number[];
  stop(): Promise<void>;
}

const EVERY_MS = 500;

export function sample(supd: Supd): Sampling {
  const begin = performance.now();
  const samples: Sample[] = [];
  const latencies: number[] = [];
  const timer = setInterval(() => samples.push(lookAt(supd, performance.now() - begin)), EVERY_MS);
  const worker = new Worker(new URL('./latency.js', import.meta.url), {
    workerData: { socketPath: path.join(supd.dir, 'run/supd.sock'), pid: supd.pid },
  });
  worker.on('message', (ms: number) => latencies.push(ms));
  const exit = new Promise<void>((resolve, reject) => {
    worker.once('error', reject).once('exit', () => resolve());
  });
  // Told by stop().
  exit.catch(() => undefined);
  return {
    samples,
    latencies,
    stop: () => {
      clearInterval(timer);
      worker.postMessage('enough');
      return exit;
    },
  };
}

function lookAt(supd: Supd, ms: number): Sample {
  const status = statusOf(supd.pid);
  const open = countKinds([...descriptorsOf(supd.pid).values()]);
  const number = (name: string) => Number(/\d+/.exec(status.get(name) ?? '')?.[0]);
  return {
    seconds: ms / 1000,
    residentMib: number('VmRSS') / 1024,
    descriptors: [...open].reduce((sum, [kind, count]) => sum + (isMoved(kind, count) ? 1 : count), 0),
    open,
    threads: number('Threads'),
    files: ['run', 'state'].reduce((sum, name) => sum + filesIn(path.join(supd.dir, name)), 0),
  };
}

/** A log is open twice from when it floods together with others: its output is moved there. That is no growth. */
function isMoved(kind: string, count: number): boolean {
  return kind.endsWith('.out') && count === 2;
}

function countKinds(targets: readonly string[]): ReadonlyMap<string, number> {
  const counts = new Map<string, number>();
  // "socket:[4711]": the number tells nothing.
  for (const kind of targets.map((target) => target.replace(/:\[\d+\]$/, '')))
    counts.set(kind, (counts.get(kind) ?? 0) + 1);
  return counts;
}

/** Also while runs are cleared away in it. */
function filesIn(dir: string): number {
  try {
    return readdirSync(dir, { withFileTypes: true })
      .map((one) => (one.isDirectory() ? filesIn(path.join(dir, one.name)) : 1))
      .reduce((sum, count) => sum + count, 0);
  } catch {
    return 0;
  }
}

/** Seconds that its threads have waited for a CPU that others had: proc(5), schedstat. */
export function waitedForCpu(pid: number): number {
  return Number(readFileSync(`/proc/${pid}/schedstat`, 'utf8').split(' ')[1]) / 1e9;
}
