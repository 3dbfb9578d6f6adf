import { test } from 'tap';
import type { JobSpec } from '../../src/core/job.js';
import { previewRun } from '../../src/core/job-questions.js';
import {
  type Behaviour,
  command,
  type FakeJobShell,
  HOUR,
  sequence,
  shellWith,
} from '../helpers/fake-job-shell.js';

const MINUTE = 60_000;
const LOCK = '/var/backup.lock';

/** The seed's night. */
const NIGHT: readonly JobSpec[] = [
  command('zeopack', { onFailure: 'degrade', timeoutMs: 4 * HOUR }),
  command('backup', { needs: [], failOnOutput: true, timeoutMs: 6 * HOUR }),
  command('verify'),
  command('rsync-backups', {
    needs: ['verify'],
    retries: 3,
    retryDelaysMs: [MINUTE, 5 * MINUTE, 15 * MINUTE],
    retryExitCodes: [10, 12, 30, 35, 255],
    warnExitCodes: [24],
  }),
  command('rsync-logs', { needs: [], onFailure: 'degrade', warnExitCodes: [24] }),
  sequence('nightly', ['zeopack', 'backup', 'verify', 'rsync-backups', 'rsync-logs'], { lock: LOCK }),
];

type Behaviours = Record<string, readonly Behaviour[]>;

function run(specs: readonly JobSpec[], job: string, behaviours: Behaviours = {}): FakeJobShell {
  const shell = shellWith(specs);
  shell.behaviours = behaviours;
  shell.dispatch({ type: 'request', job, id: 'run', requestedBy: 'zope' });
  return shell;
}

/** Runs to the end. */
function play(specs: readonly JobSpec[], job: string, behaviours: Behaviours = {}): FakeJobShell {
  const shell = run(specs, job, behaviours);
  shell.pass(30 * HOUR);
  return shell;
}

const failing = (code: number): readonly Behaviour[] => [{ exit: { code } }];
const spawns = (shell: FakeJobShell) => shell.effects('spawnStep').map((effect) => effect.step);

test('a night without trouble is ok, step after step, with times, attempts and environment', async (t) => {
  const shell = play(NIGHT, 'nightly');
  t.equal(
    shell.steps('nightly'),
    'zeopack ok, backup ok, verify ok, rsync-backups ok, rsync-logs ok',
    'every step',
  );
  const record = shell.record('nightly');
  t.match(record, { outcome: 'ok', trigger: 'request', requestedBy: 'zope', dueTime: record.startTime });
  t.equal(record.reason, undefined);
  t.equal(record.endTime, record.startTime + 5000);
  t.match(shell.step('nightly', 'verify'), {
    attempts: 1,
    exit: { code: 0 },
    startTime: record.startTime + 2000,
    endTime: record.startTime + 3000,
  });
  t.same(shell.effects('spawnStep')[2]?.environment, {
    SUPD_JOB: 'nightly',
    SUPD_RUN: 'run',
    SUPD_STEP: 'verify',
    SUPD_ATTEMPT: '1',
    SUPD_DUE: '2026-11-23T02:00:00Z',
  });
  t.equal(shell.locks.size, 0, 'the lock is free again');
});

const WHEN_A_STEP_FAILS: readonly {
  readonly name: string;
  readonly behaviours: Behaviours;
  readonly outcome: string;
  readonly steps: string;
}[] = [
  {
    name: 'zeopack fails: the backup goes on, the run is degraded',
    behaviours: { zeopack: failing(1) },
    outcome: 'degraded',
    steps: 'zeopack failed, backup ok, verify ok, rsync-backups ok, rsync-logs ok',
  },
  {
    name: 'backup fails: the backups are not sent, the logs are',
    behaviours: { backup: failing(1) },
    outcome: 'failed',
    steps: 'zeopack ok, backup failed, verify skipped, rsync-backups skipped, rsync-logs ok',
  },
  {
    name: 'backup says 0 but printed an rsync line: failed, nothing sent',
    behaviours: { backup: [{ output: "b'rsync: write failed'\n" }] },
    outcome: 'failed',
    steps: 'zeopack ok, backup failed, verify skipped, rsync-backups skipped, rsync-logs ok',
  },
  {
    name: 'verify fails: like backup',
    behaviours: { verify: failing(1) },
    outcome: 'failed',
    steps: 'zeopack ok, backup ok, verify failed, rsync-backups skipped, rsync-logs ok',
  },
  {
    name: 'rsync of the backups fails with a status that no retry helps: failed at once, the logs are tried',
    behaviours: { 'rsync-backups': failing(23) },
    outcome: 'failed',
    steps: 'zeopack ok, backup ok, verify ok, rsync-backups failed, rsync-logs ok',
  },
  {
    name: 'rsync of the backups sees files vanish: degraded, with a note',
    behaviours: { 'rsync-backups': failing(24) },
    outcome: 'degraded',
    steps: 'zeopack ok, backup ok, verify ok, rsync-backups degraded, rsync-logs ok',
  },
  {
    name: 'rsync of the logs fails: a warning only',
    behaviours: { 'rsync-logs': failing(12) },
    outcome: 'degraded',
    steps: 'zeopack ok, backup ok, verify ok, rsync-backups ok, rsync-logs failed',
  },
  {
    name: 'all fails: failed, and each step that does not depend on another is tried',
    behaviours: { zeopack: failing(1), backup: failing(1), 'rsync-logs': failing(1) },
    outcome: 'failed',
    steps: 'zeopack failed, backup failed, verify skipped, rsync-backups skipped, rsync-logs failed',
  },
];

