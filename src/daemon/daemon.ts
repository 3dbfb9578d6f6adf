/** One life of the daemon, from a configuration to its end or reload: opens what it needs, wires it, closes it. */
import path from 'node:path';
import type { Config } from '../config/config.js';
import { nextRun } from '../config/cron.js';
import { runId } from '../core/agenda.js';
import type { RunRecord } from '../core/job.js';
import type { JobsEffect } from '../core/job-events.js';
import type { Tools } from '../core/launch.js';
import type { GroupSpec, Millis, ProcessEffect, ProcessSpec, StateChange } from '../core/program.js';
import type { WorldEffect } from '../core/world.js';
import type { MainLog } from '../logs/mainlog.js';
import type { Exits } from '../os/exits.js';
import { readNow } from './clock.js';
import { findCommand } from './commands.js';
import { Engine } from './engine.js';
import { EventLog } from './eventlog.js';
import { Journal } from './journal.js';
import { lineOf } from './lines.js';
import { Processes } from './processes.js';
import { serverUrlOf } from './serverurl.js';
import { Steps } from './steps.js';
import { makeFifoDir, ProcessStreams, removeAutoLogs, SharedLogs, type StreamsOptions } from './streams.js';
import { Sweeper } from './sweeper.js';
import { UsageSampler } from './usage.js';

export interface DaemonParts {
  readonly config: Config;
  readonly rundir: string;
  readonly statedir: string;
  readonly log: MainLog;
  readonly exits: Exits;
  readonly tools: Tools;
  readonly environment: Readonly<Record<string, string | undefined>>;
  readonly nofile: number;
  readonly version: string;
}

export class Daemon {
  readonly parts: DaemonParts;
  readonly engine: Engine;
  readonly events = new EventLog();
  readonly journal: Journal;
  readonly usage: UsageSampler;
  readonly startTime: Millis = Date.now();
  /** The configuration that was read last; groups that run keep theirs until update. */
  config: Config;
  readonly ended: Promise<'restarting' | 'shutdown'>;
  readonly #streams = new Map<string, ProcessStreams>();
  readonly #sharedLogs = new SharedLogs();
  readonly #streamsOptions: StreamsOptions;
  readonly #processes: Processes;
  readonly #steps: Steps;
  readonly #sweeper: Sweeper;
  readonly #runWatchers = new Set<(run: RunRecord) => void>();
  readonly #changeWatchers = new Set<(id: string, change: StateChange) => void>();
  readonly #conditions = new Map<string, string>();
  #requests = 0;
  #end: (mode: 'restarting' | 'shutdown') => void = () => {};

