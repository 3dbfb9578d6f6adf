import fc from 'fast-check';
import { test } from 'tap';
import type { JobSpec } from '../../src/core/job.js';
import { refuseRequest } from '../../src/core/job-questions.js';
import { runOf } from '../../src/core/jobs.js';
import {
  type Behaviour,
  command,
  type Entry,
  FakeJobShell,
  HOUR,
  START,
  sequence,
  shellWith,
} from '../helpers/fake-job-shell.js';

const ask = (shell: FakeJobShell, job: string, id: string) => shell.dispatch({ type: 'request', job, id });

test('a request for a job that runs is refused with the run that goes on', async (t) => {
  const shell = shellWith([command('backup')]);
  t.equal(refuseRequest(shell.jobs, 'backup'), undefined);
  ask(shell, 'backup', 'one');
  t.same(refuseRequest(shell.jobs, 'backup'), { code: 'ALREADY_RUNNING', why: 'backup is running (one)' });
  shell.pass(2000);
  t.equal(refuseRequest(shell.jobs, 'backup'), undefined);
});

test('a request for an unknown job or step is refused with what there is', async (t) => {
  const { jobs } = shellWith([command('a'), command('b'), sequence('s', ['a', 'b'])]);
  t.equal(refuseRequest(jobs, 'x')?.code, 'BAD_NAME');
  t.equal(refuseRequest(jobs, 's', 'b'), undefined);
  t.same(refuseRequest(jobs, 's', 'c'), {
    code: 'BAD_ARGUMENT',
    why: 's has no step "c": its steps are a, b',
  });
  t.equal(refuseRequest(jobs, 's', 's')?.code, 'BAD_ARGUMENT', 'the sequence is not a step of itself');
});

test('while supd shuts down every request is refused', async (t) => {
  const shell = shellWith([command('a')]);
  shell.dispatch({ type: 'shutdown' });
  t.equal(refuseRequest(shell.jobs, 'a')?.code, 'SHUTTING_DOWN');
  ask(shell, 'a', 'one');
  t.equal(shell.effects('spawnStep').length, 0);
});

test('a due time during a run is recorded as skipped, with the run that went on', async (t) => {
  const shell = shellWith([command('often', { schedule: 'every 60' })]);
  shell.behaviours = { often: [{ runs: 150_000 }] };
  shell.pass(245_000);
  t.same(
    [...shell.records.values()].map((record) => `${record.outcome} ${record.dueTime - START}`),
    ['skipped 120000', 'skipped 180000', 'ok 60000', 'running 240000'],
  );
  t.match(shell.records.get('20261123T020200Z-often'), {
    reason: 'run 20261123T020100Z-often goes on',
    steps: [],
  });
});

test('with overlap=queue one run waits for its turn and no more than one', async (t) => {
  const shell = shellWith([command('a', { overlap: 'queue' })]);
  ask(shell, 'a', 'one');
  t.equal(refuseRequest(shell.jobs, 'a'), undefined);
  ask(shell, 'a', 'two');
  t.match(shell.records.get('two'), { outcome: 'running', reason: 'waits: run one goes on', steps: [] });
  t.equal(refuseRequest(shell.jobs, 'a')?.code, 'ALREADY_RUNNING');
  ask(shell, 'a', 'three');
  t.match(shell.records.get('three'), {
    outcome: 'skipped',
    reason: 'run one goes on, and two waits for it',
  });
  shell.pass(5000);
  t.match(shell.records.get('two'), { outcome: 'ok', startTime: START + 1000 });
});

