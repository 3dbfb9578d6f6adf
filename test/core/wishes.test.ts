/**
 * Whatever is asked for, and in which order - starts, stops, restarts, updates, rolling restarts, kills of supd, a
 * shutdown: never two copies, never a lost wish, always an end. What the api does after a stop is played here, too.
 */
import fc from 'fast-check';
import { test } from 'tap';
import type { GroupSpec, ProcessSpec } from '../../src/core/program.js';
import { isReturning, isToStayDown } from '../../src/core/returns.js';
import { isActive } from '../../src/core/slots.js';
import { isStopUnderWay } from '../../src/core/waves.js';
import { play } from '../helpers/play-world.js';
import { groupSpec, processSpec } from '../helpers/specs.js';

const NAMES = ['a', 'b', 'c'];

/** Three, in a group or each on its own; `c` may wait for `a`. */
interface Site {
  readonly isGroup: boolean;
  readonly isChained: boolean;
  readonly isDrained: boolean;
}

/** What the api goes on with once these are down. */
interface Task {
  readonly waiting: Set<string>;
  readonly end: () => void;
}

function makeModel({ isGroup, isChained, isDrained }: Site) {
  const versions = new Map(NAMES.map((name) => [name, 0]));
  const specOf = (name: string): ProcessSpec =>
    processSpec(name, {
      group: isGroup ? 'g' : name,
      autorestart: 'always',
      environment: { V: String(versions.get(name)) },
      ...(isChained && name === 'c' ? { dependsOn: [{ on: 'a', condition: 'ready' as const }] } : {}),
      traffic: {
        ...(isDrained ? { haproxy: { socket: '/s', backend: 'b', server: name } } : {}),
        warmup: ['http://h/'],
        drainMs: 60_000,
        warmupMs: 60_000,
      },
    });
  const configured = (): readonly GroupSpec[] =>
    isGroup ? [groupSpec('g', NAMES.map(specOf))] : NAMES.map((name) => groupSpec(name, [specOf(name)]));
  const idOf = (name: string) => specOf(name).id;
  const p = play(configured());
  const ids = NAMES.map(idOf);
  const stateOf = (id: string) => p.world().processes.get(id)?.state ?? { name: 'STOPPED' as const };
  const isUp = (id: string) => isActive(stateOf(id));
  const isOld = (id: string) => {
    const name = id.split(':')[1] ?? '';
    return p.world().processes.get(id)?.spec.environment.V !== String(versions.get(name));
  };
  let tasks: Task[] = [];
  let askers = 0;
  const later = (
    of: readonly string[],
    returns: readonly string[],
    end: () => void,
    as: readonly ProcessSpec[] = [],
  ) => {
    askers += 1;
    const by = askers;
    const task = {
      waiting: new Set(of),
      end: () => {
        end();
        p.send({ type: 'returned', by });
      },
    };
    tasks.push(task);
    p.left.length = 0;
    p.send({ type: 'stop', ids: of, returns: { ids: returns, by, as } });
  };
  /** Those that wait for a stop go on. */
  const look = () => {
    const left = p.left.splice(0);
    const ready: Task[] = [];
    for (const task of tasks) {
      for (const id of task.waiting)
        if (left.includes(id) || !isUp(id) || !isStopUnderWay(p.world(), id)) task.waiting.delete(id);
      if (task.waiting.size === 0) ready.push(task);
    }
    tasks = tasks.filter((task) => !ready.includes(task));
    for (const task of ready) task.end();
    return ready.length > 0;
  };
  const restart = (of: readonly string[]) =>
    later(of.filter(isUp), of, () => {
      p.send({ type: 'start', ids: of.filter((id) => !isUp(id) && isReturning(p.world(), id)) });
    });
  /** @returns whether it is meant to run afterwards; undefined: as before */
  const update = (name: string): true | undefined => {
    versions.set(name, (versions.get(name) ?? 0) + 1);
    const id = idOf(name);
    const reconfigure = () => {
      const group = configured().find((one) => one.processes.some((spec) => spec.id === id));
      if (group) p.send({ type: 'reconfigure', group, live: [], atRest: [id] });
    };
    if (!isUp(id)) {
      reconfigure();
      p.send({ type: 'start', ids: [id] });
      return true;
    }
    const end = () => {
      reconfigure();
      if (isReturning(p.world(), id) && !isOld(id)) p.send({ type: 'start', ids: [id] });
    };
    later([id], isToStayDown(p.world(), id) ? [] : [id], end, [specOf(name)]);
    return undefined;
  };
  /** kill -9 of supd, and its next start: as daemon/takeover.ts has it. */
  const die = () => {
    tasks = [];
    p.left.length = 0;
    const groups = configured();
    const changed = new Set(
      groups.filter((one) => one.processes.some(({ id }) => isOld(id))).map((one) => one.name),
    );
    const { returns } = p.die(groups, changed);
    const anew = groups.filter(({ name }) => !p.world().groups.has(name));
    p.send({ type: 'addGroups', groups: anew, autostart: true });
    const due = anew.flatMap((one) => one.processes.map(({ id }) => id));
    p.send({ type: 'start', ids: due.filter((id) => returns.some((one) => one.id === id)) });
    return due;
  };
  return { p, ids, idOf, stateOf, isOld, look, restart, update, die, isBusy: () => tasks.length > 0 };
}