for (const row of WHEN_A_STEP_FAILS) {
  test(`the night: ${row.name}`, async (t) => {
    const shell = play(NIGHT, 'nightly', row.behaviours);
    t.equal(shell.steps('nightly'), row.steps);
    t.equal(shell.record('nightly').outcome, row.outcome);
    t.equal(shell.locks.size, 0);
  });
}

test('the night: a lock that another holds skips the run, and says who holds it', async (t) => {
  const shell = shellWith(NIGHT);
  shell.locks.set(LOCK, 'process 77 (repozo)');
  shell.dispatch({ type: 'request', job: 'nightly', id: 'run' });
  t.match(shell.record('nightly'), {
    outcome: 'skipped',
    reason: `lock ${LOCK} is held by process 77 (repozo)`,
  });
  t.notMatch(shell.steps('nightly'), /waiting|running/);
  t.equal(shell.effects('spawnStep').length, 0);
  t.equal(shell.effects('runEnded').length, 1);
});

test('a refused ssh is tried four times, after one, five and fifteen minutes', async (t) => {
  const shell = play(NIGHT, 'nightly', { 'rsync-backups': failing(255) });
  const at = shell.trace.flatMap((entry) =>
    'effect' in entry && entry.effect.type === 'spawnStep' && entry.effect.step === 'rsync-backups'
      ? [entry.at]
      : [],
  );
  t.same(
    at.map((time) => time - at[0]!),
    [0, MINUTE + 1000, 6 * MINUTE + 2000, 21 * MINUTE + 3000],
  );
  t.match(shell.step('nightly', 'rsync-backups'), {
    outcome: 'failed',
    attempts: 4,
    reason: 'exit status 255',
  });
  t.equal(shell.record('nightly').reason, '"rsync-backups" failed: exit status 255');
});

test('a retry that succeeds leaves no trace of failure in the outcome', async (t) => {
  const shell = play(NIGHT, 'nightly', {
    'rsync-backups': [{ exit: { code: 12 }, output: 'broken pipe\n' }, { output: 'sent\n' }],
  });
  const step = shell.step('nightly', 'rsync-backups');
  t.match(step, { outcome: 'ok', attempts: 2, outputBytes: 17, output: 'sent\n' });
  t.equal(step.reason, undefined);
  t.equal(shell.record('nightly').outcome, 'ok');
});

test('a status outside retry_exitcodes is final, also when it comes after a retry', async (t) => {
  const shell = play(NIGHT, 'nightly', { 'rsync-backups': [{ exit: { code: 12 } }, { exit: { code: 23 } }] });
  t.match(shell.step('nightly', 'rsync-backups'), {
    attempts: 2,
    outcome: 'failed',
    reason: 'exit status 23',
  });
});

for (const [what, behaviour, reason] of [
  ['a signal', { exit: { signal: 9, core: false } }, 'terminated by SIGKILL'],
  [
    'an exit that nobody saw',
    { exit: { unknown: true } },
    'exit status unknown: it ended while supd was not running',
  ],
  [
    'a command that is not there',
    { spawnFails: "can't find command '/bin/one'" },
    "can't find command '/bin/one'",
  ],
] as const) {
  test(`${what} is a failure, and its reason is the run's`, async (t) => {
    const shell = play([command('one')], 'one', { one: [behaviour] });
    t.match(shell.record('one'), { outcome: 'failed', reason });
    t.match(shell.step('one', 'one'), { outcome: 'failed', reason });
  });
}

