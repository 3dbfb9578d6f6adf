import fc from 'fast-check';
import { test } from 'tap';
import type { Exit, GroupSpec, Now } from '../../src/core/program.js';
import type { Found } from '../../src/core/restore.js';
import { type Change, changesBetween, nothingSaved, replay, type Saved } from '../../src/core/saved.js';
import { changeLines, headLine, readLines } from '../../src/core/saved-lines.js';
import { shown } from '../../src/core/transition.js';
import { emptyWorld, step, type World, type WorldEffect, type WorldEvent } from '../../src/core/world.js';
import { processSpec, program } from '../helpers/specs.js';

const BOOT = 'boot-1';

/** A machine: its processes live on when the daemon dies, its disk keeps what was written before that. */
class Machine {
  mono = 0;
  /** Slot to the live main process. */
  readonly live = new Map<string, number>();
  text = headLine(BOOT, '1');
  #pids = 100;

  start(id: string): number {
    if (this.live.has(id)) throw new Error(`two live copies of ${id}`);
    this.#pids += 1;
    this.live.set(id, this.#pids);
    return this.#pids;
  }

  saved(): Saved {
    const read = readLines(this.text, BOOT);
    if (!read.ok) throw new Error('the state file can be read');
    return replay(read.changes);
  }
}

/** One life of the daemon. It dies, and does nothing more, after so many more effects, each change written before. */
class Life {
  world: World = emptyWorld;
  readonly signalled: string[] = [];
  effectsLeft = Number.POSITIVE_INFINITY;
  readonly #machine: Machine;

  constructor(machine: Machine) {
    this.#machine = machine;
  }

  get isDead(): boolean {
    return this.effectsLeft < 0;
  }

