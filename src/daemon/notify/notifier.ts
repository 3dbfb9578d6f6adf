/** Tells people what the core says they are to be told of; keeps what it told, and what is on its way, on disk. */
import { hostname } from 'node:os';
import path from 'node:path';
import type { RunRecord } from '../../core/job.js';
import { channelsOf, type Notice, type NotifyChannel, type NotifySpec } from '../../core/notice.js';
import { noticeOfRun, noticeOfState } from '../../core/notice-of.js';
import type { Origin } from '../../core/notice-text.js';
import {
  type Message,
  type NoticeState,
  type NoticeStep,
  noticesDue,
  raise,
  sectionsTold,
  unrecovered,
  wakeNotices,
} from '../../core/notices.js';
import type { Outbox } from '../../core/outbox.js';
import type { StateChange } from '../../core/program.js';
import { readJson, tryWriting, writeWhole } from '../durable.js';
import type { SpawnerParts } from '../spawner.js';
import { runner } from './command.js';
import { deliver } from './deliver.js';
import { Postman } from './postman.js';

export interface NotifierParts {
  readonly spawner: SpawnerParts;
  readonly rundir: string;
  readonly statedir: string;
  readonly log: { warn(text: string): void; error(text: string): void };
  /** As configured now. */
  readonly specs: () => readonly NotifySpec[];
  /** What the job's `notify` says. */
  readonly sectionsOf: (job: string) => readonly string[] | undefined;
  /** When the job's last good run had begun. */
  readonly lastGoodOf: (job: string) => number | undefined;
  /** The last lines of a process's stderr, or stdout. */
  readonly outputOf: (id: string) => string;
  readonly origin: () => Omit<Origin, 'host'>;
}

interface Kept {
  readonly state: NoticeState;
  readonly outbox: Outbox;
}

/** What became of one way of a section that was tried. */
export interface Tried {
  readonly channel: NotifyChannel;
  /** undefined: it was taken. */
  readonly failure?: string;
}

const LONGEST_SLEEP_MS = 30_000;

/** Opened with the daemon. */
export class Notifier {
  readonly #parts: NotifierParts;
  readonly #file: string;
  readonly #postman: Postman;
  readonly #deliver: (spec: NotifySpec, channel: NotifyChannel, message: Message) => Promise<void>;
  /** The run of each job that ended last. */
  readonly #ended = new Map<string, string>();
  #kept: Kept = { state: {}, outbox: [] };
  #failure: string | undefined;
  #timer: NodeJS.Timeout | undefined;

  constructor(parts: NotifierParts) {
    this.#parts = parts;
    this.#file = path.join(parts.statedir, 'notify.json');
    const read = readJson(this.#file, isKept);
    if (read.kind === 'read') this.#kept = read.value;
    if (read.kind === 'broken') parts.log.warn(`${read.why}; messages that were on their way are lost`);
    const ways = {
      origin: () => ({ ...parts.origin(), host: hostname() }),
      run: runner(parts.spawner, parts.rundir),
    };
    this.#deliver = (spec, channel, message) => deliver(spec, channel, message, ways);
    this.#postman = new Postman(
      {
        specOf: (section) => parts.specs().find(({ name }) => name === section),
        deliver: this.#deliver,
        keep: (outbox) => this.#keep({ ...this.#kept, outbox }),
        log: parts.log,
      },
      this.#kept.outbox,
    );
  }

  /** Goes on with what another life of supd left. */
  start(): void {
    this.#postman.start();
    this.#arm();
  }

  /** May be told more than once of the same end. */
  runChanged(run: RunRecord): void {
    if (run.outcome === 'running' || this.#ended.get(run.job) === run.id) return;
    this.#ended.set(run.job, run.id);
    const notice = noticeOfRun(run, this.#parts.lastGoodOf);
    if (notice !== undefined) this.raise(notice);
  }

  stateChanged(id: string, change: StateChange, to?: readonly string[]): void {
    const notice = noticeOfState(id, change, Date.now());
    if (notice === undefined) return;
    const output = notice.word === 'fatal' ? this.#parts.outputOf(id) : '';
    this.raise(output === '' ? notice : { ...notice, output }, to);
  }

  /** A state that another supd left a process in, which may have died before it told of it. */
  stateFound(id: string, change: StateChange): void {
    const specs = this.#parts.specs();
    const told = sectionsTold(this.#kept.state, { kind: 'program', name: id, word: 'fatal' }, specs);
    const untold = specs.map(({ name }) => name).filter((name) => !told.includes(name));
    this.stateChanged(id, change, change.to === 'FATAL' ? untold : told);
  }

  /** @param to  names of sections; undefined: who is to be told of it */
  raise(notice: Notice, to?: readonly string[]): void {
    const ofJob = notice.kind === 'job' ? this.#parts.sectionsOf(notice.name) : undefined;
    this.#take(raise(this.#kept.state, notice, to ?? ofJob, this.#parts.specs(), Date.now()));
  }

  /** What was told of, of this kind, and is not over as far as anybody heard. */
  unrecovered(kind: Notice['kind']): readonly string[] {
    return unrecovered(this.#kept.state, kind, this.#parts.specs());
  }

  /** Tries each way of a section at once, without the queue; undefined: there is no such section. */
  test(section: string): Promise<readonly Tried[]> | undefined {
    const spec = this.#parts.specs().find(({ name }) => name === section);
    if (spec === undefined) return undefined;
    const notice: Notice = {
      word: 'failed',
      kind: 'job',
      name: 'test',
      time: Date.now(),
      reason: `only a test of [notify:${section}]; nothing is wrong`,
      look: `notify test ${section}`,
    };
    const tries = channelsOf(spec).map(async (channel): Promise<Tried> => {
      try {
        await this.#deliver(spec, channel, { section, notice, count: 1 });
        return { channel };
      } catch (error) {
        return { channel, failure: (error as Error).message };
      }
    });
    return Promise.all(tries);
  }

  /** What does not work just now, in sentences. */
  failures(): readonly string[] {
    return [...this.#postman.failures(), ...(this.#failure === undefined ? [] : [this.#failure])];
  }

  close(): void {
    clearTimeout(this.#timer);
    this.#postman.close();
  }

  #take({ state, messages }: NoticeStep): void {
    if (state === this.#kept.state) return;
    // In one write with the messages: what is told of and has no message on its way would never be told.
    this.#kept = { ...this.#kept, state };
    if (messages.length === 0) this.#keep(this.#kept);
    this.#postman.add(messages);
    this.#arm();
  }

  #arm(): void {
    clearTimeout(this.#timer);
    const due = noticesDue(this.#kept.state);
    if (due === undefined) return;
    const wait = Math.min(LONGEST_SLEEP_MS, Math.max(0, due - Date.now()));
    this.#timer = setTimeout(() => {
      this.#take(wakeNotices(this.#kept.state, this.#parts.specs(), Date.now()));
      this.#arm();
    }, wait).unref();
  }

  #keep(kept: Kept): void {
    this.#kept = kept;
    const failure = tryWriting(this.#file, () => writeWhole(this.#file, `${JSON.stringify(kept)}\n`));
    if (failure !== undefined && failure !== this.#failure) this.#parts.log.error(failure);
    this.#failure = failure;
  }
}

/** As much as is relied on. */
function isKept(value: unknown): value is Kept {
  if (typeof value !== 'object' || value === null) return false;
  const { state, outbox } = value as Partial<Record<keyof Kept, unknown>>;
  return typeof state === 'object' && state !== null && Array.isArray(outbox);
}
