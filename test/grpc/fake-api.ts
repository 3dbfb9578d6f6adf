/** An Api with two processes and a job, which notes who asked what. */
import type { Api, Asked, Explained, JobView, ProcessView, RollingProgress } from '../../src/api/api.js';
import type { Plan } from '../../src/api/changes.js';
import { SupdError } from '../../src/api/errors.js';
import type { RunRecord } from '../../src/core/job.js';
import { processSpec } from '../helpers/specs.js';

export const instance1: ProcessView = {
  name: 'instance1',
  group: 'instances',
  state: 'RUNNING',
  description: 'pid 7, uptime 0:00:05',
  pid: 7,
  uptimeMs: 5000,
  restarts: 2,
  exitStatus: 1,
  exitSignal: '',
  cpuPercent: 12.5,
  memoryBytes: 5 * 2 ** 32,
  ready: true,
  health: 'healthy',
  waitingFor: [],
  rolling: '',
  uid: 500,
  gid: 501,
  groups: [501, 29],
  startTime: 1_700_000_000_123,
  spawnError: '',
  stdoutLogfile: '/var/log/instance1.log',
  stderrLogfile: '',
  logFailure: '',
};

export const zeo: ProcessView = {
  name: 'zeo',
  group: 'zeo',
  state: 'FATAL',
  description: 'Exited too quickly (process log may have details)',
  pid: 0,
  uptimeMs: 0,
  restarts: 0,
  exitSignal: 'SIGKILL',
  ready: false,
  health: '',
  waitingFor: [],
  rolling: '',
  groups: [],
  stopTime: 1_700_000_001_000,
  spawnError: "can't find command 'runzeo'",
  stdoutLogfile: '',
  stderrLogfile: '',
  logFailure: 'no space left on device',
};

export const run: RunRecord = {
  id: '20261123T030000Z-1',
  job: 'nightly',
  outcome: 'failed',
  reason: 'rsync failed',
  trigger: 'request',
  requestedBy: 'root',
  dueTime: 1_700_000_000_000,
  startTime: 1_700_000_000_001,
  endTime: 1_700_000_060_000,
  steps: [
    {
      name: 'backup',
      outcome: 'ok',
      exit: { code: 0 },
      attempts: 1,
      startTime: 1_700_000_000_002,
      endTime: 1_700_000_030_000,
      outputBytes: 3,
      output: 'ok\n',
      cpuMs: 1500,
      peakBytes: 48_000_000,
    },
    {
      name: 'rsync',
      outcome: 'failed',
      reason: 'SIGKILL',
      exit: { signal: 9, core: false },
      attempts: 3,
      outputBytes: 0,
      output: '',
    },
    { name: 'verify', outcome: 'waiting', attempts: 0, outputBytes: 0, output: '' },
  ],
};

const nightly: JobView = {
  spec: {
    name: 'nightly',
    action: { kind: 'sequence', steps: ['backup', 'rsync'] },
    schedule: '0 3 * * *',
    timezone: 'Europe/Berlin',
    stopWaitMs: 10_000,
    retries: 0,
    retryDelaysMs: [],
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
    notify: [],
  },
  nextRun: 1_700_010_000_000,
  lastRun: run,
  lastGood: 1_699_900_000_000,
  overdue: true,
  overdueReason: 'too old',
};

export const explained: Explained = {
  process: {
    ...instance1,
    identity: {
      uids: [33, 33, 33, 33],
      gids: [33, 33, 33, 33],
      groups: [4, 33],
      capabilities: ['net_bind_service'],
      noNewPrivileges: true,
      nice: -5,
      umask: 0o22,
      limits: {
        nofile: { soft: 1024, hard: 4096 },
        nproc: { soft: Number.POSITIVE_INFINITY, hard: Number.POSITIVE_INFINITY },
        core: { soft: 0, hard: Number.POSITIVE_INFINITY },
        memlock: { soft: 2 ** 40, hard: 2 ** 40 },
      },
    },
  },
  since: 1_700_000_000_001,
  cause: 'exit status 3, not expected',
  lastAsked: {
    what: 'restart',
    by: 'uid 0 (pid 7) at supd.sock',
    reason: 'release',
    time: 1_700_000_000_002,
  },
  next: 'try 2 of 4 in 2s',
  deaths: [
    {
      time: 1_700_000_000_003,
      pid: 7,
      startTime: 1_700_000_000_000,
      exitSignal: 'SIGKILL',
      coreDumped: true,
      expected: false,
      cause: 'outOfMemory',
      reason: 'terminated by SIGKILL: the kernel',
      output: 'one\ntwo',
      facts: {
        time: 1_700_000_000_001,
        memoryBytes: 2 ** 33,
        peakMemoryBytes: 2 ** 34,
        cpuMs: 12,
        threads: 3,
        openFiles: 4,
        limitNofile: 1024,
        descendants: 5,
      },
      cpuMs: 13,
      environment: 'abc',
    },
    {
      time: 1_700_000_000_000,
      pid: 6,
      exitStatus: 3,
      exitSignal: '',
      coreDumped: false,
      expected: true,
      cause: 'request',
      reason: 'exit status 3: stop',
      output: '',
      environment: 'abd',
    },
  ],
};