const name = fc.constantFrom(...NAMES);
const some = fc.subarray(NAMES, { minLength: 1 });
const event = fc.oneof(
  {
    weight: 2,
    arbitrary: fc.record({ what: fc.constantFrom('start' as const, 'stop' as const), names: some }),
  },
  { weight: 2, arbitrary: fc.record({ what: fc.constant('restart' as const), names: some }) },
  { weight: 2, arbitrary: fc.record({ what: fc.constant('update' as const), name }) },
  {
    weight: 1,
    arbitrary: fc.record({ what: fc.constant('roll' as const), max: fc.integer({ min: 1, max: 2 }) }),
  },
  { weight: 1, arbitrary: fc.constantFrom({ what: 'cancel' as const }, { what: 'die' as const }) },
  { weight: 5, arbitrary: fc.record({ what: fc.constant('obey' as const), name, isWrong: fc.boolean() }) },
  { weight: 4, arbitrary: fc.record({ what: fc.constant('exit' as const), name, code: fc.nat(1) }) },
  { weight: 2, arbitrary: fc.record({ what: fc.constant('may' as const), isWrong: fc.boolean() }) },
  { weight: 3, arbitrary: fc.record({ what: fc.constant('wait' as const), ms: fc.nat(3000) }) },
);
type Event = typeof event extends fc.Arbitrary<infer E> ? E : never;
type Wish = 'up' | 'down' | 'either';

/** Plays them, then has all that is ordered done. @throws what went wrong */
function check(site: Site, events: readonly Event[], shutdown: boolean): void {
  const m = makeModel(site);
  const { p, ids } = m;
  const wishes = new Map<string, Wish>(ids.map((id) => [id, 'up']));
  const wish = (of: readonly string[], wanted: Wish) => {
    for (const id of of) wishes.set(id, wanted);
  };
  const may = (why?: string) => {
    const id = p.asked.shift();
    if (id !== undefined)
      p.send({ type: 'rolling', event: { type: 'mayLeave', id, ...(why === undefined ? {} : { why }) } });
  };
  const play = (one: Event) => {
    switch (one.what) {
      case 'start':
      case 'stop': {
        const of = one.names.map(m.idOf);
        p.send({ type: one.what, ids: of });
        return wish(of, one.what === 'start' ? 'up' : 'down');
      }
      case 'restart': {
        const of = one.names.map(m.idOf);
        m.restart(of);
        return wish(of, 'up');
      }
      case 'update':
        if (m.update(one.name)) wish([m.idOf(one.name)], 'up');
        return;
      case 'roll': {
        // What it has not come to by its end is left as it is.
        if (p.world().rolling === undefined) wish(ids, 'either');
        const plan = {
          kind: 'request',
          ids,
          maxUnavailable: one.max,
          force: false,
          by: 'me',
          reason: '',
        } as const;
        return p.send({ type: 'rolling', event: { type: 'begin', plan } });
      }
      case 'cancel':
        return p.send({ type: 'rolling', event: { type: 'cancel' } });
      case 'die':
        // A program of its own that is at rest and changed comes by autostart, as at any start.
        return wish(m.die(), 'either');
      case 'obey':
        return p.obey(m.idOf(one.name), one.isWrong ? 'wrong' : undefined);
      case 'exit':
        return p.end(m.idOf(one.name), one.code);
      case 'may':
        return may(one.isWrong ? 'wrong' : undefined);
      case 'wait':
        return p.wait(one.ms);
      default:
        return one satisfies never;
    }
  };
  for (const one of events) {
    play(one);
    while (m.look());
  }
  if (shutdown) p.send({ type: 'shutdown', mode: 'shutdown' });
  for (let turn = 0; turn < 90; turn += 1) {
    p.wait(1000);
    may();
    for (const id of ids) {
      p.obey(id);
      if (m.stateOf(id).name === 'STOPPING' && !p.orders.has(id)) p.end(id);
    }
    while (m.look());
  }
  const { rolling, plans, returns } = p.world();
  const all = () =>
    JSON.stringify({ rolling, plans, returns, states: ids.map((id) => p.world().processes.get(id)) });
  if (rolling !== undefined || m.isBusy()) throw new Error(`no end: ${all()}`);
  if (returns.length > 0 || plans.length > 0) throw new Error(`something is left over: ${all()}`);
  if (shutdown) {
    if (p.live.size > 0 || p.ended.length === 0) throw new Error(`the shutdown did not end: ${all()}`);
    return;
  }
  for (const [id, wanted] of wishes) {
    const state = m.stateOf(id).name;
    if (wanted === 'down' && state !== 'STOPPED')
      throw new Error(`${id} is ${state}: a stop was lost: ${all()}`);
    const isThere = state === 'RUNNING' || state === 'FATAL' || (site.isChained && state === 'WAITING');
    if (wanted === 'up' && !isThere) throw new Error(`${id} is ${state}: a start was lost: ${all()}`);
  }
}

test('requests that overlap, kills of supd among them: never two copies, never a lost wish, always an end', async () => {
  const site = fc.record({ isGroup: fc.boolean(), isChained: fc.boolean(), isDrained: fc.boolean() });
  fc.assert(
    fc.property(site, fc.array(event, { maxLength: 50 }), fc.boolean(), (at, events, shutdown) => {
      check(at, events, shutdown);
    }),
    { numRuns: 1500 },
  );
});

test('what an update had stopped when supd died comes back as it was to be, and its group goes by that', async (t) => {
  for (const isGroup of [true, false]) {
    const { p, ids, idOf, update, die, isOld, stateOf } = makeModel({
      isGroup,
      isChained: false,
      isDrained: false,
    });
    p.wait(1000);
    for (const id of ids) p.obey(id);
    update('b');
    die();
    const id = idOf('b');
    t.equal(stateOf(id).name, 'STOPPING');
    p.end(id);
    p.wait(1000);
    t.notOk(isOld(id), 'by what the update wanted');
    const group = p.world().groups.get(isGroup ? 'g' : 'b');
    t.equal(
      group?.processes.find((one) => one.id === id)?.environment.V,
      '1',
      'there is nothing left to update',
    );
    t.ok(p.live.has(id));
  }
});
