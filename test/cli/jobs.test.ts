import { test } from 'tap';
import type { Client, Outcome, RunAnswer } from '../../src/grpc/client.js';
import { broken, call, endless, failing, Screen, stream } from './outside.js';
import { job, run, step } from './samples.js';

function running(...runs: readonly RunAnswer[]): Partial<Client> {
  return { runJob: () => stream(...runs) };
}

test('job run prints each step as it ends, then the run', async (t) => {
  const zeopack = step('zeopack', { startTime: 0, endTime: 3000 });
  const failed = step('rsync', {
    outcome: 'failed',
    reason: 'exit status 23',
    attempts: 3,
    output: 'one\ntwo\n3\n4\n5\n\u001b[2Jrsync: no space\n',
    startTime: 3000,
    endTime: 128_000,
  });
  const begun = { outcome: 'running', steps: [step('zeopack', { outcome: 'running' })] } as const;
  const client = running(
    run('nightly', begun),
    run('nightly', { outcome: 'running', steps: [zeopack, step('rsync', { outcome: 'running' })] }),
    run('nightly', { outcome: 'running', steps: [zeopack, failed, step('logs', { outcome: 'waiting' })] }),
    run('nightly', {
      outcome: 'failed',
      reason: 'rsync failed',
      endTime: 128_400,
      steps: [zeopack, failed, step('logs', { outcome: 'skipped', reason: 'needs rsync, which failed' })],
    }),
  );
  const { out, err, exit } = await call(client, ['job', 'run', 'nightly']);
  t.equal(
    out,
    [
      'nightly: zeopack ok (3 s)',
      'nightly: rsync failed (2 min 5 s, 3 attempts): exit status 23',
      'nightly: logs skipped: needs rsync, which failed',
      'nightly: failed (2 min 8 s): rsync failed',
      '',
    ].join('\n'),
  );
  t.equal(
    err,
    [
      'supctl: rsync wrote last:',
      ...['two', '3', '4', '5', '[2Jrsync: no space'].map((line) => `    | ${line}`),
      'supctl: see: supctl job log nightly --run 20261124T030000Z-1',
      '',
    ].join('\n'),
  );
  t.equal(exit, 1);
});

test('a command alone has one line', async (t) => {
  const { out, exit } = await call(running(run('backup')), ['job', 'run', 'backup']);
  t.equal(out, 'backup: ok (3 s)\n');
  t.equal(exit, 0);
  const retried = running(run('backup', { steps: [step('backup', { attempts: 2 })] }));
  t.equal((await call(retried, ['job', 'run', 'backup'])).out, 'backup: ok (3 s, 2 attempts)\n');
});

test('the outcome of the run is the exit status', async (t) => {
  const exits: readonly (readonly [Outcome, number])[] = [
    ['ok', 0],
    ['failed', 1],
    ['cancelled', 1],
    ['degraded', 3],
    ['skipped', 75],
  ];
  for (const [outcome, exit] of exits) {
    t.equal((await call(running(run('a', { outcome })), ['job', 'run', 'a'])).exit, exit, outcome);
  }
});

test('a job that runs already is skipped', async (t) => {
  const called = await call({ runJob: () => broken('ALREADY_RUNNING', 'a is running (x-1)') }, [
    'job',
    'run',
    'a',
  ]);
  t.strictSame(called, { out: 'a: skipped: a is running (x-1)\n', err: '', exit: 75 });
});

test('--no-wait leaves the run to itself', async (t) => {
  const asked: unknown[] = [];
  const client: Partial<Client> = {
    runJob: (request, options) => {
      asked.push(request);
      return endless(options?.signal, run('a', { outcome: 'running' }));
    },
  };
  const { out, exit } = await call(client, ['job', 'run', 'a', '--no-wait', '--from', 'b', '--reason=test']);
  t.equal(out, 'a: started (run 20261124T030000Z-1)\n');
  t.equal(exit, 0);
  t.strictSame(asked, [{ job: 'a', fromStep: 'b', reason: 'test' }]);
});