test('fail_on_output spoils a warning status as well', async (t) => {
  const specs = [command('one', { failOnOutput: true, warnExitCodes: [24] })];
  const shell = play(specs, 'one', { one: [{ exit: { code: 24 }, output: 'x' }] });
  t.match(shell.record('one'), {
    outcome: 'failed',
    reason: 'exit status 24, but it printed something (fail_on_output)',
  });
});

test('a step that takes too long gets SIGTERM, then SIGKILL, and the run goes on after its end', async (t) => {
  const shell = play(NIGHT, 'nightly', { zeopack: [{ runs: 'for ever', ignoresTerm: true }] });
  t.same(
    shell.effects('killStep').map((effect) => effect.signal),
    [15, 9],
  );
  const step = shell.step('nightly', 'zeopack');
  t.match(step, { outcome: 'failed', reason: 'timed out after 4h', exit: { signal: 9 } });
  t.equal(step.endTime! - step.startTime!, 4 * HOUR + 10_000);
  t.equal(shell.record('nightly').outcome, 'degraded');
});

test('what SIGKILL does not end is signalled again, and nothing else of the run begins meanwhile', async (t) => {
  const shell = run(NIGHT, 'nightly', { zeopack: [{ runs: 'for ever' }] });
  shell.live[0]!.exit = { code: 0 };
  shell.live.length = 0;
  shell.pass(4 * HOUR + 35_000);
  t.same(
    shell.effects('killStep').map((effect) => effect.signal),
    [15, 9, 9, 9],
  );
  t.same(spawns(shell), ['zeopack']);
});

test('a timeout is retried when every failure is, and not when only some statuses are', async (t) => {
  const slow: Behaviours = { one: [{ runs: 'for ever' }, {}] };
  const patch = { timeoutMs: 5000, retries: 1 };
  t.equal(play([command('one', patch)], 'one', slow).record('one').outcome, 'ok');
  const picky = play([command('one', { ...patch, retryExitCodes: [1] })], 'one', slow);
  t.match(picky.record('one'), { outcome: 'failed', reason: 'timed out after 5s' });
});

test('the status with which a step answers SIGTERM is not taken for its own', async (t) => {
  const specs = [command('one', { timeoutMs: 5000, retries: 3, retryExitCodes: [20], exitCodes: [0, 1] })];
  for (const code of [0, 1, 20]) {
    const shell = play(specs, 'one', { one: [{ runs: 'for ever', termExit: { code } }] });
    t.match(shell.step('one', 'one'), {
      outcome: 'failed',
      reason: 'timed out after 5s',
      exit: { code },
      attempts: 1,
    });
  }
});

test('a cancel that comes while a step is being started ends it as soon as it runs', async (t) => {
  const shell = shellWith([command('one')]);
  shell.behaviours = { one: [{ runs: 'for ever' }] };
  shell.check = (entry) => {
    if ('effect' in entry && entry.effect.type === 'spawnStep')
      shell.dispatch({ type: 'cancel', run: 'run' });
  };
  shell.dispatch({ type: 'request', job: 'one', id: 'run' });
  t.equal(shell.effects('killStep').length, 1);
  shell.pass(1);
  t.equal(shell.record('one').outcome, 'cancelled');
});

test("a sequence's timeout ends the step that runs and leaves out the rest", async (t) => {
  const specs = [
    command('a'),
    command('b'),
    command('c', { needs: [] }),
    sequence('s', ['a', 'b', 'c'], { timeoutMs: 9000 }),
  ];
  const shell = play(specs, 's', { b: [{ runs: 'for ever' }] });
  t.match(shell.record('s'), { outcome: 'failed', reason: 'timed out after 9s' });
  t.equal(shell.steps('s'), 'a ok, b failed, c skipped');
});

test("an inner sequence's timeout is its own: the outer one goes on", async (t) => {
  const specs = [
    command('a'),
    command('b'),
    command('c', { needs: [] }),
    sequence('inner', ['a', 'b'], { timeoutMs: 1500, onFailure: 'degrade' }),
    sequence('outer', ['inner', 'c']),
  ];
  const shell = play(specs, 'outer', { 'inner/a': [{ runs: 'for ever' }] });
  t.equal(shell.steps('outer'), 'inner failed, inner/a failed, inner/b skipped, c ok');
  t.equal(shell.step('outer', 'inner').reason, 'inner timed out after 1s');
  t.equal(shell.record('outer').outcome, 'degraded');
});

