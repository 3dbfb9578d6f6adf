/** supd as a service of a real systemd, by conf/supd.service as it is. */
import { writeFileSync } from 'node:fs';
import tap, { type Test, test } from 'tap';
import { job, makePlace, type Place, program } from '../helpers/place.js';
import { requireStack } from '../helpers/require.js';
import { bootSystemd, type Systemd } from '../helpers/systemd.js';
import { until } from '../helpers/until.js';

tap.jobs = 2;
tap.setTimeout(300_000);

const NEEDS = ['root', 'systemd', 'systemctl', 'unshare', 'nsenter', 'setpriv', 'cgroup2'] as const;

interface Service extends Systemd {
  readonly place: Place;
  /** As systemd knows it. */
  mainPid(): Promise<string>;
  /** Pids of the programs that run, by name, as `supctl status` tells them. */
  pids(): Promise<ReadonlyMap<string, number>>;
}

/** Boots a systemd and starts supd there. */
async function serve(t: Test, text: string): Promise<Service> {
  const place = makePlace(t, text);
  const systemd = await bootSystemd(t, place);
  const started = await systemd.systemctl('start', 'supd');
  if (started.status !== 0) throw new Error(`${started.stderr}\n${place.read('supd.log')}`);
  return {
    ...systemd,
    place,
    mainPid: () => systemd.property('MainPID'),
    pids: async () => {
      const { stdout } = await systemd.supctl('status', '--json');
      const all = JSON.parse(stdout) as readonly { name: string; pid?: number; state: string }[];
      return new Map(
        all.flatMap(({ name, pid, state }) => (state === 'RUNNING' ? [[name, pid ?? 0] as const] : [])),
      );
    },
  };
}

/** Two programs that count, and a job that ends when a file is made. */
const SITE =
  program('a', 'counts %(here)s/a.pids 0.02') +
  program('b', 'counts %(here)s/b.pids 0.02') +
  job('long', `sh -c 'echo ran >>%(here)s/long.ran; until [ -e %(here)s/enough ]; do sleep 0.05; done'`);

/** Every line from 1 on is there, once, up to the last. */
function isCounted(text: string): boolean {
  const lines = text.split('\n');
  lines.pop();
  return lines.every((line, index) => line === String(index + 1));
}

async function grows(place: Place): Promise<void> {
  const before = place.read('a.out').length;
  await until('more output', () => place.read('a.out').length > before + 20);
}

test('`systemctl restart supd` ends supd alone: programs and jobs go on', async (t) => {
  if (!requireStack(t, NEEDS)) return;
  const service = await serve(t, SITE);
  const { place } = service;
  await until('both to count', () => place.read('a.out') !== '' && place.read('b.out') !== '');
  t.equal(await service.property('ActiveState'), 'active');
  const [pids, main] = [await service.pids(), await service.mainPid()];
  t.same([...pids.keys()], ['a', 'b']);
  t.match(await service.supctl('job', 'run', 'long', '--no-wait'), { status: 0 });
  await until('the job to run', () => place.read('long.ran') !== '');

  for (let time = 1; time <= 3; time += 1) {
    const { status, stderr } = await service.systemctl('restart', 'supd');
    t.equal(status, 0, stderr);
    t.same(await service.pids(), pids, 'the same processes');
  }
  t.not(await service.mainPid(), main, 'another supd');
  t.equal(await service.property('ActiveState'), 'active');
  t.equal(place.read('a.pids').trim().split('\n').length, 1, 'started once');
  writeFileSync(`${place.dir}/enough`, '');
  await until('the run to end', async () => {
    const [run] = JSON.parse((await service.supctl('job', 'runs', 'long', '--json')).stdout);
    return run.outcome === 'ok' || (run.outcome !== 'running' && Promise.reject(new Error(run.outcome)));
  });
  t.equal(place.read('long.ran'), 'ran\n', 'the job ran once');
  await grows(place);
  t.ok(isCounted(place.read('a.out')), 'no line is missing or doubled');
});

test('systemd starts a killed supd again, and all that ran runs on', async (t) => {
  if (!requireStack(t, NEEDS)) return;
  const service = await serve(t, SITE);
  const [pids, main] = [await service.pids(), await service.mainPid()];
  t.match(await service.run('kill', '-KILL', main), { status: 0 });
  await until('another supd', async () => {
    // First: of the states of the one before, none counts.
    const other = await service.mainPid();
    const state = [await service.property('ActiveState'), await service.property('SubState')].join();
    return state === 'active,running' && other !== main && Number(other) > 0;
  });
  t.same(await service.pids(), pids);
  await grows(service.place);
});

