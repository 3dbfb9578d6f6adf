import { test } from 'tap';
import type { RunRecord, StepRecord } from '../../src/core/job.js';
import { spentBy, spentWith } from '../../src/core/spent.js';
import { usualDurations } from '../../src/core/usual.js';

const fresh: StepRecord = { name: 'a', outcome: 'running', attempts: 1, outputBytes: 0, output: '' };
const ended: StepRecord = { ...fresh, outcome: 'ok', exit: { code: 0 } };

function run(...steps: readonly StepRecord[]): RunRecord {
  return { id: 'r', job: 'night', outcome: 'ok', trigger: 'request', dueTime: 0, startTime: 0, steps };
}

test('attempts add up their time, and the largest of them is the peak', async (t) => {
  const first = { ...ended, ...spentWith(fresh, { cpuMs: 200, peakBytes: 9 }) };
  t.match(first, { cpuMs: 200, peakBytes: 9 });
  t.strictSame(spentWith(first, { cpuMs: 100, peakBytes: 7 }), { cpuMs: 300, peakBytes: 9 });
});

test('what is unknown of one attempt is unknown of all, not 0', async (t) => {
  const first = { ...ended, ...spentWith(fresh, {}) };
  t.equal(first.cpuMs, undefined);
  t.equal(spentWith(first, { cpuMs: 100 }).cpuMs, undefined);
  t.equal(spentBy(run({ ...ended, cpuMs: 100 }, first)).cpuMs, undefined);
});

test('a run took what its steps took; those that never ran took nothing', async (t) => {
  const skipped: StepRecord = { ...fresh, outcome: 'skipped', attempts: 0 };
  const steps = [{ ...ended, cpuMs: 100, peakBytes: 5 }, { ...ended, cpuMs: 50 }, skipped];
  t.strictSame(spentBy(run(...steps)), { cpuMs: 150, peakBytes: 5 });
  t.equal(spentBy(run(skipped)).cpuMs, undefined);
});

test('what a step usually takes is the median of the newest that went well', async (t) => {
  const took = (ms: number, outcome: StepRecord['outcome'] = 'ok'): RunRecord => ({
    ...run({ ...ended, outcome, startTime: 100, endTime: 100 + ms }),
    outcome: outcome === 'ok' ? 'ok' : 'failed',
    endTime: ms + 200,
  });
  t.strictSame(usualDurations('night', []), new Map());
  const usual = usualDurations('night', [took(90, 'failed'), took(10), took(1000), took(30)]);
  t.strictSame(
    [...usual],
    [
      ['a', 30],
      ['night', 230],
    ],
  );
  t.equal(usualDurations('night', [took(10), took(20)]).get('a'), 15);
  const many = usualDurations('night', [...Array(10).fill(took(10)), ...Array(50).fill(took(500))]);
  t.equal(many.get('a'), 10, 'old ones no longer count');
});
