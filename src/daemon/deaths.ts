/**
 * The black box: at each death of a program, who brought it about, what it wrote last, what it had and used when it was
 * last looked at. The last few are kept of each, deathbook.ts.
 */
import { createHash } from 'node:crypto';
import { type Cause, causeOfStop, type Death } from '../core/death.js';
import type { Exit, Millis, ProcessEvent, ProcessSpec } from '../core/program.js';
import { isRolled } from '../core/rolling.js';
import { isExpected, pidOf } from '../core/transition.js';
import type { Process, World } from '../core/world.js';
import { countKills, countKillsOnMachine, KernelLog } from '../os/oom.js';
import { DeathBook } from './deathbook.js';
import { type Look, Looks } from './looks.js';

export interface DeathsParts {
  readonly file: string;
  readonly world: () => World;
  /** The last lines that a process wrote since then. */
  readonly outputOf: (id: string, since: Millis) => string;
  /** How much was ever written to its logs by way of supd; undefined: it writes them itself. */
  readonly writtenBy: (id: string) => number | undefined;
  /** What children inherit. */
  readonly environment: Readonly<Record<string, string | undefined>>;
  readonly told: (line: string) => void;
}

/** A change that somebody asked for. */
export interface Request {
  readonly what: string;
  readonly by: string;
  readonly reason: string;
  readonly time: Millis;
}

const KILL = 9;

export class Deaths {
  readonly #parts: DeathsParts;
  readonly #looks = new Looks();
  readonly #kernelLog = new KernelLog();
  readonly #book: DeathBook;
  readonly #asked = new Map<string, Request>();
  readonly #fingerprints = new WeakMap<ProcessSpec['environment'], string>();

  constructor(parts: DeathsParts) {
    this.#parts = parts;
    const { file, told } = parts;
    this.#book = new DeathBook({ file, told, isConfigured: (id) => parts.world().processes.has(id) });
  }

  /** Looks at what another supd has left from now on. */
  start(): void {
    for (const [id, { state }] of this.#parts.world().processes)
      if (pidOf(state) > 0) this.#looks.begin(id, pidOf(state), undefined);
    this.#looks.start();
  }

  /** Somebody asked for a change of these. */
  asked(ids: readonly string[], request: Request): void {
    for (const id of ids) this.#asked.set(id, request);
  }

  /** What happens to a process, told before the core steps. */
  heard(id: string, event: ProcessEvent): void {
    if (event.type === 'spawned') this.#looks.begin(id, event.pid, this.#parts.writtenBy(id));
    if (event.type === 'exited') this.#note(id, event);
  }

  last(id: string): Death | undefined {
    return this.#book.last(id);
  }

  /** Newest first. */
  of(id: string): readonly Death[] {
    return this.#book.of(id);
  }

  close(): void {
    this.#looks.close();
    this.#book.close();
    this.#kernelLog.close();
  }

  #note(id: string, event: Extract<ProcessEvent, { type: 'exited' }>): void {
    const process = this.#parts.world().processes.get(id);
    if (!process) return;
    const { state, spec, started } = process;
    const look = this.#looks.end(id);
    const isSilent = look?.written !== undefined && look.written === this.#parts.writtenBy(id);
    this.#book.add(id, {
      time: Date.now(),
      pid: 'pid' in state ? state.pid : 0,
      ...(started ? { started: started.wall } : {}),
      exit: event.exit,
      expected: isExpected(event.exit, spec) || state.name === 'STOPPING',
      cause: this.#causeOf(process, event.exit, look),
      output: isSilent ? '' : this.#parts.outputOf(id, started?.wall ?? 0),
      ...(look?.facts ? { facts: look.facts } : {}),
      ...(event.cpuMs === undefined ? {} : { cpuMs: event.cpuMs }),
      environment: this.#fingerprint(spec),
    });
  }

  #causeOf(process: Process, exit: Exit, look: Look | undefined): Cause {
    const { state, spec, started } = process;
    const world = this.#parts.world();
    const request = this.#asked.get(spec.id);
    if (state.name === 'STOPPING') {
      const own = causeOfStop(state);
      if (own) return own;
      const { recycled } = process;
      // Who asks for something later has it.
      if (recycled && recycled.at.mono >= (started?.mono ?? 0) && recycled.at.wall >= (request?.time ?? 0))
        return { kind: recycled.why.startsWith('unhealthy') ? 'probe' : 'memory', why: recycled.why };
      const { rolling } = world;
      if (rolling?.kind === 'memory' && isRolled(rolling, spec.id) && rolling.since >= (request?.time ?? 0))
        return { kind: 'memory', why: rolling.reason };
      if (world.mode !== 'running') return { kind: 'shutdown' };
      const wait = world.waits.find((one) => one.kind === 'stop' && one.ids.includes(spec.id));
      if (wait) return { kind: 'job', why: `${wait.step}, run ${wait.run}` };
      return { kind: 'request', ...(request ? toldOf(request) : { what: 'a stop', by: 'supd', reason: '' }) };
    }
    if ('unknown' in exit) return { kind: 'unseen' };
    // A signal that was asked for, and sent: not more than the last that was asked can be known.
    if ('signal' in exit && request?.what.startsWith('signal') && request.time >= (started?.wall ?? 0))
      return { kind: 'request', ...toldOf(request) };
    const killed = 'signal' in exit && exit.signal === KILL;
    return (killed && look ? this.#outOfMemory(look, started?.mono ?? 0) : undefined) ?? { kind: 'own' };
  }

  #fingerprint({ environment }: ProcessSpec): string {
    const known = this.#fingerprints.get(environment);
    if (known !== undefined) return known;
    const all = Object.entries({ ...this.#parts.environment, ...environment }).sort();
    const made = createHash('sha256').update(JSON.stringify(all)).digest('hex').slice(0, 12);
    this.#fingerprints.set(environment, made);
    return made;
  }

  /** Was it the kernel? What the log says is about this very process; counters only say that it has happened. */
  #outOfMemory({ pid, group, machineKills }: Look, since: Millis): Cause | undefined {
    const line = this.#kernelLog.findOomKill(pid, since);
    const now = group && countKills(group.file);
    const isOverLimit = group !== undefined && now !== undefined && now > group.kills;
    if (isOverLimit) {
      const why = `its memory cgroup ${group.name} was at its limit (oom_kill ${group.kills} -> ${now})`;
      return { kind: 'outOfMemory', why: line === undefined ? why : `${why}; ${line}`, isSure: true };
    }
    if (line !== undefined) return { kind: 'outOfMemory', why: line, isSure: true };
    // Any end for want of memory counts in the cgroup, too; the root's counters may be of the machine or of nothing.
    if (group !== undefined && now !== undefined && group.name !== '/') return undefined;
    if (countKillsOnMachine() <= machineKills) return undefined;
    const why =
      'it has ended processes on this machine since this one was last looked at (oom_kill in /proc/vmstat)';
    return { kind: 'outOfMemory', why, isSure: false };
  }
}

function toldOf({ what, by, reason }: Request): Omit<Request, 'time'> {
  return { what, by, reason };
}
