/** Rolling restarts as the daemon does them: what the core asks for, who is told of begins and ends. */
import type { Rolling, RollingEffect, RollingEvent, RollingPlan } from '../core/rolling.js';
import { describeRolling } from '../core/rolling-words.js';
import type { Daemon } from './daemon.js';
import { askLeave } from './traffic/traffic.js';
import { Watchers } from './watchers.js';

export class Rollings {
  readonly #daemon: Daemon;
  readonly #begun = new Watchers<[plan: RollingPlan]>();
  readonly #over = new Watchers<[rolling: Rolling]>();

  constructor(daemon: Daemon) {
    this.#daemon = daemon;
  }

  /** There must be none under way. */
  begin(plan: RollingPlan): void {
    this.#begun.tell(plan);
    this.#dispatch({ type: 'begin', plan });
  }

  cancel(): void {
    this.#dispatch({ type: 'cancel' });
  }

  /** Calls `watcher` with each one that begins. @returns ends it */
  onBegun(watcher: (plan: RollingPlan) => void): () => void {
    return this.#begun.add(watcher);
  }

  /** Calls `watcher` with each one that is over, as it ended. @returns ends it */
  onOver(watcher: (rolling: Rolling) => void): () => void {
    return this.#over.add(watcher);
  }

  perform(effect: RollingEffect): void {
    switch (effect.type) {
      case 'askLeave': {
        const { id } = effect;
        const process = this.#daemon.engine.world.processes.get(id);
        if (!process) return this.#dispatch({ type: 'mayLeave', id });
        void askLeave(process.spec).then((why) =>
          this.#dispatch({ type: 'mayLeave', id, ...(why === undefined ? {} : { why }) }),
        );
        return;
      }
      case 'over': {
        const { rolling } = effect;
        this.#daemon.parts.log[rolling.ending === undefined ? 'info' : 'warn'](describeRolling(rolling));
        return this.#over.tell(rolling);
      }
      default:
        return effect satisfies never;
    }
  }

  #dispatch(event: RollingEvent): void {
    this.#daemon.engine.dispatch({ type: 'rolling', event });
  }
}