  constructor(parts: DaemonParts) {
    this.parts = parts;
    this.config = parts.config;
    const { daemon } = parts.config;
    if (!daemon.nocleanup) removeAutoLogs(daemon.childLogDir, daemon.identifier);
    this.#streamsOptions = { ...daemon, fifoDir: makeFifoDir(parts.rundir) };
    this.ended = new Promise((resolve) => {
      this.#end = resolve;
    });
    this.journal = Journal.open(path.join(parts.statedir, 'jobs'));
    for (const warning of this.journal.warnings) parts.log.warn(warning);
    this.engine = new Engine({
      now: readNow,
      perform: (effect) => this.#perform(effect),
      onDefect: (error) => parts.log.critical(`defect in supd: ${(error as Error)?.stack ?? String(error)}`),
    });
    this.#sweeper = new Sweeper({ isLeader: (pid) => parts.exits.has(pid) });
    this.#processes = new Processes({
      spawner: parts,
      sweeper: this.#sweeper,
      processOf: (id) => this.engine.world.processes.get(id),
      streamsOf: (id) => this.#streams.get(id),
      answer: (id, event) => this.engine.dispatch({ type: 'process', id, event }),
      told: (level, line) => parts.log[level](line),
      serverUrl: serverUrlOf(parts.config),
      keepLeftovers: daemon.compat === 'strict',
    });
    this.#steps = new Steps({
      spawner: parts,
      sweeper: this.#sweeper,
      answer: (event) => this.engine.dispatch({ type: 'jobs', event }),
      outputPath: (run, step) => {
        const job = this.engine.world.jobs.runs.get(run)?.job ?? 'unknown';
        return this.journal.outputPath(job, run, step);
      },
    });
    this.usage = new UsageSampler(parts.exits);
  }

  /** The configured groups that this version runs. */
  servedGroups(): readonly GroupSpec[] {
    return this.config.groups.filter(({ kind }) => kind === 'program' || kind === 'group');
  }

  /** Takes over what was read anew, as what `update` and `add` go by. */
  configure(config: Config): void {
    this.config = config;
  }

  /** Jobs go by the configuration that was read last from now on; live runs end as they began. */
  configureJobs(): void {
    const event = { type: 'configured', specs: this.config.jobs, lastDue: this.journal.lastDue() } as const;
    this.engine.dispatch({ type: 'jobs', event });
  }

  /** An id for a run by hand. */
  newRunId(job: string): string {
    this.#requests += 1;
    return runId(job, Date.now(), `${this.#requests}`);
  }

  /** Brings the configured groups and jobs to life. */
  start(): void {
    const served = this.servedGroups();
    this.engine.dispatch({ type: 'addGroups', groups: served, autostart: false });
    this.#tell('SUPERVISOR_STATE_CHANGE_RUNNING', '', '', {});
    const autostart = served.flatMap(({ processes }) => processes.filter((one) => one.autostart));
    this.engine.dispatch({ type: 'start', ids: autostart.map(({ id }) => id) });
    this.configureJobs();
  }

  /** Begins the end: everything is stopped in reverse order, then `ended` resolves. */
  stop(mode: 'restarting' | 'shutdown'): void {
    if (this.engine.world.mode === 'running') this.#tell('SUPERVISOR_STATE_CHANGE_STOPPING', '', '', {});
    this.engine.dispatch({ type: 'shutdown', mode });
  }

  /** An event that a client sends to all who listen. */
  tellRemote(type: string, text: string): void {
    this.#tell('REMOTE_COMMUNICATION', '', '', { type, data: text });
  }

  streamsOf(id: string): ProcessStreams | undefined {
    return this.#streams.get(id);
  }

  /** Why this program's command can't be executed, before anything is tried. */
  checkCommand(
    spec: ProcessSpec,
  ): { readonly code: 'NO_FILE' | 'NOT_EXECUTABLE'; readonly why: string } | undefined {
    const path = spec.environment.PATH ?? this.parts.environment.PATH;
    const found = findCommand(spec.command, path, spec.directory ?? process.cwd());
    if (found.ok) return undefined;
    return { code: found.code === 'NO_FILE' ? 'NO_FILE' : 'NOT_EXECUTABLE', why: found.why };
  }

  reopenLogs(): void {
    this.parts.log.reopen();
    this.#sharedLogs.reopenAll();
  }

  /** Calls `watcher` with each state that a process enters, also those that it passes at once. @returns ends it */
  onStateChange(watcher: (id: string, change: StateChange) => void): () => void {
    this.#changeWatchers.add(watcher);
    return () => this.#changeWatchers.delete(watcher);
  }

  /** Calls `watcher` with each new state of each run. @returns ends it */
  onRun(watcher: (run: RunRecord) => void): () => void {
    this.#runWatchers.add(watcher);
    return () => this.#runWatchers.delete(watcher);
  }

  /** What does not work just now, in sentences. */
  conditions(): readonly string[] {
    const logs = [...this.#streams].flatMap(([id, streams]) =>
      streams.failure ? [`${id}: ${streams.failure}`] : [],
    );
    const main = this.parts.log.file?.failure;
    return [...this.#conditions.values(), ...(main ? [main] : []), ...logs];
  }

  close(): void {
    this.engine.close();
    this.usage.close();
    this.#processes.close();
    this.#sweeper.close();
    this.#steps.close();
    for (const streams of this.#streams.values()) streams.close();
    this.#streams.clear();
  }

  #perform(effect: WorldEffect): void {
    switch (effect.type) {
      case 'process':
        return this.#performForProcess(effect.id, effect.effect);
      case 'jobs':
        return this.#performForJobs(effect.effect);
      case 'groupAdded':
        this.#openStreams(effect.name);
        return this.#tell('PROCESS_GROUP_ADDED', '', effect.name, {});
      case 'groupRemoved':
        this.#closeStreams(effect.name);
        return this.#tell('PROCESS_GROUP_REMOVED', '', effect.name, {});
      case 'ended':
        return this.#end(effect.mode);
      default:
        return effect satisfies never;
    }
  }

  #performForProcess(id: string, effect: ProcessEffect): void {
    if (effect.type !== 'announce') return this.#processes.perform(id, effect);
    this.#announce(id, effect.change);
  }

  #announce(id: string, change: StateChange): void {
    const process = this.engine.world.processes.get(id);
    if (!process) return;
    const { spec } = process;
    const { log } = this.parts;
    const line = lineOf(spec, change);
    if (change.to === 'BACKOFF' && !change.exit && change.why) log.info(`spawnerr: ${change.why}`);
    if (change.to === 'BACKOFF' || change.to === 'EXITED') this.#tellOf(id, change);
    if (line) log[line.level](line.text);
    if (change.to !== 'BACKOFF' && change.to !== 'EXITED') this.#tellOf(id, change);
    for (const watcher of [...this.#changeWatchers]) watcher(id, change);
  }

  #tellOf(id: string, change: StateChange): void {
    const [group = '', name = ''] = id.split(':');
    this.#tell(`PROCESS_STATE_${change.to}`, name, group, {
      from_state: change.from,
      ...(change.pid > 0 ? { pid: String(change.pid) } : {}),
      ...(change.to === 'STARTING' || change.to === 'BACKOFF' ? { tries: String(change.tries) } : {}),
      ...(change.expected === undefined ? {} : { expected: change.expected ? '1' : '0' }),
      ...(change.why === undefined ? {} : { why: change.why }),
    });
  }

  #performForJobs(effect: JobsEffect): void {
    switch (effect.type) {
      case 'schedule': {
        const { job, schedule, timezone, after } = effect;
        const due = nextRun(schedule, after, timezone);
        return this.engine.dispatch({ type: 'jobs', event: { type: 'scheduled', job, after, due } });
      }
      case 'rememberDue':
        return this.#note('schedule', this.journal.rememberDue(effect.job, effect));
      case 'remember':
        return this.#note('journal', this.journal.writeRun(effect.record));
      case 'tell':
        return this.parts.log[effect.level](effect.text);
      case 'runStarted':
      case 'runChanged':
      case 'runEnded':
        if (effect.type !== 'runChanged') {
          const { job, id, outcome } = effect.run;
          this.#tell(effect.type === 'runStarted' ? 'JOB_STARTED' : 'JOB_ENDED', job, '', {
            run: id,
            outcome,
          });
        }
        for (const watcher of [...this.#runWatchers]) watcher(effect.run);
        return;
      // The world answers these two itself.
      case 'stopPrograms':
      case 'startPrograms':
        return;
      default:
        return this.#steps.perform(effect);
    }
  }

  /** Keeps a condition in `status` for as long as it lasts, and in the log once. */
  #note(about: string, failure: string | undefined): void {
    if (failure === undefined) this.#conditions.delete(about);
    else {
      if (this.#conditions.get(about) !== failure) this.parts.log.error(failure);
      this.#conditions.set(about, failure);
    }
  }

  #tell(type: string, name: string, group: string, details: Readonly<Record<string, string>>): void {
    this.events.add({ time: Date.now(), type, name, group, details });
  }

  #openStreams(group: string): void {
    for (const spec of this.engine.world.groups.get(group)?.processes ?? []) {
      this.#streams.set(spec.id, new ProcessStreams(spec, this.#streamsOptions, this.#sharedLogs));
    }
  }

  #closeStreams(group: string): void {
    for (const [id, streams] of this.#streams) {
      if (!id.startsWith(`${group}:`)) continue;
      streams.close();
      this.#streams.delete(id);
    }
  }
}
