import { test } from 'tap';
import type { TickType } from '../../src/core/event-types.js';
import { type Slices, ticksDue, untilTick } from '../../src/core/ticks.js';

/** What is told at each of these wall-clock seconds, one look after the other. */
function play(wanted: readonly TickType[], seconds: readonly number[]): readonly string[] {
  let slices: Slices = new Map();
  return seconds.map((at) => {
    const step = ticksDue(slices, wanted, at * 1000);
    slices = step.slices;
    return step.due.map(({ type, when }) => `${type} ${when}`).join(' ');
  });
}

test('a tick is due when the wall clock enters a new slice, with the begin of it', async (t) => {
  t.same(play(['TICK_5'], [1003, 1004.9, 1005, 1009, 1010.2]), ['', '', 'TICK_5 1005', '', 'TICK_5 1010']);
  t.same(play(['TICK_5', 'TICK_60'], [59, 60]), ['', 'TICK_5 60 TICK_60 60']);
  t.same(play(['TICK_3600'], [3599, 3600, 3605]), ['', 'TICK_3600 3600', '']);
});

test('a clock that is set makes one tick of each period, not those it skipped', async (t) => {
  t.same(play(['TICK_5'], [1000, 90_000, 90_001]), ['', 'TICK_5 90000', '']);
  t.same(play(['TICK_5', 'TICK_60'], [90_000, 1000, 1001]), ['', 'TICK_5 1000 TICK_60 960', '']);
});

test('nothing is told of the slice in which a period is first wanted', async (t) => {
  const first = ticksDue(new Map(), ['TICK_5'], 1_003_000);
  const more = ticksDue(first.slices, ['TICK_5', 'TICK_60'], 1_004_000);
  t.same(more.due, []);
  t.same(ticksDue(more.slices, ['TICK_60'], 1_020_000).due, [{ type: 'TICK_60', when: 1020 }]);
});

test('the wait is to the next begin of a slice, and there is none without a wish', async (t) => {
  t.equal(untilTick(['TICK_60', 'TICK_5'], 1_003_400), 1600);
  t.equal(untilTick(['TICK_5'], 1_005_000), 5000);
  t.equal(untilTick([], 1_003_400), undefined);
});
