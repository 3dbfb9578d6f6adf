/**
 * One way for all that happens: to the listeners that are told of it (core/event-types.ts), and to the log that
 * clients watch. Ticks and output are for listeners alone: they would push everything else out of the log.
 */
import { textOf } from '../core/event-payload.js';
import type { SupervisorEvent } from '../core/event-types.js';
import type { SavedPools } from '../core/pool-saved.js';
import type { Exit, GroupSpec, Millis, ProcessSpec, StateChange } from '../core/program.js';
import { signalName } from '../core/signals.js';
import { pidOf } from '../core/transition.js';
import type { Process } from '../core/world.js';
import { EventLog } from './eventlog.js';
import { lineOf } from './lines.js';
import type { Heard } from './output.js';
import { Pools, type PoolsParts } from './pools.js';
import type { Channel } from './streams.js';
import { Ticker } from './ticker.js';

export interface SupervisorEventsParts extends PoolsParts {
  readonly processOf: (id: string) => Process | undefined;
  /** Who brought its last end about, in a sentence. */
  readonly reasonOf: (id: string) => string | undefined;
  /** supervisord's way: what is captured makes PROCESS_LOG events, too. */
  readonly logsCaptured: boolean;
}

/** What the log keeps of a text; whoever wants all of it is a listener. */
const TEXT_CHARACTERS = 1024;
/** What a listener may take to read how a shutdown begins before it is asked to end itself. */
const LAST_WORDS_MS: Millis = 2000;

export class SupervisorEvents {
  readonly log = new EventLog();
  readonly #parts: SupervisorEventsParts;
  readonly #pools: Pools;
  readonly #ticker = new Ticker((type, when) => this.tell({ type, when }));

  constructor(parts: SupervisorEventsParts) {
    this.#parts = parts;
    this.#pools = new Pools(parts);
  }

  tell(event: SupervisorEvent): void {
    const entry = entryOf(event);
    if (entry) this.#note(event.type, this.#withReason(event, entry));
    this.#pools.tell(event);
  }

  /** What supervisord's listeners know nothing of. */
  tellJob(type: 'JOB_STARTED' | 'JOB_ENDED', name: string, details: Readonly<Record<string, string>>): void {
    this.#note(type, { name, details });
  }

  /** What supervisord's listeners know nothing of either. */
  tellHealth({ name, group }: ProcessSpec, details: Readonly<Record<string, string>>): void {
    this.#note('PROCESS_HEALTH', { name, group, details });
  }

  /** A process's new state: its line in the main log, to those who are told of it, and to itself if it is a listener. */
  tellChange(spec: ProcessSpec, change: StateChange, isClosing: boolean): void {
    const { id, name, group } = spec;
    const { to } = change;
    const line = lineOf(spec, change);
    const { told } = this.#parts;
    // Until its turn comes, a listener reads how the shutdown goes: holdStop.
    if (to === 'UNKNOWN' || (to === 'STOPPING' && !isClosing)) this.#dispatch(group, 'ceased', id);
    if (to === 'BACKOFF' && !change.exit && change.why) told('info', `spawnerr: ${change.why}`);
    const isExit = to === 'BACKOFF' || to === 'EXITED';
    if (line && !isExit) told(line.level, line.text);
    this.tell({ type: `PROCESS_STATE_${to}`, name, group, change });
    if (line && isExit) told(line.level, line.text);
    if (to === 'RUNNING') this.#dispatch(group, 'served', id);
    if (isExit || to === 'STOPPED' || to === 'FATAL') this.#dispatch(group, 'ended', id);
  }

