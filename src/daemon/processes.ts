/** Does what the core asks for one process: spawn, signal, sweep. Answers come as process events. */
import type { Exit, ProcessEffect, ProcessEvent, ProcessSpec } from '../core/program.js';
import type { Process } from '../core/world.js';
import type { Ended } from '../os/exits.js';
import type { Rusage } from '../os/rusage.js';
import type { Tag } from '../os/tree.js';
import type { Conditions } from './conditions.js';
import type { Heard } from './output.js';
import { Prober } from './probes/prober.js';
import { Shortages } from './shortages.js';
import type { SharedSockets } from './sockets.js';
import { expectedOf, type Spawned, type SpawnerParts, spawnOne } from './spawner.js';
import type { ProcessStreams } from './streams.js';
import type { Sweeper } from './sweeper.js';
import { Traffic } from './traffic/traffic.js';
import { type Verdict, Verifier } from './verifier.js';

export interface ProcessesParts {
  readonly spawner: SpawnerParts & { readonly rundir: string };
  readonly sweeper: Sweeper;
  readonly processOf: (id: string) => Process | undefined;
  readonly streamsOf: (id: string) => ProcessStreams | undefined;
  readonly sockets: SharedSockets;
  readonly answer: (id: string, event: ProcessEvent) => void;
  readonly told: (level: 'info' | 'warn', line: string) => void;
  /** SUPERVISOR_SERVER_URL where a program doesn't say it. */
  readonly serverUrl: string | undefined;
  readonly conditions: Conditions;
  /** supervisord's way: what a program left behind is left alone. */
  readonly strict: boolean;
}

/** Of one turn of the event loop, what spawning may take: clients are answered in between, each in a few turns. */
const SPAWN_SLICE_MS = 3;
/** Those that wait to be spawned are prepared so many at a time. */
const PREPARED_MAX = 100;
const KILL = 9;

export class Processes {
  readonly #parts: ProcessesParts;
  readonly #waiting: string[] = [];
  readonly #verifier: Verifier;
  readonly #prober: Prober;
  readonly #shortages: Shortages;
  readonly #traffic: Traffic;
  #spent = 0;
  /** How many of those that wait, from the first on. */
  #prepared = 0;
  #scheduled: NodeJS.Immediate | undefined;

  constructor(parts: ProcessesParts) {
    this.#parts = parts;
    this.#shortages = new Shortages(parts.conditions, (id) => parts.processOf(id)?.state.name);
    this.#verifier = new Verifier((pid) => parts.spawner.exits.has(pid));
    this.#prober = new Prober(parts);
    this.#traffic = new Traffic(parts);
  }