const stopWait = { option: 'stopwaitsecs', from: '10s', to: '20s', live: true };

export const plan: Plan = {
  groups: [
    {
      group: 'instances',
      change: 'changed',
      whole: false,
      changes: [{ option: 'priority', from: '10', to: '20', live: true }],
      processes: [
        {
          id: 'instances:instance1',
          name: 'instance1',
          group: 'instances',
          standing: 'kept',
          action: 'live',
          changes: [stopWait],
          note: '',
        },
        {
          id: 'instances:instance2',
          name: 'instance2',
          group: 'instances',
          standing: 'new',
          action: 'start',
          changes: [],
          note: 'new',
        },
      ],
    },
    { group: 'zeo', change: 'none', whole: true, changes: [], processes: [] },
  ],
  sections: [{ section: 'job:backup', action: 'live', changes: [stopWait] }],
  warnings: ['supd.conf:3: a warning'],
};

export interface FakeApi extends Api {
  /** Name of the method and its arguments, Asked left out. */
  readonly calls: unknown[][];
  readonly asked: Asked[];
}

/** The fake, with some methods done otherwise. */
export function fakeApi(other: Partial<Api> = {}): FakeApi {
  const calls: unknown[][] = [];
  const asked: Asked[] = [];
  const note = (name: string, ...args: unknown[]): void => void calls.push([name, ...args]);
  const change = (name: string, by: Asked, ...args: unknown[]): void => {
    note(name, ...args);
    asked.push(by);
  };
  async function* progress(): AsyncGenerator<RollingProgress> {
    yield { name: 'instance1', group: 'instances', phase: 'draining', message: '' };
    yield { name: 'instance1', group: 'instances', phase: 'failed', message: 'not ready' };
  }
  async function* results(code: 'STARTED' | 'STOPPED'): AsyncGenerator<{
    name: string;
    group: string;
    code: typeof code;
    message: string;
  }> {
    yield { name: 'instance1', group: 'instances', code, message: '' };
    yield { name: 'zeo', group: 'zeo', code, message: 'ok' };
  }
  const api: Api = {
    daemon: () => ({
      version: '0.1.0',
      identifier: 'supd',
      pid: 1,
      state: 'RUNNING',
      startTime: 1_700_000_000_000,
      configuration: '/etc/supd.conf',
      logfile: '/var/log/supd.log',
      conditions: ['disk full'],
      memoryBytes: 50_000_000,
      upgrades: 2,
    }),
    mode: () => 'RUNNING',
    groups: () => [
      {
        name: 'instances',
        priority: 10,
        members: [
          {
            id: 'instances:instance1',
            name: 'instance1',
            group: 'instances',
            state: 'RUNNING',
            startsAtOnce: false,
          },
        ],
      },
      {
        name: 'zeo',
        priority: 999,
        members: [{ id: 'zeo:zeo', name: 'zeo', group: 'zeo', state: 'FATAL', startsAtOnce: false }],
      },
    ],
    processes: (targets) => {
      note('processes', [...targets]);
      const named = [instance1, zeo].filter(({ name }) => targets.length === 0 || targets.includes(name));
      const unknown = targets
        .filter((target) => !['instance1', 'zeo'].includes(target))
        .map((name) => ({ name, group: '', code: 'NO_SUCH_PROCESS' as const, message: 'no such process' }));
      return { processes: named, unknown };
    },
    process: (name) => {
      const found = [instance1, zeo].find((view) => view.name === name);
      if (!found) throw new SupdError('BAD_NAME', `no process is named "${name}"`, { field: 'name' });
      return found;
    },
    explain: () => explained,
    configurations: () => [
      {
        name: 'zeo',
        group: 'zeo',
        inUse: true,
        autostart: false,
        groupPriority: 999,
        processPriority: -1,
        command: 'runzeo -C zeo.conf',
        spec: processSpec('zeo'),
      },
    ],
    start: (targets, by) => {
      change('start', by, [...targets]);
      return results('STARTED');
    },
    stop: (targets, by) => {
      change('stop', by, [...targets]);
      return results('STOPPED');
    },
    restart: (targets, by) => {
      change('restart', by, [...targets]);
      return results('STARTED');
    },
    roll: (targets, maxUnavailable, by) => {
      change('roll', by, [...targets], maxUnavailable);
      return progress();
    },
    cancelRolling: (by) => {
      change('cancelRolling', by);
      return { finishing: ['instance1'], untouched: ['instance2'] };
    },
    signal: (targets, signal, by) => {
      change('signal', by, [...targets], signal);
      return [{ name: 'zeo', group: 'zeo', code: 'SIGNALLED', message: '' }];
    },
    reloadPrograms: async function* (targets, by) {
      change('reloadPrograms', by, [...targets]);
      yield { name: 'zeo', group: 'zeo', outcome: 'REFUSED', message: 'reload_check', output: 'line 3\n' };
    },
    writeStdin: (name, chars, by) => change('writeStdin', by, name, Buffer.from(chars).toString()),
    readLog: (...args) => {
      note('readLog', ...args);
      return { content: Buffer.from([0, 255, 10]), size: 2 ** 40 };
    },
    tailLog: (...args) => {
      note('tailLog', ...args);
      return { content: Buffer.from('tail\n'), offset: 5, overflow: false };
    },
    logFile: (name, channel) =>
      channel === 'stdout'
        ? { path: `/var/log/${name || 'supd'}.log`, isAuto: false, modified: 0 }
        : undefined,
    followLog: async function* (name, channel, historyBytes) {
      note('followLog', name, channel, historyBytes);
      yield Buffer.from('one\n');
      yield Buffer.from('two\n');
    },
    clearLogs: (targets, by) => {
      change('clearLogs', by, [...targets]);
      return [{ name: 'zeo', group: 'zeo', code: 'CLEARED', message: '' }];
    },
    clearMainLog: (by) => change('clearMainLog', by),
    reread: () => ({ added: ['a'], changed: ['b', 'c'], removed: [], warnings: ['supd.conf:1: x'] }),
    plan: () => plan,
    update: async function* (groups, by) {
      change('update', by, [...groups]);
      yield { group: 'a', change: 'ADDED', message: '' };
      yield { group: 'b', change: 'FAILED', message: 'still runs' };
    },
    addGroup: (group, by) => change('addGroup', by, group),
    removeGroup: (group, by) => change('removeGroup', by, group),
    shutdown: (by) => change('shutdown', by),
    reload: (by) => change('reload', by),
    upgrade: async ({ check }, by) => {
      change('upgrade', by, check);
      return '9.9.9';
    },
    reopenLogs: (by) => change('reopenLogs', by),
    tellRemote: (type, content) => note('tellRemote', type, content),
    testNotification: async (section, by) => {
      change('testNotification', by, section);
      return [
        { channel: 'mail', failure: '' },
        { channel: 'webhook', failure: 'HTTP 500' },
      ];
    },
    events: async function* (token) {
      note('events', token);
      yield { kind: 'gap', missed: 3 };
      yield {
        kind: 'event',
        event: {
          sequence: 4,
          resumeToken: 't4',
          time: 1_700_000_000_999,
          type: 'PROCESS_STATE_RUNNING',
          name: 'zeo',
          group: 'zeo',
          details: { pid: '7' },
        },
      };
    },
    jobs: () => [nightly],
    runJob: async function* (job, how, by) {
      change('runJob', by, job, how);
      yield { ...run, outcome: 'running' };
      yield run;
    },
    cancelRun: (job, by) => {
      change('cancelRun', by, job);
      return run.id;
    },
    runs: (job, limit) => {
      note('runs', job, limit);
      return [run];
    },
    preview: (job, count) => {
      note('preview', job, count);
      return [{ job: 'nightly', time: 1_700_010_000_000, local: '2023-11-15 03:00 CET', note: '' }];
    },
    runLog: async function* (job, what) {
      note('runLog', job, what);
      yield { step: 'backup', content: Buffer.from('hello') };
    },
    ...other,
  };
  return { ...api, calls, asked };
}

/** An iteration that gives nothing until its signal is aborted; tells `ended` then. */
export async function* until(signal: AbortSignal, ended: () => void): AsyncGenerator<never> {
  await new Promise<void>((resolve) => {
    if (signal.aborted) resolve();
    signal.addEventListener('abort', () => resolve());
  });
  ended();
}