test('a run that waits can be cancelled, and goes with its job or with supd', async (t) => {
  for (const [event, outcome, reason] of [
    [{ type: 'cancel', run: 'two', by: 'zope' }, 'cancelled', 'cancelled by zope'],
    [{ type: 'configured', specs: [], lastDue: {} }, 'skipped', 'the job was removed'],
    [{ type: 'shutdown' }, 'cancelled', 'supd was shut down'],
  ] as const) {
    const shell = shellWith([command('a', { overlap: 'queue' })]);
    ask(shell, 'a', 'one');
    ask(shell, 'a', 'two');
    shell.dispatch(event);
    t.match(shell.records.get('two'), { outcome, reason });
    t.match(shell.effects('runChanged')[0]?.run, { id: 'two', reason: 'waits: run one goes on' });
    t.equal(shell.effects('runEnded').filter((effect) => effect.run.id === 'two').length, 1);
    shell.pass(5000);
    t.equal(shell.effects('spawnStep').length, 1);
  }
});

test('a job that is removed while it runs runs to its end', async (t) => {
  const shell = shellWith([command('a'), command('b'), sequence('s', ['a', 'b'], { schedule: 'daily 3' })]);
  ask(shell, 's', 'one');
  shell.dispatch({ type: 'configured', specs: [], lastDue: {} });
  t.equal(refuseRequest(shell.jobs, 's')?.code, 'BAD_NAME');
  shell.pass(24 * HOUR);
  t.equal(shell.record('s').outcome, 'ok');
  t.equal(shell.records.size, 1);
});

test('a job that comes back while its old run goes on does not run twice at once', async (t) => {
  const shell = shellWith([command('a')]);
  ask(shell, 'a', 'one');
  shell.dispatch({ type: 'configured', specs: [], lastDue: {} });
  shell.dispatch({ type: 'configured', specs: [command('a')], lastDue: {} });
  t.equal(refuseRequest(shell.jobs, 'a')?.code, 'ALREADY_RUNNING');
});

test('a run keeps the plan that it began with', async (t) => {
  const shell = shellWith([command('a'), command('b'), sequence('s', ['a', 'b'])]);
  ask(shell, 's', 'one');
  shell.dispatch({ type: 'configured', specs: [command('a'), sequence('s', ['a'])], lastDue: {} });
  shell.pass(HOUR);
  t.equal(shell.steps('s'), 'a ok, b ok');
});

test('the next due time and the live run can be read', async (t) => {
  const shell = shellWith([command('a', { schedule: 'daily 3' })]);
  t.equal(shell.jobs.entries.get('a')?.agenda?.nextDue, START + HOUR);
  ask(shell, 'a', 'one');
  t.equal(runOf(shell.jobs, 'a')?.request.id, 'one');
});

test('those who watch see each run begin, change and end, and each skip end', async (t) => {
  const shell = shellWith([command('a')]);
  ask(shell, 'a', 'one');
  ask(shell, 'a', 'two');
  shell.pass(2000);
  const seen = shell.trace.flatMap((entry) => {
    if (!('effect' in entry)) return [];
    const { effect } = entry;
    if (effect.type !== 'runStarted' && effect.type !== 'runChanged' && effect.type !== 'runEnded') return [];
    return [`${effect.type} ${effect.run.id} ${effect.run.outcome}`];
  });
  t.same(seen, ['runStarted one running', 'runEnded two skipped', 'runChanged one ok', 'runEnded one ok']);
});

