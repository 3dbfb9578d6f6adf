/** Who watches over the runs of one life of the daemon, with all that they ask of it. */
import path from 'node:path';
import { lastLines } from '../../core/notice-of.js';
import { readLog } from '../../logs/read.js';
import type { Daemon } from '../daemon.js';
import { FreshnessKeeper } from '../freshness.js';
import { Notifier } from './notifier.js';

const LOOKED_AT_BYTES = 2048;

export interface Watch {
  readonly notifier: Notifier;
  readonly freshness: FreshnessKeeper;
  /** Begins to deliver; tells first of the runs that another supd left. */
  start(): void;
  /** What does not work just now, in sentences. */
  conditions(): readonly string[];
  close(): void;
}

/** Watches what happens to programs and runs from now on. */
export function openWatch(daemon: Daemon): Watch {
  const { parts } = daemon;
  const notifier = new Notifier({
    spawner: parts,
    rundir: parts.rundir,
    statedir: parts.statedir,
    log: parts.log,
    specs: () => daemon.config.notify,
    sectionsOf: (job) => daemon.config.jobs.find(({ name }) => name === job)?.notify,
    outputOf: (id) => lastOutput(daemon, id),
    origin: () => ({ identifier: daemon.config.daemon.identifier, configuration: daemon.config.path }),
  });
  const freshness = new FreshnessKeeper({
    dir: path.join(parts.statedir, 'jobs'),
    jobs: () => daemon.config.jobs,
    runs: (job) => daemon.journal.runs(job, Number.MAX_SAFE_INTEGER),
    raise: (notice) => notifier.raise(notice),
    log: parts.log,
  });
  daemon.onStateChange((id, change) => notifier.stateChanged(id, change));
  daemon.onRun((run) => {
    notifier.runChanged(run);
    freshness.runChanged(run);
  });
  return {
    notifier,
    freshness,
    start() {
      notifier.start();
      for (const run of daemon.journal.abandoned) notifier.runChanged(run);
    },
    conditions: () => [...notifier.failures(), ...freshness.conditions()],
    close() {
      notifier.close();
      freshness.close();
    },
  };
}

/** What it said last: on stderr, or else on stdout. */
function lastOutput(daemon: Daemon, id: string): string {
  const streams = daemon.streamsOf(id);
  for (const channel of ['stderr', 'stdout'] as const) {
    const path = streams?.path(channel);
    const text = path ? lastLines(readTail(path)) : '';
    if (text !== '') return text;
  }
  return '';
}

function readTail(path: string): string {
  try {
    return Buffer.from(readLog(path, -LOOKED_AT_BYTES, 0)).toString('utf8');
  } catch {
    return '';
  }
}
