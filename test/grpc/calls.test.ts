import { test } from 'tap';
import type { FailureCode } from '../../src/grpc/client.js';
import { explained, fakeApi, instance1, plan, run, zeo } from './fake-api.js';
import { all, serve } from './serve.js';

const text = (chunks: readonly Uint8Array[]): string => Buffer.concat(chunks).toString();

test('a client sees the daemon as the api shows it', async (t) => {
  const { client, api } = await serve(t);
  t.same(await client.getDaemon(), { ...api.daemon(), apiVersion: 'supd.v1' });
});

test('a process arrives with every field, and unset ones stay unset', async (t) => {
  const { client, api } = await serve(t);
  t.strictSame(await client.listProcesses(), { processes: [instance1, zeo], unknown: [], conditions: [] });
  t.strictSame(await client.listProcesses({ targets: ['zeo', 'nobody'] }), {
    processes: [zeo],
    unknown: [{ name: 'nobody', group: '', code: 'NO_SUCH_PROCESS', message: 'no such process' }],
    conditions: [],
  });
  t.strictSame(await client.getProcess({ name: 'zeo' }), zeo);
  const shown = api.configurations().map(({ spec: _, ...rest }) => rest);
  t.strictSame(await client.listConfigurations(), shown);
});

test('why a process is as it is arrives whole, with its rights', async (t) => {
  const { client } = await serve(t);
  t.strictSame(await client.explainProcess({ name: 'instance1' }), explained);
});

test('start, stop and restart tell each process as it settles, with the reason given', async (t) => {
  const { client, api } = await serve(t);
  const results = await all(client.startProcesses({ targets: ['all'], noWait: true, reason: 'release' }));
  t.strictSame(results, [
    { name: 'instance1', group: 'instances', code: 'STARTED', message: '' },
    { name: 'zeo', group: 'zeo', code: 'STARTED', message: 'ok' },
  ]);
  await all(client.stopProcesses({ targets: ['zeo'] }));
  await all(client.restartProcesses({ targets: ['zeo', 'instances:*'] }));
  t.strictSame(api.calls, [
    ['start', ['all']],
    ['stop', ['zeo']],
    ['restart', ['zeo', 'instances:*']],
  ]);
  t.match(api.asked[0], { noWait: true, reason: 'release', caller: { role: 'operator', door: 'supd.sock' } });
});

test('signals, bytes for stdin and clearing logs reach the api', async (t) => {
  const { client, api } = await serve(t);
  t.strictSame(await client.signalProcesses({ targets: ['zeo'], signal: 'HUP' }), [
    { name: 'zeo', group: 'zeo', code: 'SIGNALLED', message: '' },
  ]);
  await client.writeStdin({ name: 'zeo', chars: Buffer.from('quit\n') });
  t.equal((await client.clearLogs({ targets: ['zeo'] }))[0]?.code, 'CLEARED');
  t.strictSame(await client.clearLogs({ daemon: true }), []);
  t.strictSame(api.calls, [
    ['signal', ['zeo'], 'HUP'],
    ['writeStdin', 'zeo', 'quit\n'],
    ['clearLogs', ['zeo']],
    ['clearMainLog'],
  ]);
});

test('logs are read and followed as bytes', async (t) => {
  const { client, api } = await serve(t);
  const piece = await client.readLog({ name: 'zeo', channel: 'stderr', offset: -100 });
  t.strictSame([...piece.content], [0, 255, 10]);
  t.equal(piece.size, 2 ** 40);
  t.equal(text(await all(client.followLog({ name: 'zeo', historyBytes: 1600 }))), 'one\ntwo\n');
  t.strictSame(api.calls, [
    ['readLog', 'zeo', 'stderr', -100, 0],
    ['followLog', 'zeo', 'stdout', 1600],
  ]);
});

test('a reload tells each program, with what its check wrote', async (t) => {
  const { client, api } = await serve(t);
  t.strictSame(await all(client.reloadPrograms({ targets: ['zeo'], reason: 'new backend' })), [
    { name: 'zeo', group: 'zeo', outcome: 'REFUSED', message: 'reload_check', output: 'line 3\n' },
  ]);
  t.strictSame(api.calls, [['reloadPrograms', ['zeo']]]);
  t.match(api.asked[0], { reason: 'new backend' });
});

test('a plan arrives whole', async (t) => {
  const { client } = await serve(t);
  const groups = plan.groups.map((group) => ({
    ...group,
    processes: group.processes.map(({ id: _, standing: __, ...rest }) => rest),
  }));
  t.strictSame(await client.planUpdate(), { ...plan, groups });
});

test('what is done to members is told to those who ask for it', async (t) => {
  const group = { group: 'g', change: 'UPDATED', message: '' } as const;
  const member = { group: 'g', name: 'a', action: 'RESTARTED', message: 'command' } as const;
  const update = async function* () {
    yield member;
    yield group;
  };
  const { client } = await serve(t, { api: fakeApi({ update }) });
  t.strictSame(await all(client.updateGroups()), [group]);
  t.strictSame(await all(client.updateGroups({ tellMembers: true })), [member, group]);
});

