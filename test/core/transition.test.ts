import { test } from 'tap';
import type { Exit, ProcessEffect, ProcessEvent, ProcessSpec, ProcessState } from '../../src/core/program.js';
import { deadlineOf, pidOf, shown, TABLE, transition } from '../../src/core/transition.js';
import { processSpec } from '../helpers/specs.js';

const zope = processSpec('instance1', { startRetries: 2 });
const start: ProcessEvent = { type: 'start' };
const stop: ProcessEvent = { type: 'stop' };
const deadline: ProcessEvent = { type: 'deadline' };
const swept: ProcessEvent = { type: 'swept' };
const spawned = (pid: number): ProcessEvent => ({ type: 'spawned', pid });
const exited = (code: number, leftover = false): ProcessEvent => ({
  type: 'exited',
  exit: { code },
  leftover,
});
const killedBy = (signal: number): ProcessEvent => ({
  type: 'exited',
  exit: { signal, core: false },
  leftover: false,
});
const failed: ProcessEvent = { type: 'spawnFailed', why: "can't find command 'foo'", code: 'NO_FILE' };

/** Plays `[at, event]` pairs; gives the states told (in order), the effects but for the telling, the last state. */
function play(
  script: readonly [number, ProcessEvent][],
  from: ProcessState = { name: 'STOPPED' },
  spec = zope,
) {
  const told: string[] = [shown(from)];
  const effects: ProcessEffect[] = [];
  let state = from;
  for (const [at, event] of script) {
    const step = transition(state, event, {
      spec,
      now: { mono: at, wall: at },
      mayRestart: true,
      isBlocked: false,
    });
    state = step.state;
    for (const effect of step.effects) {
      if (effect.type === 'announce') told.push(effect.change.to);
      else effects.push(effect);
    }
  }
  return { told: told.join(' > '), effects, state };
}

const running: ProcessState = { name: 'RUNNING', pid: 7, since: 0 };
const kill = (pid: number, signal: number, group = false): ProcessEffect => ({
  type: 'kill',
  pid,
  signal,
  group,
});

test('a try for which the machine has no room does not count: it is made again and again, never FATAL', async (t) => {
  const short: ProcessEvent = { type: 'spawnFailed', why: 'too many open files', code: 'SHORTAGE' };
  const tries = Array.from({ length: 20 }, (_, n): [number, ProcessEvent][] => [
    [n * 5000, short],
    [(n + 1) * 5000, deadline],
  ]).flat();
  const r = play([[0, start], ...tries]);
  t.match(r.state, { name: 'SPAWNING', attempt: 1 });
  t.notMatch(r.told, 'FATAL');
  const waiting = play([
    [0, start],
    [0, short],
  ]);
  t.equal(deadlineOf(waiting.state), 5000);
  // What is the program's own fault counts as ever.
  const own = play([
    [0, start],
    [0, short],
    [5000, deadline],
    [5000, failed],
    [6000, deadline],
    [6000, failed],
    [8000, deadline],
    [8000, failed],
  ]);
  t.equal(own.state.name, 'FATAL');
});

test('RUNNING only after startsecs', async (t) => {
  const r = play([
    [0, start],
    [0, spawned(10)],
  ]);
  t.equal(shown(r.state), 'STARTING');
  t.equal(deadlineOf(r.state), 1000);
  t.equal(play([[1000, deadline]], r.state).told, 'STARTING > RUNNING');
});

test('startsecs=0 counts as running at once, even when the end is seen first', async (t) => {
  const quick = processSpec('quick', { startMs: 0, autorestart: 'never' });
  const script: [number, ProcessEvent][] = [
    [0, start],
    [0, spawned(3)],
    [0, exited(0)],
  ];
  t.equal(play(script, { name: 'STOPPED' }, quick).told, 'STOPPED > STARTING > RUNNING > EXITED');
});

test('a start that keeps failing ends in FATAL after startretries, with pauses of 1, 2, 3 s', async (t) => {
  const r = play([
    [0, start],
    [0, spawned(1)],
    [5, exited(1)],
    [1005, deadline],
    [1005, failed],
    [3005, deadline],
    [3005, spawned(3)],
    [3006, exited(0)],
  ]);
  const once = 'STARTING > BACKOFF';
  t.equal(r.told, `STOPPED > ${once} > ${once} > ${once} > FATAL`);
  t.equal(r.effects.filter(({ type }) => type === 'spawn').length, 3);
});

test('startretries=0 is one attempt', async (t) => {
  const once = processSpec('once', { startRetries: 0 });
  const r = play(
    [
      [0, start],
      [0, failed],
    ],
    { name: 'STOPPED' },
    once,
  );
  t.equal(r.told, 'STOPPED > STARTING > BACKOFF > FATAL');
  t.match(r.state, { name: 'FATAL', why: "can't find command 'foo'" });
});

