/**
 * The black box: at each death of a program, who brought it about, what it wrote last, what it had and used when it was
 * last looked at. The last few are kept of each, in `<statedir>/deaths`, so that they outlive this process.
 */
import { createHash } from 'node:crypto';
import { mkdirSync, readdirSync, renameSync, rmSync, statSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { type Cause, causeOfStop, type Death, type Facts } from '../core/death.js';
import type { Exit, Millis, ProcessEvent, ProcessSpec } from '../core/program.js';
import { isExpected, pidOf } from '../core/transition.js';
import type { Process, World } from '../core/world.js';
import { readFacts } from '../os/facts.js';
import {
  countKills,
  countKillsOnMachine,
  findOomKill,
  type MemoryGroup,
  readMemoryGroup,
} from '../os/oom.js';
import { countDescendants } from '../os/tree.js';
import { isDeaths } from './death-records.js';
import { readJson, tryWriting } from './durable.js';

export interface DeathsParts {
  readonly dir: string;
  readonly world: () => World;
  /** The last lines that a process wrote since then. */
  readonly outputOf: (id: string, since: Millis) => string;
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

/** Kept of each program. */
const KEPT = 5;
/** After a start, then on and on the last of them. */
const LOOKS_MS: readonly Millis[] = [50, 500, 5000];
const LOOK_EVERY_MS: Millis = 30_000;
/** A program that dies again and again is written down this often; the first time at once, but after the restart. */
const WRITE_EVERY_MS: Millis = 1000;
const WRITE_SOON_MS: Millis = 20;
/** Looks and writes of many at once take turns with everything else: so long at a time, and a pause. */
const TURN_MS: Millis = 2;
const PAUSE_MS: Millis = 5;
/** What is left of programs that are not configured any more goes after this long. */
const FORGET_AFTER_MS: Millis = 7 * 86_400_000;
const KILL = 9;

interface Look {
  readonly pid: number;
  facts?: Facts;
  group?: MemoryGroup;
  readonly machineKills: number;
  timer?: NodeJS.Timeout;
}

export class Deaths {
  readonly #parts: DeathsParts;
  readonly #looks = new Map<string, Look>();
  readonly #asked = new Map<string, Request>();
  readonly #known = new Map<string, readonly Death[]>();
  readonly #unwritten = new Set<string>();
  /** To be looked at soon. */
  readonly #due = new Set<Look>();
  #looking: NodeJS.Timeout | undefined;
  readonly #fingerprints = new WeakMap<ProcessSpec['environment'], string>();
  #machine = { time: Number.NEGATIVE_INFINITY, kills: 0 };
  #writing: NodeJS.Timeout | undefined;
  #every: NodeJS.Timeout | undefined;

  constructor(parts: DeathsParts) {
    this.#parts = parts;
  }

  /** Looks at what another supd has left from now on; forgets programs that are long gone. */
  start(): void {
    const { processes } = this.#parts.world();
    for (const [id, { state }] of processes) if (pidOf(state) > 0) this.#begin(id, pidOf(state));
    this.#every = setInterval(() => this.#lookAtAll(), LOOK_EVERY_MS).unref();
    this.#prune(new Set([...processes.keys()].map(fileOf)));
  }

  /** Somebody asked for a change of these. */
  asked(ids: readonly string[], request: Request): void {
    for (const id of ids) this.#asked.set(id, request);
  }

  /** What happens to a process, told before the core steps. */
  heard(id: string, event: ProcessEvent): void {
    if (event.type === 'spawned') this.#begin(id, event.pid);
    if (event.type === 'exited') this.#note(id, event);
  }

  /** Newest first. */
  of(id: string): readonly Death[] {
    return this.#known.get(id) ?? this.#read(id);
  }

  close(): void {
    for (const { timer } of this.#looks.values()) clearTimeout(timer);
    clearInterval(this.#every);
    clearTimeout(this.#looking);
    clearTimeout(this.#writing);
    this.#write(Number.POSITIVE_INFINITY);
    clearTimeout(this.#writing);
  }

  #begin(id: string, pid: number): void {
    clearTimeout(this.#looks.get(id)?.timer);
    const look: Look = { pid, machineKills: this.#machineKills() };
    this.#looks.set(id, look);
    this.#lookInTurn(look);
    this.#lookSoon(look, 0);
  }

  #lookSoon(look: Look, nth: number): void {
    const wait = LOOKS_MS[nth];
    if (wait === undefined) return;
    look.timer = setTimeout(() => {
      this.#lookInTurn(look);
      this.#lookSoon(look, nth + 1);
    }, wait).unref();
  }

  #lookAtAll(): void {
    for (const look of this.#looks.values()) this.#lookInTurn(look);
  }

  #lookInTurn(look: Look): void {
    this.#due.add(look);
    this.#looking ??= setTimeout(() => this.#lookAtDue(), PAUSE_MS).unref();
  }

  #lookAtDue(): void {
    const end = performance.now() + TURN_MS;
    for (const look of this.#due) {
      this.#due.delete(look);
      this.#lookAt(look);
      if (performance.now() >= end) break;
    }
    this.#looking = this.#due.size > 0 ? setTimeout(() => this.#lookAtDue(), PAUSE_MS).unref() : undefined;
  }

  /** A reading of /proc/vmstat for all that start together. */
  #machineKills(): number {
    const time = performance.now();
    if (time - this.#machine.time > 100) this.#machine = { time, kills: countKillsOnMachine() };
    return this.#machine.kills;
  }

  /** The cgroup is looked at each time: a program may be put into another one after its start. */
  #lookAt(look: Look): void {
    const facts = readFacts(look.pid);
    if (!facts) return;
    look.facts = { time: Date.now(), ...facts, descendants: countDescendants(look.pid) };
    const group = readMemoryGroup(look.pid);
    if (group && group.file !== look.group?.file) look.group = group;
  }

  #note(id: string, event: Extract<ProcessEvent, { type: 'exited' }>): void {
    const process = this.#parts.world().processes.get(id);
    if (!process) return;
    const { state, spec, started } = process;
    const look = this.#looks.get(id);
    clearTimeout(look?.timer);
    this.#looks.delete(id);
    if (look) this.#due.delete(look);
    const cause = this.#causeOf(process, event.exit, look);
    const death: Death = {
      time: Date.now(),
      pid: 'pid' in state ? state.pid : 0,
      ...(started ? { started: started.wall } : {}),
      exit: event.exit,
      expected: isExpected(event.exit, spec) || state.name === 'STOPPING',
      cause,
      output: this.#parts.outputOf(id, started?.wall ?? 0),
      ...(look?.facts ? { facts: look.facts } : {}),
      ...(event.cpuMs === undefined ? {} : { cpuMs: event.cpuMs }),
      environment: this.#fingerprint(spec),
    };
    this.#known.set(id, [death, ...this.of(id)].slice(0, KEPT));
    this.#unwritten.add(id);
    this.#writing ??= setTimeout(() => this.#write(TURN_MS), WRITE_SOON_MS).unref();
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
    return (killed && look ? outOfMemory(look, started?.mono ?? 0) : undefined) ?? { kind: 'own' };
  }

  #fingerprint({ environment }: ProcessSpec): string {
    const known = this.#fingerprints.get(environment);
    if (known !== undefined) return known;
    const all = Object.entries({ ...this.#parts.environment, ...environment }).sort();
    const made = createHash('sha256').update(JSON.stringify(all)).digest('hex').slice(0, 12);
    this.#fingerprints.set(environment, made);
    return made;
  }

  #read(id: string): readonly Death[] {
    const read = readJson(this.#path(id), isDeaths);
    if (read.kind === 'broken') this.#parts.told(read.why);
    return read.kind === 'read' ? read.value : [];
  }

  /** Not synced: these outlive this process, not the machine. */
  #write(turnMs: Millis): void {
    this.#writing = undefined;
    if (this.#unwritten.size === 0) return;
    const end = performance.now() + turnMs;
    for (const id of this.#unwritten) {
      this.#unwritten.delete(id);
      const file = this.#path(id);
      const why = tryWriting(file, () => {
        mkdirSync(this.#parts.dir, { recursive: true, mode: 0o700 });
        writeFileSync(`${file}.new`, JSON.stringify(this.#known.get(id)), { mode: 0o600 });
        renameSync(`${file}.new`, file);
      });
      if (why !== undefined) this.#parts.told(`how ${id} ended could not be kept: ${why}`);
      if (performance.now() >= end) break;
    }
    const wait = this.#unwritten.size > 0 ? PAUSE_MS : WRITE_EVERY_MS;
    this.#writing = setTimeout(() => this.#write(TURN_MS), wait).unref();
  }

  #prune(kept: ReadonlySet<string>): void {
    tryWriting(this.#parts.dir, () => {
      for (const name of readdirSync(this.#parts.dir)) {
        const file = path.join(this.#parts.dir, name);
        if (!kept.has(name) && Date.now() - statSync(file).mtimeMs > FORGET_AFTER_MS) rmSync(file);
      }
    });
  }

  #path(id: string): string {
    return path.join(this.#parts.dir, fileOf(id));
  }
}

function toldOf({ what, by, reason }: Request): Omit<Request, 'time'> {
  return { what, by, reason };
}

/** Was it the kernel? What the log says is about this very process; counters only say that it has happened. */
function outOfMemory({ pid, group, machineKills }: Look, since: Millis): Cause | undefined {
  const line = findOomKill(pid, since);
  const now = group && countKills(group.file);
  const isOverLimit = group !== undefined && now !== undefined && now > group.kills;
  if (isOverLimit) {
    const why = `its memory cgroup ${group.name} was at its limit (oom_kill ${group.kills} -> ${now})`;
    return { kind: 'outOfMemory', why: line === undefined ? why : `${why}; ${line}`, isSure: true };
  }
  if (line !== undefined) return { kind: 'outOfMemory', why: line, isSure: true };
  if (countKillsOnMachine() <= machineKills) return undefined;
  const why = 'it has ended processes on this machine since this one was started (oom_kill in /proc/vmstat)';
  return { kind: 'outOfMemory', why, isSure: false };
}

/** A name as one file name, never too long. */
function fileOf(id: string): string {
  const name = encodeURIComponent(id).replaceAll('*', '%2A');
  return `${name.length <= 200 ? name : createHash('sha256').update(id).digest('hex')}.json`;
}
