import { test } from 'tap';
import { configOf, problemsOf } from '../helpers/fake-surroundings.js';

function jobOf(options: string) {
  return configOf(`[supd]\nenvironment=G="1"\n[job:j]\n${options}`).jobs[0];
}

function faultsOf(text: string): readonly string[] {
  return problemsOf(`[supd]\n${text}`).map((line) => line.replace(/^supd\.conf:/, ''));
}

test('a job with nothing but a command has defaults that say little and do no harm', async (t) => {
  t.same(jobOf('command=/bin/true\n'), {
    name: 'j',
    action: {
      kind: 'command',
      launch: {
        command: '/bin/true',
        environment: { G: '1' },
        limits: {},
        capabilities: [],
        noNewPrivileges: false,
      },
    },
    stopWaitMs: 10_000,
    retries: 0,
    retryDelaysMs: [60_000],
    exitCodes: [0],
    warnExitCodes: [],
    failOnOutput: false,
    onFailure: 'fail',
    overlap: 'skip',
    catchupMs: 86_400_000,
    jitterMs: 0,
    history: 100,
    requiresStopped: [],
    holds: [],
  });
});

test('every option of a job arrives', async (t) => {
  const job = jobOf(`command=%(here)s/x %(job_name)s %(ENV_A)s
user=zope
directory=/tmp
environment=A="2"
umask=027
schedule=0 3 * * *
timezone=Europe/Paris
timeout=4h
retries=3
retry_delay=1m,5m,15m
retry_exitcodes=10,255
exitcodes=0,1
warn_exitcodes=24
fail_on_output=true
on_failure=degrade
lock=/tmp/j.lock
overlap=queue
catchup=2h
jitter=30
`);
  t.match(job, {
    action: {
      launch: {
        command: '/srv/x j 2',
        user: 'zope',
        directory: '/tmp',
        umask: 0o27,
        environment: { G: '1', A: '2' },
      },
    },
    schedule: '0 3 * * *',
    timezone: 'Europe/Paris',
    timeoutMs: 14_400_000,
    retries: 3,
    retryDelaysMs: [60_000, 300_000, 900_000],
    retryExitCodes: [10, 255],
    exitCodes: [0, 1],
    warnExitCodes: [24],
    failOnOutput: true,
    onFailure: 'degrade',
    lock: '/tmp/j.lock',
    overlap: 'queue',
    catchupMs: 7_200_000,
    jitterMs: 30_000,
  });
});

const STEPS = '[job:a]\ncommand=a\n[job:b]\ncommand=b\nneeds=\n[job:c]\ncommand=c\nneeds=a,b\n';

test('a sequence names other jobs; needs may be empty, left out, or name earlier steps', async (t) => {
  const jobs = configOf(`[supd]\n${STEPS}[job:night]\nsteps = a, b, c\n`).jobs;
  t.same(
    jobs.map((job) => job.needs),
    [undefined, [], ['a', 'b'], undefined],
  );
  t.same(jobs[3]?.action, { kind: 'sequence', steps: ['a', 'b', 'c'] });
});

test('a job has a command or steps', async (t) => {
  t.match(faultsOf('[job:j]\n'), ['2: [job:j] has neither command nor steps; give one of them']);
  t.match(faultsOf('[job:j]\nsteps=\n'), ['3: [job:j] steps: is empty: it must name other jobs']);
  t.match(faultsOf('[job:j]\ncommand= \n'), ['3: [job:j] command: is empty']);
  t.match(faultsOf('[job:a]\ncommand=a\n[job:j]\ncommand=x\nsteps=a\n'), [
    /^6: \[job:j\] steps: a job has a command or steps, not both/,
  ]);
});

test('unknown steps and needs, and steps named twice, are errors', async (t) => {
  t.same(faultsOf(`${STEPS}[job:night]\nsteps=a,bb,a\n`), [
    '6: [job:b] needs: has no effect: this job is no step of another',
    '9: [job:c] needs: has no effect: this job is no step of another',
    '11: [job:night] steps: there is no job "bb"',
    '11: [job:night] steps: names "a" twice; a step is known by its name, so give the second one its own job',
  ]);
  t.same(faultsOf('[job:a]\ncommand=a\nneeds=zz\n[job:night]\nsteps=a\n'), [
    '4: [job:a] needs: there is no job "zz"',
  ]);
});

