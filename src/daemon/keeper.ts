/**
 * Keeps what programs left in their pipes while no supd is there to read it: a FIFO loses its bytes with the last
 * process that has it open. So another has all of them open and does nothing but wait: a cat(1) that opens a FIFO of its
 * own, its gate, to which nobody writes. Whoever opens the gate for writing ends it: any later supd, by the gate's name,
 * and without a pid that might be another's.
 */
import { closeSync, openSync, readdirSync, unlinkSync } from 'node:fs';
import path from 'node:path';
import type { Tools } from '../core/launch.js';
import type { Exits } from '../os/exits.js';
import { makeFifo, openForWriting, ownerOfFifo } from '../os/fifo.js';
import { getLimit } from '../os/limits.js';
import { spawnProcess } from '../os/spawn.js';
import type { Conditions } from './conditions.js';

export interface KeeperParts {
  readonly rundir: string;
  readonly tools: Pick<Tools, 'cat'>;
  readonly exits: Pick<Exits, 'expect' | 'has' | 'signal'>;
  readonly conditions: Pick<Conditions, 'note'>;
}

interface Waiting {
  readonly pid: number;
  readonly gate: string;
}

const GATE = /^keeper\.(\d+)$/;
/** FIFOs of one process, and the descriptors that it needs itself. */
const MOST_FIFOS = 250;
const OWN_DESCRIPTORS = 16;
/** After this, one that was to end is killed. */
const END_MS = 1000;
/** Until it is tried again, doubled each time; and how long it must last to have worked. */
const AGAIN_MS = 1000;
const AGAIN_MAX_MS = 60_000;
const PROOF_MS = 2000;
const KILL = 9;

export class Keeper {
  readonly #parts: KeeperParts;
  /** FIFOs to be kept, and those that are. */
  readonly #wanted = new Set<string>();
  #kept = new Set<string>();
  #waiting: readonly Waiting[] = [];
  /** Of another life. */
  #earlier: readonly string[];
  #last: number;
  readonly #endings = new Map<number, () => void>();
  #timer: NodeJS.Timeout | undefined;
  #againMs = AGAIN_MS;

  constructor(parts: KeeperParts) {
    this.#parts = parts;
    const numbers = readdirSync(parts.rundir).map((name) => Number(GATE.exec(name)?.[1] ?? 0));
    this.#last = Math.max(0, ...numbers);
    this.#earlier = numbers.filter((number) => number > 0).map((number) => this.#gateOf(number));
  }

  /** This FIFO is to be kept as soon as any is. */
  want(fifo: string): void {
    this.#wanted.add(fifo);
  }

  /** It is to be kept from now on: somebody is about to write to it. */
  keep(fifo: string): void {
    this.#wanted.add(fifo);
    if (!this.#kept.has(fifo)) this.#renew();
  }

  /** It is removed, or was made anew. */
  forget(fifo: string): void {
    this.#wanted.delete(fifo);
    this.#kept.delete(fifo);
  }

  /** All that another life kept is read by this one: takes its place. */
  settle(): void {
    if ([...this.#wanted].some((fifo) => !this.#kept.has(fifo))) this.#renew();
    for (const gate of this.#earlier) open(gate);
    this.#earlier = [];
  }

  /** Nothing is to be kept any more. Resolves when its processes are gone. */
  async end(): Promise<void> {
    clearTimeout(this.#timer);
    const ended = this.#waiting.map(({ pid }) => new Promise<void>((done) => this.#endings.set(pid, done)));
    this.#release();
    await Promise.all(ended);
  }

  /** Leaves it to another life. */
  close(): void {
    clearTimeout(this.#timer);
    this.#waiting = [];
  }

  /** Processes with all that is wanted now instead of those before. */
  #renew(): void {
    // With its init all of a container ends.
    if (process.pid === 1) return;
    const fifos = [...this.#wanted].filter((fifo) => ownerOfFifo(fifo) !== undefined);
    const most = Math.max(1, Math.min(MOST_FIFOS, getLimit('nofile').soft - OWN_DESCRIPTORS));
    const started: Waiting[] = [];
    try {
      for (let at = 0; at < fifos.length; at += most) started.push(this.#start(fifos.slice(at, at + most)));
    } catch (error) {
      this.#waiting = [...this.#waiting, ...started];
      return this.#fail((error as Error).message);
    }
    this.#release();
    this.#waiting = started;
    this.#kept = new Set(fifos);
    if (this.#againMs > AGAIN_MS) this.#after(PROOF_MS, () => this.#prove());
  }

  #start(fifos: readonly string[]): Waiting {
    const { tools, exits } = this.#parts;
    this.#last += 1;
    const gate = this.#gateOf(this.#last);
    makeFifo(gate, process.geteuid?.() ?? 0, process.getegid?.() ?? 0);
    const nothing = openSync('/dev/null', 'r+');
    try {
      const pid = spawnProcess({
        file: tools.cat,
        argv: ['cat', gate],
        env: [],
        directory: '/',
        session: true,
        fds: [0, 1, 2].map((fd): readonly [number, number] => [fd, nothing]),
        fifos: fifos.map((fifo, i): readonly [number, string] => [3 + i, fifo]),
      });
      exits.expect(pid, (how) => this.#ended(pid, 'code' in how ? `status ${how.code}` : 'a signal'));
      return { pid, gate };
    } catch (error) {
      open(gate);
      throw error;
    } finally {
      closeSync(nothing);
    }
  }

  #release(): void {
    const { exits } = this.#parts;
    for (const { pid, gate } of this.#waiting) {
      open(gate);
      // It may be so new that it has not come to its gate.
      setTimeout(() => exits.has(pid) && exits.signal(pid, KILL), END_MS).unref();
    }
    this.#waiting = [];
  }

  #ended(pid: number, how: string): void {
    this.#endings.get(pid)?.();
    this.#endings.delete(pid);
    const one = this.#waiting.find((waiting) => waiting.pid === pid);
    if (!one) return;
    this.#waiting = this.#waiting.filter((waiting) => waiting !== one);
    this.#kept.clear();
    open(one.gate);
    this.#fail(`${this.#parts.tools.cat} ended with ${how}`);
  }

  #fail(why: string): void {
    const what =
      'nobody keeps the programs’ pipes open: their last words would be lost while no supd is there';
    this.#parts.conditions.note('keeper', `${what} (${why}; tried again)`);
    this.#after(this.#againMs, () => this.#renew());
    this.#againMs = Math.min(2 * this.#againMs, AGAIN_MAX_MS);
  }

  #after(ms: number, work: () => void): void {
    clearTimeout(this.#timer);
    this.#timer = setTimeout(work, ms).unref();
  }

  #prove(): void {
    this.#parts.conditions.note('keeper', undefined);
    this.#againMs = AGAIN_MS;
  }

  #gateOf(number: number): string {
    return path.join(this.#parts.rundir, `keeper.${number}`);
  }
}

/** Ends who waits at that gate, if anybody does, and takes it away. */
function open(gate: string): void {
  try {
    closeSync(openForWriting(gate));
  } catch {
    // Nobody does.
  }
  try {
    unlinkSync(gate);
  } catch {
    // Swept away.
  }
}
