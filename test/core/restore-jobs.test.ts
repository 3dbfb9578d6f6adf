import { test } from 'tap';
import type { JobSpec } from '../../src/core/job.js';
import { command, FakeJobShell, sequence, shellWith } from '../helpers/fake-job-shell.js';

const ask = (shell: FakeJobShell, job: string, id: string) => shell.dispatch({ type: 'request', job, id });

function reborn(dead: FakeJobShell, specs: readonly JobSpec[]): FakeJobShell {
  const shell = new FakeJobShell();
  shell.takeOver(dead, specs);
  return shell;
}

const night = [command('one'), command('two'), sequence('all', ['one', 'two'])];

test('a step that still runs is waited for, and the sequence goes on', async (t) => {
  const first = shellWith(night);
  ask(first, 'all', 'r');
  first.pass(500);
  const second = reborn(first, night);
  t.equal(second.effects('adoptStep').length, 1);
  t.equal(second.effects('spawnStep').length, 0);
  second.pass(5000);
  t.equal(second.record('all').outcome, 'ok');
  t.equal(second.steps('all'), 'one ok, two ok');
  t.equal(second.step('all', 'one').attempts, 1);
});

test('a step that ended unseen has failed, and what needs it is not run', async (t) => {
  const first = shellWith(night);
  ask(first, 'all', 'r');
  first.pass(500);
  first.live.length = 0;
  const second = reborn(first, night);
  t.equal(second.steps('all'), 'one failed, two skipped');
  t.match(second.step('all', 'one').reason, /exit status unknown/);
  t.equal(second.record('all').outcome, 'failed');
});

test('a run goes on by the plan that it began with', async (t) => {
  const first = shellWith(night);
  ask(first, 'all', 'r');
  first.pass(500);
  const second = reborn(first, [command('one'), command('three'), sequence('all', ['three'])]);
  second.pass(5000);
  t.equal(second.steps('all'), 'one ok, two ok');
});

test('what may have been started is looked for and never started twice', async (t) => {
  for (const isThere of [true, false]) {
    const first = shellWith(night);
    ask(first, 'all', 'r');
    // Dead between the start and its record.
    const run = first.jobs.runs.get('r')!;
    first.jobs = {
      ...first.jobs,
      runs: new Map([['r', { ...run, phase: { name: 'SPAWNING', unit: 1 } }]]),
    };
    if (!isThere) first.live.length = 0;
    const second = reborn(first, night);
    second.pass(5000);
    t.equal(second.effects('seekStep').length, 1);
    t.equal(second.effects('spawnStep').filter(({ step }) => step === 'one').length, 0);
    t.equal(second.steps('all'), isThere ? 'one ok, two ok' : 'one failed, two skipped');
  }
});

test('a timeout counts from the start of the attempt, also across a death', async (t) => {
  const specs = [command('slow', { timeoutMs: 10_000 })];
  const first = shellWith(specs);
  first.behaviours = { slow: [{ runs: 'for ever' }] };
  ask(first, 'slow', 'r');
  first.pass(8000);
  const second = reborn(first, specs);
  second.pass(2500);
  t.match(second.record('slow'), { outcome: 'failed', reason: /timed out after 10s/ });
});

test('a step that was being ended is asked to end again', async (t) => {
  const specs = [command('a')];
  const first = shellWith(specs);
  first.behaviours = { a: [{ runs: 'for ever', ignoresTerm: true }] };
  ask(first, 'a', 'r');
  first.dispatch({ type: 'cancel', run: 'r', by: 'zope' });
  const second = reborn(first, specs);
  t.same(
    second.effects('killStep').map(({ signal }) => signal),
    [15],
  );
  second.pass(20_000);
  t.match(second.record('a'), { outcome: 'cancelled', reason: 'cancelled by zope' });
});

test('the lock is held on; lost to another, nothing more of the run is done', async (t) => {
  const specs = [command('one'), command('two'), sequence('all', ['one', 'two'], { lock: '/lock' })];
  for (const isLost of [false, true]) {
    const first = shellWith(specs);
    ask(first, 'all', 'r');
    first.pass(500);
    if (isLost) first.locks.set('/lock', 'a stranger');
    const second = reborn(first, specs);
    second.pass(5000);
    if (isLost) {
      t.match(second.record('all'), {
        outcome: 'failed',
        reason: /lock \/lock was lost .* held by a stranger/,
      });
      t.equal(second.effects('spawnStep').length, 0);
      t.equal(second.locks.get('/lock'), 'a stranger');
    } else {
      t.equal(second.record('all').outcome, 'ok');
      t.notOk(second.locks.has('/lock'));
    }
  }
});

test('what waited for its turn waits on, and begins when the run before it has ended', async (t) => {
  const specs = [command('a', { overlap: 'queue' })];
  const first = shellWith(specs);
  ask(first, 'a', 'one');
  ask(first, 'a', 'two');
  const second = reborn(first, specs);
  t.equal(second.records.get('two')?.outcome, 'running');
  second.pass(5000);
  t.equal(second.records.get('one')?.outcome, 'ok');
  t.equal(second.records.get('two')?.outcome, 'ok');
  const third = reborn(first, []);
  t.match(third.records.get('two'), { outcome: 'skipped', reason: 'the job was removed' });
});

test('a run on record as ended is over, whatever the older state says', async (t) => {
  const specs = [command('a', { overlap: 'queue' })];
  const first = shellWith(specs);
  ask(first, 'a', 'one');
  ask(first, 'a', 'two');
  first.records.set('one', { ...first.records.get('one')!, outcome: 'ok', endTime: first.wall });
  first.live.length = 0;
  const second = reborn(first, specs);
  t.equal(second.records.get('one')?.outcome, 'ok');
  second.pass(5000);
  t.equal(second.records.get('two')?.outcome, 'ok', 'and the one that waited for it begins');
});

test('a due time that death kept from the disk is not due again', async (t) => {
  const specs = [command('often', { schedule: 'every 60' })];
  const first = shellWith(specs);
  const before = { ...first.lastDue };
  first.behaviours = { often: [{ runs: 100_000 }] };
  first.pass(60_500);
  const { id } = first.record('often');
  for (const [job, due] of Object.entries(before)) first.lastDue[job] = due;
  const second = reborn(first, specs);
  second.pass(50_000);
  t.equal([...second.records.values()].filter(({ outcome }) => outcome === 'running').length, 1);
  t.equal(second.record('often').id, id);
  t.equal(second.records.size, 1);
});

test('the end of a run is told again when death may have come before anybody heard of it', async (t) => {
  const first = shellWith(night);
  ask(first, 'all', 'r');
  const live = first.jobs;
  first.pass(5000);
  t.equal(first.record('all').outcome, 'ok');
  // Its record is on disk; the state still has it as it was.
  first.jobs = live;
  const second = reborn(first, night);
  t.match(second.effects('runEnded'), [{ run: { id: 'r', outcome: 'ok' } }]);
  t.equal(second.effects('adoptStep').length, 0);
  // With both on disk there is nothing to tell.
  t.equal(reborn(second, night).effects('runEnded').length, 0);
});