test('a stop clears the retry counter', async (t) => {
  const r = play([
    [0, start],
    [0, failed],
    [10, stop],
    [20, start],
    [20, failed],
  ]);
  t.match(r.state, { name: 'BACKOFF', attempt: 1, deadline: 1020 });
});

test('a stop is a signal, and SIGKILL after stopwaitsecs, again and again', async (t) => {
  const r = play(
    [
      [0, stop],
      [10_000, deadline],
      [20_000, deadline],
      [20_001, killedBy(9)],
    ],
    running,
  );
  t.same(r.effects, [kill(7, 15), kill(7, 9), kill(7, 9)]);
  t.equal(r.told, 'RUNNING > STOPPING > STOPPED');
});

test('stopasgroup and killasgroup address the group', async (t) => {
  const grouped = processSpec('g', { stopAsGroup: true, killAsGroup: true, stopSignal: 2 });
  t.same(
    play(
      [
        [0, stop],
        [10_000, deadline],
      ],
      running,
      grouped,
    ).effects,
    [kill(7, 2, true), kill(7, 9, true)],
  );
});

test('a start during STOPPING waits for the end, and a later stop cancels it', async (t) => {
  const again = play(
    [
      [0, stop],
      [1, start],
      [2, exited(0)],
    ],
    running,
  );
  t.equal(again.told, 'RUNNING > STOPPING > STOPPED > STARTING');
  const cancelled = play(
    [
      [0, stop],
      [1, start],
      [2, stop],
      [3, exited(0)],
    ],
    running,
  );
  t.equal(cancelled.told, 'RUNNING > STOPPING > STOPPED');
  t.notOk(cancelled.effects.some(({ type }) => type === 'spawn'));
});

test('after a stop, what the process left behind is swept before it counts as STOPPED', async (t) => {
  const r = play(
    [
      [0, stop],
      [5, exited(0, true)],
    ],
    running,
  );
  t.equal(r.told, 'RUNNING > STOPPING');
  t.equal(pidOf(r.state), 0);
  t.same(r.effects.at(-1), { type: 'sweep', pid: 7, signal: 15 });
  const late = play(
    [
      [2005, deadline],
      [2010, swept],
    ],
    r.state,
  );
  t.same(late.effects, [{ type: 'sweep', pid: 7, signal: 9 }]);
  t.equal(late.told, 'STOPPING > STOPPED');
});

test('a crash with children left behind starts again only when they are gone', async (t) => {
  const r = play([[0, exited(3, true)]], running);
  t.notOk(r.effects.some(({ type }) => type === 'spawn'));
  const later = play([[9, swept]], r.state);
  t.equal(later.told, 'EXITED > STARTING');
  t.same(later.effects, [{ type: 'spawn' }]);
});

test('an expected exit is left alone, an unexpected one starts again at once', async (t) => {
  t.equal(play([[0, exited(0)]], running).told, 'RUNNING > EXITED');
  t.equal(play([[0, exited(3)]], running).told, 'RUNNING > EXITED > STARTING');
  t.equal(play([[0, killedBy(11)]], running).told, 'RUNNING > EXITED > STARTING');
});

test('autorestart=true starts again after any exit, false after none', async (t) => {
  const always = processSpec('a', { autorestart: 'always' });
  const never = processSpec('n', { autorestart: 'never' });
  t.equal(play([[0, exited(0)]], running, always).told, 'RUNNING > EXITED > STARTING');
  t.equal(play([[0, exited(3)]], running, never).told, 'RUNNING > EXITED');
});

test('while supd shuts down nothing starts again by itself', async (t) => {
  const context = { spec: zope, now: { mono: 0, wall: 0 }, mayRestart: false, isBlocked: false };
  t.equal(transition(running, exited(3), context).state.name, 'EXITED');
  const backoff: ProcessState = { name: 'BACKOFF', attempt: 1, why: '', deadline: 0 };
  t.equal(transition(backoff, deadline, context).state.name, 'BACKOFF');
});

test('a signal that may not be sent makes the state UNKNOWN', async (t) => {
  t.equal(
    play(
      [
        [0, stop],
        [0, { type: 'killFailed', why: 'EPERM' }],
      ],
      running,
    ).told,
    'RUNNING > STOPPING > UNKNOWN',
  );
});

