import { test } from 'tap';
import type { ProcessSpec } from '../../src/core/program.js';
import { configOf, type Machine, problemsOf } from '../helpers/fake-surroundings.js';

function processesOf(options: string, machine: Machine = {}): readonly ProcessSpec[] {
  return configOf(`[supd]\n[program:x]\ncommand=/bin/cat\n${options}`, machine).groups[0]?.processes ?? [];
}

function faultsOf(options: string, machine: Machine = {}): readonly string[] {
  return problemsOf(`[supd]\n[program:x]\ncommand=/bin/cat\n${options}`, machine).map((line) =>
    line.replace(/^supd\.conf:(\d+): \[program:x\] /, '$1 '),
  );
}

const STREAM = {
  file: { kind: 'auto' },
  maxBytes: 50 * 1024 ** 2,
  backups: 10,
  captureMaxBytes: 0,
  eventsEnabled: false,
  syslog: false,
};

test('a program with nothing but a command has the defaults of supervisord', async (t) => {
  t.same(processesOf(''), [
    {
      id: 'x:x',
      name: 'x',
      group: 'x',
      program: 'x',
      priority: 999,
      autostart: true,
      autorestart: 'unexpected',
      startMs: 1000,
      startRetries: 3,
      exitCodes: [0],
      stopSignal: 15,
      stopWaitMs: 10_000,
      stopAsGroup: false,
      killAsGroup: false,
      redirectStderr: false,
      stdout: STREAM,
      stderr: STREAM,
      command: '/bin/cat',
      environment: {},
      limits: {},
      capabilities: [],
      noNewPrivileges: false,
    },
  ]);
});

test('a missing command is an error, an empty one fails when it is started', async (t) => {
  t.match(problemsOf('[supd]\n[program:x]\n'), [/^supd\.conf:2: \[program:x\] command: is missing/]);
  t.equal(configOf('[supd]\n[program:x]\ncommand=\n').groups[0]?.processes[0]?.command, '');
});

test('copies are numbered from numprocs_start, and sorted as text', async (t) => {
  const options = 'numprocs=3\nnumprocs_start=9\nprocess_name=p%(process_num)d\n';
  t.same(
    processesOf(options).map((process) => process.id),
    ['x:p10', 'x:p11', 'x:p9'],
  );
  t.same(processesOf('numprocs=0\n'), []);
  t.same(processesOf('numprocs=-1\n'), []);
});

test('several copies need their number in process_name', async (t) => {
  t.same(faultsOf('numprocs=2\n'), [
    '4 numprocs: 2 copies need different names: process_name must contain %(process_num)d',
  ]);
  t.match(faultsOf('numprocs=100000\nprocess_name=%(process_num)d\n'), [
    /^4 numprocs: 100000 copies are too many/,
  ]);
});

test('names hold no blank, colon or slash', async (t) => {
  t.match(faultsOf('process_name=a b\n'), [/^4 process_name: "a b" is no name: it must not contain " "/]);
  t.match(problemsOf('[supd]\n[program:a:b]\ncommand=cat\n'), [/"a:b" is no name: it must not contain ":"/]);
  t.equal(configOf('[supd]\n[program: a ]\ncommand=cat\n').groups[0]?.name, 'a');
});

test('each option that belongs to a copy knows its number, and others do not', async (t) => {
  const options = `numprocs=2
process_name=%(program_name)s_%(process_num)02d
environment=PORT="80%(process_num)02d"
directory=/srv/%(process_num)d
stdout_logfile=/tmp/%(group_name)s-%(process_num)d-of-%(numprocs)d.log
stdout_logfile_maxbytes=%(process_num)dMB
stderr_logfile=%(here)s/%(host_node_name)s.log
`;
  const [, second] = processesOf(options);
  t.match(second, {
    name: 'x_01',
    environment: { PORT: '8001' },
    directory: '/srv/1',
    stdout: { file: { path: '/tmp/x-1-of-2.log' }, maxBytes: 1024 ** 2 },
    stderr: { file: { path: '/srv/host1.log' } },
  });
  t.match(faultsOf('startsecs=%(process_num)d\n'), [/^4 startsecs: %\(process_num\)s is not known here/]);
});

test('variables come from the start, from [supd] and from the program, the nearest first', async (t) => {
  const text = `[supd]
environment=B="supd",C="supd"
[program:x]
environment=C="own"
command=%(ENV_A)s %(ENV_B)s %(ENV_C)s
`;
  const process = configOf(text, { env: { A: 'start', B: 'start', C: 'start' } }).groups[0]?.processes[0];
  t.equal(process?.command, 'start supd own');
  t.same(process?.environment, { B: 'supd', C: 'own' });
  t.match(faultsOf('environment=A="1",B="%(ENV_A)s"\n'), [/environment has no A/]);
});

test('a log path is filled in twice, and %% alone is understood too', async (t) => {
  const pathOf = (value: string) => processesOf(`stdout_logfile=/tmp/${value}\n`)[0]?.stdout.file;
  t.same(pathOf('a%%%%b'), { kind: 'path', path: '/tmp/a%b' });
  t.same(pathOf('a%%b'), { kind: 'path', path: '/tmp/a%b' });
  t.same(pathOf('%%(program_name)s'), { kind: 'path', path: '/tmp/x' });
  t.match(problemsOf('[supd]\ncompat=strict\n[program:x]\ncommand=cat\nstdout_logfile=/tmp/a%%b\n'), [
    /stdout_logfile: /,
  ]);
});

test('with redirect_stderr there is no log of stderr', async (t) => {
  t.match(processesOf('redirect_stderr=true\n')[0], {
    redirectStderr: true,
    stderr: { file: { kind: 'none' } },
  });
  t.same(faultsOf('redirect_stderr=true\nstderr_logfile=/tmp/x\n'), [
    '5 stderr_logfile: ignored, since redirect_stderr=true sends stderr to the log of stdout',
  ]);
});