test('--dry-run says what would run and exits 0', async (t) => {
  const plan = run('nightly', {
    outcome: 'skipped',
    steps: [
      step('zeopack', { outcome: 'skipped', reason: 'before --from' }),
      step('backup', { outcome: 'waiting', reason: 'bin/backup as zope' }),
    ],
  });
  const { out, exit } = await call(running(plan), ['job', 'run', 'nightly', '--dry-run']);
  t.equal(out, 'nightly: would skip zeopack: before --from\nnightly: would run backup: bin/backup as zope\n');
  t.equal(exit, 0);
});

test('job run --json gives the run at each change', async (t) => {
  const client = running(run('a', { outcome: 'running' }), run('a'));
  const lines = (await call(client, ['job', 'run', 'a', '--json'])).out.trim().split('\n');
  t.strictSame(
    lines.map((line) => JSON.parse(line).outcome),
    ['running', 'ok'],
  );
});

test('Ctrl-C leaves the run going', async (t) => {
  let interrupt = () => {};
  const client: Partial<Client> = {
    runJob: (_request, options) => {
      setImmediate(interrupt);
      return endless(options?.signal, run('a', { outcome: 'running' }));
    },
  };
  const onInterrupt = (act: () => void) => {
    interrupt = act;
    return () => {};
  };
  const { err, exit } = await call(client, ['job', 'run', 'a'], { onInterrupt });
  t.equal(err, 'supctl: no longer waiting; the run of a goes on; see: supctl job runs a\n');
  t.equal(exit, 130);
});

test('a person at a terminal sees which step runs, and since when', async (t) => {
  const errors = new Screen(true);
  const now = run('nightly', {
    outcome: 'running',
    steps: [step('zeopack'), step('backup', { outcome: 'running', startTime: 1000, attempts: 2 })],
  });
  await call(running(now, run('nightly')), ['job', 'run', 'nightly'], { errors, now: () => 63_000 });
  t.match(errors.text, 'nightly: backup running, 1 min 2 s, attempt 2 (2 of 2)');
});

test('job list shows schedule, next and last run', async (t) => {
  const jobs = [
    job('backup', { lastRun: run('backup', { startTime: Date.UTC(2026, 10, 24, 3) }) }),
    job('nightly', { schedule: '0 3 * * *', nextRun: Date.UTC(2026, 10, 25, 3), overdue: true }),
  ];
  const client: Partial<Client> = { listJobs: async () => jobs };
  const text = (await call(client, ['job', 'list'])).out.split('\n');
  t.match(text[0], /^NAME {5}SCHEDULE {3}NEXT +LAST$/);
  t.match(text[1], /^backup {3}- +- +ok \d{4}-\d\d-\d\d \d\d:\d\d:\d\d$/);
  t.match(text[2], /^nightly {2}0 3 \* \* \* {2}\d{4}-\d\d-\d\d \d\d:\d\d:\d\d \(overdue\) {2}never run$/);
  const [first, second] = JSON.parse((await call(client, ['job', 'list', '--json'])).out);
  t.strictSame(second, {
    name: 'nightly',
    schedule: '0 3 * * *',
    timezone: '',
    steps: [],
    command: '/bin/true',
    nextRun: '2026-11-25T03:00:00.000Z',
    lastRun: null,
    overdue: true,
    overdueReason: '',
    lastGood: null,
  });
  const [good] = jobs;
  const other = { ...good!, lastGood: 0, overdue: true, overdueReason: 'too old' };
  const told = await call({ listJobs: async () => [other] }, ['job', 'list']);
  t.match(told.out, /^NAME .* LAST GOOD\n.* 1970-01-01 \d\d:\d\d:\d\d$/m);
  t.match(told.err, /^supctl: backup is overdue: too old$/m);
  t.equal(first.lastRun.outcome, 'ok');
  const { lastRun: _, ...step } = good!;
  const asStep = await call({ listJobs: async () => [{ ...step, lastGood: 0 }] }, ['job', 'list']);
  t.match(asStep.out, /^backup .* as a step {2}1970-01-01 \d\d:\d\d:\d\d$/m);
  const whole = { ...good!, name: 'night', steps: ['backup'] };
  const failed = await call({ listJobs: async () => [step, whole] }, ['job', 'list']);
  t.match(failed.out, /^backup .* as a step$/m, 'it ran, though never well');
  const { lastRun: _never, ...fresh } = whole;
  t.match(
    (await call({ listJobs: async () => [step, fresh] }, ['job', 'list'])).out,
    /^backup .* never run$/m,
  );
});

