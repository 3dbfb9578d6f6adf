import { test } from 'tap';
import { compareOptions, type OptionChange } from '../../src/core/change/options.js';
import { type GroupPlan, planGroups } from '../../src/core/change/plan.js';
import { compareJobs } from '../../src/core/change/sections.js';
import type { JobSpec } from '../../src/core/job.js';
import type { GroupSpec, LaunchSpec, ProcessSpec } from '../../src/core/program.js';
import { changesBetween, replay } from '../../src/core/saved.js';
import { emptyWorld, step, type World, type WorldEvent } from '../../src/core/world.js';
import { groupSpec, processSpec, program } from '../helpers/specs.js';

const now = { mono: 0, wall: 0 };
const supd = { wholeGroups: false };
const exited = { type: 'exited', exit: { code: 0 }, leftover: false } as const;

/** A world in which these processes run, as fast as they are started. */
function running(...groups: readonly GroupSpec[]): World {
  let world = emptyWorld;
  let pid = 100;
  const send = (event: WorldEvent) => {
    const done = step(world, event, now);
    world = done.world;
    for (const effect of done.effects) {
      if (effect.type !== 'process' || effect.effect.type !== 'spawn') continue;
      pid += 1;
      send({ type: 'process', id: effect.id, event: { type: 'spawned', pid } });
    }
  };
  send({ type: 'addGroups', groups, autostart: true });
  return world;
}

/** The same after this process was stopped. */
function without(world: World, id: string): World {
  const asked = step(world, { type: 'stop', ids: [id] }, now).world;
  return step(asked, { type: 'process', id, event: exited }, now).world;
}

function web(count: number, more: (n: number) => Partial<ProcessSpec> = () => ({})): GroupSpec {
  const processes = Array.from({ length: count }, (_, n) =>
    processSpec(`web${n}`, { group: 'web', program: 'web', ...more(n) }),
  );
  return groupSpec('web', processes);
}

const told = ([plan]: readonly GroupPlan[]) =>
  plan?.processes.map(({ name, action }) => `${name} ${action}`) ?? [];
const words = (changes: readonly OptionChange[]) =>
  changes.map((one) => `${one.option} ${one.from}>${one.to}`);

test('every option of a process has its row, and its words', async (t) => {
  const before = processSpec('a');
  t.same(compareOptions(before, JSON.parse(JSON.stringify(before)) as ProcessSpec), []);
  const changes = compareOptions(before, {
    ...before,
    stopWaitMs: 20_000,
    stopSignal: 2,
    exitCodes: [0, 3],
    autorestart: 'never',
    limits: { nofile: 4096 },
    user: 'zope',
    umask: 0o22,
    environment: { SECRET: 'word' },
    stdout: { ...before.stdout, maxBytes: 7 },
  });
  t.same(words(changes), [
    'user >zope',
    'umask >022',
    'environment SECRET >(hidden)',
    'limit_nofile >4096',
    'autorestart unexpected>false',
    'exitcodes 0>0,3',
    'stopsignal SIGTERM>SIGINT',
    'stopwaitsecs 10s>20s',
    'stdout_logfile_maxbytes 52428800>7',
  ]);
  const restarting = changes.filter(({ live }) => !live).map(({ option }) => option);
  t.same(restarting, ['user', 'umask', 'environment SECRET']);
  t.notMatch(JSON.stringify(changes), /word/);
});

test('a limit that is taken away, and output that is read for the first time, need a restart', async (t) => {
  const before = processSpec('a', { limits: { nofile: 100 } });
  const isLive = (after: ProcessSpec) => compareOptions(before, after).map(({ live }) => live);
  t.same(isLive(processSpec('a')), [false]);
  const logged = { ...before.stdout, file: { kind: 'auto' } } as const;
  t.same(isLive({ ...before, stdout: logged }), [false]);
});

test('what a program writes by itself it has open: nothing about it changes as it runs', async (t) => {
  const before = processSpec('a');
  const stream = { ...before.stdout, direct: 'always', maxBytes: 7 } as const;
  const changes = compareOptions(before, { ...before, stdout: stream, stderr: stream });
  t.same(
    changes.map(({ option, to, live }) => `${option} ${to} ${live}`),
    ['stdout_logfile_maxbytes 7 false', 'logfile_mode direct false', 'stderr_logfile_maxbytes 7 false'],
  );
});

test('one command of ten changes: one restart, of all only where groups are whole', async (t) => {
  const world = running(web(10));
  const changed = web(10, (n) => (n === 4 ? { command: '/bin/false' } : {}));
  const plan = planGroups(world, [changed], supd);
  t.equal(plan[0]?.whole, false);
  t.same(
    told(plan).filter((text) => !text.endsWith(' none')),
    ['web4 restart'],
  );
  const all = web(10).processes.map(({ name }) => `${name} restart`);
  t.same(told(planGroups(world, [changed], { wholeGroups: true })), all);
});

test('copies come and go one by one', async (t) => {
  const world = running(web(4));
  const kept = ['web0 none', 'web1 none', 'web2 none'];
  t.same(told(planGroups(world, [web(6)], supd)), [...kept, 'web3 none', 'web4 start', 'web5 start']);
  t.same(told(planGroups(world, [web(3)], supd)), [...kept, 'web3 stop']);
});

