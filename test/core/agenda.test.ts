import fc from 'fast-check';
import { test } from 'tap';
import { runId } from '../../src/core/agenda.js';
import type { JobSpec } from '../../src/core/job.js';
import type { LastDue } from '../../src/core/job-events.js';
import { jobsWake } from '../../src/core/job-questions.js';
import { command, DAY, FakeJobShell, HOUR, START, sequence, shellWith } from '../helpers/fake-job-shell.js';

/** Due at 03:00 UTC, one hour after START. */
const DUE = START + HOUR;
const AT_THREE = 'daily 3';
/** As scheduleText gives it without a time zone. */
const last = (due: number, schedule = AT_THREE): LastDue => ({ due, schedule });

function nightly(patch: Partial<JobSpec> = {}): JobSpec {
  return command('nightly', { schedule: AT_THREE, ...patch });
}

/** `id outcome trigger` of every run, in the order of their last change. */
function runs(shell: FakeJobShell): readonly string[] {
  return [...shell.records.values()].map((record) => `${record.id} ${record.outcome} ${record.trigger}`);
}

test('a job runs at its time, every day, with ids that sort', async (t) => {
  const shell = shellWith([nightly()]);
  shell.pass(2 * DAY);
  t.same(runs(shell), ['20261123T030000Z-nightly ok schedule', '20261124T030000Z-nightly ok schedule']);
  t.equal(shell.record('nightly').dueTime, DUE + DAY);
  t.equal(shell.lastDue.nightly?.due, DUE + DAY);
});

test('the id of a run by hand is unique beside that of a due time', async (t) => {
  t.equal(runId('nightly', DUE + 400, '7'), '20261123T030000Z-nightly.7');
});

test('a job that was never scheduled before is not late: it waits for its next time', async (t) => {
  const shell = shellWith([nightly()]);
  t.same(runs(shell), []);
  t.equal(shell.lastDue.nightly?.due, START, 'so that the next start knows what was missed');
});

test('a job without a schedule is never due', async (t) => {
  const shell = shellWith([command('backup')]);
  shell.pass(3 * DAY);
  t.same(runs(shell), []);
  t.same(shell.effects('schedule'), []);
});

test('a due time is remembered after its record and before anything of its run', async (t) => {
  const shell = shellWith([nightly()]);
  shell.pass(HOUR);
  const order = shell.trace.flatMap((entry) => ('effect' in entry ? [entry.effect.type] : []));
  t.same(order.slice(order.indexOf('remember')).slice(0, 4), [
    'remember',
    'rememberDue',
    'runStarted',
    'spawnStep',
  ]);
});

test('a run missed while supd was down is caught up once, as the newest of those missed', async (t) => {
  const shell = shellWith([nightly()], { nightly: last(DUE - 4 * DAY) });
  shell.pass(HOUR / 2);
  t.same(runs(shell), ['20261120T030000Z-nightly skipped schedule', '20261122T030000Z-nightly ok catchup']);
  t.match([...shell.records.values()][0], {
    reason: 'missed, like all before 2026-11-22T03:00:00Z: supd was not running',
    dueTime: DUE - 3 * DAY,
  });
  shell.pass(HOUR);
  t.equal(shell.record('nightly').id, '20261123T030000Z-nightly', 'and the next one comes at its time');
});

test('a single missed run is caught up without another record', async (t) => {
  const shell = shellWith([nightly()], { nightly: last(DUE - 2 * DAY) });
  shell.pass(HOUR / 2);
  t.same(runs(shell), ['20261122T030000Z-nightly ok catchup']);
});

test('what was missed longer ago than catchup is recorded as skipped, not run', async (t) => {
  const shell = shellWith([nightly({ catchupMs: 2 * HOUR })], { nightly: last(DUE - 3 * DAY) });
  shell.pass(HOUR / 2);
  t.same(runs(shell), ['20261122T030000Z-nightly skipped schedule']);
  t.match(shell.record('nightly'), {
    reason: 'missed, like all since 2026-11-21T03:00:00Z: supd was not running',
    steps: [],
  });
  t.match(shell.told(), [/^warn nightly: skipped \(due 2026-11-22T03:00:00Z\): missed/]);
  t.equal(shell.lastDue.nightly?.due, DUE - DAY, 'it is not recorded again at the next start');
});