const STATES: { readonly [N in ProcessState['name']]: Extract<ProcessState, { name: N }> } = {
  STOPPED: { name: 'STOPPED' },
  WAITING: { name: 'WAITING', attempt: 1 },
  SPAWNING: { name: 'SPAWNING', attempt: 1 },
  STARTING: { name: 'STARTING', pid: 7, attempt: 1, deadline: 1000 },
  RUNNING: { name: 'RUNNING', pid: 7, since: 0 },
  BACKOFF: { name: 'BACKOFF', attempt: 1, why: 'x', deadline: 1000 },
  STOPPING: { name: 'STOPPING', pid: 7, next: 'stay', deadline: 1000 },
  SWEEPING: {
    name: 'SWEEPING',
    pid: 7,
    exit: { code: 0 },
    next: { to: 'stay' },
    shown: 'STOPPING',
    deadline: 1000,
  },
  EXITED: { name: 'EXITED', exit: { code: 0 } },
  FATAL: { name: 'FATAL', why: 'x' },
  UNKNOWN: { name: 'UNKNOWN', pid: 7, why: 'EPERM' },
};
const EVENTS: readonly ProcessEvent[] = [
  start,
  stop,
  spawned(9),
  failed,
  exited(1),
  swept,
  { type: 'killFailed', why: 'EPERM' },
  deadline,
  { type: 'cleared' },
  { type: 'probed', pid: 7, asked: 0, outcome: { ok: true } },
];

test('the full matrix: what each event makes of each state', async (t) => {
  const context = {
    spec: zope as ProcessSpec,
    now: { mono: 500, wall: 500 },
    mayRestart: true,
    isBlocked: false,
  };
  const rows = Object.values(STATES).map((state) => {
    const cells = EVENTS.map((event) => {
      const next = transition(state, event, context);
      const known = event.type in TABLE[state.name];
      t.ok(
        known || (next.state === state && next.effects.length === 0),
        `${state.name} ignores ${event.type}`,
      );
      return known ? next.state.name : '.';
    });
    return [state.name, ...cells].join(' ');
  });
  t.same(rows, [
    'STOPPED SPAWNING . . . . . . . . .',
    'WAITING . STOPPED . . . . . . SPAWNING .',
    'SPAWNING . STOPPED STARTING BACKOFF . . . . . .',
    'STARTING . STOPPING . . BACKOFF . UNKNOWN RUNNING . STARTING',
    'RUNNING . STOPPING . . SPAWNING . UNKNOWN RUNNING . RUNNING',
    'BACKOFF . STOPPED . . . . . SPAWNING . .',
    'STOPPING STOPPING STOPPING . . STOPPED . UNKNOWN STOPPING . .',
    'SWEEPING SWEEPING SWEEPING . . . STOPPED . SWEEPING . .',
    'EXITED SPAWNING . . . . . . . . .',
    'FATAL SPAWNING . . . . . . . . .',
    'UNKNOWN . . . . STOPPED . . . . .',
  ]);
});

test('the telling of an exit says how it ended and whether that was expected', async (t) => {
  const ends: readonly [Exit, boolean][] = [
    [{ code: 0 }, true],
    [{ code: 1 }, false],
    [{ signal: 9, core: false }, false],
    [{ unknown: true }, false],
  ];
  for (const [exit, expected] of ends) {
    const step = transition(
      running,
      { type: 'exited', exit, leftover: false },
      {
        spec: processSpec('n', { autorestart: 'never' }),
        now: { mono: 1, wall: 1 },
        mayRestart: true,
        isBlocked: false,
      },
    );
    t.match(step.effects[0], {
      type: 'announce',
      change: { from: 'RUNNING', to: 'EXITED', pid: 7, exit, expected },
    });
  }
});

test('a program with rights that nobody gave it is killed with its group at once, and FATAL with the reason', async (t) => {
  const wrong: ProcessEvent = { type: 'identityWrong', pid: 7, why: 'uid 0 instead of 33' };
  const r = play([[0, wrong]], running);
  t.strictSame(r.effects, [kill(7, 9, true)]);
  t.equal(r.told, 'RUNNING > STOPPING');
  const ended = play([[1, killedBy(9)]], r.state);
  t.strictSame(ended.state, { name: 'FATAL', why: 'uid 0 instead of 33' });
  const left = play(
    [
      [1, { ...killedBy(9), leftover: true } as ProcessEvent],
      [2, swept],
    ],
    r.state,
  );
  t.strictSame(left.state, { name: 'FATAL', why: 'uid 0 instead of 33' });
  const again = play(
    [
      [1, start],
      [2, killedBy(9)],
    ],
    r.state,
  );
  t.equal(again.state.name, 'SPAWNING', 'the last request wins');
  const earlier: ProcessEvent = { type: 'identityWrong', pid: 6, why: 'of one that is gone' };
  t.strictSame(play([[0, earlier]], running).state, running);
});