test('job runs --json has every field of runs and steps', async (t) => {
  const client: Partial<Client> = {
    listRuns: async () => [
      run('backup', { dueTime: 0, steps: [step('backup', { exitStatus: 0, output: 'done\n' })] }),
    ],
  };
  t.strictSame(JSON.parse((await call(client, ['job', 'runs', 'backup', '--json'])).out), [
    {
      id: '20261124T030000Z-1',
      job: 'backup',
      outcome: 'ok',
      reason: '',
      trigger: 'request',
      requestedBy: '',
      dueTime: '1970-01-01T00:00:00.000Z',
      startTime: '1970-01-01T00:00:00.000Z',
      endTime: '1970-01-01T00:00:03.000Z',
      steps: [
        {
          name: 'backup',
          outcome: 'ok',
          reason: '',
          exitStatus: 0,
          exitSignal: '',
          attempts: 1,
          startTime: null,
          endTime: null,
          output: 'done\n',
          outputBytes: 0,
          cpuMs: null,
          peakMemoryBytes: null,
          usualMs: null,
        },
      ],
      cpuMs: null,
      peakMemoryBytes: null,
      usualMs: null,
      missed: false,
    },
  ]);
  const text = (await call(client, ['job', 'runs', 'backup', '-n', '3'])).out.split('\n');
  t.match(text[0], /^RUN +OUTCOME +STARTED +TOOK +CPU +MEMORY +BY +WHY$/);
  t.match(text[1], /^20261124T030000Z-1 {2}ok +\d{4}-\d\d-\d\d \d\d:\d\d:\d\d {2}3 s {3}- +- +request$/);
});

test('job runs --steps tells what each step took and wrote, and of which nobody knows', async (t) => {
  const spent = {
    exitStatus: 0,
    startTime: 0,
    endTime: 2000,
    cpuMs: 1500,
    peakBytes: 48 << 20,
    outputBytes: 12,
  };
  const client: Partial<Client> = {
    listRuns: async () => [
      run('nightly', {
        cpuMs: 1500,
        peakBytes: 48 << 20,
        steps: [
          step('zeopack', spent),
          step('backup', {
            outcome: 'failed',
            startTime: 2000,
            endTime: 3000,
            reason: 'exit status unknown',
          }),
          step('rsync', { outcome: 'skipped', attempts: 0 }),
        ],
      }),
    ],
  };
  const lines = (await call(client, ['job', 'runs', 'nightly', '--steps'])).out.split('\n');
  t.match(lines[1], / 3 s +2 s +48 MB +request$/);
  t.match(lines[2], /^ {2}STEP +OUTCOME +STARTED +TOOK +CPU +MEMORY +OUTPUT +WHY$/);
  t.match(lines[3], /^ {2}zeopack +ok +.* 2 s +2 s +48 MB +12 B$/);
  t.match(lines[4], /^ {2}backup +failed +.* 1 s +unknown +unknown +0 B +exit status unknown$/);
  t.match(lines[5], /^ {2}rsync +skipped +- +- +- +- +0 B$/);
});