test('needs must name a step before', async (t) => {
  t.same(faultsOf(`${STEPS}[job:night]\nsteps=c,a,b\n`), [
    '9: [job:c] needs: "a" is no step before this one in [job:night]',
    '9: [job:c] needs: "b" is no step before this one in [job:night]',
  ]);
});

test('circles are errors, each told once', async (t) => {
  t.same(faultsOf('[job:a]\nsteps=b\n[job:b]\nsteps=c\n[job:c]\nsteps=a\n[job:d]\nsteps=d\n'), [
    '3: [job:a] steps: goes round in a circle: a -> b -> c -> a',
    '9: [job:d] steps: goes round in a circle: d -> d',
  ]);
});

test('jobs that share a step go round in no circle', async (t) => {
  t.same(faultsOf('[job:x]\ncommand=x\n[job:a]\nsteps=x\n[job:b]\nsteps=x\n[job:c]\nsteps=a,b,x\n'), []);
});

test('a schedule must fall due, in a zone that exists', async (t) => {
  t.match(faultsOf('[job:j]\ncommand=x\nschedule=0 25 * * *\n'), [
    /^4: \[job:j\] schedule: hour "25" is not allowed; right is 0 to 23/,
  ]);
  t.match(faultsOf('[job:j]\ncommand=x\nschedule=0 3 * * *\ntimezone=Mars/Base\n'), [
    /^5: .*"Mars\/Base" is not a time zone/,
  ]);
  t.match(faultsOf('[job:j]\ncommand=x\ntimezone=UTC\n'), [
    /^4: \[job:j\] timezone: has no effect without a schedule/,
  ]);
});

test('negative numbers are errors', async (t) => {
  t.match(faultsOf('[job:j]\ncommand=x\nretries=-1\ntimeout=-5\nretry_delay=1,-2\ncatchup=-1d\n'), [
    /^4: .*"-1" is negative/,
    /^5: .*"-5" is negative/,
    /^6: .*"-2" is negative/,
    /^7: .*"-1d" is negative/,
  ]);
});

test('a lock lies in a directory that exists', async (t) => {
  t.match(faultsOf('[job:j]\ncommand=x\nlock=/nope/x.lock\n'), [/the directory \/nope does not exist/]);
});

test('programs that must be stopped are known, by process, group or program', async (t) => {
  const programs = '[program:zeo]\ncommand=a\n[program:b]\ncommand=b\n[group:g]\nprograms=b\n';
  t.same(faultsOf(`${programs}[job:j]\ncommand=x\nrequires_stopped=zeo,b,g,g:b,g:*\n`), []);
  t.same(faultsOf(`${programs}[job:j]\ncommand=x\nrequires_stopped=zeoo,h:*\n`), [
    '10: [job:j] requires_stopped: there is no program or group "zeoo"; did you mean zeo?',
    '10: [job:j] requires_stopped: there is no program or group "h:*"',
  ]);
});

test('sections and programs that a job names must be there', async (t) => {
  const text = '[job:j]\ncommand=x\nnotify=ops,opps\nholds=zz\n[notify:ops]\nmail=root\n';
  t.same(faultsOf(text), [
    '4: [job:j] notify: there is no section [notify:opps]; did you mean ops?',
    '5: [job:j] holds: there is no program or group "zz"',
  ]);
});

test('two jobs of one name are an error', async (t) => {
  t.match(faultsOf('[job:j]\ncommand=x\n[job:j]\ncommand=y\n'), [
    '4: [job:j] there is a job of this name in line 2 already; give one another name',
  ]);
  t.match(faultsOf('[job:j]\ncommand=x\n[job: j]\ncommand=y\n'), [
    /^4: \[job: j\] means the same section as \[job:j\]/,
  ]);
});

test('options of a command have no effect on a sequence', async (t) => {
  t.match(faultsOf('[job:a]\ncommand=x\n[job:j]\nsteps=a\nuser=zope\n'), [
    /^6: \[job:j\] user: has no effect on a job with steps/,
  ]);
});

test('a command that can’t be split into words is found before its night comes', async (t) => {
  t.same(faultsOf('[job:j]\ncommand=echo "unclosed\n'), ['3: [job:j] command: No closing quotation']);
});