  /** Calls `stop`, which ends that process: once its pool has nothing more to say to it, if it is a listener. */
  holdStop({ id, group, stopWaitMs }: ProcessSpec, stop: () => void): void {
    this.#pools.whenIdle(group, Math.min(LAST_WORDS_MS, stopWaitMs / 2), () => {
      this.#dispatch(group, 'ceased', id);
      stop();
    });
  }

  /**
   * What a supd that ended by itself left is gone on with, as its groups come back.
   * @param isLeft  are its pipes there?
   * @returns ids of the listeners for which that is so
   */
  resume(left: SavedPools, isLeft: (id: string) => boolean): readonly string[] {
    return this.#pools.resume(left, isLeft);
  }

  /** All that is to come back has. */
  goOn(): void {
    this.#pools.goOn();
  }

  /** For another supd to go on with. */
  save(): SavedPools {
    return this.#pools.save();
  }

  addGroup(group: GroupSpec): void {
    this.#pools.add(group);
    this.#ticker.want(this.#pools.wantedTicks());
  }

  removeGroup(name: string): void {
    this.#pools.remove(name);
    this.#ticker.want(this.#pools.wantedTicks());
    this.tell({ type: 'PROCESS_GROUP_REMOVED', group: name });
  }

  isListener({ group }: ProcessSpec): boolean {
    return this.#pools.has(group);
  }

  /** Who is told of what a process writes; undefined: nobody, as its configuration is. */
  heardOf(spec: ProcessSpec, channel: Channel): Heard | undefined {
    const { captureMaxBytes, eventsEnabled } = spec[channel];
    if (channel === 'stdout' && this.isListener(spec)) return this.#heardOfListener(spec);
    const suffix = channel === 'stdout' ? 'STDOUT' : 'STDERR';
    const captured = `PROCESS_COMMUNICATION_${suffix}` as const;
    const written = `PROCESS_LOG_${suffix}` as const;
    const origin = () => ({ name: spec.name, group: spec.group, pid: this.#pidOf(spec.id) });
    const logged = (bytes: Buffer) => {
      if (this.#pools.wants(written)) this.tell({ type: written, ...origin(), bytes });
    };
    const capture = {
      maxBytes: captureMaxBytes,
      countsAsLogged: this.#parts.logsCaptured,
      captured: (bytes: Buffer) => {
        this.tell({ type: captured, ...origin(), bytes });
        this.#parts.told('debug', `'${spec.name}' ${channel} emitted a comm event`);
      },
    };
    if (captureMaxBytes === 0 && !eventsEnabled) return undefined;
    return { ...(eventsEnabled ? { logged } : {}), ...(captureMaxBytes > 0 ? { capture } : {}) };
  }

  close(): void {
    this.#ticker.close();
    this.#pools.close();
  }

  /** Of an end: who brought it about. */
  #withReason(event: SupervisorEvent, entry: Entry): Entry {
    if (!('change' in event) || event.change.exit === undefined) return entry;
    const reason = this.#parts.reasonOf(`${event.group}:${event.name}`);
    return reason === undefined ? entry : { ...entry, details: { ...entry.details, reason } };
  }

  #heardOfListener({ id, group }: ProcessSpec): Heard {
    return {
      begins: () => this.#dispatch(group, 'begun', id),
      raw: (bytes) => this.#pools.dispatch(group, { type: 'wrote', id, bytes }),
    };
  }

  #dispatch(group: string, type: 'begun' | 'served' | 'ceased' | 'ended', id: string): void {
    this.#pools.dispatch(group, { type, id });
  }

  #pidOf(id: string): number {
    const process = this.#parts.processOf(id);
    return process ? pidOf(process.state) : 0;
  }

  #note(type: string, { name = '', group = '', details = {} }: Entry): void {
    this.log.add({ time: Date.now(), type, name, group, details });
  }
}

/** What the log says of an event, beside its type. */
interface Entry {
  readonly name?: string;
  readonly group?: string;
  readonly details?: Readonly<Record<string, string>>;
}

/** undefined: it is not for the log. */
function entryOf(event: SupervisorEvent): Entry | undefined {
  switch (event.type) {
    case 'PROCESS_LOG_STDOUT':
    case 'PROCESS_LOG_STDERR':
    case 'TICK_5':
    case 'TICK_60':
    case 'TICK_3600':
      return undefined;
    case 'PROCESS_COMMUNICATION_STDOUT':
    case 'PROCESS_COMMUNICATION_STDERR': {
      const { name, group, pid, bytes } = event;
      const text = textOf(bytes).slice(0, TEXT_CHARACTERS);
      return { name, group, details: { pid: String(pid), data: text } };
    }
    case 'REMOTE_COMMUNICATION': {
      const [about, text] = [event.about, event.text].map((one) => one.slice(0, TEXT_CHARACTERS));
      return { details: { type: about ?? '', data: text ?? '' } };
    }
    case 'SUPERVISOR_STATE_CHANGE_RUNNING':
    case 'SUPERVISOR_STATE_CHANGE_STOPPING':
      return {};
    case 'PROCESS_GROUP_ADDED':
    case 'PROCESS_GROUP_REMOVED':
      return { group: event.group };
    default:
      return { name: event.name, group: event.group, details: detailsOf(event.change) };
  }
}

function exitDetails(exit: Exit): Readonly<Record<string, string>> {
  if ('unknown' in exit) return {};
  if ('code' in exit) return { exit_status: String(exit.code) };
  return { signal: signalName(exit.signal), ...(exit.core ? { core_dumped: '1' } : {}) };
}

function detailsOf(change: StateChange): Readonly<Record<string, string>> {
  return {
    from_state: change.from,
    ...(change.pid > 0 ? { pid: String(change.pid) } : {}),
    ...(change.to === 'STARTING' || change.to === 'BACKOFF' ? { tries: String(change.tries) } : {}),
    ...(change.expected === undefined ? {} : { expected: change.expected ? '1' : '0' }),
    ...(change.exit === undefined ? {} : exitDetails(change.exit)),
    ...(change.why === undefined ? {} : { why: change.why }),
  };
}