test('an AUTO log without rotation, and the old way to syslog, are told of', async (t) => {
  t.match(faultsOf('stdout_logfile_maxbytes=0\n'), [
    /^4 stdout_logfile_maxbytes: the AUTO log is never rotated/,
  ]);
  t.match(faultsOf('stdout_logfile=syslog\n'), [
    /^4 stdout_logfile: syslog is the old way to say stdout_syslog=true/,
  ]);
});

test('what stops a group must kill it', async (t) => {
  t.match(processesOf('stopasgroup=true\n')[0], { stopAsGroup: true, killAsGroup: true });
  t.match(processesOf('killasgroup=true\n')[0], { stopAsGroup: false, killAsGroup: true });
  t.match(faultsOf('stopasgroup=true\nkillasgroup=false\n'), [
    /^5 killasgroup: must not be false while stopasgroup is true/,
  ]);
});

test('serverurl is set only when it is said', async (t) => {
  t.equal(processesOf('serverurl=auto\n')[0]?.serverUrl, undefined);
  t.equal(processesOf('serverurl=http://h:1\n')[0]?.serverUrl, 'http://h:1');
});

test('a user that does not exist is an error, a directory that does not is a warning', async (t) => {
  t.same(faultsOf('user=zpoe\ndirectory=/nope\n'), [
    '4 user: there is no user "zpoe" on this machine; create it or name another',
    '5 directory: "/nope" does not exist yet; the process cannot start without it',
  ]);
});

test('identity and limits come as they are asked for', async (t) => {
  const options = `user=zope
supplementary_groups=zope,save
capabilities=cap_net_bind_service
no_new_privileges=true
nice=5
limit_nofile=8192
limit_nproc=unlimited
limit_core=0
limit_memlock=64KB
umask=027
`;
  t.match(processesOf(options)[0], {
    user: 'zope',
    supplementaryGroups: ['zope', 'save'],
    capabilities: ['net_bind_service'],
    noNewPrivileges: true,
    nice: 5,
    limits: { nofile: 8192, nproc: 'unlimited', core: 0, memlock: 65_536 },
    umask: 0o27,
  });
  t.same(processesOf('supplementary_groups=\n')[0]?.supplementaryGroups, [], 'none at all');
});

test('a file of variables is read, and environment comes over it', async (t) => {
  const text = '# site\nexport A=1\nB="two \\"words\\""\nC=\'c\'\n\nD=\n';
  const machine = { files: { '/etc/x.env': text } };
  const process = processesOf('env_file=/etc/x.env\nenvironment=A="own"\n', machine)[0];
  t.same({ ...process?.environment }, { A: 'own', B: 'two "words"', C: 'c', D: '' });
  t.match(faultsOf('env_file=/etc/none.env\n'), [/^4 env_file: cannot be read: ENOENT/]);
  t.match(faultsOf('env_file=/etc/x.env\n', { files: { '/etc/x.env': 'A=1\njunk\n' } }), [
    /^4 env_file: \/etc\/x.env, line 2 is not KEY=value/,
  ]);
});

test('sizes, hours and servers of HAProxy have their forms', async (t) => {
  t.same(faultsOf('max_memory=lots\nquiet_hours=22-6\nhaproxy=/s zope\nwarmup=127.0.0.1:80\n'), [
    '4 max_memory: "lots" is not a size; right are a number of bytes, or one with KB, MB or GB',
    '5 quiet_hours: "22-6" is not a span of the day; right is 22:00-06:00 or the like',
    '6 haproxy: "/s zope" names no HAProxy server; right is /path/admin.sock backend/server',
    '7 warmup: "127.0.0.1:80" is not a URL of HTTP; right is http://host:port/path, several with blanks between',
  ]);
  t.match(
    processesOf(
      'max_memory=1KB\nquiet_hours=22:00-06:30\nhaproxy=/s zope/a\nwarmup=http://h/ http://h/2\n',
    )[0],
    {
      memory: { maxBytes: 1024, quiet: { from: 1320, to: 390 } },
      traffic: {
        haproxy: { socket: '/s', backend: 'zope', server: 'a' },
        warmup: ['http://h/', 'http://h/2'],
      },
    },
  );
});

test('a fault of many copies is told once', async (t) => {
  const options = 'numprocs=50\nprocess_name=%(process_num)d\nstdout_logfile=/nope/x\n';
  t.equal(faultsOf(options).length, 1);
});

test('a NUL character is refused', async (t) => {
  t.match(problemsOf('[supd]\n[program:x]\ncommand=a\0b\n'), [/contains a NUL character/]);
});

test('restart_delay and its like make a backoff of its own', async (t) => {
  const backoffOf = (options: string) => processesOf(options)[0]?.backoff;
  t.equal(backoffOf(''), undefined);
  t.same(backoffOf('restart_delay=2'), { delay: { firstMs: 2000, longestMs: 60_000 } });
  t.same(backoffOf('restart_delay=2m'), { delay: { firstMs: 120_000, longestMs: 120_000 } });
  t.same(backoffOf('restart_delay_max=5m'), { delay: { firstMs: 1000, longestMs: 300_000 } });
  t.same(backoffOf('restart_window=10m'), { windowMs: 600_000 });
  t.same(faultsOf('restart_delay=10\nrestart_delay_max=5'), [
    '5 restart_delay_max: is shorter than restart_delay; right is a longer one',
  ]);
  t.same(faultsOf('restart_window=0'), ['4 restart_window: 0 is no time at all; right is 1s or more']);
});