test('a start a little after the due time is not a miss', async (t) => {
  const shell = shellWith([nightly()], { nightly: last(DUE - DAY) });
  shell.mono += HOUR;
  shell.wall += HOUR + 20_000;
  shell.dispatch({ type: 'wake' });
  shell.pass(HOUR);
  t.same(runs(shell), ['20261123T030000Z-nightly ok schedule']);
});

test('months of downtime of a job due each minute cost few questions, and its newest time is found', async (t) => {
  const shell = shellWith([command('often', { schedule: 'every 60' })], {
    often: last(START - 90 * DAY, 'every 60'),
  });
  t.ok(shell.effects('schedule').length < 40, `${shell.effects('schedule').length} questions`);
  t.equal(shell.record('often').dueTime, START, 'START itself is a full minute');
  t.equal(shell.record('often').trigger, 'catchup');
});

test('the newest missed time is exact, whatever the period and the moment of the start', async (t) => {
  const period = fc.oneof(fc.constantFrom(1, 7, 60, 300, 900), fc.integer({ min: 1, max: 100_000 }));
  // Up to a minute is late, not missed.
  const since = fc.integer({ min: 120_000, max: 40 * DAY });
  const lag = fc.constantFrom(0, 1, 999, 1000, 1001);
  fc.assert(
    fc.property(period, since, lag, fc.integer({ min: 0, max: 1000 }), (seconds, past, more, some) => {
      const schedule = `every ${seconds}`;
      const shell = new FakeJobShell();
      shell.wall = Math.floor(START / (seconds * 1000)) * seconds * 1000 + more + some * 1000;
      const known = shell.wall - past;
      const newest = Math.floor(shell.wall / (seconds * 1000)) * seconds * 1000;
      const specs = [command('often', { schedule, catchupMs: 100 * DAY })];
      shell.dispatch({ type: 'configured', specs, lastDue: { often: last(known, schedule) } });
      const dues = shell.effects('runStarted').map((effect) => effect.run.dueTime);
      const expected = newest > known ? `${newest}` : '';
      if (dues.join() !== expected) throw new Error(`${dues} instead of ${expected}`);
    }),
  );
  t.pass();
});

test('with another schedule than the remembered one nothing was missed', async (t) => {
  const shell = shellWith([nightly()], { nightly: last(START - 3 * DAY, 'daily 1') });
  t.same(runs(shell), []);
  t.same(shell.lastDue.nightly, last(START));
});

test('an update keeps what did not change, and does not run a new job for the past', async (t) => {
  const shell = shellWith([nightly()]);
  const asked = shell.effects('schedule').length;
  const specs = [nightly({ jitterMs: 1 }), command('hourly', { schedule: 'every 3600' })];
  shell.dispatch({ type: 'configured', specs, lastDue: { hourly: last(START - DAY, 'every 3600') } });
  t.equal(shell.effects('schedule').length, asked + 1, 'only the new job is looked up');
  t.same(runs(shell), []);
  shell.pass(HOUR + 2000);
  t.same(runs(shell), ['20261123T030000Z-nightly ok schedule', '20261123T030000Z-hourly ok schedule']);
});

test('a changed schedule takes effect at once', async (t) => {
  const shell = shellWith([nightly()]);
  shell.dispatch({ type: 'configured', specs: [nightly({ schedule: 'daily 4' })], lastDue: {} });
  shell.pass(3 * HOUR);
  t.same(runs(shell), ['20261123T040000Z-nightly ok schedule']);
});

test('a job that is taken out and put back after the clock was set back does not run its time again', async (t) => {
  const shell = shellWith([nightly()]);
  shell.pass(HOUR + 2000);
  shell.wall -= HOUR / 2;
  shell.dispatch({ type: 'clockStepped' });
  shell.dispatch({ type: 'configured', specs: [], lastDue: { ...shell.lastDue } });
  shell.dispatch({ type: 'configured', specs: [nightly()], lastDue: { ...shell.lastDue } });
  shell.pass(4 * HOUR);
  t.equal(shell.effects('spawnStep').length, 1);
});

test('a schedule that never comes due again leaves the job idle', async (t) => {
  const known: Record<string, LastDue> = { rare: last(START - 900 * DAY, 'never') };
  for (const lastDue of [{}, known]) {
    const shell = shellWith([command('rare', { schedule: 'never' })], lastDue);
    t.equal(shell.jobs.entries.get('rare')?.agenda?.nextDue, undefined);
    t.same(jobsWake(shell.jobs), {});
  }
});

