/** The pools of event listeners: has done what core/pool.ts decides, and counts events over all of them. */
import { envelopeOf, payloadOf } from '../core/event-payload.js';
import { type SentType, type SupervisorEvent, TICK_PERIODS, type TickType } from '../core/event-types.js';
import { isIdle, newPool, type Pool, type PoolEffect, type PoolEvent, stepPool } from '../core/pool.js';
import { listenersOf, resumePool, type SavedPool, type SavedPools, savePool } from '../core/pool-saved.js';
import type { GroupSpec, Millis } from '../core/program.js';
import { ListenerInput } from './listener-input.js';

export interface PoolsParts {
  /** `identifier` of the daemon. */
  readonly server: string;
  /** A descriptor to write to that process's standard input. @throws the system's error */
  readonly openStdin: (id: string) => number;
  readonly told: (level: 'debug' | 'info' | 'warn' | 'error', line: string) => void;
}

/** A listener that doesn't take its event is asked again after this long. */
const ASK_AGAIN_MS: Millis = 1000;

export class Pools {
  readonly #parts: PoolsParts;
  readonly #pools = new Map<string, Pool>();
  readonly #inputs = new Map<string, ListenerInput>();
  readonly #asking = new Map<string, NodeJS.Timeout>();
  readonly #idling = new Map<string, Set<() => void>>();
  #lastSerial = -1;
  /** Of a supd that ended by itself, until their groups are there. */
  readonly #left = new Map<string, SavedPool>();
  /** Listeners in the midst of a conversation, whose pipes are opened again. */
  readonly #inTouch = new Set<string>();

  constructor(parts: PoolsParts) {
    this.#parts = parts;
  }

  /** A group without listeners is none of ours. */
  add(group: GroupSpec): void {
    if (!group.pool) return;
    const left = this.#left.get(group.name);
    this.#left.delete(group.name);
    const pool = left
      ? resumePool(group, group.pool, left, (id) => this.#inTouch.has(id))
      : newPool(group, group.pool);
    this.#pools.set(group.name, pool);
  }

  /** @see SupervisorEvents.resume */
  resume(left: SavedPools, isLeft: (id: string) => boolean): readonly string[] {
    this.#lastSerial = left.lastSerial;
    for (const pool of left.pools) this.#left.set(pool.name, pool);
    for (const id of listenersOf(left).filter(isLeft)) this.#inTouch.add(id);
    return [...this.#inTouch];
  }

  /** Events that had waited are sent; what was left of pools that are no more is forgotten. */
  goOn(): void {
    this.#left.clear();
    this.#inTouch.clear();
    for (const name of [...this.#pools.keys()]) this.dispatch(name, { type: 'askAgain' });
  }

  save(): SavedPools {
    const isWhole = (id: string) => !this.#inputs.get(id)?.isBehind;
    return {
      lastSerial: this.#lastSerial,
      pools: [...this.#pools.values()].map((pool) => savePool(pool, isWhole)),
    };
  }

  remove(name: string): void {
    const pool = this.#pools.get(name);
    if (!pool) return;
    this.#pools.delete(name);
    clearTimeout(this.#asking.get(name));
    this.#asking.delete(name);
    for (const { id } of pool.members) this.#closeInput(id);
    if (pool.buffer.length === 0) return;
    this.#parts.told('info', `pool ${name}: events not delivered to any listener: ${pool.buffer.length}`);
  }

  has(name: string): boolean {
    return this.#pools.has(name);
  }

  /** Is anybody told of events of this type? */
  wants(type: SentType): boolean {
    for (const { types } of this.#pools.values()) if (types.has(type)) return true;
    return false;
  }

  wantedTicks(): readonly TickType[] {
    return (Object.keys(TICK_PERIODS) as TickType[]).filter((type) => this.wants(type));
  }

  /** Gives the event to each pool that is told of its type. */
  tell(event: SupervisorEvent): void {
    const takers = [...this.#pools.values()].filter(({ types }) => types.has(event.type));
    if (takers.length === 0) return;
    this.#lastSerial += 1;
    const counted = { serial: this.#lastSerial, type: event.type, payload: payloadOf(event) };
    for (const { name } of takers) this.dispatch(name, { type: 'accepted', event: counted });
  }

  /** Steps one pool by this event and all that follow from it, before it returns. */
  dispatch(name: string, event: PoolEvent): void {
    // It is the one before, and its pipes with it.
    if (event.type === 'begun' && this.#inTouch.has(event.id)) return;
    if ((event.type === 'begun' || event.type === 'ended') && this.#pools.has(name))
      this.#closeInput(event.id);
    const queue = [event];
    for (let next = queue.shift(); next; next = queue.shift()) {
      const pool = this.#pools.get(name);
      if (!pool) return;
      const step = stepPool(pool, next);
      this.#pools.set(name, step.pool);
      for (const effect of step.effects) queue.push(...this.#perform(step.pool, effect));
    }
    this.#tellIdle(name);
  }

  /** Calls `run` once nothing waits in the pool that could be done, or after `limitMs`; at once where that is so. */
  whenIdle(name: string, limitMs: Millis, run: () => void): void {
    const pool = this.#pools.get(name);
    if (!pool || isIdle(pool)) return run();
    const waiting = this.#idling.get(name) ?? new Set();
    const once = () => {
      clearTimeout(timer);
      if (waiting.delete(once)) run();
    };
    const timer = setTimeout(once, limitMs);
    this.#idling.set(name, waiting.add(once));
  }

  close(): void {
    for (const name of [...this.#pools.keys()]) this.remove(name);
    this.#idling.clear();
  }

  #perform(pool: Pool, effect: PoolEffect): readonly PoolEvent[] {
    switch (effect.type) {
      case 'send':
        return [{ type: this.#send(pool, effect) ? 'sent' : 'notSent' }];
      case 'tell':
        this.#parts.told(effect.level, effect.text);
        return [];
      case 'askLater':
        this.#askLater(pool.name);
        return [];
      default:
        return effect satisfies never;
    }
  }

  #send({ name, spec, members }: Pool, { id, event }: Extract<PoolEffect, { type: 'send' }>): boolean {
    const input = this.#inputs.get(id) ?? new ListenerInput(() => this.#parts.openStdin(id));
    this.#inputs.set(id, input);
    const { server } = this.#parts;
    const sent = input.send(envelopeOf({ ...event, server, pool: name, eventLength: spec.eventLength }));
    const listener = members.find((one) => one.id === id)?.name;
    if (sent) this.#parts.told('debug', `event ${event.serial} sent to listener ${listener}`);
    return sent;
  }

  #askLater(name: string): void {
    if (this.#asking.has(name)) return;
    const ask = () => {
      this.#asking.delete(name);
      this.dispatch(name, { type: 'askAgain' });
    };
    this.#asking.set(name, setTimeout(ask, ASK_AGAIN_MS));
  }

  #tellIdle(name: string): void {
    const waiting = this.#idling.get(name);
    const pool = this.#pools.get(name);
    if (waiting && pool && isIdle(pool)) for (const run of [...waiting]) run();
  }

  #closeInput(id: string): void {
    this.#inputs.get(id)?.close();
    this.#inputs.delete(id);
  }
}