test('what a step leaves behind is ended before the next one begins', async (t) => {
  const shell = play(NIGHT, 'nightly', { zeopack: [{ leavesBehind: true }] });
  const order = shell.trace.flatMap((entry) => {
    if ('event' in entry) return entry.event.type === 'stepSwept' ? ['swept'] : [];
    if (entry.effect.type === 'sweepStep') return [`sweep ${entry.effect.signal}`];
    return entry.effect.type === 'spawnStep' ? [entry.effect.step] : [];
  });
  t.same(order.slice(0, 4), ['zeopack', 'sweep 15', 'swept', 'backup']);
  t.match(shell.step('nightly', 'zeopack'), {
    outcome: 'ok',
    reason: 'processes that it left behind were ended',
  });
});

test('leftovers that ignore SIGTERM get SIGKILL', async (t) => {
  const shell = run([command('one')], 'one', { one: [{ leavesBehind: true }] });
  shell.pass(999);
  shell.live[0]!.endsAt = Number.POSITIVE_INFINITY;
  shell.dispatch({
    type: 'stepExited',
    run: 'run',
    step: 'one',
    exit: { code: 0 },
    output: '',
    outputBytes: 0,
    leftover: true,
  });
  shell.pass(25_000);
  t.same(
    shell.effects('sweepStep').map((effect) => effect.signal),
    [15, 9, 9],
  );
  shell.dispatch({ type: 'stepSwept', run: 'run', step: 'one' });
  t.equal(shell.record('one').outcome, 'ok');
});

test('a cancelled run ends its step, leaves out the rest and says who cancelled it', async (t) => {
  const shell = run(NIGHT, 'nightly', { backup: [{ runs: 'for ever' }] });
  shell.pass(5000);
  shell.dispatch({ type: 'cancel', run: 'run', by: 'root' });
  shell.pass(1);
  t.match(shell.record('nightly'), { outcome: 'cancelled', reason: 'cancelled by root' });
  t.equal(
    shell.steps('nightly'),
    'zeopack ok, backup cancelled, verify skipped, rsync-backups skipped, rsync-logs skipped',
  );
  t.equal(shell.locks.size, 0);
});

test('a run that is cancelled between two attempts ends at once', async (t) => {
  const shell = run([command('one', { retries: 1, retryDelaysMs: [HOUR] })], 'one', { one: failing(1) });
  shell.pass(5000);
  t.match(shell.step('one', 'one'), { outcome: 'running', reason: 'exit status 1; next try in 1h' });
  shell.dispatch({ type: 'cancel', run: 'run' });
  t.equal(shell.record('one').outcome, 'cancelled');
});

test('cancelling wins over a failure that comes in the same moment', async (t) => {
  const shell = run([command('one')], 'one', { one: [{ runs: 'for ever', ignoresTerm: true }] });
  shell.dispatch({ type: 'cancel', run: 'run' });
  shell.live[0]!.exit = { code: 0 };
  shell.live[0]!.endsAt = shell.mono;
  shell.pass(1);
  t.match(shell.record('one'), { outcome: 'cancelled' });
  t.match(shell.step('one', 'one'), { outcome: 'cancelled', exit: { code: 0 } });
});

const RESTORE = [command('restore', { requiresStopped: ['zeo', 'instance1', 'instance2'], lock: LOCK })];

function restoreWith(behaviour: Behaviour, prepare: (shell: FakeJobShell) => void = () => {}): FakeJobShell {
  const shell = shellWith(RESTORE);
  shell.behaviours = { restore: [behaviour] };
  for (const name of ['zeo', 'instance1', 'haproxy']) shell.programs.add(name);
  prepare(shell);
  shell.dispatch({ type: 'request', job: 'restore', id: 'run' });
  return shell;
}