test('configuration, groups and the end of the daemon', async (t) => {
  const { client, api } = await serve(t);
  t.strictSame(await client.rereadConfiguration(), api.reread({ caller: { role: 'operator', door: 'x' } }));
  t.strictSame(await all(client.updateGroups({ groups: ['a', 'b'], reason: 'why' })), [
    { group: 'a', change: 'ADDED', message: '' },
    { group: 'b', change: 'FAILED', message: 'still runs' },
  ]);
  await client.addGroup({ group: 'a' });
  await client.removeGroup({ group: 'a' });
  await client.reopenLogs();
  t.strictSame(await client.testNotification({ name: 'ops' }), [
    { channel: 'mail', failure: '' },
    { channel: 'webhook', failure: 'HTTP 500' },
  ]);
  await client.reload({ reason: 'new' });
  t.equal(await client.upgrade({ check: true }), '9.9.9');
  await client.shutdown();
  t.strictSame(
    api.calls.map(([name]) => name),
    ['update', 'addGroup', 'removeGroup', 'reopenLogs', 'testNotification', 'reload', 'upgrade', 'shutdown'],
  );
});

test('events and gaps are told apart, and a token resumes', async (t) => {
  const { client, api } = await serve(t);
  const [gap, event] = await all(client.watchEvents({ resumeToken: 't3' }));
  t.strictSame(gap, { kind: 'gap', missed: 3 });
  t.match(event, { kind: 'event', event: { sequence: 4, time: 1_700_000_000_999, details: { pid: '7' } } });
  await all(client.watchEvents());
  t.strictSame(api.calls, [
    ['events', 't3'],
    ['events', undefined],
  ]);
});

test('jobs, runs and their steps', async (t) => {
  const { client, api } = await serve(t);
  const seen = await all(client.runJob({ job: 'nightly', fromStep: 'rsync', reason: 'again' }));
  t.strictSame(
    seen.map(({ outcome }) => outcome),
    ['running', 'failed'],
  );
  const [job] = await client.listJobs();
  t.match(job, {
    name: 'nightly',
    schedule: '0 3 * * *',
    steps: ['backup', 'rsync'],
    command: '',
    overdue: true,
  });
  t.strictSame(job?.lastRun, seen[1]);
  t.strictSame(await client.listRuns({ job: 'nightly' }), [seen[1]]);
  t.equal(await client.cancelRun({ job: 'nightly' }), run.id);
  t.strictSame(await client.previewSchedule(), api.preview(undefined, 5));
  t.same(await all(client.readRunLog({ job: 'nightly', step: 'backup' })), [
    { step: 'backup', content: Buffer.from('hello') },
  ]);
  t.strictSame(api.calls.slice(0, 2), [
    ['runJob', 'nightly', { fromStep: 'rsync', dryRun: false }],
    ['runs', 'nightly', 20],
  ]);
  t.strictSame(
    seen[1]?.steps.map(({ exitStatus, exitSignal, outcome }) => [exitStatus, exitSignal, outcome]),
    [
      [0, '', 'ok'],
      [undefined, 'SIGKILL', 'failed'],
      [undefined, '', 'waiting'],
    ],
  );
  t.strictSame(
    seen[1]?.steps.map(({ cpuMs, peakBytes }) => [cpuMs, peakBytes]),
    [
      [1500, 48_000_000],
      [undefined, undefined],
      [undefined, undefined],
    ],
  );
});

test('a refusal keeps its code, words, field and lines', async (t) => {
  const { SupdError } = await import('../../src/api/errors.js');
  const details = ['supd.conf:3: [program:ä] user: no such user', 'supd.conf:9: 100% wrong'];
  const api = fakeApi({
    reread: () => {
      throw new SupdError('BAD_CONFIG', 'the configuration has 2 errors: "ä" 100%', { details });
    },
    start: () => {
      throw new SupdError('SHUTTING_DOWN', 'supd is shutting down');
    },
  });
  const { client, lines } = await serve(t, { api });
  await t.rejects(client.getProcess({ name: 'nobody' }), {
    code: 'BAD_NAME',
    message: 'no process is named "nobody"',
    field: 'name',
    details: [],
  });
  await t.rejects(client.rereadConfiguration(), {
    code: 'BAD_CONFIG',
    message: 'the configuration has 2 errors: "ä" 100%',
    details,
  });
  await t.rejects(all(client.startProcesses({ targets: ['all'] })), { code: 'SHUTTING_DOWN' });
  t.strictSame(lines, [], 'a refusal is no news for the log');
});

test('a thousand lines of details do not break the answer', async (t) => {
  const { SupdError } = await import('../../src/api/errors.js');
  const details = Array.from({ length: 1000 }, (_, n) => `supd.conf:${n}: \ud800 something is wrong here`);
  const api = fakeApi({
    reread: () => {
      throw new SupdError('BAD_CONFIG', `half a pair: \ud800 ${'x'.repeat(100_000)}`, { details });
    },
  });
  const { client } = await serve(t, { api });
  const failure = await client.rereadConfiguration().catch((error) => error);
  t.equal(failure.code, 'BAD_CONFIG');
  t.equal(failure.details[0], 'supd.conf:0: \ufffd something is wrong here');
  t.match(failure.details.at(-1), /^and 9\d\d more$/);
  t.ok(failure.message.length < 1100);
});

test('a bug is told as one, logged with its place, and stops nothing', async (t) => {
  const api = fakeApi({
    daemon: () => {
      throw new TypeError('secret is not a function');
    },
    restart: async function* () {
      yield { name: 'zeo', group: 'zeo', code: 'STOPPED', message: '' } as const;
      throw new TypeError('secret');
    },
  });
  const { client, lines } = await serve(t, { api });
  await t.rejects(client.getDaemon(), {
    code: 'BROKEN' satisfies FailureCode,
    message: /^supd made an error/,
  });
  await t.rejects(all(client.restartProcesses({ targets: ['zeo'] })), { code: 'BROKEN' });
  t.match(lines[0], /GetDaemon: TypeError: secret is not a function\n.*calls\.test/s);
  t.equal(lines.length, 2);
  t.equal((await client.listProcesses()).processes.length, 2);
});