/** What the model test draws from. */
const NAMES = ['a', 'b', 'c', 'inner', 'outer', 'restore'];
const behaviour: fc.Arbitrary<Behaviour> = fc.record({
  exit: fc.oneof(
    fc.constant({ code: 0 }),
    fc.record({ code: fc.integer({ min: 0, max: 3 }) }),
    fc.constant({ signal: 11, core: true }),
    fc.constant({ unknown: true } as const),
  ),
  runs: fc.constantFrom(0, 1000, 70_000, 'for ever' as const),
  output: fc.constantFrom('', 'x'),
  ignoresTerm: fc.boolean(),
  leavesBehind: fc.boolean(),
});
const patch: fc.Arbitrary<Partial<JobSpec>> = fc.record(
  {
    timeoutMs: fc.constantFrom(2000, 100_000),
    retries: fc.integer({ min: 0, max: 2 }),
    retryDelaysMs: fc.constantFrom([], [5000]),
    retryExitCodes: fc.constantFrom([1], [2, 3]),
    onFailure: fc.constantFrom('fail', 'degrade'),
    needs: fc.constantFrom([], ['a']),
    lock: fc.constantFrom('/l1', '/l2'),
    overlap: fc.constantFrom('skip', 'queue'),
    schedule: fc.constantFrom('every 60', 'every 600', 'daily 3'),
    catchupMs: fc.constantFrom(0, HOUR),
    jitterMs: fc.constantFrom(0, 30_000),
    requiresStopped: fc.constantFrom(['zeo'], ['zeo', 'instance1']),
    failOnOutput: fc.boolean(),
  },
  { requiredKeys: [] },
);
const specs: fc.Arbitrary<readonly JobSpec[]> = fc
  .tuple(fc.array(patch, { minLength: 6, maxLength: 6 }), fc.subarray(NAMES))
  .map(([patches, kept]) =>
    [
      command('a', patches[0]),
      command('b', patches[1]),
      command('c', patches[2]),
      sequence('inner', ['a', 'b'], patches[3]),
      sequence('outer', ['inner', 'c', 'a'], patches[4]),
      command('restore', patches[5]),
    ].filter((spec) => kept.includes(spec.name)),
  );

type Act =
  | { readonly do: 'pass'; readonly ms: number }
  | { readonly do: 'request'; readonly job: string }
  | { readonly do: 'cancel' }
  | { readonly do: 'configure'; readonly specs: readonly JobSpec[] }
  | { readonly do: 'step clock'; readonly ms: number; readonly told: boolean }
  | { readonly do: 'restart'; readonly after: number }
  | { readonly do: 'lock'; readonly path: string };
const act: fc.Arbitrary<Act> = fc.oneof(
  fc.record({ do: fc.constant('pass' as const), ms: fc.constantFrom(0, 500, 3000, 61_000, 20 * 60_000) }),
  fc.record({ do: fc.constant('request' as const), job: fc.constantFrom(...NAMES) }),
  fc.record({ do: fc.constant('cancel' as const) }),
  fc.record({ do: fc.constant('configure' as const), specs }),
  fc.record({
    do: fc.constant('step clock' as const),
    ms: fc.constantFrom(-2 * HOUR, -90_000, 90_000, 2 * HOUR),
    told: fc.boolean(),
  }),
  fc.record({ do: fc.constant('restart' as const), after: fc.constantFrom(0, 90_000, 5 * HOUR) }),
  fc.record({ do: fc.constant('lock' as const), path: fc.constantFrom('/l1', '/l2') }),
);

/** Watches over what must hold whatever happens. */
class Watch {
  highest = 0;
  readonly ran = new Map<string, number>();
  readonly expected = new Set(['zeo', 'instance1']);

  over(shell: FakeJobShell): (entry: Entry) => void {
    return (entry) => {
      const jobs = [...shell.jobs.runs.values()].map((run) => run.job);
      if (new Set(jobs).size !== jobs.length) throw new Error('two runs of one job');
      if (!('effect' in entry)) return;
      const { effect } = entry;
      if (effect.type === 'spawnStep') {
        if (shell.live.some((one) => one.run === effect.run)) throw new Error('two live steps of one run');
        if ([...shell.leftovers.values()].includes(effect.run))
          throw new Error('a step began beside leftovers');
        if (shell.records.get(effect.run)?.outcome !== 'running')
          throw new Error('not on record before it runs');
      }
      if (effect.type === 'runStarted' && effect.run.trigger !== 'request') {
        const { id } = effect.run;
        this.ran.set(id, (this.ran.get(id) ?? 0) + 1);
        if (this.ran.get(id)! > 1) throw new Error(`${id} ran twice`);
      }
      if (effect.type === 'runEnded') {
        const { outcome, steps, reason } = effect.run;
        if (outcome === 'running') throw new Error('ended, but running');
        if (steps.some((step) => step.outcome === 'waiting' || step.outcome === 'running'))
          throw new Error('ended with an open step');
        if (outcome !== 'ok' && reason === undefined) throw new Error(`${outcome} without a reason`);
        if (outcome === 'ok' && steps.some((step) => step.outcome === 'failed'))
          throw new Error('ok with a failure');
      }
    };
  }
}