for (const [how, behaviour, outcome] of [
  ['ok', {}, 'ok'],
  ['failed', { exit: { code: 1 } }, 'failed'],
  ['not started', { spawnFails: 'no such file' }, 'failed'],
] as const) {
  test(`programs that ran are stopped before and started again after, when it ends ${how}`, async (t) => {
    const shell = restoreWith(behaviour);
    if (how !== 'not started') t.same([...shell.programs], ['haproxy']);
    shell.pass(2000);
    t.same([...shell.programs].sort(), ['haproxy', 'instance1', 'zeo'], 'not instance2, which did not run');
    t.equal(shell.record('restore').outcome, outcome);
    t.equal(shell.locks.size, 0);
  });
}

test('programs are started again after a cancel, before the run ends', async (t) => {
  const shell = restoreWith({ runs: 'for ever' });
  shell.dispatch({ type: 'cancel', run: 'run' });
  shell.pass(1);
  t.ok(shell.programs.has('zeo'));
  t.equal(shell.record('restore').outcome, 'cancelled');
});

test('a program that does not come up again makes a good run degraded, and is named', async (t) => {
  const shell = restoreWith({}, (one) => {
    one.unstartable = ['instance1'];
  });
  shell.pass(2000);
  t.match(shell.record('restore'), { outcome: 'degraded', reason: 'instance1 did not start again' });
});

test('when a program cannot be stopped the command is not run, and the others come back', async (t) => {
  const shell = restoreWith({}, (one) => {
    one.unstoppable = 'zeo';
  });
  t.match(shell.record('restore'), { outcome: 'failed', reason: 'programs not stopped: zeo goes on' });
  t.equal(shell.effects('spawnStep').length, 0);
  t.ok(shell.programs.has('instance1'));
});

test('a shutdown ends the run without starting programs or waiting for them', async (t) => {
  const shell = restoreWith({ runs: 'for ever' });
  shell.dispatch({ type: 'shutdown' });
  shell.pass(1);
  t.match(shell.record('restore'), { outcome: 'cancelled', reason: 'supd was shut down' });
  t.equal(shell.effects('startPrograms').length, 0);
  for (const moment of ['stopping', 'starting']) {
    const hanging = restoreWith({}, (one) => {
      one.programsHang = moment === 'stopping';
    });
    hanging.programsHang = true;
    hanging.pass(2000);
    t.equal(hanging.jobs.runs.size, 1, `it waits while ${moment}`);
    hanging.dispatch({ type: 'shutdown' });
    t.equal(hanging.jobs.runs.size, 0);
    t.equal(hanging.record('restore').outcome, moment === 'stopping' ? 'cancelled' : 'ok');
  }
});

test('a step takes its own lock; held, it is skipped, and the sequence counts that as its failure', async (t) => {
  const specs = [
    command('a', { lock: LOCK, onFailure: 'degrade' }),
    command('b'),
    command('c', { needs: [] }),
    sequence('s', ['a', 'b', 'c']),
  ];
  const free = play(specs, 's');
  t.equal(free.record('s').outcome, 'ok');
  t.equal(free.locks.size, 0);
  const shell = shellWith(specs);
  shell.locks.set(LOCK, 'process 7 (flock)');
  shell.dispatch({ type: 'request', job: 's', id: 'run' });
  shell.pass(HOUR);
  t.equal(shell.steps('s'), 'a skipped, b skipped, c ok');
  t.match(shell.record('s'), {
    outcome: 'degraded',
    reason: `"a" skipped: lock ${LOCK} is held by process 7 (flock)`,
  });
  t.equal(shell.step('s', 'b').reason, 'needs a, which was skipped');
});

test('a step does not wait for a lock that its own sequence holds', async (t) => {
  const specs = [
    command('a', { lock: LOCK }),
    sequence('inner', ['a'], { lock: LOCK }),
    sequence('s', ['inner'], { lock: LOCK }),
  ];
  const shell = play(specs, 's');
  t.equal(shell.effects('takeLock').length, 1);
  t.equal(shell.record('s').outcome, 'ok');
});

test('a lock that cannot even be tried is a failure, not a skip', async (t) => {
  const shell = shellWith([command('one', { lock: '/none/lock' })]);
  shell.brokenLock = 'no such directory';
  shell.dispatch({ type: 'request', job: 'one', id: 'run' });
  t.match(shell.record('one'), { outcome: 'failed', reason: 'lock /none/lock: no such directory' });
});

