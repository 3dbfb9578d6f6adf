/** Makes the probes that the core asks for. Each is bounded in time; what came of it is told with what it was asked for. */
import type { Probe, ProbeOutcome } from '../../core/probe.js';
import type { ProcessEffect, ProcessEvent, ProcessSpec } from '../../core/program.js';
import type { Heard } from '../output.js';
import { type CommandParts, probeCommand } from './command.js';
import { type Attempt, probeConnection, probeZeo } from './connect.js';
import { probeHttp } from './http.js';
import { OutputWaits } from './output.js';

export interface ProberParts extends CommandParts {
  readonly answer: (id: string, event: ProcessEvent) => void;
}

type Order = Extract<ProcessEffect, { type: 'probe' }>;

export class Prober {
  readonly #parts: ProberParts;
  readonly #waits = new OutputWaits();
  /** The probe of each slot that is under way. */
  readonly #live = new Map<string, AbortController>();

  constructor(parts: ProberParts) {
    this.#parts = parts;
  }

  perform(spec: ProcessSpec, order: Order): void {
    const { pid, asked, probe } = order;
    this.cancel(spec.id);
    const answer = (outcome: ProbeOutcome) => {
      this.#parts.answer(spec.id, { type: 'probed', pid, asked, outcome });
    };
    if (probe.kind === 'log') {
      const met = () => answer({ ok: true });
      return this.#waits.wait(spec.id, new RegExp(probe.pattern, probe.flags), met);
    }
    const controller = new AbortController();
    this.#live.set(spec.id, controller);
    const attempt = { timeoutMs: order.timeoutMs, signal: controller.signal };
    void this.#probe(spec, probe, attempt)
      .catch((error): ProbeOutcome => ({ ok: false, why: (error as Error).message }))
      .then((outcome) => {
        if (this.#live.get(spec.id) === controller) this.#live.delete(spec.id);
        if (!controller.signal.aborted) answer(outcome);
      });
  }

  /** Its process is gone, or is asked something else. */
  cancel(id: string): void {
    this.#waits.forget(id);
    this.#live.get(id)?.abort();
    this.#live.delete(id);
  }

  /** Who is told of what a program writes: this, too, if it is ready when it says so there. */
  heardOf({ id, ready }: ProcessSpec, others: Heard | undefined): Heard | undefined {
    return ready?.probe.kind === 'log' ? this.#waits.join(id, others) : others;
  }

  close(): void {
    for (const id of [...this.#live.keys()]) this.cancel(id);
  }

  async #probe(
    spec: ProcessSpec,
    probe: Exclude<Probe, { kind: 'log' }>,
    attempt: Attempt,
  ): Promise<ProbeOutcome> {
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
        throw new Error('notify is not served by this version');
      default:
        return probe satisfies never;
    }
  }
}
