import { test } from 'tap';
import {
  type Freshness,
  freshenedBy,
  freshnessOfJobs,
  goodOf,
  overdueAt,
  overdueReason,
} from '../../src/core/freshness.js';
import type { RunRecord } from '../../src/core/job.js';
import { command, DAY, HOUR, START, sequence, shellWith } from '../helpers/fake-job-shell.js';

const verify = command('verify', { maxAgeMs: 26 * HOUR });

function after(run: RunRecord, before: Freshness, now: number): Freshness {
  return freshenedBy(before, goodOf(run), now);
}

test('a job that never ran is overdue once it has been configured for longer than max_age', async (t) => {
  const fresh = freshnessOfJobs({}, [verify], START);
  t.equal(overdueReason(verify, fresh.verify, START + 26 * HOUR), undefined);
  t.equal(overdueAt(verify, fresh.verify, START), START + 26 * HOUR);
  t.equal(
    overdueReason(verify, fresh.verify, START + 26 * HOUR + 1),
    'no good run since it was configured 1d 2h ago; max_age is 1d 2h',
  );
  t.equal(
    freshnessOfJobs(fresh, [verify], START + DAY),
    fresh,
    'reading the configuration again changes nothing',
  );
  t.same(freshnessOfJobs(fresh, [], START), {});
});

test('a good step of another job counts, a failed one and a skipped one do not', async (t) => {
  const night = sequence('night', ['verify', 'copy']);
  const shell = shellWith([night, verify, command('copy')]);
  shell.behaviours = { copy: [{ exit: { code: 1 } }] };
  shell.dispatch({ type: 'request', job: 'night', id: 'n' });
  shell.pass(HOUR);
  const run = shell.record('night');
  t.same([...goodOf(run)], [['verify', START]]);
  const first = freshnessOfJobs({}, [night, verify, command('copy')], START - DAY);
  const fresh = after(run, first, START);
  t.equal(fresh.verify?.good, START);
  t.equal(fresh.copy?.good, undefined);
  t.equal(fresh.night?.good, undefined);
  t.equal(overdueReason(verify, fresh.verify, START + 26 * HOUR), undefined);
  t.match(
    overdueReason(verify, fresh.verify, START + 27 * HOUR),
    /last good run began at 2026-11-23T02:00:00Z, 1d 3h ago/,
  );
  t.equal(after(run, fresh, START), fresh, 'known already');
});

test('degraded is good: an unpacked database is saved all the same', async (t) => {
  const night = sequence('night', ['pack', 'backup']);
  const shell = shellWith([
    night,
    command('pack', { onFailure: 'degrade' }),
    command('backup', { needs: [] }),
  ]);
  shell.behaviours = { pack: [{ exit: { code: 1 } }] };
  shell.dispatch({ type: 'request', job: 'night', id: 'n' });
  shell.pass(HOUR);
  t.same([...goodOf(shell.record('night')).keys()].sort(), ['backup', 'night']);
});

test('steps of steps, and a job used twice, are known by their job', async (t) => {
  const specs = [sequence('outer', ['inner', 'a']), sequence('inner', ['a']), command('a')];
  const shell = shellWith(specs);
  shell.dispatch({ type: 'request', job: 'outer', id: 'n' });
  shell.pass(HOUR);
  t.same([...goodOf(shell.record('outer')).keys()].sort(), ['a', 'inner', 'outer']);
});

test('an older run does not make a job older, and a stamp from far ahead is not believed', async (t) => {
  const now = START + 10 * DAY;
  const fresh = { verify: { since: START, good: START + DAY } };
  t.equal(freshenedBy(fresh, new Map([['verify', START]]), now), fresh);
  const wrong = { verify: { since: START, good: now + 100 * DAY } };
  t.match(overdueReason(verify, wrong.verify, now), /no good run since/);
  t.equal(freshenedBy(wrong, new Map([['verify', now]]), now).verify?.good, now);
});

test('without max_age nothing is overdue', async (t) => {
  t.equal(overdueReason(command('x'), { since: 0 }, START), undefined);
});