  send(event: WorldEvent): void {
    const queue: WorldEvent[] = [event];
    for (let next = queue.shift(); next && !this.isDead; next = queue.shift()) {
      const now: Now = { mono: this.#machine.mono, wall: this.#machine.mono };
      const done = step(this.world, next, now);
      this.#machine.text += changeLines(changesBetween(this.world, done.world, now));
      this.world = done.world;
      const answers = done.effects.flatMap((effect) => {
        this.effectsLeft -= 1;
        return this.isDead ? [] : this.#perform(effect);
      });
      queue.unshift(...answers);
    }
  }

  #perform(effect: WorldEffect): readonly WorldEvent[] {
    if (effect.type !== 'process') return [];
    const { id, effect: own } = effect;
    const answer = (event: Extract<WorldEvent, { type: 'process' }>['event']): readonly WorldEvent[] => [
      { type: 'process', id, event },
    ];
    switch (own.type) {
      case 'spawn': {
        const pid = this.#machine.start(id);
        // Started, and dead before it can say so.
        this.effectsLeft -= 1;
        return answer({ type: 'spawned', pid, startTicks: pid });
      }
      case 'adopt':
        if (this.#machine.live.get(id) === own.pid && own.startTicks === own.pid) return [];
        return answer({ type: 'exited', exit: { unknown: true }, leftover: false });
      case 'kill':
        this.signalled.push(`${id} ${own.signal}`);
        return [];
      case 'sweep':
        return answer({ type: 'swept' });
      default:
        return [];
    }
  }

  /** Takes over what another life left. */
  takeOver(
    groups: readonly GroupSpec[],
    changed: readonly string[] = [],
    inTouch: readonly string[] = [],
  ): void {
    const saved = this.#machine.saved();
    const found = new Map<string, Found>();
    for (const { id, state } of saved.processes.values()) {
      const pid = this.#machine.live.get(id);
      if (state.name === 'SPAWNING' && pid)
        found.set(id, { pid, startTicks: pid, since: this.#machine.mono });
    }
    this.#machine.text = headLine(BOOT, '1');
    this.send({
      type: 'restore',
      saved,
      configured: groups,
      changed: new Set(changed),
      found,
      jobs: [],
      endedRuns: new Map(),
      inTouch: new Set(inTouch),
      others: false,
    });
    const added = groups.filter(({ name }) => !this.world.groups.has(name));
    this.send({ type: 'addGroups', groups: added, autostart: true });
  }

  end(id: string, exit: Exit, leftover = false): void {
    if (!this.#machine.live.delete(id)) return;
    this.send({ type: 'process', id, event: { type: 'exited', exit, leftover } });
  }

  stateOf(id: string): string | undefined {
    const state = this.world.processes.get(id)?.state;
    return state && shown(state);
  }
}

/** A life in which these programs run, 5 s long. */
function begin(groups: readonly GroupSpec[]): { machine: Machine; first: Life } {
  const machine = new Machine();
  const first = new Life(machine);
  first.send({ type: 'addGroups', groups, autostart: true });
  machine.mono += 5000;
  first.send({ type: 'wake' });
  return { machine, first };
}

test('a program that runs is taken back with pid, state, uptime and restarts', async (t) => {
  const groups = [program('a', 1, { autorestart: 'always' })];
  const { machine, first } = begin(groups);
  first.end('a:a', { code: 1 });
  machine.mono += 2000;
  first.send({ type: 'wake' });
  const before = first.world.processes.get('a:a');
  const second = new Life(machine);
  machine.mono += 60_000;
  second.takeOver(groups);
  t.same(second.world.processes.get('a:a'), before);
  t.equal(second.stateOf('a:a'), 'RUNNING');
});

test('one that ended meanwhile is an unexpected exit: started again, unless it never is', async (t) => {
  const groups = [
    program('a'),
    program('b', 1, { autorestart: 'never' }),
    program('c', 1, { exitCodes: [0] }),
  ];
  const { machine } = begin(groups);
  const old = machine.live.get('a:a');
  machine.live.clear();
  const second = new Life(machine);
  second.takeOver(groups);
  t.equal(second.stateOf('a:a'), 'STARTING');
  t.not(machine.live.get('a:a'), old);
  t.equal(second.stateOf('b:b'), 'EXITED');
  t.same(second.world.processes.get('b:b')?.exit, { unknown: true });
  t.equal(second.stateOf('c:c'), 'STARTING', 'nobody knows that its status was expected');
});

test('another process with its pid is not it', async (t) => {
  const groups = [program('a')];
  const { machine } = begin(groups);
  const pid = machine.live.get('a:a') ?? 0;
  machine.live.clear();
  machine.text = machine.text.replaceAll(`"startTicks":${pid}`, '"startTicks":7');
  machine.live.set('stranger', pid);
  const second = new Life(machine);
  second.takeOver(groups);
  t.not(machine.live.get('a:a'), pid);
  t.same(second.signalled, []);
});

test('what was stopped stays down, what had given up stays given up, a wait goes on', async (t) => {
  const groups = [program('off'), program('bad', 1, { startRetries: 0 }), program('flaky')];
  const { machine, first } = begin(groups);
  first.send({ type: 'stop', ids: ['off:off'] });
  first.end('off:off', { code: 0 });
  first.end('bad:bad', { code: 1 });
  first.end('flaky:flaky', { code: 1 });
  first.end('bad:bad', { code: 1 });
  first.end('flaky:flaky', { code: 1 });
  const before = first.world.processes.get('flaky:flaky');
  t.equal(first.stateOf('flaky:flaky'), 'BACKOFF');
  const second = new Life(machine);
  second.takeOver(groups);
  t.equal(second.stateOf('off:off'), 'STOPPED');
  t.equal(second.stateOf('bad:bad'), 'FATAL');
  t.same(second.world.processes.get('flaky:flaky'), before);
  machine.mono += 1000;
  second.send({ type: 'wake' });
  t.equal(second.stateOf('flaky:flaky'), 'STARTING');
});

test('a stop goes on: it is asked for once more, and SIGKILL keeps its time', async (t) => {
  const groups = [program('a', 1, { stopWaitMs: 10_000 })];
  const { machine, first } = begin(groups);
  first.send({ type: 'stop', ids: ['a:a'] });
  const second = new Life(machine);
  machine.mono += 4000;
  second.takeOver(groups);
  t.same(second.signalled, ['a:a 15']);
  machine.mono += 6000;
  second.send({ type: 'wake' });
  t.same(second.signalled, ['a:a 15', 'a:a 9']);
  second.end('a:a', { signal: 9, core: false });
  t.equal(second.stateOf('a:a'), 'STOPPED');
});

test('started but not written down: found and taken back, not started a second time', async (t) => {
  const groups = [program('a')];
  const machine = new Machine();
  const first = new Life(machine);
  first.effectsLeft = 3; // groupAdded, announce, spawn; then dead
  first.send({ type: 'addGroups', groups, autostart: true });
  t.ok(first.isDead);
  const pid = machine.live.get('a:a');
  t.ok(pid);
  const second = new Life(machine);
  second.takeOver(groups);
  t.equal(second.stateOf('a:a'), 'STARTING');
  t.equal(machine.live.get('a:a'), pid);
});

test('configured otherwise: what runs stays as it is, what rests is as configured now', async (t) => {
  const { machine, first } = begin([program('runs'), program('rests'), program('gone')]);
  first.send({ type: 'stop', ids: ['rests:rests'] });
  first.end('rests:rests', { code: 0 });
  const pid = machine.live.get('runs:runs');
  const now = [
    program('runs', 1, { command: '/bin/false' }),
    program('rests', 1, { command: '/bin/false' }),
    program('new'),
  ];
  const second = new Life(machine);
  second.takeOver(now, ['runs', 'rests']);
  t.equal(second.world.processes.get('runs:runs')?.spec.command, '/bin/true');
  t.equal(machine.live.get('runs:runs'), pid);
  t.equal(second.world.processes.get('rests:rests')?.spec.command, '/bin/false');
  t.equal(second.stateOf('rests:rests'), 'STARTING');
  t.equal(second.stateOf('new:new'), 'STARTING');
  t.equal(second.stateOf('gone:gone'), 'RUNNING', 'for the shell to stop');
});

test('an event listener is ended and started anew', async (t) => {
  const groups = [{ ...program('l'), kind: 'eventlistener' as const }];
  const { machine } = begin(groups);
  const second = new Life(machine);
  second.takeOver(groups);
  t.equal(second.stateOf('l:l'), 'STOPPING');
  t.same(second.signalled, ['l:l 15']);
  second.end('l:l', { signal: 15, core: false });
  t.equal(second.stateOf('l:l'), 'STARTING');
});

test('a process is ended and started anew when its socket is lost, and taken back when it is not', async (t) => {
  const socket = { kind: 'unix', path: '/f.sock', mode: 0o700 } as const;
  const groups = [program('has', 1, { socket }), program('lost', 2, { socket })];
  const { machine } = begin(groups);
  const pid = machine.live.get('has:has');
  const second = new Life(machine);
  second.takeOver(groups, [], ['has:has']);
  t.equal(second.stateOf('has:has'), 'RUNNING');
  t.equal(machine.live.get('has:has'), pid);
  t.equal(second.stateOf('lost:lost'), 'STOPPING');
  t.same(second.signalled, ['lost:lost 15']);
});

test('a stop under way is signalled again when supd was killed, and not when it ended by itself', async (t) => {
  const groups = [program('a')];
  for (const isDone of [false, true]) {
    const { machine, first } = begin(groups);
    first.send({ type: 'stop', ids: ['a:a'] });
    t.same(first.signalled, ['a:a 15']);
    if (isDone) machine.text += changeLines([{ what: 'mode', mode: 'running', isDone }]);
    const second = new Life(machine);
    second.takeOver(groups);
    t.equal(second.stateOf('a:a'), 'STOPPING');
    t.same(second.signalled, isDone ? [] : ['a:a 15']);
    second.end('a:a', { code: 0 });
    t.equal(second.stateOf('a:a'), 'STOPPED');
  }
});

test('a shutdown that was cut short stops nothing more', async (t) => {
  const groups = [program('a', 1), program('b', 2)];
  const { machine, first } = begin(groups);
  first.send({ type: 'shutdown', mode: 'shutdown' });
  first.end('b:b', { code: 0 });
  const second = new Life(machine);
  second.takeOver(groups);
  t.equal(second.world.mode, 'running');
  t.same(second.world.plans, []);
});

test('a state file of another boot is void; one cut short loses its last line only; garbage is said', async (t) => {
  const { machine } = begin([program('a')]);
  t.same(readLines(machine.text, 'boot-2'), { ok: false, why: 'otherBoot' });
  const cut = readLines(machine.text.slice(0, -5), BOOT);
  t.equal(cut.ok && cut.changes.length, machine.text.split('\n').length - 3);
  const lines = machine.text.split('\n');
  for (const bad of [
    '{',
    '{"what":"process"}',
    '{"what":"process","process":{"id":"x","state":{"name":"RUNNING","pid":1}}}',
  ]) {
    const text = [...lines.slice(0, 2), bad, ...lines.slice(2)].join('\n');
    t.match(readLines(text, BOOT), { ok: false, why: 'damaged', where: /^line 3/ });
  }
  t.match(readLines('', BOOT), { ok: false, why: 'damaged' });
  t.match(readLines(machine.text.replace('"state":1', '"state":2'), BOOT), { where: /version 2/ });
});

test('a group that is removed takes its slots with it', async (t) => {
  const spec = processSpec('a');
  const change = (what: Change): Change => what;
  const saved = replay([
    change({ what: 'group', group: { name: 'a', kind: 'program', priority: 1, processes: [spec] } }),
    change({ what: 'process', process: { id: 'a:a', noted: 0, state: { name: 'STOPPED' }, restarts: 0 } }),
    change({ what: 'logs', id: 'a:a', logs: { stdout: '/x' } }),
    change({ what: 'noGroup', name: 'a' }),
  ]);
  t.same(saved, nothingSaved);
});

test('dead at any instant: none is lost, none is doubled, and a stop stops all', async () => {
  const ids = ['a:a', 'b:b', 'c:c'];
  const groups = [
    program('a', 1),
    program('b', 2, { autorestart: 'always' }),
    program('c', 2, { startMs: 0 }),
  ];
  const event = fc.oneof(
    fc.record({ what: fc.constantFrom('start' as const, 'stop' as const), id: fc.constantFrom(...ids) }),
    fc.record({ what: fc.constant('exit' as const), id: fc.constantFrom(...ids), leftover: fc.boolean() }),
    fc.record({ what: fc.constant('wait' as const), ms: fc.nat(12_000) }),
    fc.record({ what: fc.constant('die' as const), effects: fc.nat(6) }),
    // Dies with nobody to see it.
    fc.record({ what: fc.constant('unseen' as const), id: fc.constantFrom(...ids) }),
  );
  fc.assert(
    fc.property(fc.array(event, { maxLength: 60 }), (events) => {
      const machine = new Machine();
      let life = new Life(machine);
      const revive = () => {
        if (!life.isDead) return;
        life = new Life(machine);
        life.takeOver(groups);
      };
      life.send({ type: 'addGroups', groups, autostart: true });
      for (const one of events) {
        if (one.what !== 'unseen') revive();
        switch (one.what) {
          case 'start':
          case 'stop':
            life.send({ type: one.what, ids: [one.id] });
            break;
          case 'exit':
            life.end(one.id, { code: 1 }, one.leftover);
            break;
          case 'wait':
            machine.mono += one.ms;
            life.send({ type: 'wake' });
            break;
          case 'die':
            life.effectsLeft = one.effects;
            break;
          case 'unseen':
            if (life.isDead) machine.live.delete(one.id);
            break;
          default:
            one satisfies never;
        }
        if (life.isDead) continue;
        for (const [id, pid] of machine.live) {
          const state = life.world.processes.get(id)?.state;
          if (!state || !('pid' in state) || state.pid !== pid) throw new Error(`${id} (${pid}) is lost`);
        }
      }
      revive();
      life.effectsLeft = Number.POSITIVE_INFINITY;
      life.send({ type: 'stop', ids });
      for (let turn = 0; turn < 10; turn += 1) {
        for (const id of ids) if (life.stateOf(id) === 'STOPPING') life.end(id, { code: 0 });
      }
      if (machine.live.size > 0) throw new Error(`still alive: ${[...machine.live.keys()]}`);
    }),
    { numRuns: 1000 },
  );
});
