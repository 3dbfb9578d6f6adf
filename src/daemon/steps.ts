/** Does what the jobs' core asks for: processes of steps, their output, locks. Answers come as job events. */
import { chownSync, closeSync, constants, fstatSync, openSync, readSync } from 'node:fs';
import type { OfStep, StepEffect, StepEvent } from '../core/job-events.js';
import type { Exit } from '../core/program.js';
import type { Ended } from '../os/exits.js';
import { type Rusage, residentPeak } from '../os/rusage.js';
import { type Member, signalProcess, type Tag } from '../os/tree.js';
import { Peaks } from './peaks.js';
import { RunLocks } from './runlocks.js';
import { openNull, type SpawnerParts, spawnOne } from './spawner.js';
import { Strays } from './strays.js';
import type { Sweeper } from './sweeper.js';
import { Verifier } from './verifier.js';

export interface StepsParts {
  readonly spawner: SpawnerParts;
  readonly sweeper: Sweeper;
  readonly answer: (event: StepEvent) => void;
  readonly told: (level: 'info' | 'warn', line: string) => void;
  /** Where a step's output goes; the directory exists. */
  readonly outputPath: (run: string, step: string) => string;
}

/** Of a step's output, what its record shows. */
const SHOWN_BYTES = 4096;
const KILL = 9;

/** StepEffect without what concerns programs: the world answers that itself. */
export type OwnStepEffect = Exclude<StepEffect, { type: 'stopPrograms' | 'startPrograms' }>;

/** Opened with the daemon; holds the locks of live runs. */
export class Steps {
  readonly #parts: StepsParts;
  readonly #locks: RunLocks;
  /** Main processes of steps that run now, by run: it does one thing at a time. */
  readonly #live = new Map<string, number>();
  readonly #verifier: Verifier;
  readonly #peaks = new Peaks();

  constructor(parts: StepsParts) {
    this.#parts = parts;
    this.#locks = new RunLocks(parts.answer);
    this.#verifier = new Verifier((pid) => parts.spawner.exits.has(pid));
  }

