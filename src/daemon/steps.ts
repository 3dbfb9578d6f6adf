/** Does what the jobs' core asks for: processes of steps, their output, locks. Answers come as job events. */
import {
  chownSync,
  closeSync,
  constants,
  fstatSync,
  openSync,
  readFileSync,
  readSync,
  statSync,
} from 'node:fs';
import type { OfStep, StepEffect, StepEvent } from '../core/job-events.js';
import type { Exit } from '../core/program.js';
import { findAccount } from '../os/accounts.js';
import { takeLock } from '../os/lock.js';
import { signalProcess, type Tag } from '../os/tree.js';
import { openNull, type SpawnerParts, spawnOne } from './spawner.js';
import type { Sweeper } from './sweeper.js';
import { Verifier } from './verifier.js';

export interface StepsParts {
  readonly spawner: SpawnerParts;
  readonly sweeper: Sweeper;
  readonly answer: (event: StepEvent) => void;
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
  readonly #locks = new Map<string, { readonly fd: number; readonly run: string }>();
  /** Main processes of steps that run now. */
  readonly #live = new Set<number>();
  readonly #verifier: Verifier;

  constructor(parts: StepsParts) {
    this.#parts = parts;
    this.#verifier = new Verifier((pid) => parts.spawner.exits.has(pid));
  }

  isLeader(pid: number): boolean {
    return this.#live.has(pid);
  }

  perform(effect: OwnStepEffect): void {
    const { run, step } = effect;
    switch (effect.type) {
      case 'takeLock':
        return this.#takeLock(effect, effect.path, effect.user);
      case 'releaseLock':
        return this.#releaseLock(effect);
      case 'spawnStep':
        return this.#spawn(effect);
      case 'killStep':
        signalProcess(-effect.pid, effect.signal);
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
    for (const { fd } of this.#locks.values()) closeSync(fd);
    this.#locks.clear();
  }

  #takeLock(of: OfStep, path: string, user: string | undefined): void {
    const { run, step } = of;
    try {
      const isNew = !statSync(path, { throwIfNoEntry: false });
      const fd = takeLock(path);
      if (fd === undefined) return this.#parts.answer({ type: 'lockHeld', run, step, by: holderOf(path) });
      const account =
        isNew && user !== undefined && process.geteuid?.() === 0 ? findAccount(user) : undefined;
      if (account) chownSync(path, account.uid, account.gid);
      this.#locks.set(keyOf(of), { fd, run });
      this.#parts.answer({ type: 'lockTaken', run, step });
    } catch (error) {
      const by = (error as NodeJS.ErrnoException).code ?? String(error);
      this.#parts.answer({ type: 'lockHeld', run, step, by, broken: true });
    }
  }

  #releaseLock(of: OfStep): void {
    const held = this.#locks.get(keyOf(of));
    if (!held) return;
    this.#locks.delete(keyOf(of));
    closeSync(held.fd);
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
        const extra = [...this.#locks.values()].filter((one) => one.run === run).map((one) => one.fd);
        return { stdin: openNull(), stdout: out, stderr: out, extra };
      },
      ended: (exit) => {
        if (spawned.ok) this.#ended(effect, spawned.pid, exit, output, before);
      },
    });
    if (!spawned.ok) return this.#parts.answer({ type: 'stepSpawnFailed', run, step, why: spawned.why });
    this.#live.add(spawned.pid);
    const { pid, expected } = spawned;
    // A step that is not who it should be ends as one that failed.
    if (expected) this.#verifier.expect(pid, expected, ({ wrong }) => wrong && signalProcess(-pid, KILL));
    this.#parts.answer({ type: 'stepSpawned', run, step, pid: spawned.pid });
  }

  #ended(of: OfStep, pid: number, exit: Exit, path: string, before: number): void {
    const { run, step } = of;
    this.#live.delete(pid);
    const { size, text } = readEnd(path, before);
    const leftover = this.#parts.sweeper.leftover(pid, this.#tagOf(run, step)).length > 0;
    this.#parts.answer({
      type: 'stepExited',
      run,
      step,
      exit,
      outputBytes: Math.max(0, size - before),
      output: text,
      leftover,
    });
  }

  /** The environment that spawnStep asks for has these two. */
  #tagOf(run: string, step: string): Tag {
    return { variables: { SUPD_RUN: run, SUPD_STEP: step }, files: [this.#parts.outputPath(run, step)] };
  }
}

function keyOf({ run, step }: OfStep): string {
  return `${run}\0${step}`;
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

/** Who holds a flock, from proc(5)'s locks: "process 123 (repozo)". */
function holderOf(path: string): string {
  try {
    const { ino } = statSync(path);
    const line = readFileSync('/proc/locks', 'utf8')
      .split('\n')
      .find((one) => one.includes('FLOCK') && one.includes(`:${ino} `));
    const pid = line?.trim().split(/\s+/)[4];
    if (pid === undefined) return 'another process';
    return `process ${pid} (${readFileSync(`/proc/${pid}/comm`, 'utf8').trim()})`;
  } catch {
    return 'another process';
  }
}
