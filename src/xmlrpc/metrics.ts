/** `/metrics`: what a Prometheus server collects, in its text format, version 0.0.4. */
import type { Api, JobView, ProcessView } from '../api/api.js';

export const METRICS_TYPE = 'text/plain; version=0.0.4; charset=utf-8';

type Labels = Readonly<Record<string, string>>;
type Sample = readonly [labels: Labels, value: number | undefined];

interface Metric {
  readonly name: string;
  readonly help: string;
  /** Values that are undefined are left out. */
  readonly samples: readonly Sample[];
}

/** All gauges: nothing here only ever grows, since a requested start begins anew. Times in seconds since 1970. */
export function metricsOf(api: Api): string {
  const daemon = api.daemon();
  const { processes } = api.processes([]);
  const metrics: readonly Metric[] = [
    one('supd_start_time_seconds', 'When supd was started.', seconds(daemon.startTime), {
      version: daemon.version,
    }),
    one('supd_memory_bytes', 'Resident memory of supd itself.', daemon.memoryBytes),
    one(
      'supd_conditions',
      'How many things do not work just now: supctl status names them.',
      daemon.conditions.length,
    ),
    ...ofProcesses(processes),
    ...ofJobs(api.jobs()),
  ];
  return metrics.map(textOf).join('');
}

function ofProcesses(processes: readonly ProcessView[]): readonly Metric[] {
  const each = (name: string, help: string, value: (process: ProcessView) => number | undefined): Metric => ({
    name: `supd_process_${name}`,
    help,
    samples: processes.map((process) => [{ group: process.group, name: process.name }, value(process)]),
  });
  return [
    {
      name: 'supd_process_state',
      help: 'Its state, as a label.',
      samples: processes.map(({ group, name, state }) => [{ group, name, state }, 1]),
    },
    each('ready', 'Is it RUNNING and ready?', ({ ready }) => Number(ready)),
    each('healthy', 'Is it not unhealthy? Of programs with health.', ({ health }) =>
      health === '' ? undefined : Number(health !== 'unhealthy'),
    ),
    each('restarts', 'Starts by supd since the last that was asked for.', ({ restarts }) => restarts),
    each('start_time_seconds', 'Its last start.', ({ startTime }) => seconds(startTime)),
    each('cpu_percent', 'Of one processor, its whole tree.', ({ cpuPercent }) => cpuPercent),
    each('memory_bytes', 'Resident, its whole tree.', ({ memoryBytes }) => memoryBytes),
  ];
}

function ofJobs(jobs: readonly JobView[]): readonly Metric[] {
  const each = (name: string, help: string, value: (job: JobView) => number | undefined): Metric => ({
    name: `supd_job_${name}`,
    help,
    samples: jobs.map((job) => [{ job: job.spec.name }, value(job)]),
  });
  return [
    each('overdue', 'Is its last good run older than max_age?', ({ overdue }) => Number(overdue)),
    each('last_good_time_seconds', 'Begin of its newest run that went well.', ({ lastGood }) =>
      seconds(lastGood),
    ),
    each('next_run_time_seconds', 'When it is due.', ({ nextRun }) => seconds(nextRun)),
    each('last_run_time_seconds', 'Begin of its newest run.', ({ lastRun }) => seconds(lastRun?.startTime)),
    {
      name: 'supd_job_last_run_outcome',
      help: 'How its newest run ended, as a label.',
      samples: jobs.flatMap(({ spec, lastRun }): Sample[] =>
        lastRun ? [[{ job: spec.name, outcome: lastRun.outcome }, 1]] : [],
      ),
    },
  ];
}

function one(name: string, help: string, value: number | undefined, labels: Labels = {}): Metric {
  return { name, help, samples: [[labels, value]] };
}

function seconds(ms: number | undefined): number | undefined {
  return ms === undefined ? undefined : ms / 1000;
}

function textOf({ name, help, samples }: Metric): string {
  const lines = samples.flatMap(([labels, value]) =>
    value === undefined ? [] : [`${name}${labelsOf(labels)} ${value}\n`],
  );
  return `# HELP ${name} ${help}\n# TYPE ${name} gauge\n${lines.join('')}`;
}

function labelsOf(labels: Labels): string {
  const pairs = Object.entries(labels).map(([key, value]) => `${key}="${quoted(value)}"`);
  return pairs.length === 0 ? '' : `{${pairs.join(',')}}`;
}

function quoted(value: string): string {
  return value.replace(/[\\"\n]/g, (char) => (char === '\n' ? '\\n' : `\\${char}`));
}