test('an answer to an older question is ignored', async (t) => {
  const shell = shellWith([nightly()]);
  shell.dispatch({ type: 'scheduled', job: 'nightly', after: START - 5, due: START });
  shell.dispatch({ type: 'scheduled', job: 'gone', after: START, due: START });
  shell.pass(1000);
  t.same(runs(shell), []);
});

for (const hours of [-2, -1, 1, 2]) {
  test(`a clock set by ${hours} h around the due time runs the job once`, async (t) => {
    for (const minutesBefore of [90, 30, -1, -30]) {
      const shell = shellWith([nightly()]);
      shell.pass(HOUR - minutesBefore * 60_000);
      shell.wall += hours * HOUR;
      shell.dispatch({ type: 'clockStepped' });
      shell.pass(6 * HOUR);
      const done = runs(shell).filter((one) => one.startsWith('20261123T03'));
      t.equal(done.length, 1, `${minutesBefore} min before: ${done}`);
      t.match(done[0], / ok /);
      t.equal(shell.effects('spawnStep').length, 1);
    }
  });
}

test('a sleep over the due time is caught up, also when only the timer notices', async (t) => {
  for (const told of [true, false]) {
    const shell = shellWith([nightly()]);
    shell.wall += 8 * HOUR;
    shell.dispatch({ type: told ? 'clockStepped' : 'wake' });
    shell.pass(HOUR);
    t.same(runs(shell), ['20261123T030000Z-nightly ok catchup']);
  }
});

test('a sleep longer than catchup leaves a record with the reason', async (t) => {
  const shell = shellWith([nightly({ catchupMs: HOUR })]);
  shell.wall += 8 * HOUR;
  shell.dispatch({ type: 'clockStepped' });
  t.match(shell.record('nightly'), {
    outcome: 'skipped',
    reason: 'missed: the clock was set, or the machine or supd stood still',
  });
});

test('a last due time of a clock that was years ahead does not silence the job', async (t) => {
  const shell = shellWith([nightly()], { nightly: last(START + 900 * DAY) });
  t.match(shell.told(), [/^warn nightly: was last due at 2029-/]);
  shell.pass(2 * HOUR);
  t.same(runs(shell), ['20261123T030000Z-nightly ok schedule']);
});

test('jitter delays a run by the same time whenever it is reckoned, and less than asked for', async (t) => {
  const starts = [1, 2].map(() => {
    const shell = shellWith([nightly({ jitterMs: HOUR })]);
    shell.pass(3 * DAY);
    return [...shell.records.values()].map((record) => record.startTime - record.dueTime);
  });
  t.same(starts[0], starts[1]);
  t.equal(new Set(starts[0]).size, 3, 'another one each day');
  for (const delay of starts[0]!) t.ok(delay > 0 && delay < HOUR);
});

test('after a shutdown nothing is due any more, and what comes due is left for the next start', async (t) => {
  const shell = shellWith([nightly()]);
  shell.dispatch({ type: 'shutdown' });
  shell.pass(2 * HOUR);
  t.same(runs(shell), []);
  t.equal(shell.lastDue.nightly?.due, START);
});

test('a crash between the record and the due time runs the job again, one after it does not', async (t) => {
  const specs = [nightly()];
  for (const reached of ['remember', 'rememberDue'] as const) {
    const shell = shellWith(specs);
    shell.check = (entry) => {
      if ('effect' in entry && entry.effect.type === 'runStarted') throw new Error('crash');
      if (reached === 'remember' && 'effect' in entry && entry.effect.type === 'rememberDue')
        throw new Error('crash');
    };
    t.throws(() => shell.pass(HOUR));
    t.equal(shell.records.size, 1, 'it is on record in both cases');
    const next = shellWith(specs);
    next.jobs = { ...next.jobs, configured: false, entries: new Map() };
    next.wall = shell.wall + 120_000;
    next.dispatch({ type: 'configured', specs, lastDue: shell.lastDue });
    next.pass(HOUR);
    t.same(runs(next), reached === 'remember' ? ['20261123T030000Z-nightly ok catchup'] : []);
  }
});

test('a sequence is scheduled like any job, its steps are not', async (t) => {
  const shell = shellWith([
    command('a', { schedule: 'daily 5' }),
    sequence('s', ['a'], { schedule: AT_THREE }),
  ]);
  shell.pass(4 * HOUR);
  t.same(runs(shell), ['20261123T030000Z-s ok schedule', '20261123T050000Z-a ok schedule']);
});