test('steps of a sequence within a sequence count as one step', async (t) => {
  const specs = [
    command('a'),
    command('b'),
    command('c'),
    sequence('inner', ['a', 'b']),
    sequence('outer', ['inner', 'c']),
  ];
  t.equal(play(specs, 'outer').steps('outer'), 'inner ok, inner/a ok, inner/b ok, c ok');
  const shell = play(specs, 'outer', { 'inner/b': failing(3) });
  t.equal(shell.steps('outer'), 'inner failed, inner/a ok, inner/b failed, c skipped');
  t.equal(shell.record('outer').reason, '"inner" failed: "inner/b" failed: exit status 3');
  t.equal(shell.step('outer', 'c').reason, 'needs inner, which failed');
});

test('a resumed run leaves out what came before and takes it for done', async (t) => {
  const shell = shellWith(NIGHT);
  shell.dispatch({ type: 'request', job: 'nightly', id: 'run', from: 'rsync-backups' });
  shell.pass(HOUR);
  t.same(spawns(shell), ['rsync-backups', 'rsync-logs']);
  t.match(shell.step('nightly', 'verify'), { outcome: 'skipped', reason: 'resumed at rsync-backups' });
  t.equal(shell.record('nightly').outcome, 'ok');
});

test('a run can be resumed inside an inner sequence', async (t) => {
  const specs = [
    command('a'),
    command('b'),
    command('c'),
    sequence('inner', ['a', 'b']),
    sequence('outer', ['c', 'inner']),
  ];
  const shell = shellWith(specs);
  shell.dispatch({ type: 'request', job: 'outer', id: 'run', from: 'inner/b' });
  shell.pass(HOUR);
  t.same(spawns(shell), ['inner/b']);
  t.equal(shell.steps('outer'), 'c skipped, inner ok, inner/a skipped, inner/b ok');
});

test('a step that is no job, or the sequence itself, fails in words instead of running for ever', async (t) => {
  const shell = play([command('a'), sequence('s', ['a', 's', 'ghost'])], 's');
  t.equal(shell.steps('s'), 'a ok, s failed, ghost failed');
  t.match(shell.step('s', 'ghost').reason, /there is no job "ghost"/);
  t.match(shell.step('s', 's').reason, /step of itself/);
  t.equal(shell.record('s').outcome, 'failed');
});

test('a need that is not an earlier step keeps the step from running', async (t) => {
  const specs = [command('a', { needs: ['z'] }), command('z'), sequence('s', ['a', 'z'])];
  t.equal(play(specs, 's').step('s', 'a').reason, 'needs z, which is not a step before it');
});

test('a job that is a step twice is two steps', async (t) => {
  const specs = [command('a'), command('b'), sequence('s', ['a', 'b', 'a'])];
  t.equal(play(specs, 's').steps('s'), 'a ok, b ok, a#2 ok');
});

test('the record is on disk before what follows from it happens', async (t) => {
  const shell = shellWith(NIGHT);
  shell.check = (entry) => {
    if (!('effect' in entry) || entry.effect.type !== 'spawnStep') return;
    t.match(shell.step('nightly', entry.effect.step), { outcome: 'running', attempts: entry.effect.attempt });
  };
  shell.dispatch({ type: 'request', job: 'nightly', id: 'run' });
  shell.pass(HOUR);
  t.equal(spawns(shell).length, 5);
});

test('the log tells of each step and of the whole', async (t) => {
  const shell = play(NIGHT, 'nightly', { zeopack: failing(1) });
  t.same(shell.told(), [
    'warn nightly: "zeopack" failed after 1s: exit status 1',
    'info nightly: "backup" ok after 1s',
    'info nightly: "verify" ok after 1s',
    'info nightly: "rsync-backups" ok after 1s',
    'info nightly: "rsync-logs" ok after 1s',
    'warn nightly: degraded after 5s: "zeopack" failed: exit status 1',
  ]);
});

test('a preview lists steps with commands and needs, and what would be left out', async (t) => {
  const { jobs } = shellWith(NIGHT);
  t.match(previewRun(jobs, 'nightly', 'verify'), [
    {
      name: 'zeopack',
      command: '/bin/zeopack',
      needs: [],
      onFailure: 'degrade',
      leftOut: 'resumed at verify',
    },
    { name: 'backup', needs: [], leftOut: 'resumed at verify' },
    { name: 'verify', needs: ['backup'], leftOut: undefined },
    { name: 'rsync-backups', needs: ['verify'] },
    { name: 'rsync-logs', needs: [] },
  ]);
  t.match(previewRun(jobs, 'backup'), [{ name: 'backup', command: '/bin/backup', needs: [] }]);
});
