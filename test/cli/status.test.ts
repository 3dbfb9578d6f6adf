import { test } from 'tap';
import type { Client } from '../../src/grpc/client.js';
import { call, failing } from './outside.js';
import { process, unknown } from './samples.js';

const long = 'long_name_that_is_longer_than_thirty_chars';
const all = [
  process('a', { description: 'pid 8972, uptime 0:00:01' }),
  process('bad', { state: 'BACKOFF', pid: 0, description: "can't find command '/nonexist'" }),
  process(long, { state: 'STOPPED', pid: 0, description: 'Not started' }),
  process('p:p_0', { description: 'pid 8973, uptime 0:00:01' }),
];

function listing(processes = all, missing: ReturnType<typeof unknown>[] = []): Partial<Client> {
  return { listProcesses: async () => ({ processes, unknown: missing }) };
}

test('status prints columns as wide as the longest name and exits 3 when something is down', async (t) => {
  const { out, err, exit } = await call(listing(), ['status']);
  t.equal(
    out,
    [
      'a                                            RUNNING   pid 8972, uptime 0:00:01',
      "bad                                          BACKOFF   can't find command '/nonexist'",
      'long_name_that_is_longer_than_thirty_chars   STOPPED   Not started',
      'p:p_0                                        RUNNING   pid 8973, uptime 0:00:01',
      '',
    ].join('\n'),
  );
  t.equal(err, '');
  t.equal(exit, 3);
});

test('status of all says on stderr what else does not work', async (t) => {
  const overdue = 'job verify is overdue: no good run since it was configured 2d ago; max_age is 1d';
  const client: Partial<Client> = {
    listProcesses: async () => ({ processes: [process('a')], unknown: [], conditions: [overdue] }),
  };
  const { out, err, exit } = await call(client, ['status']);
  t.match(out, /^a +RUNNING .*\n$/);
  t.equal(err, `supctl: ${overdue}\n`);
  t.equal(exit, 0, 'the processes are well');
  t.equal((await call(client, ['status', '--json'])).err, '');
});

test('short names get the columns of supervisorctl', async (t) => {
  const { out, exit } = await call(listing([process('a')]), ['status', 'a']);
  t.equal(out, 'a                                RUNNING   pid 7, uptime 0:00:05\n');
  t.equal(exit, 0);
});

test('unknown names come first and make 4, unless something is down', async (t) => {
  const missing = [unknown('nope', 'NO_SUCH_PROCESS'), unknown('g:*', 'NO_SUCH_GROUP')];
  const up = await call(listing([process('a')], missing), ['status', 'nope', 'g:*', 'a']);
  t.equal(
    up.out,
    'nope: ERROR (no such process)\ng: ERROR (no such group)\na                                RUNNING   pid 7, uptime 0:00:05\n',
  );
  t.equal(up.exit, 4);
  const down = await call(listing([process('a', { state: 'FATAL' })], missing), ['status', 'nope', 'a']);
  t.equal(down.exit, 3);
});

test('processes on their way are neither up nor down', async (t) => {
  for (const state of ['STARTING', 'BACKOFF', 'STOPPING'] as const) {
    t.equal((await call(listing([process('a', { state })]), ['status'])).exit, 0, state);
  }
  for (const state of ['STOPPED', 'EXITED', 'FATAL', 'UNKNOWN'] as const) {
    t.equal((await call(listing([process('a', { state })]), ['status'])).exit, 3, state);
  }
});

test('all among the names means everything', async (t) => {
  const asked: unknown[] = [];
  const client: Partial<Client> = {
    listProcesses: async (request) => {
      asked.push(request?.targets);
      return { processes: [], unknown: [] };
    },
  };
  await call(client, ['status', 'a', 'all']);
  await call(client, ['status', 'a', 'g:*']);
  t.strictSame(asked, [[], ['a', 'g:*']]);
});

test('status --json is one array in which every field is always there', async (t) => {
  const one = process('p:p_0', {
    exitStatus: 0,
    cpuPercent: 1.5,
    memoryBytes: 4096,
    uid: 33,
    gid: 33,
    groups: [33, 100],
    startTime: Date.UTC(2026, 10, 24, 3),
  });
  const client = listing([one, process('a')], [unknown('nope', 'NO_SUCH_PROCESS')]);
  const { out, err, exit } = await call(client, ['status', '--json']);
  const [first, second] = JSON.parse(out);
  t.strictSame(first, {
    name: 'p_0',
    group: 'p',
    state: 'RUNNING',
    pid: 7,
    description: 'pid 7, uptime 0:00:05',
    uptimeMs: 5000,
    restarts: 0,
    exitStatus: 0,
    exitSignal: '',
    cpuPercent: 1.5,
    memoryBytes: 4096,
    ready: true,
    health: '',
    waitingFor: [],
    rolling: '',
    uid: 33,
    gid: 33,
    groups: [33, 100],
    startTime: '2026-11-24T03:00:00.000Z',
    stopTime: null,
    spawnError: '',
    stdoutLogfile: '/var/log/p_0.log',
    stderrLogfile: '',
    logFailure: '',
    identity: null,
  });
  t.strictSame(Object.keys(second), Object.keys(first));
  t.equal(second.exitStatus, null);
  t.equal(err, 'nope: ERROR (no such process)\n');
  t.equal(exit, 4);
});

test('status exits 4 whenever the daemon cannot be asked', async (t) => {
  for (const code of ['NO_SOCKET', 'REFUSED', 'NO_ACCESS', 'LOST', 'UNSUPPORTED'] as const) {
    t.equal((await call({ listProcesses: failing(code) }, ['status'])).exit, 4, code);
  }
  const { out, err } = await call({ listProcesses: failing('NO_SOCKET') }, ['status']);
  t.equal(out, 'unix:///run/supd.sock no such file\n');
  t.match(err, 'supd -c /etc/supd.conf');
});
