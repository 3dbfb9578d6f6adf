/** Sends a program's visitors away before its stop, and to it after its start. Each order is bounded in time and answered. */
import { setTimeout as pause } from 'node:timers/promises';
import type { ProcessEffect, ProcessEvent, ProcessSpec } from '../../core/program.js';
import type { TrafficSpec } from '../../core/traffic.js';
import { type CommandParts, probeCommand } from '../probes/command.js';
import { probeHttp } from '../probes/http.js';
import { bringBack, drain, whyNotLeave } from './balance.js';

export interface TrafficParts extends CommandParts {
  readonly answer: (id: string, event: ProcessEvent) => void;
  readonly told: (level: 'info' | 'warn', line: string) => void;
}

type Order = Extract<ProcessEffect, { type: 'leave' | 'warmUp' | 'arrive' }>;

const POST_START_MS = 60_000;
/** For one page; a Zope compiles its templates for the first. */
const PAGE_MS = 30_000;
const RETRY_MS = 500;

export class Traffic {
  readonly #parts: TrafficParts;
  /** The order of each slot that is under way. */
  readonly #live = new Map<string, AbortController>();

  constructor(parts: TrafficParts) {
    this.#parts = parts;
  }

  perform(spec: ProcessSpec, order: Order): void {
    this.cancel(spec.id);
    const controller = new AbortController();
    this.#live.set(spec.id, controller);
    const done = (why: string | undefined) => {
      if (this.#live.get(spec.id) !== controller) return;
      this.#live.delete(spec.id);
      this.#parts.answer(spec.id, answerTo(order, why));
    };
    void this.#do(spec, order, controller.signal).then(done, (error: Error) => {
      if (!controller.signal.aborted) this.#tell(spec, error.message);
      done(error.message);
    });
  }

  /** Its process is gone, or something else is asked for. */
  cancel(id: string): void {
    const controller = this.#live.get(id);
    this.#live.delete(id);
    controller?.abort();
  }

  close(): void {
    for (const id of [...this.#live.keys()]) this.cancel(id);
  }

  /** @returns why it isn't as it should be, where that is the core's matter */
  #do(spec: ProcessSpec, order: Order, signal: AbortSignal): Promise<string | undefined> {
    const { traffic } = spec;
    if (traffic === undefined) return Promise.resolve(undefined);
    switch (order.type) {
      case 'leave':
        return this.#leave(spec, traffic, order, signal);
      case 'warmUp':
        return this.#warmUp(spec, traffic, signal);
      case 'arrive':
        return this.#arrive(spec, traffic, order.isRolled, signal);
      default:
        return order satisfies never;
    }
  }

  /**
   * A stop that was asked for comes, whatever goes wrong here; a rolling restart has no reason to cut anybody off.
   * @returns what went wrong, for a rolling restart
   */
  async #leave(
    spec: ProcessSpec,
    { preStop, haproxy }: TrafficSpec,
    { withinMs, isRolled }: Extract<Order, { type: 'leave' }>,
    signal: AbortSignal,
  ): Promise<string | undefined> {
    const until = performance.now() + withinMs;
    const failed = (what: string) => {
      this.#tell(spec, isRolled ? what : `${what}; it is stopped all the same`);
      return isRolled ? what : undefined;
    };
    if (preStop !== undefined) {
      const how = { timeoutMs: withinMs, signal };
      const outcome = await probeCommand(this.#parts, spec, preStop, how, true);
      const why = outcome.ok ? undefined : failed(`pre_stop: ${outcome.why}`);
      if (why !== undefined) return why;
    }
    if (haproxy === undefined || signal.aborted) return undefined;
    try {
      const odd = await drain(haproxy, until, signal);
      if (odd?.isDrained === false) return failed(`not drained: ${odd.what}`);
      if (odd) this.#tell(spec, odd.what);
      return undefined;
    } catch (error) {
      return signal.aborted ? undefined : failed(`not drained: ${(error as Error).message}`);
    }
  }

  async #warmUp(spec: ProcessSpec, traffic: TrafficSpec, signal: AbortSignal): Promise<string | undefined> {
    const until = performance.now() + traffic.warmupMs;
    for (const url of traffic.warmup) {
      for (;;) {
        const timeoutMs = Math.min(PAGE_MS, Math.max(1, until - performance.now()));
        const outcome = await probeHttp({ kind: 'http', url }, { timeoutMs, signal });
        if (outcome.ok) break;
        if (performance.now() + RETRY_MS >= until) {
          const why = `not warm within ${traffic.warmupMs / 1000} s (warmup_timeout): ${url}: ${outcome.why}`;
          this.#tell(spec, why);
          return why;
        }
        await pause(RETRY_MS, undefined, { signal });
      }
    }
    return undefined;
  }

  async #arrive(
    spec: ProcessSpec,
    { postStart, haproxy }: TrafficSpec,
    isRolled: boolean,
    signal: AbortSignal,
  ): Promise<string | undefined> {
    if (postStart !== undefined) {
      const outcome = await probeCommand(
        this.#parts,
        spec,
        postStart,
        { timeoutMs: POST_START_MS, signal },
        true,
      );
      if (!outcome.ok) this.#tell(spec, `post_start: ${outcome.why}`);
      if (!outcome.ok && isRolled) return `post_start: ${outcome.why}`;
    }
    if (haproxy === undefined || signal.aborted) return undefined;
    try {
      await bringBack(haproxy, signal);
      return undefined;
    } catch (error) {
      if (isRolled) return (error as Error).message;
      // HAProxy may start later than its servers; it looks for them itself then.
      if (!signal.aborted)
        this.#parts.told('info', `${spec.name}: not made ready: ${(error as Error).message}`);
      return undefined;
    }
  }

  #tell({ name }: ProcessSpec, what: string): void {
    this.#parts.told('warn', `${name}: ${what}`);
  }
}

/** Why the program must not leave its backend just now; undefined: it may. */
export async function askLeave({ traffic }: ProcessSpec): Promise<string | undefined> {
  if (traffic?.haproxy === undefined) return undefined;
  return whyNotLeave(traffic.haproxy).catch((error: Error) => error.message);
}

function answerTo({ type, pid, asked }: Order, why: string | undefined): ProcessEvent {
  const answered = { pid, asked, ...(why === undefined ? {} : { why }) };
  switch (type) {
    case 'leave':
      return { type: 'left', ...answered };
    case 'warmUp':
      return { type: 'warmed', ...answered };
    case 'arrive':
      return { type: 'arrived', ...answered };
    default:
      return type satisfies never;
  }
}
