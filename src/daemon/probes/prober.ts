/** Makes the probes that the core asks for. Each is bounded in time; what came of it is told with what it was asked for. */
import { setTimeout as pause } from 'node:timers/promises';
import type { Probe, ProbeOutcome } from '../../core/probe.js';
import type { ProcessEffect, ProcessEvent, ProcessSpec } from '../../core/program.js';
import { measureWork } from '../../os/tree.js';
import type { Heard } from '../output.js';
import { type CommandParts, probeCommand } from './command.js';
import { type Attempt, type Attempted, probeConnection, probeZeo } from './connect.js';
import { probeHttp } from './http.js';
import { Notifications } from './notify.js';
import { OutputWaits } from './output.js';

export interface ProberParts extends CommandParts {
  readonly answer: (id: string, event: ProcessEvent) => void;
  readonly told: (level: 'info' | 'warn', line: string) => void;
}

type Order = Extract<ProcessEffect, { type: 'probe' }>;

/** How long it is looked whether a program that doesn't answer works. */
const MEASURE_MS = 1000;

export class Prober {
  readonly #parts: ProberParts;
  readonly #waits = new OutputWaits();
  readonly #notifications: Notifications;
  /** The probe of each slot that is under way. */
  readonly #live = new Map<string, AbortController>();

  constructor(parts: ProberParts) {
    this.#parts = parts;
    this.#notifications = new Notifications(parts.spawner.instance, parts.told);
  }

  perform(spec: ProcessSpec, order: Order): void {
    const { pid, asked, probe } = order;
    this.#cancel(spec.id);
    const answer = (outcome: ProbeOutcome) => {
      this.#parts.answer(spec.id, { type: 'probed', pid, asked, outcome });
    };
    const met = () => answer({ ok: true });
    const said = (why: string) => answer({ ok: false, why });
    if (probe.kind === 'log') return this.#waits.wait(spec.id, new RegExp(probe.pattern, probe.flags), met);
    if (probe.kind === 'notify' && !order.isHealth)
      return this.#notifications.wait(spec, pid, { word: 'READY', met, said });
    const controller = new AbortController();
    const { signal } = controller;
    this.#live.set(spec.id, controller);
    void this.#attempt(spec, order, probe, signal).then((outcome) => {
      if (this.#live.get(spec.id) === controller) this.#live.delete(spec.id);
      if (!signal.aborted) answer(outcome);
    });
  }

  /** What a program that is about to be started is told of how it can say that it is ready. */
  variablesOf(spec: ProcessSpec): Readonly<Record<string, string>> {
    return this.#notifications.variablesOf(spec);
  }

  /** Its process is gone. */
  ended(id: string): void {
    this.#cancel(id);
    this.#notifications.close(id);
  }

  /** Who is told of what a program writes: this, too, if it is ready when it says so there. */
  heardOf({ id, ready }: ProcessSpec, others: Heard | undefined): Heard | undefined {
    return ready?.probe.kind === 'log' ? this.#waits.join(id, others) : others;
  }

  close(): void {
    for (const id of [...this.#live.keys()]) this.#cancel(id);
    this.#notifications.closeAll();
  }

  #cancel(id: string): void {
    this.#waits.forget(id);
    this.#notifications.forget(id);
    this.#live.get(id)?.abort();
    this.#live.delete(id);
  }

  async #attempt(
    spec: ProcessSpec,
    order: Order,
    probe: Exclude<Probe, { kind: 'log' }>,
    signal: AbortSignal,
  ): Promise<ProbeOutcome> {
    const { pid, timeoutMs, isHealth } = order;
    const attempted = await this.#probe(spec, pid, probe, { timeoutMs, signal }).catch(
      (error): Attempted => ({ ok: false, why: (error as Error).message }),
    );
    if (attempted.ok) return attempted;
    const { why, isLate } = attempted;
    if (!isLate || !isHealth || signal.aborted) return { ok: false, why };
    return { ok: false, why, work: await measureWork(pid, MEASURE_MS, signal) };
  }

  async #probe(
    spec: ProcessSpec,
    pid: number,
    probe: Exclude<Probe, { kind: 'log' }>,
    attempt: Attempt,
  ): Promise<Attempted> {
    switch (probe.kind) {
      case 'tcp':
      case 'unix':
        return probeConnection(probe, attempt);
      case 'zeo':
        return probeZeo(probe, attempt);
      case 'http':
        return probeHttp(probe, attempt);
      case 'exec':
        return probeCommand(this.#parts, spec, probe.command, attempt);
      case 'notify':
        return this.#watchdog(spec, pid, attempt);
      default:
        return probe satisfies never;
    }
  }

  /** Does it say WATCHDOG=1 in time? */
  async #watchdog(spec: ProcessSpec, pid: number, { timeoutMs, signal }: Attempt): Promise<Attempted> {
    const heard = new Promise<Attempted>((resolve) => {
      const met = () => resolve({ ok: true });
      this.#notifications.wait(spec, pid, { word: 'WATCHDOG', met, said: () => {} });
    });
    const why = `no WATCHDOG=1 within ${timeoutMs / 1000} s`;
    const over = new AbortController();
    const late = pause(timeoutMs, { ok: false, why, isLate: true } as const, {
      signal: AbortSignal.any([signal, over.signal]),
    }).catch((): Attempted => ({ ok: false, why: 'cancelled' }));
    return Promise.race([heard, late]).finally(() => over.abort());
  }
}