test('`systemctl reload supd` restarts the program that has changed, and that alone', async (t) => {
  if (!requireStack(t, NEEDS)) return;
  const service = await serve(t, SITE);
  const [pids, main] = [await service.pids(), await service.mainPid()];
  service.place.configure(SITE.replace('b.pids 0.02', 'b.pids 0.03'));
  const { status, stderr } = await service.systemctl('reload', 'supd');
  t.equal(status, 0, stderr);
  const after = await service.pids();
  t.equal(after.get('a'), pids.get('a'));
  t.not(after.get('b'), pids.get('b'));
  t.equal(await service.mainPid(), main);
  service.place.configure('[program:a]\n');
  t.not((await service.systemctl('reload', 'supd')).status, 0, 'a mistake is told, and changes nothing');
  t.same(await service.pids(), after);
  t.equal(await service.property('ActiveState'), 'active');
});

test('`supctl upgrade` is nothing that systemd would notice', async (t) => {
  if (!requireStack(t, NEEDS)) return;
  const service = await serve(t, SITE);
  const [pids, main] = [await service.pids(), await service.mainPid()];
  const { status, stderr } = await service.supctl('upgrade');
  t.equal(status, 0, stderr);
  t.equal(await service.mainPid(), main);
  t.equal(await service.property('NRestarts'), '0');
  t.same(await service.pids(), pids);
  // The new code still knows its manager, and obeys it.
  t.match(await service.systemctl('restart', 'supd'), { status: 0 });
  t.same(await service.pids(), pids);
});

test('`systemctl stop supd` stops everything, in order, each with its own signal', async (t) => {
  if (!requireStack(t, NEEDS)) return;
  const ends = (name: string, signal: string, priority: number) =>
    program(name, `ends-with ${signal} %(here)s/ends ${name}`, { stopsignal: signal, priority });
  const service = await serve(
    t,
    ends('a', 'INT', 1) + ends('b', 'TERM', 2) + program('tree', 'setsid-child'),
  );
  for (const name of ['a', 'b'])
    await until('it to run', () => service.place.read(`${name}.out`).includes('ready'));
  await until('its child', () => service.place.read('tree.out').includes('child'));
  t.ok(service.inService().length >= 5, 'supd, three programs and a child');
  // After a restart too, when nobody in there is a child of supd's.
  t.match(await service.systemctl('restart', 'supd'), { status: 0 });
  t.match(await service.systemctl('stop', 'supd'), { status: 0 });
  t.same(service.inService(), []);
  t.equal(service.place.read('ends'), 'b\na\n');
  t.equal(await service.property('ActiveState'), 'inactive');
  t.equal(await service.property('Result'), 'success');
});

test('after `supctl shutdown` supd stays down, until somebody starts it', async (t) => {
  if (!requireStack(t, NEEDS)) return;
  const service = await serve(t, SITE);
  t.match(await service.supctl('shutdown'), { status: 0 });
  await until('it to be down', async () => (await service.property('ActiveState')) === 'inactive');
  t.same(service.inService(), []);
  t.match(await service.systemctl('start', 'supd'), { status: 0 });
  t.equal((await service.pids()).size, 2);
});

test('a restart with a broken configuration fails once, and the programs go on until it is right', async (t) => {
  if (!requireStack(t, NEEDS)) return;
  const service = await serve(t, SITE);
  const pids = await service.pids();
  service.place.configure('[program:a]\n');
  t.not((await service.systemctl('restart', 'supd')).status, 0);
  t.equal(await service.property('ActiveState'), 'failed');
  t.equal(await service.property('ExecMainStatus'), '2');
  t.equal(await service.property('NRestarts'), '0', 'nobody tries the same again');
  t.ok(service.inService().length >= pids.size, 'nobody has ended them');
  service.place.configure(SITE);
  t.match(await service.systemctl('start', 'supd'), { status: 0 });
  t.same(await service.pids(), pids);
  await grows(service.place);
  t.ok(isCounted(service.place.read('a.out')));
});