  perform(id: string, effect: Exclude<ProcessEffect, { type: 'announce' | 'health' }>): void {
    switch (effect.type) {
      case 'spawn':
        return this.#spawnSoon(id);
      case 'adopt':
        return this.#adopt(id, effect.pid, effect.startTicks);
      case 'kill': {
        if (effect.signal === KILL) {
          const name = this.#parts.processOf(id)?.spec.name;
          this.#parts.told('warn', `killing '${name}' (${effect.pid}) with SIGKILL`);
        }
        const failed = this.#parts.spawner.exits.signal(effect.pid, effect.signal, effect.group);
        if (failed) this.#parts.answer(id, { type: 'killFailed', why: failed });
        return;
      }
      case 'sweep': {
        const process = this.#parts.processOf(id);
        if (!process) return;
        return this.#parts.sweeper.sweep(effect.pid, this.tagOf(process.spec), effect.signal, () =>
          this.#parts.answer(id, { type: 'swept' }),
        );
      }
      case 'probe': {
        const process = this.#parts.processOf(id);
        return process && this.#prober.perform(process.spec, effect);
      }
      case 'leave':
      case 'warmUp':
      case 'arrive': {
        const process = this.#parts.processOf(id);
        return process && this.#traffic.perform(process.spec, effect);
      }
      default:
        return effect satisfies never;
    }
  }

  /** Who is told of what a program writes. @param others  who is so already */
  heardOf(spec: ProcessSpec, others: Heard | undefined): Heard | undefined {
    return this.#prober.heardOf(spec, others);
  }

  close(): void {
    clearImmediate(this.#scheduled);
    this.#verifier.close();
    this.#prober.close();
    this.#traffic.close();
    this.#waiting.length = 0;
  }

  #spawnSoon(id: string): void {
    if (this.#waiting.length === 0 && this.#spent < SPAWN_SLICE_MS) this.#spawn(id);
    else this.#waiting.push(id);
    this.#scheduled ??= setImmediate(() => this.#nextTurn());
  }

  #nextTurn(): void {
    this.#scheduled = undefined;
    this.#spent = 0;
    while (this.#waiting.length > 0 && this.#spent < SPAWN_SLICE_MS) {
      if (this.#prepared === 0) this.#prepare();
      this.#prepared -= 1;
      this.#spawn(this.#waiting.shift() ?? '');
    }
    if (this.#waiting.length > 0) this.#scheduled ??= setImmediate(() => this.#nextTurn());
  }

  #prepare(): void {
    const next = this.#waiting.slice(0, PREPARED_MAX);
    for (const id of next) this.#parts.streamsOf(id)?.prepare();
    this.#prepared = next.length;
  }

  #spawn(id: string): void {
    const process = this.#parts.processOf(id);
    const streams = this.#parts.streamsOf(id);
    // A stop may have come while it waited for its turn.
    if (!streams || process?.state.name !== 'SPAWNING') return;
    const begin = performance.now();
    const { spec } = process;
    const spawned = spawnOne(this.#parts.spawner, {
      name: spec.name,
      launch: spec,
      tags: { ...this.#variablesOf(spec), ...this.#prober.variablesOf(spec) },
      openFds: (uid, gid) =>
        streams.openFor(uid, gid, spec.socket && this.#parts.sockets.take(id, spec.socket)),
      ended: (exit, rusage) => {
        if (spawned.ok) this.#ended(id, spawned.pid, exit, rusage);
      },
    });
    this.#spent += performance.now() - begin;
    if (spawned.ok) {
      this.#parts.told('info', `spawned: '${spec.name}' with pid ${spawned.pid}`);
      const { pid, startTicks, expected } = spawned;
      this.#parts.answer(id, { type: 'spawned', pid, ...(startTicks === undefined ? {} : { startTicks }) });
      if (expected) this.#verifier.expect(pid, expected, (verdict) => this.#judge(id, pid, verdict));
    } else this.#refused(id, spawned);
  }

  /** supervisord counts what the machine lacks as a failure of the program. */
  #refused(id: string, { why, code }: Extract<Spawned, { ok: false }>): void {
    const isShort = code === 'SHORTAGE' && !this.#parts.strict;
    if (isShort) this.#shortages.add(id, why);
    this.#parts.answer(id, { type: 'spawnFailed', why, code: isShort ? code : 'OTHER' });
  }

  /** A process has another state. */
  changed(): void {
    this.#shortages.look();
  }

  #judge(id: string, pid: number, { wrong, missing }: Verdict): void {
    const name = this.#parts.processOf(id)?.spec.name;
    if (missing) this.#parts.told('warn', `${name}: pid ${pid} runs with less than was asked: ${missing}`);
    if (!wrong) return;
    this.#parts.told(
      'warn',
      `${name}: pid ${pid} runs with other rights than was asked and is ended: ${wrong}`,
    );
    this.#parts.answer(id, {
      type: 'identityWrong',
      pid,
      why: `it ran with other rights than was asked: ${wrong}`,
    });
  }

  /** One that has served so long is not ended for what became of it meanwhile, or was let pass by another version. */
  #tellAmiss(name: string, pid: number, { wrong, missing }: Verdict): void {
    const what = [wrong, missing].filter(Boolean).join(', ');
    this.#parts.told('warn', `${name}: pid ${pid}, taken back, runs otherwise than was asked: ${what}`);
  }

  /** Takes back what a supd that is gone has started, or tells that it ended meanwhile. */
  #adopt(id: string, pid: number, startTicks: number | undefined): void {
    const { spawner, sweeper, told } = this.#parts;
    const process = this.#parts.processOf(id);
    if (!process) return;
    const ended: Ended = (exit, rusage) => this.#ended(id, pid, exit, rusage);
    if (startTicks !== undefined && spawner.exits.adopt({ pid, startTicks }, ended)) {
      if (spawner.exits.isAdopted(pid)) sweeper.lookFurther(pid, 'adopted');
      this.#parts.streamsOf(id)?.resumeFrom(pid);
      const expected = expectedOf(spawner, process.spec);
      if (expected)
        this.#verifier.expect(pid, expected, (verdict) => this.#tellAmiss(process.spec.name, pid, verdict));
      return told('info', `took back: '${process.spec.name}' with pid ${pid}`);
    }
    sweeper.lookFurther(pid, 'lost');
    told('warn', `'${process.spec.name}' with pid ${pid} ended while supd was not running`);
    ended({ unknown: true });
  }

  #ended(id: string, pid: number, exit: Exit, rusage?: Rusage): void {
    this.#parts.streamsOf(id)?.drain();
    this.#prober.ended(id);
    this.#traffic.cancel(id);
    const spent = rusage ? { cpuMs: rusage.cpuMs } : {};
    this.#askLeft(id, pid, (leftover) =>
      this.#parts.answer(id, { type: 'exited', exit, leftover, ...spent }),
    );
  }

  /** A stop promises that nothing is left, and is worth the thorough look; a crash is answered at once. */
  #askLeft(id: string, pid: number, tell: (isLeft: boolean) => void): void {
    if (this.#parts.strict) return tell(false);
    const process = this.#parts.processOf(id);
    if (!process) return tell(false);
    const isStopping = process.state.name === 'STOPPING';
    if (!isStopping && !this.#parts.sweeper.isStrange(pid)) return tell(this.#parts.sweeper.hasGroup(pid));
    this.#parts.sweeper.askLeftover(pid, this.tagOf(process.spec), tell);
  }

  #variablesOf(spec: ProcessSpec): Readonly<Record<string, string>> {
    const url = spec.serverUrl ?? this.#parts.serverUrl;
    return { SUPERVISOR_ENABLED: '1', ...(url ? { SUPERVISOR_SERVER_URL: url } : {}), ...namesOf(spec) };
  }

  /** What names the orphans of a program. */
  tagOf(spec: ProcessSpec): Tag {
    const variables = { ...namesOf(spec), SUPD_INSTANCE: this.#parts.spawner.instance };
    return { variables, files: this.#parts.streamsOf(spec.id)?.fifos() ?? [] };
  }
}

/** What it is to supd. */
function namesOf(spec: ProcessSpec): Readonly<Record<string, string>> {
  return { SUPERVISOR_PROCESS_NAME: spec.name, SUPERVISOR_GROUP_NAME: spec.group };
}
