/** Who watches over the runs of one life of the daemon, with all that they ask of it. */

import { statSync } from 'node:fs';
import path from 'node:path';
import { describeDeath } from '../../core/death.js';
import { lastLines } from '../../core/notice-of.js';
import type { ProcessEvent } from '../../core/program.js';
import { pidOf } from '../../core/transition.js';
import type { Process } from '../../core/world.js';
import { readLog } from '../../logs/read.js';
import { guardedFiles } from '../../os/rights.js';
import type { Daemon } from '../daemon.js';
import { Deaths } from '../deaths.js';
import { FreshnessKeeper } from '../freshness.js';
import { Notifier } from './notifier.js';
import { Troubles } from './troubles.js';

const LOOKED_AT_BYTES = 2048;
/** Times of files are those of the kernel's last tick. */
const COARSE_MS = 20;

export interface Watch {
  readonly notifier: Notifier;
  readonly freshness: FreshnessKeeper;
  readonly deaths: Deaths;
  /** What keeps processes from a restart for their memory, by id. */
  readonly memoryWaits: Map<string, string>;
  /** What happens to a process: noted, then handed to the core. */
  heard(id: string, event: ProcessEvent): void;
  /** Of its last death, in a sentence. */
  reasonOf(id: string): string | undefined;
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
    lastGoodOf: (job) => freshness.of(job).lastGood,
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
  const deaths = new Deaths({
    file: path.join(parts.statedir, 'deaths'),
    world: () => daemon.engine.world,
    outputOf: (id, since) => outputSince(daemon, id, since),
    writtenBy: (id) => daemon.streamsOf(id)?.written,
    environment: parts.environment,
    told: (line) => parts.log.warn(line),
  });
  const troubles = new Troubles({
    failing: () => daemon.failing(),
    isHeard: () => daemon.config.notify.some(({ on }) => on.includes('condition')),
    told: () => notifier.unrecovered('daemon'),
    raise: (notice) => notifier.raise(notice),
  });
  daemon.onStateChange((id, change) => notifier.stateChanged(id, change));
  daemon.onRun((run) => {
    notifier.runChanged(run);
    freshness.runChanged(run);
  });
  return {
    notifier,
    freshness,
    deaths,
    memoryWaits: new Map(),
    heard(id, event) {
      deaths.heard(id, event);
      daemon.engine.dispatch({ type: 'process', id, event });
    },
    reasonOf(id) {
      const death = deaths.last(id);
      return death && describeDeath(death);
    },
    start() {
      deaths.start();
      notifier.start();
      troubles.start();
      for (const run of daemon.journal.abandoned) notifier.runChanged(run);
      for (const process of daemon.engine.world.processes.values()) tellFound(notifier, process);
    },
    conditions: () => [...notifier.failures(), ...freshness.conditions()],
    close() {
      troubles.close();
      notifier.close();
      freshness.close();
      deaths.close();
    },
  };
}

/** What another supd knew of a program, and may not have told any more. */
function tellFound(notifier: Notifier, { spec, state, exit, spawnError }: Process): void {
  if (state.name !== 'FATAL' && state.name !== 'RUNNING') return;
  const to = state.name;
  const how = { ...(exit ? { exit } : {}), ...(spawnError === undefined ? {} : { why: spawnError }) };
  notifier.stateFound(spec.id, { from: to, to, pid: pidOf(state), tries: 0, ...how });
}

/** The last lines of the log that was written last, if that was in its life. */
function outputSince(daemon: Daemon, id: string, since: number): string {
  const streams = daemon.streamsOf(id);
  const [newest] = (['stderr', 'stdout'] as const)
    .flatMap((channel) => streams?.path(channel) ?? [])
    .map((file) => ({ file, modified: modifiedAt(file) }))
    .sort((a, b) => b.modified - a.modified);
  if (!newest || newest.modified < since - COARSE_MS) return '';
  return lastLines(readTail(newest.file));
}

function modifiedAt(file: string): number {
  return guardedFiles.at(file, () => statSync(file, { throwIfNoEntry: false }))?.mtimeMs ?? 0;
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
    return Buffer.from(readLog(path, -LOOKED_AT_BYTES, 0, guardedFiles)).toString('utf8');
  } catch {
    return '';
  }
}
