/** One life of the daemon, from a configuration to its end or reload: opens what it needs, wires it, closes it. */
import type { Config } from '../config/config.js';
import type { RunRecord } from '../core/job.js';
import type { JobsEffect, JobsEvent } from '../core/job-events.js';
import type { GroupSpec, Millis, ProcessEffect, StateChange } from '../core/program.js';
import { pidOf } from '../core/transition.js';
import type { WorldEffect } from '../core/world.js';
import { removeAutoLogs } from './autologs.js';
import { readNow } from './clock.js';
import { Conditions, type Failing } from './conditions.js';
import { Engine } from './engine.js';
import type { EventLog } from './eventlog.js';
import { makeFifoDir } from './fifodir.js';
import { tellHealth } from './health.js';
import { getInTouch } from './intouch.js';
import { performJobEffect } from './job-effects.js';
import type { Journal } from './journal.js';
import { Keeper } from './keeper.js';
import { openWatch, type Watch } from './notify/open.js';
import { openJournal } from './openjournal.js';
import type { DaemonParts, LifeEnd } from './parts.js';
import { Processes } from './processes.js';
import { Rollings } from './rollings.js';
import { makeRunIds } from './runids.js';
import { serverUrlOf } from './serverurl.js';
import { SharedSockets } from './sockets.js';
import { logsLeft, type ReadState, StateFile } from './statefile.js';
import { Steps } from './steps.js';
import type { ProcessStreams } from './streams.js';
import { StreamTable } from './streamtable.js';
import { SupervisorEvents } from './supervisor-events.js';
import { Sweeper } from './sweeper.js';
import { takeOver } from './takeover.js';
import { UsageSampler } from './usage.js';
import { Watchers } from './watchers.js';

export class Daemon {
  readonly parts: DaemonParts;
  readonly engine: Engine;
  readonly journal: Journal;
  readonly usage: UsageSampler;
  readonly watch: Watch;
  readonly sockets: SharedSockets;
  readonly conditions: Conditions;
  readonly rollings: Rollings;
  readonly startTime: Millis = Date.now();
  /** The configuration that was read last; groups that run keep theirs until update. */
  config: Config;
  readonly ended: Promise<LifeEnd>;
  readonly #state: StateFile;
  readonly #left: ReadState;
  readonly #inTouch: ReadonlySet<string>;
  /** An id for a run by hand. */
  readonly newRunId = makeRunIds();
  readonly #streams: StreamTable;
  readonly #processes: Processes;
  readonly #events: SupervisorEvents;
  readonly #steps: Steps;
  readonly #sweeper: Sweeper;
  readonly #runs = new Watchers<[run: RunRecord]>();
  readonly #changes = new Watchers<[id: string, change: StateChange]>();
  /** Nothing runs any more. */
  #isOver = false;
  #end: (how: LifeEnd) => void = () => {};

