/** Programs that use more than their max_memory are restarted, and somebody hears of it. */
import { writeFileSync } from 'node:fs';
import tap, { test } from 'tap';
import { job, type Options, program, section } from '../helpers/place.js';
import { startSupd } from '../helpers/start-supd.js';
import { until } from '../helpers/until.js';

tap.jobs = 2;
tap.setTimeout(180_000);

const LEAKS = { max_memory: '150MB', autorestart: 'true' };

test('a program that uses too much is restarted, its mate is left alone; log, why and notices tell', async (t) => {
  const supd = await startSupd(
    t,
    program('web', 'takes-memory 200', {
      numprocs: 2,
      process_name: 'web%(process_num)d',
      ...LEAKS,
      stdout_logfile: 'NONE',
    }) + section('notify:me', { command: `sh -c 'cat >>%(here)s/told'`, on: 'memory' }),
  );
  const [first, second] = await Promise.all(
    ['web:web0', 'web:web1'].map((name) => supd.state(name, 'RUNNING')),
  );
  writeFileSync(`${supd.dir}/web0.take`, '');
  await supd.logs(/web0: \d+ MB over max_memory=150 MB in 3 looks; supd restarts it/);
  await until('a new process', async () => {
    const { pid, state } = await supd.client.getProcess({ name: 'web:web0' });
    return state === 'RUNNING' && pid !== first?.pid;
  });
  t.equal((await supd.client.getProcess({ name: 'web:web1' })).pid, second?.pid);
  await supd.logs('restart for memory: 1 restarted');
  t.match(await supd.told('why', 'web:web0'), {
    stdout: /^Asked for last: restart at .* by supd: \d+ MB over max_memory=150 MB in 3 looks\.$/m,
  });
  t.match(await supd.told('why', 'web:web0'), {
    stdout: /^Before that, pid \d+ was .*: supd ended it for its memory: \d+ MB over max_memory=150 MB/m,
  });
  t.equal((await supd.client.getProcess({ name: 'web:web0' })).restarts, 1, 'supd wanted it, nobody else');
  await until('the notice', () =>
    /restarted by supd: \d+ MB, over its max_memory in 3 looks/.test(supd.read('told')),
  );
});

test('while a job holds it, it waits, and says for whom', async (t) => {
  const supd = await startSupd(
    t,
    program('zeo', 'takes-memory 200', { ...LEAKS, stdout_logfile: 'NONE' }) +
      job('backup', `sh -c 'until test -e %(here)s/go; do sleep 0.05; done'`, { holds: 'zeo' }),
  );
  const { pid } = await supd.state('zeo', 'RUNNING');
  await supd.told('job', 'run', 'backup', '--no-wait');
  await until(
    'the backup',
    async () => (await supd.client.listRuns({ job: 'backup' }))[0]?.steps[0]?.outcome === 'running',
  );
  writeFileSync(`${supd.dir}/zeo.take`, '');
  await supd.logs(/zeo: \d+ MB over max_memory=150 MB in 3 looks; it waits: backup \(run \S+\) holds it/);
  t.match(
    (await supd.told('why', 'zeo')).stdout,
    /^Next: it is restarted for its memory as soon as may be: backup \(run \S+\) holds it\.$/m,
  );
  t.equal((await supd.client.getProcess({ name: 'zeo' })).pid, pid);
  writeFileSync(`${supd.dir}/go`, '');
  await until('the restart', async () => (await supd.client.getProcess({ name: 'zeo' })).pid !== pid);
});

test('one that waits for its hour waits for nothing any more when its limit is gone', async (t) => {
  const quiet = (new Date().getHours() + 12) % 24;
  const conf = (limit: Options) =>
    program('zeo', 'takes-memory 200', { autorestart: 'true', stdout_logfile: 'NONE', ...limit });
  const supd = await startSupd(t, conf({ max_memory: '150MB', quiet_hours: `${quiet}:00-${quiet}:01` }));
  const { pid } = await supd.state('zeo', 'RUNNING');
  writeFileSync(`${supd.dir}/zeo.take`, '');
  await supd.logs(/zeo: \d+ MB over max_memory=150 MB in 3 looks; it waits: it is not in its quiet_hours/);
  t.match(await supd.told('why', 'zeo'), {
    stdout: /^Next: it is restarted for its memory as soon as may be/m,
  });
  supd.configure(conf({}));
  t.match(await supd.told('update'), { stdout: /changed without a restart|updated process group/ });
  await until('the wait to be over', async () =>
    /^Next: when it ends it is started again/m.test((await supd.told('why', 'zeo')).stdout),
  );
  t.equal((await supd.state('zeo', 'RUNNING')).pid, pid);
});

test('it waits while nobody else can do its work, and says so', async (t) => {
  const supd = await startSupd(
    t,
    program('web', 'takes-memory 200', {
      numprocs: 2,
      process_name: 'web%(process_num)d',
      ...LEAKS,
      stdout_logfile: 'NONE',
    }),
  );
  const { pid } = await supd.state('web:web0', 'RUNNING');
  await supd.told('stop', 'web:web1');
  writeFileSync(`${supd.dir}/web0.take`, '');
  await supd.logs(/web0: \d+ MB over max_memory=150 MB in 3 looks; it waits: none of web1 can do its work/);
  t.equal((await supd.client.getProcess({ name: 'web:web0' })).pid, pid);
  await supd.told('start', 'web:web1');
  await supd.logs(/web0: .*; supd restarts it/);
});
