import fc from 'fast-check';
import { test } from 'tap';
import type { BackoffSpec } from '../../src/core/backoff.js';
import { failuresAfter, isTooMany, restMs } from '../../src/core/backoff.js';
import type { ProcessEvent, ProcessSpec, ProcessState } from '../../src/core/program.js';
import { deadlineOf, shown, transition } from '../../src/core/transition.js';
import { processSpec } from '../helpers/specs.js';

const at = (mono: number) => ({ mono, wall: mono });
const withBackoff = (backoff: BackoffSpec, more: Partial<ProcessSpec> = {}) =>
  processSpec('instance1', { autorestart: 'always', backoff, ...more });
const delay = { firstMs: 1000, longestMs: 60_000 };
const exited = (leftover = false): ProcessEvent => ({ type: 'exited', exit: { code: 1 }, leftover });

/** Lives of so many ms each, one after the other; what is told, and the rests between them. */
function live(spec: ProcessSpec, ups: readonly number[], leftover = false) {
  let state: ProcessState = { name: 'STOPPED' };
  let now = 0;
  const told: string[] = [];
  const rests: number[] = [];
  const play = (event: ProcessEvent) => {
    const step = transition(state, event, { spec, now: at(now), mayRestart: true, isBlocked: false });
    state = step.state;
    for (const effect of step.effects) if (effect.type === 'announce') told.push(effect.change.to);
  };
  play({ type: 'start' });
  for (const up of ups) {
    play({ type: 'spawned', pid: 1 });
    if (up >= spec.startMs) {
      now += spec.startMs;
      play({ type: 'deadline' });
    }
    now += Math.max(0, up - spec.startMs);
    play(exited(leftover));
    if (leftover) play({ type: 'swept' });
    if (shown(state) !== 'BACKOFF') break;
    rests.push((deadlineOf(state) as number) - now);
    now = deadlineOf(state) as number;
    play({ type: 'deadline' });
  }
  return { told, rests, state };
}

test('without an option the rule is supervisord: a second more each time, and no rest after RUNNING', async (t) => {
  const plain = processSpec('plain', { autorestart: 'always' });
  t.strictSame(
    [1, 2, 3].map((failures) => restMs(failures, plain, at(0))),
    [1000, 2000, 3000],
  );
  t.equal(isTooMany(3, plain), false);
  t.equal(isTooMany(4, plain), true);
  t.strictSame(live(plain, [5000]).told, ['STARTING', 'RUNNING', 'EXITED', 'STARTING']);
});

test('rests double up to the longest, and are up to a quarter shorter than that', async (t) => {
  const spec = withBackoff({ delay });
  fc.assert(
    fc.property(fc.integer({ min: 1, max: 2000 }), fc.nat(), (failures, wall) => {
      const full = Math.min(1000 * 2 ** Math.min(failures - 1, 40), 60_000);
      const rest = restMs(failures, spec, { mono: 0, wall });
      return rest <= full && rest >= 0.75 * full - 1;
    }),
  );
  const rests = new Set(Array.from({ length: 20 }, (_, wall) => restMs(3, spec, { mono: 0, wall })));
  t.ok(rests.size > 10, 'what fails at different times rests for different times');
});

test('with restart_delay an end while RUNNING is followed by a rest, too, and told as EXITED and BACKOFF', async (t) => {
  const { told, rests } = live(withBackoff({ delay }), [5000, 5000, 5000]);
  const once = ['STARTING', 'RUNNING', 'EXITED', 'BACKOFF'];
  t.strictSame(told, [...once, ...once, ...once, 'STARTING']);
  t.ok(rests[0]! <= 1000 && rests[1]! > 1000 && rests[1]! <= 2000 && rests[2]! > 2000);
});

test('what it left behind is gone before the rest begins', async (t) => {
  const { told } = live(withBackoff({ delay }), [5000], true);
  t.strictSame(told, ['STARTING', 'RUNNING', 'EXITED', 'BACKOFF', 'STARTING']);
});

test('with restart_delay alone it is tried for as long as it takes', async (t) => {
  const { state, rests } = live(withBackoff({ delay }), Array(50).fill(0));
  t.equal(state.name, 'SPAWNING');
  t.ok(rests.slice(10).every((rest) => rest >= 45_000 && rest <= 60_000));
});

test('up for restart_window, it begins anew; more than startretries without that are FATAL', async (t) => {
  const spec = withBackoff({ delay, windowMs: 600_000 }, { startRetries: 2 });
  const recovered = live(spec, [5000, 5000, 601_000, 5000]);
  t.equal(recovered.state.name, 'SPAWNING');
  t.ok(recovered.rests[2]! <= 1000, 'the pause is short again');
  const looping = live(spec, [5000, 5000, 5000, 5000]);
  t.equal(looping.state.name, 'FATAL');
  t.match(looping.state, { why: 'It ended by itself: exit status 1' });
  t.equal(looping.told.filter((state) => state === 'RUNNING').length, 3);
});

test('restart_window without restart_delay keeps the pauses of supervisord', async (t) => {
  const { rests, state } = live(withBackoff({ windowMs: 600_000 }, { startRetries: 2 }), [2000, 2000, 2000]);
  t.strictSame(rests, [1000, 2000]);
  t.equal(state.name, 'FATAL');
});

test('without restart_window a minute up is enough', async (t) => {
  t.equal(failuresAfter(59_999, 5, withBackoff({ delay })), 5);
  t.equal(failuresAfter(60_000, 5, withBackoff({ delay })), 1);
});

test('a program that is not to be restarted does not rest', async (t) => {
  const spec = withBackoff({ delay }, { autorestart: 'never' });
  t.equal(shown(live(spec, [5000]).state), 'EXITED');
});

test('a stop ends a rest, and the next start begins with the first try', async (t) => {
  const spec = withBackoff({ delay });
  const { state } = live(spec, []);
  t.match(state, { name: 'SPAWNING', attempt: 1 });
  const resting: ProcessState = { name: 'BACKOFF', attempt: 7, why: 'x', deadline: 9 };
  const context = { spec, now: at(1), mayRestart: true, isBlocked: false };
  const stopped = transition(resting, { type: 'stop' }, context).state;
  t.equal(stopped.name, 'STOPPED');
  t.match(transition(stopped, { type: 'start' }, context).state, { name: 'SPAWNING', attempt: 1 });
});

test('while supd shuts down, what ended is not tried again', async (t) => {
  const spec = withBackoff({ delay });
  const running: ProcessState = { name: 'RUNNING', pid: 1, since: 0, attempt: 2 };
  const context = { spec, now: at(5000), mayRestart: false, isBlocked: false };
  t.equal(transition(running, exited(), context).state.name, 'EXITED');
});