  constructor(parts: DaemonParts) {
    this.parts = parts;
    this.config = parts.config;
    const { daemon } = parts.config;
    this.sockets = new SharedSockets((line) => parts.log.info(line));
    this.conditions = new Conditions(parts.log);
    this.#state = new StateFile(parts, parts.version, (why) => this.conditions.note('state', why));
    this.#left = this.#state.read();
    if (!daemon.nocleanup) removeAutoLogs(daemon.childLogDir, daemon.identifier, logsLeft(this.#left));
    this.#events = new SupervisorEvents({
      server: daemon.identifier,
      openStdin: (id) => this.#streams.openStdin(id),
      told: (level, line) => parts.log[level](line),
      processOf: (id) => this.engine.world.processes.get(id),
      reasonOf: (id) => this.watch.reasonOf(id),
      logsCaptured: daemon.compat === 'strict',
    });
    const fifoDir = makeFifoDir(parts.rundir);
    this.#inTouch = getInTouch(this.#left, this.sockets, parts.handed, this.#events, fifoDir);
    // What runs may have a socket that is not to be had again; its program says so.
    if (this.#left.kind === 'none') this.sockets.checkAll(this.config.groups);
    this.#streams = new StreamTable({
      ...daemon,
      fifoDir,
      told: (level, line) => parts.log[level](line),
      heardOf: (spec, channel) => this.#processes.heardOf(spec, this.#events.heardOf(spec, channel)),
      isListener: (spec) => this.#events.isListener(spec),
      keepLogs: (id, logs) => this.#state.noteLogs(id, logs),
      keeper: new Keeper({ ...parts, conditions: this.conditions }),
    });
    this.ended = new Promise((resolve) => {
      this.#end = resolve;
    });
    this.journal = openJournal(parts, this.#left, this.conditions);
    this.engine = new Engine({
      now: readNow,
      keep: (before, after, now) => this.#state.note(before, after, now),
      perform: (effect) => this.#perform(effect),
      reap: () => parts.exits.reap(Number.POSITIVE_INFINITY),
      note: (about, failure) => this.conditions.note(about, failure),
      onDefect: (error) => parts.log.critical(`defect in supd: ${(error as Error)?.stack ?? String(error)}`),
    });
    this.#sweeper = new Sweeper(parts.exits);
    this.#processes = new Processes({
      spawner: parts,
      sweeper: this.#sweeper,
      processOf: (id) => this.engine.world.processes.get(id),
      streamsOf: (id) => this.#streams.of(id),
      sockets: this.sockets,
      answer: (id, event) => this.watch.heard(id, event),
      told: (level, line) => parts.log[level](line),
      serverUrl: serverUrlOf(parts.config),
      conditions: this.conditions,
      strict: daemon.compat === 'strict',
    });
    this.#steps = new Steps({
      spawner: parts,
      sweeper: this.#sweeper,
      answer: (event) => this.engine.dispatch({ type: 'jobs', event }),
      told: (level, line) => parts.log[level](line),
      outputPath: (run, step) =>
        this.journal.outputPath(this.engine.world.jobs.runs.get(run)?.job ?? 'unknown', run, step),
    });
    this.rollings = new Rollings(this);
    this.usage = new UsageSampler();
    this.watch = openWatch(this);
    const stateOf = (id: string) => this.engine.world.processes.get(id)?.state.name ?? 'STOPPED';
    this.engine.onChange(() => this.sockets.release(stateOf));
  }

  /** Takes over what was read anew, as what `update` and `add` go by. */
  configure(config: Config): void {
    this.config = config;
  }

  /** Jobs go by the configuration that was read last from now on; live runs end as they began. */
  configureJobs(): void {
    this.journal.limit(new Map(this.config.jobs.map((job) => [job.name, job.history])));
    const event = { type: 'configured', specs: this.config.jobs, lastDue: this.journal.lastDue() } as const;
    this.engine.dispatch({ type: 'jobs', event });
    this.watch.freshness.configured();
  }

  /** Takes back what another supd left, and brings the configured groups and jobs to life. */
  start(): void {
    const served = this.config.groups;
    const ids = takeOver({
      ...this.parts,
      state: this.#left,
      engine: this.engine,
      journal: this.journal,
      sweeper: this.#sweeper,
      groups: served,
      jobs: this.config.jobs,
      tagOf: (spec) => this.#processes.tagOf(spec),
      sockets: this.sockets,
      inTouch: this.#inTouch,
    });
    this.engine.dispatch({ type: 'addGroups', groups: served, autostart: false });
    this.#events.goOn();
    this.#events.tell({ type: 'SUPERVISOR_STATE_CHANGE_RUNNING' });
    this.engine.dispatch({ type: 'start', ids });
    this.configureJobs();
    this.watch.start();
    this.#streams.settle();
    this.parts.exits.settle();
  }

  /** Begins the end: everything is stopped in reverse order, then `ended` resolves. */
  stop(mode: 'restarting' | 'shutdown'): void {
    if (!this.#isClosing) this.#events.tell({ type: 'SUPERVISOR_STATE_CHANGE_STOPPING' });
    this.engine.dispatch({ type: 'shutdown', mode });
  }

  /** Ends this life alone: its programs and jobs go on, to be taken back by the next. */
  leave(how: 'left' | 'upgrading'): void {
    this.#end(how);
  }

  /** Descriptors that keep what is in the programs' pipes, and their sockets, until the next life has them. */
  hold(): readonly number[] {
    return [...this.#streams.hold(), ...this.sockets.hold()];
  }

  /** What happened, for those who watch. */
  get events(): EventLog {
    return this.#events.log;
  }

  /** Tells listeners what a client says about `type`: REMOTE_COMMUNICATION. */
  tellRemote(type: string, data: string): void {
    this.#events.tell({ type: 'REMOTE_COMMUNICATION', about: type, text: data });
  }

  streamsOf(id: string): ProcessStreams | undefined {
    return this.#streams.of(id);
  }

  reopenLogs(): void {
    this.parts.log.reopen();
    this.#streams.reopenLogs();
  }

  /** Calls `watcher` with each state that a process enters, also those that it passes at once. @returns ends it */
  onStateChange(watcher: (id: string, change: StateChange) => void): () => void {
    return this.#changes.add(watcher);
  }

  /** Calls `watcher` with each new state of each run. @returns ends it */
  onRun(watcher: (run: RunRecord) => void): () => void {
    return this.#runs.add(watcher);
  }

  /** What does not work just now of supd itself. */
  failing(): readonly Failing[] {
    const what = this.parts.log.file?.failure;
    const ofMainLog = what === undefined ? [] : [{ about: 'main log', what }];
    return [...this.conditions.all(), ...ofMainLog, ...this.#streams.failures()];
  }

  close(): void {
    this.engine.close();
    this.watch.close();
    this.usage.close();
    this.#processes.close();
    this.sockets.close();
    this.#sweeper.close();
    this.#steps.close();
    this.journal.close();
    this.#streams.closeAll(!this.#isOver);
    // In a shutdown, a stop may be held until a listener is done.
    if (!this.#isClosing) this.#state.noteDone(this.#events.save());
    this.#events.close();
    this.#state.close();
  }

  #perform(effect: WorldEffect): void {
    switch (effect.type) {
      case 'process':
        return this.#performForProcess(effect.id, effect.effect);
      case 'jobs':
        return this.#performForJobs(effect.effect);
      case 'rolling':
        return this.rollings.perform(effect.effect);
      case 'groupAdded':
        this.#events.addGroup(this.#groupOf(effect.name));
        this.#streams.open(this.#groupOf(effect.name), logsLeft(this.#left));
        return this.#events.tell({ type: 'PROCESS_GROUP_ADDED', group: effect.name });
      case 'groupRemoved':
        this.#streams.close(effect.name);
        return this.#events.removeGroup(effect.name);
      case 'reconfigured':
        return this.#streams.reconfigure(this.#groupOf(effect.name), effect.ids);
      case 'ended':
        this.#isOver = true;
        this.#state.clear();
        return void this.#streams.end().then(() => this.#end(effect.mode));
      default:
        return effect satisfies never;
    }
  }

  #performForProcess(id: string, effect: ProcessEffect): void {
    const process = this.engine.world.processes.get(id);
    if (effect.type === 'announce') {
      if (!process) return;
      this.#events.tellChange(process.spec, effect.change, this.#isClosing);
      this.#processes.changed();
      return this.#changes.tell(id, effect.change);
    }
    if (effect.type === 'health') return tellHealth(this, process?.spec, effect, this.#events);
    if (effect.type !== 'kill' || !process || !this.#isClosing) return this.#processes.perform(id, effect);
    this.#events.holdStop(process.spec, () => {
      // Meanwhile it may have ended, and its pid be another's.
      const state = this.engine.world.processes.get(id)?.state;
      if (state && pidOf(state) === effect.pid) this.#processes.perform(id, effect);
    });
  }

  #performForJobs(effect: JobsEffect): void {
    const answer = (event: JobsEvent) => this.engine.dispatch({ type: 'jobs', event });
    const [events, runs, steps] = [this.#events, this.#runs, this.#steps];
    performJobEffect({ answer, events, journal: this.journal, log: this.parts.log, runs, steps }, effect);
  }

  get #isClosing(): boolean {
    return this.engine.world.mode !== 'running';
  }

  #groupOf(name: string): GroupSpec {
    return this.engine.world.groups.get(name) as GroupSpec;
  }
}