  perform(effect: OwnStepEffect): void {
    const { run, step } = effect;
    switch (effect.type) {
      case 'takeLock':
        return this.#locks.take(effect, effect.path, effect.user);
      case 'releaseLock':
        return this.#locks.release(effect);
      case 'spawnStep':
        return this.#spawn(effect);
      case 'retakeLock':
        return this.#locks.retake(effect, effect.path, this.#live.get(run));
      case 'seekStep':
        return this.#seek(effect, effect.attempt);
      case 'adoptStep':
        return this.#adopt(effect, effect.pid, effect.startTicks, effect.outputBytes);
      case 'killStep':
        this.#parts.spawner.exits.signal(effect.pid, effect.signal, true);
        return this.#parts.sweeper.signalTree(effect.pid, effect.signal);
      case 'sweepStep':
        return this.#parts.sweeper.sweep(effect.pid, this.#tagOf(run, step), effect.signal, () =>
          this.#parts.answer({ type: 'stepSwept', run, step }),
        );
      default:
        return effect satisfies never;
    }
  }

  close(): void {
    this.#verifier.close();
    this.#peaks.close();
    this.#locks.close();
  }

  #spawn(effect: Extract<StepEffect, { type: 'spawnStep' }>): void {
    const { run, step } = effect;
    const output = this.#parts.outputPath(run, step);
    let before = 0;
    const spawned = spawnOne(this.#parts.spawner, {
      name: step,
      launch: effect.launch,
      tags: effect.environment,
      openFds: (uid, gid) => {
        const out = openOutput(output, uid, gid);
        before = fstatSync(out).size;
        // The locks of the run live as long as its processes, even when supd dies.
        const extra = this.#locks.of(run);
        return { stdin: openNull(), stdout: out, stderr: out, extra };
      },
      ended: (exit, rusage) => {
        if (spawned.ok) this.#ended(effect, spawned.pid, exit, output, before, rusage);
      },
    });
    if (!spawned.ok) return this.#parts.answer({ type: 'stepSpawnFailed', run, step, why: spawned.why });
    this.#live.set(run, spawned.pid);
    const { pid, startTicks, expected } = spawned;
    this.#peaks.watch(pid, residentPeak('self'));
    // A step that is not who it should be ends as one that failed.
    if (expected) this.#verifier.expect(pid, expected, ({ wrong }) => wrong && signalProcess(-pid, KILL));
    const birth = startTicks === undefined ? {} : { startTicks };
    this.#parts.answer({ type: 'stepSpawned', run, step, pid, ...birth });
  }

  /** What was about to be started when another supd died: is it there? It is not started a second time. */
  #seek({ run, step }: OfStep, attempt: number): void {
    const tag = this.#tagOf(run, step);
    const variables = { ...tag.variables, SUPD_ATTEMPT: String(attempt) };
    const found = new Strays().find({ variables, files: tag.files }, 0);
    if (found && this.#watch({ run, step }, found, 0)) {
      const { pid, startTicks } = found;
      return this.#parts.answer({ type: 'stepSpawned', run, step, pid, startTicks });
    }
    const why = 'supd died while it was being started; whether it ran is not known';
    this.#parts.answer({ type: 'stepSpawnFailed', run, step, why });
  }

  #adopt({ run, step }: OfStep, pid: number, startTicks: number | undefined, before: number): void {
    if (startTicks !== undefined && this.#watch({ run, step }, { pid, startTicks }, before)) return;
    this.#parts.sweeper.lookFurther(pid, 'lost');
    this.#parts.told('warn', `${run}: "${step}" with pid ${pid} ended while supd was not running`);
    this.#ended({ run, step }, pid, { unknown: true }, this.#parts.outputPath(run, step), before);
  }

  /** @returns whether it is there to be watched */
  #watch(of: OfStep, member: Member, before: number): boolean {
    const { exits } = this.#parts.spawner;
    const { pid } = member;
    const output = this.#parts.outputPath(of.run, of.step);
    const ended: Ended = (exit, rusage) => this.#ended(of, pid, exit, output, before, rusage);
    if (!exits.adopt(member, ended)) return false;
    this.#peaks.watch(pid);
    if (exits.isAdopted(pid)) this.#parts.sweeper.lookFurther(pid, 'adopted');
    this.#live.set(of.run, pid);
    this.#parts.told('info', `took back: "${of.step}" of ${of.run} with pid ${pid}`);
    return true;
  }

  #ended(of: OfStep, pid: number, exit: Exit, path: string, before: number, rusage?: Rusage): void {
    const { run, step } = of;
    const peakBytes = this.#peaks.peakOf(pid, rusage);
    this.#live.delete(run);
    this.#locks.settle(run);
    const { size, text } = readEnd(path, before);
    const leftover = this.#parts.sweeper.leftover(pid, this.#tagOf(run, step)).length > 0;
    this.#parts.answer({
      type: 'stepExited',
      run,
      step,
      exit,
      outputBytes: Math.max(0, size - before),
      output: text,
      ...(rusage === undefined ? {} : { cpuMs: rusage.cpuMs }),
      ...(peakBytes === undefined ? {} : { peakBytes }),
      leftover,
    });
  }

  /** The environment that spawnStep asks for has these two. */
  #tagOf(run: string, step: string): Tag {
    const { instance } = this.#parts.spawner;
    const variables = { SUPD_RUN: run, SUPD_STEP: step, SUPD_INSTANCE: instance };
    return { variables, files: [this.#parts.outputPath(run, step)] };
  }
}

/** The step writes its file itself: whole lines or not, nothing is lost whatever becomes of supd. */
function openOutput(path: string, uid: number, gid: number): number {
  const fd = openSync(
    path,
    constants.O_WRONLY | constants.O_APPEND | constants.O_CREAT | constants.O_NOFOLLOW,
    0o640,
  );
  if (process.geteuid?.() === 0) chownSync(path, uid, gid);
  return fd;
}

/** The file's size, and the last whole lines of what was added after `from`. */
function readEnd(path: string, from: number): { size: number; text: string } {
  try {
    const fd = openSync(path, 'r');
    try {
      const { size } = fstatSync(fd);
      const start = Math.max(from, size - SHOWN_BYTES);
      const buffer = Buffer.alloc(Math.max(0, size - start));
      const count = readSync(fd, buffer, 0, buffer.length, start);
      const text = buffer.toString('utf8', 0, count);
      const cut = start > from ? text.indexOf('\n') + 1 : 0;
      return { size, text: text.slice(cut) };
    } finally {
      closeSync(fd);
    }
  } catch {
    return { size: from, text: '' };
  }
}