test('a missed run is one by name', async (t) => {
  const missed = run('nightly', {
    outcome: 'skipped',
    missed: true,
    reason: 'missed: supd was not running',
    steps: [],
  });
  const client: Partial<Client> = {
    listRuns: async () => [missed],
    listJobs: async () => [job('nightly', { lastRun: missed })],
  };
  t.match(JSON.parse((await call(client, ['job', 'runs', 'nightly', '--json'])).out), [
    { outcome: 'skipped', missed: true },
  ]);
  t.match((await call(client, ['job', 'list'])).out, /^nightly .* missed \d{4}-/m);
});

test('job log puts a heading before each step of a sequence, and none before a command alone', async (t) => {
  const asked: unknown[] = [];
  const pieces = (job: string) => [
    { step: job === 'nightly' ? 'zeopack' : job, content: Buffer.from('packed') },
    { step: job === 'nightly' ? 'backup' : job, content: Buffer.from(' up\n') },
  ];
  const client: Partial<Client> = {
    readRunLog: (request) => {
      asked.push(request);
      return stream(...pieces(request.job));
    },
  };
  t.equal(
    (await call(client, ['job', 'log', 'nightly'])).out,
    '==> zeopack <==\npacked\n==> backup <==\n up\n',
  );
  t.equal((await call(client, ['job', 'log', 'backup', '--run', '1', '-f'])).out, 'packed up\n');
  t.equal((await call(client, ['job', 'log', 'nightly', '--step', 'zeopack'])).out, 'packed up\n');
  t.equal(
    (await call(client, ['job', 'log', 'nightly', '--json'])).out,
    '{"step":"zeopack","content":"cGFja2Vk"}\n{"step":"backup","content":"IHVwCg=="}\n',
  );
  t.strictSame(asked[1], { job: 'backup', runId: '1', follow: true });
});

test('job next, job cancel', async (t) => {
  const client: Partial<Client> = {
    previewSchedule: async ({ job: name = 'all', count = 0 } = {}) => [
      { job: name, time: count, local: '2026-11-24 03:00 CET', note: '' },
    ],
    cancelRun: async () => 'x-1',
  };
  t.equal((await call(client, ['job', 'next'])).out, 'all  2026-11-24 03:00 CET\n');
  t.strictSame(JSON.parse((await call(client, ['job', 'next', 'a', '-n', '1000', '--json'])).out), [
    { job: 'a', time: '1970-01-01T00:00:01.000Z', local: '2026-11-24 03:00 CET', note: '' },
  ]);
  const never: Partial<Client> = { previewSchedule: async () => [] };
  const none = await call(never, ['job', 'next', 'a']);
  t.strictSame(none, { out: '', err: 'supctl: a has no schedule\n', exit: 0 });
  t.equal((await call(never, ['job', 'next'])).err, 'supctl: no job has a schedule\n');
  t.equal((await call(client, ['job', 'cancel', 'a'])).out, 'a: cancelling (run x-1)\n');
  const idle = await call({ cancelRun: failing('NOT_RUNNING') }, ['job', 'cancel', 'a']);
  t.strictSame([idle.out, idle.exit], ['a: ERROR (not running)\n', 7]);
});

test('job commands say what they need', async (t) => {
  t.match((await call({}, ['job'])).out, /^Error: job requires one of list/);
  t.match((await call({}, ['job', 'rnu', 'x'])).out, /^Error: no such command: job rnu\n/);
  t.match((await call({}, ['job', 'run'])).out, /^Error: job run requires a job name\njob run NAME/);
  t.match((await call({}, ['job', 'run', 'a', 'b'])).out, /^Error: job run takes one job name\n/);
  t.match((await call({}, ['job', 'runs', 'a', '-n', 'x'])).out, /^Error: -n x: expected a number/);
  const unknown = await call({ runJob: () => broken('BAD_NAME', 'there is no job "x"') }, [
    'job',
    'run',
    'x',
  ]);
  t.strictSame([unknown.out, unknown.exit], ['error: there is no job "x"\n', 1]);
});