function perform(shell: FakeJobShell, watch: Watch, one: Act, count: number): FakeJobShell {
  switch (one.do) {
    case 'pass':
      shell.pass(one.ms);
      return shell;
    case 'request':
      ask(shell, one.job, `request-${count}`);
      return shell;
    case 'cancel': {
      const [id] = shell.jobs.runs.keys();
      if (id !== undefined) shell.dispatch({ type: 'cancel', run: id });
      return shell;
    }
    case 'configure':
      shell.dispatch({ type: 'configured', specs: one.specs, lastDue: shell.lastDue });
      return shell;
    case 'step clock':
      // Beyond 25 h behind, a schedule starts anew (agenda.ts) and times may come again.
      watch.highest = Math.max(watch.highest, shell.wall);
      if (shell.wall + one.ms > watch.highest - 24 * HOUR) shell.wall += one.ms;
      shell.dispatch({ type: one.told ? 'clockStepped' : 'wake' });
      return shell;
    case 'lock':
      if (!shell.locks.delete(one.path)) shell.locks.set(one.path, 'another');
      return shell;
    case 'restart':
      return restart(shell, watch, one.after);
    default:
      return one satisfies never;
  }
}

/** An orderly shutdown and a new daemon on the same disk. */
function restart(old: FakeJobShell, watch: Watch, after: number): FakeJobShell {
  const known = [...old.jobs.entries.values()].map((entry) => entry.spec);
  old.dispatch({ type: 'shutdown' });
  old.pass(60_000);
  if (old.jobs.runs.size > 0) throw new Error('a shutdown that does not end');
  const shell = new FakeJobShell();
  shell.check = watch.over(shell);
  shell.behaviours = old.behaviours;
  shell.wall = old.wall + after;
  for (const [id, record] of old.records) shell.records.set(id, record);
  Object.assign(shell.lastDue, old.lastDue);
  for (const name of watch.expected) shell.programs.add(name);
  shell.dispatch({ type: 'configured', specs: known, lastDue: { ...old.lastDue } });
  return shell;
}

test('whatever happens: one live step, one run of a job, no due time twice, and an end to everything', async (t) => {
  const behaviours = fc.dictionary(
    fc.constantFrom('a', 'b', 'c', 'inner/a', 'inner/b', 'restore'),
    fc.array(behaviour, { maxLength: 3 }),
  );
  fc.assert(
    fc.property(specs, behaviours, fc.array(act, { maxLength: 40 }), (initial, plays, acts) => {
      const watch = new Watch();
      let shell = new FakeJobShell();
      shell.check = watch.over(shell);
      shell.behaviours = plays;
      for (const name of watch.expected) shell.programs.add(name);
      shell.dispatch({ type: 'configured', specs: initial, lastDue: {} });
      acts.forEach((one, count) => {
        shell = perform(shell, watch, one, count);
      });
      // Nothing new comes, and what runs for ever is cancelled: all must end.
      shell.dispatch({ type: 'configured', specs: [], lastDue: {} });
      for (const id of shell.jobs.runs.keys()) shell.dispatch({ type: 'cancel', run: id });
      shell.pass(HOUR);
      if (shell.jobs.runs.size > 0) throw new Error('a run without an end');
      if (shell.live.length > 0) throw new Error('a step outlived its run');
      for (const name of watch.expected)
        if (!shell.programs.has(name)) throw new Error(`${name} stayed down`);
      for (const by of shell.locks.values()) if (by !== 'another') throw new Error('a lock was kept');
      for (const record of shell.records.values())
        if (record.outcome === 'running') throw new Error(`${record.id} is on record as running`);
    }),
    { numRuns: Number(process.env.SUPD_TEST_RUNS ?? 300) },
  );
  t.pass('300 random histories');
});
