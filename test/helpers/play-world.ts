import type { ProbeOutcome } from '../../src/core/probe.js';
import type { GroupSpec, ProcessEffect } from '../../src/core/program.js';
import type { Rolling } from '../../src/core/rolling.js';
import { changesBetween, replay } from '../../src/core/saved.js';
import { shown } from '../../src/core/transition.js';
import { emptyWorld, step, type World, type WorldEffect, type WorldEvent } from '../../src/core/world.js';

type Order = Extract<ProcessEffect, { type: 'leave' | 'warmUp' | 'arrive' }>;

/** A world with a kernel of its own: spawns succeed, signals are noted, a process ends when the test says so. */
export function play(groups: readonly GroupSpec[]) {
  let world: World = emptyWorld;
  let mono = 0;
  let pids = 100;
  const live = new Map<string, number>();
  const probes = new Map<string, Extract<ProcessEffect, { type: 'probe' }>>();
  const log: string[] = [];
  const ended: string[] = [];
  const orders = new Map<string, Order>();
  const asked: string[] = [];
  const rolled: Rolling[] = [];
  const left: string[] = [];
  const told: string[] = [];
  const send = (event: WorldEvent) => {
    const queue: WorldEvent[] = [event];
    for (let next = queue.shift(); next; next = queue.shift()) {
      const done = step(world, next, { mono, wall: mono });
      world = done.world;
      queue.unshift(...done.effects.flatMap(perform));
    }
  };
  const perform = (effect: WorldEffect): readonly WorldEvent[] => {
    if (effect.type === 'ended') ended.push(effect.mode);
    if (effect.type === 'rolling') {
      if (effect.effect.type === 'over') rolled.push(effect.effect.rolling);
      else asked.push(effect.effect.id);
    }
    if (effect.type !== 'process') return [];
    const { id } = effect;
    const name = id.split(':')[1] ?? '';
    switch (effect.effect.type) {
      case 'announce':
        if (effect.effect.change.from === 'STOPPING') left.push(id);
        return [];
      case 'health': {
        const { to, busyMs } = effect.effect;
        told.push(busyMs === undefined ? to : `${to} for ${busyMs}`);
        return [];
      }
      case 'adopt':
        if (live.get(id) === effect.effect.pid) return [];
        return [{ type: 'process', id, event: { type: 'exited', exit: { unknown: true }, leftover: false } }];
      case 'spawn': {
        pids += 1;
        if (live.has(id)) throw new Error(`two live copies of ${id}`);
        live.set(id, pids);
        log.push(`start ${name}`);
        return [{ type: 'process', id, event: { type: 'spawned', pid: pids } }];
      }
      case 'kill':
        log.push(`${effect.effect.signal === 9 ? 'kill' : 'stop'} ${name}`);
        return [];
      case 'probe':
        probes.set(id, effect.effect);
        log.push(`probe ${name}`);
        return [];
      case 'leave':
      case 'warmUp':
      case 'arrive':
        orders.set(id, effect.effect);
        log.push(`${effect.effect.type} ${name}`);
        return [];
      default:
        return [];
    }
  };
  /** Answers the probe of this process that was asked for last. */
  const answer = (id: string, outcome: ProbeOutcome) => {
    const asked = probes.get(id);
    if (!asked) throw new Error(`nobody asked ${id}`);
    send({ type: 'process', id, event: { type: 'probed', pid: asked.pid, asked: asked.asked, outcome } });
  };
  /** Does what this process was last ordered for its visitors. @param why  it went wrong */
  const obey = (id: string, why?: string) => {
    const order = orders.get(id);
    if (!order) return;
    orders.delete(id);
    const { pid, asked } = order;
    const of = { pid, asked, ...(why === undefined ? {} : { why }) };
    if (order.type === 'leave') send({ type: 'process', id, event: { type: 'left', ...of } });
    else if (order.type === 'warmUp') send({ type: 'process', id, event: { type: 'warmed', ...of } });
    else send({ type: 'process', id, event: { type: 'arrived', ...of } });
  };
  const end = (id: string, code = 0, leftover = false) => {
    if (!live.delete(id)) return;
    send({ type: 'process', id, event: { type: 'exited', exit: { code }, leftover } });
  };
  const wait = (ms: number) => {
    mono += ms;
    send({ type: 'wake' });
  };
  /** supd dies and comes back with these groups: what was asked of its shell is forgotten, processes live on. */
  const die = (configured: readonly GroupSpec[], changed: ReadonlySet<string>) => {
    const saved = replay(changesBetween(emptyWorld, world, { mono, wall: mono }));
    world = emptyWorld;
    orders.clear();
    probes.clear();
    asked.length = 0;
    const nothing = { found: new Map(), jobs: [], endedRuns: new Map(), inTouch: new Set<string>() };
    send({ type: 'restore', saved, configured, changed, ...nothing, others: false });
    return saved;
  };
  send({ type: 'addGroups', groups, autostart: true });
  return {
    die,
    /** Processes that were STOPPING and are so no more, as it happened. */
    left,
    /** What was told of the health of anyone. */
    told,
    send,
    end,
    answer,
    obey,
    orders,
    asked,
    rolled,
    wait,
    probes,
    now: () => mono,
    log,
    ended,
    live,
    world: () => world,
    stateOf: (id: string) => {
      const state = world.processes.get(id)?.state;
      return state && shown(state);
    },
  };
}
