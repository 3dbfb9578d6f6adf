/** The shell around the core: takes events one by one, has their effects done in order, keeps one timer. */
import type { Now } from '../core/program.js';
import { emptyWorld, nextWake, step, type World, type WorldEffect, type WorldEvent } from '../core/world.js';
import { ClockWatch } from './clockwatch.js';

export interface EngineParts {
  readonly now: () => Now;
  /** Keeps what must outlive this process, before the effects of the step are done. */
  readonly keep: (before: World, after: World, now: Now) => void;
  /** Does one effect. Events that follow at once are dispatched from within; they are stepped next. */
  readonly perform: (effect: WorldEffect) => void;
  /** Takes the ends of processes before deadlines are looked at: what ended in time may be seen late. */
  readonly reap: () => void;
  readonly note: (about: string, failure: string | undefined) => void;
  /** A defect of ours, told and survived: one program's trouble must not end the others' supervision. */
  readonly onDefect: (error: unknown) => void;
}

/** The longest sleep: bounds what a changed wall clock or a suspended machine can delay. */
const LONGEST_SLEEP_MS = 30_000;
/** The wall clock was set when it moved this much against the monotonic one. */
const CLOCK_STEP_MS = 1000;

export class Engine {
  #world: World = emptyWorld;
  readonly #parts: EngineParts;
  readonly #queue: WorldEvent[] = [];
  readonly #listeners = new Set<() => void>();
  #busy = false;
  #timer: NodeJS.Timeout | undefined;
  #isArming = false;
  #closed = false;
  #wallOffset: number;
  readonly #clocks: ClockWatch;

  constructor(parts: EngineParts) {
    this.#parts = parts;
    const { wall, mono } = parts.now();
    this.#wallOffset = wall - mono;
    this.#clocks = new ClockWatch({ now: parts.now, note: parts.note, look: () => this.#wake() });
  }

  get world(): World {
    return this.#world;
  }

  /** Steps the world by this event and all that follow from it, before it returns; nested calls queue up. */
  dispatch(event: WorldEvent): void {
    if (this.#closed) return;
    this.#queue.push(event);
    if (this.#busy) return;
    this.#busy = true;
    try {
      for (let next = this.#queue.shift(); next; next = this.#queue.shift()) this.#step(next);
    } finally {
      this.#busy = false;
    }
    this.#armSoon();
    for (const listener of [...this.#listeners]) listener();
  }

  /** Calls `listener` after each dispatch. @returns ends it */
  onChange(listener: () => void): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  /** Resolves as soon as `done` holds, or rejects with the signal's reason. */
  until(done: (world: World) => boolean, signal?: AbortSignal): Promise<void> {
    return new Promise((resolve, reject) => {
      const finish = (settle: () => void) => {
        off();
        signal?.removeEventListener('abort', abort);
        settle();
      };
      const abort = () => finish(() => reject(signal?.reason as Error));
      const look = () => {
        if (done(this.#world)) finish(resolve);
      };
      const off = this.onChange(look);
      if (signal?.aborted) return abort();
      signal?.addEventListener('abort', abort);
      look();
    });
  }

  close(): void {
    this.#closed = true;
    this.#clocks.close();
    clearTimeout(this.#timer);
  }

  #step(event: WorldEvent): void {
    const effects = this.#advance(event);
    for (const effect of effects) {
      const mark = this.#queue.length;
      try {
        this.#parts.perform(effect);
      } catch (error) {
        this.#parts.onDefect(error);
      }
      // What an effect answers at once (spawned, spawnFailed) is stepped before all that waits.
      const answers = this.#queue.splice(mark);
      this.#queue.unshift(...answers);
    }
  }

  #advance(event: WorldEvent): readonly WorldEffect[] {
    try {
      const now = this.#parts.now();
      const before = this.#world;
      const { world, effects } = step(before, event, now);
      this.#world = world;
      if (world !== before) this.#keep(before, now);
      return effects;
    } catch (error) {
      this.#parts.onDefect(error);
      return [];
    }
  }

  #keep(before: World, now: Now): void {
    try {
      this.#parts.keep(before, this.#world, now);
    } catch (error) {
      this.#parts.onDefect(error);
    }
  }

  /** Once for all that is dispatched in one turn of the event loop: the look at every deadline has its price. */
  #armSoon(): void {
    if (this.#isArming) return;
    this.#isArming = true;
    queueMicrotask(() => {
      this.#isArming = false;
      this.#arm();
    });
  }

  #arm(): void {
    clearTimeout(this.#timer);
    if (this.#closed) return;
    const now = this.#parts.now();
    const { mono, wall } = nextWake(this.#world);
    const wait = Math.min(LONGEST_SLEEP_MS, (mono ?? Infinity) - now.mono, (wall ?? Infinity) - now.wall);
    this.#timer = setTimeout(() => this.#wake(), Math.max(0, Math.ceil(wait)));
  }

  #wake(): void {
    this.#parts.reap();
    const { wall, mono } = this.#parts.now();
    const offset = wall - mono;
    if (Math.abs(offset - this.#wallOffset) > CLOCK_STEP_MS) {
      this.#wallOffset = offset;
      this.dispatch({ type: 'jobs', event: { type: 'clockStepped' } });
    }
    this.dispatch({ type: 'wake' });
  }
}