test('what is down stays down, unless what kept it down may have changed', async (t) => {
  const world = without(running(program('a'), program('b', 999, { autostart: false })), 'a:a');
  const actions = (a: Partial<ProcessSpec>, b: Partial<ProcessSpec>) =>
    planGroups(world, [program('a', 999, a), program('b', 999, { autostart: false, ...b })], supd).map(
      ({ processes }) => processes[0]?.action,
    );
  t.same(actions({ stopWaitMs: 1 }, { stopWaitMs: 1 }), ['live', 'live']);
  t.same(actions({ command: 'x' }, { command: 'x' }), ['start', 'live']);
  t.same(actions({}, { autostart: true }), ['none', 'start']);
});

test('a pool comes anew when its conversation changes, and not for how long a stop may take', async (t) => {
  const pool = { events: ['TICK_5'], bufferSize: 10, eventLength: 'characters' } as const;
  const listener: GroupSpec = { ...program('l'), kind: 'eventlistener', pool };
  const world = running(listener);
  const isWhole = (after: GroupSpec) => planGroups(world, [after], supd)[0]?.whole;
  const [spec] = listener.processes as readonly [ProcessSpec];
  t.equal(isWhole({ ...listener, pool: { ...pool, events: ['TICK_60'] } }), true);
  t.equal(isWhole({ ...listener, processes: [{ ...spec, command: 'x' }] }), true);
  t.equal(isWhole({ ...listener, processes: [{ ...spec, stopWaitMs: 1 }] }), false);
});

test('a member that runs keeps what it was started with until it is at rest', async (t) => {
  const world = running(web(3));
  const group = web(2, () => ({ command: 'x' }));
  const asked = step(world, { type: 'reconfigure', group, live: [], atRest: ['web:web0', 'web:web2'] }, now);
  t.same(
    [...asked.world.processes.values()].map(({ spec }) => spec.command),
    Array(3).fill('/bin/true'),
  );
  const live = step(world, { type: 'reconfigure', group, live: ['web:web1'], atRest: [] }, now);
  t.match(live.world.processes.get('web:web1'), { spec: { command: 'x' }, state: { name: 'STARTING' } });
  t.same(live.effects, [{ type: 'reconfigured', name: 'web', ids: ['web:web1'] }]);
});

test('what a member was is forgotten when it goes, also by the next life', async (t) => {
  const rest = without(running(web(2)), 'web:web1');
  const event = { type: 'reconfigure', group: web(1), live: [], atRest: ['web:web1'] } as const;
  const fewer = step(rest, event, now).world;
  const saved = replay([...changesBetween(emptyWorld, rest, now), ...changesBetween(rest, fewer, now)]);
  t.same([...fewer.processes.keys()], ['web:web0']);
  t.same([...saved.processes.keys()], ['web:web0']);
});

test('jobs are compared option by option', async (t) => {
  const launch: LaunchSpec = {
    command: 'a',
    environment: { X: 'secret' },
    limits: {},
    capabilities: [],
    noNewPrivileges: false,
  };
  const job: JobSpec = {
    name: 'backup',
    action: { kind: 'command', launch },
    stopWaitMs: 10_000,
    retries: 0,
    retryDelaysMs: [],
    exitCodes: [0],
    warnExitCodes: [],
    failOnOutput: false,
    onFailure: 'fail',
    overlap: 'skip',
    catchupMs: 0,
    jitterMs: 0,
    history: 100,
    requiresStopped: [],
    holds: [],
  };
  const action = { kind: 'command', launch: { ...launch, command: 'b', environment: {} } } as const;
  t.same(compareJobs([job], [job]), []);
  const [plan] = compareJobs([job], [{ ...job, action, schedule: '@daily', retryDelaysMs: [1000, 2000] }]);
  t.same(words(plan?.changes ?? []), [
    'command a>b',
    'environment (hidden)>(hidden)',
    'schedule >@daily',
    'retry_delay >1s,2s',
  ]);
  t.same(
    compareJobs([job], [{ ...job, name: 'other' }]).map(({ section, action: act }) => `${section} ${act}`),
    ['job:other added', 'job:backup removed'],
  );
});

test('health that is asked for from now on is asked at once of what runs, and what is not is no deadline', async (t) => {
  const world = running(program('a', 999, { startMs: 0 }));
  const up = step(world, { type: 'wake' }, now).world;
  t.equal(up.processes.get('a:a')?.state.name, 'RUNNING');
  const probe = { kind: 'tcp', host: '127.0.0.1', port: 1 } as const;
  const health = { probe, intervalMs: 1000, timeoutMs: 1000, retries: 3, startPeriodMs: 0 };
  const asked = program('a', 999, { startMs: 0, health });
  const [plan] = planGroups(up, [asked], supd);
  t.match(plan?.processes[0], {
    action: 'live',
    changes: [{ option: 'health', to: 'tcp://127.0.0.1:1' }, {}, {}, {}, {}],
  });
  const live = step(up, { type: 'reconfigure', group: asked, live: ['a:a'], atRest: [] }, now).world;
  const woken = step(live, { type: 'wake' }, now);
  t.match(woken.effects, [{ id: 'a:a', effect: { type: 'probe' } }]);
  const plain = program('a', 999, { startMs: 0 });
  const not = step(woken.world, { type: 'reconfigure', group: plain, live: ['a:a'], atRest: [] }, now).world;
  t.notOk('deadline' in (not.processes.get('a:a')?.state ?? {}));
});
