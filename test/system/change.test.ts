/** A changed configuration touches what has changed and nothing else. What lives on is known by its pid. */
import { readFileSync } from 'node:fs';
import { test } from 'tap';
import { type Options, program, section } from '../helpers/place.js';
import { type Supd, startSupd } from '../helpers/start-supd.js';
import { until } from '../helpers/until.js';

const TEN = Array.from({ length: 10 }, (_, n) => `p${n}`);
const MEMBERS = TEN.map((name) => `g:${name}`);

/** A group of ten programs, one of which is a little different. */
function ten(different: string, words: string, options: Options = {}): string {
  const of = (name: string) =>
    name === different ? program(name, `waits${words}`, options) : program(name, 'waits');
  return TEN.map(of).join('') + section('group:g', { programs: TEN.join(',') });
}

async function pidsOf(supd: Supd, names: readonly string[]): Promise<Map<string, number>> {
  const found = new Map<string, number>();
  for (const name of names) found.set(name, (await supd.state(name, 'RUNNING')).pid);
  return found;
}

/** Names whose process is another one now. */
function changedIn(before: Map<string, number>, after: Map<string, number>): readonly string[] {
  return [...after].filter(([name, pid]) => before.get(name) !== pid).map(([name]) => name);
}

test('a changed command of one program in a group of ten: one restart, as the plan said', async (t) => {
  const supd = await startSupd(t, ten('', ''));
  const before = await pidsOf(supd, MEMBERS);
  supd.configure(ten('p3', ' anew'));
  const plan = await supd.told('plan');
  t.equal(plan.status, 0);
  t.match(plan.stdout, /^g:p3 +restart +command: .*waits -> .*waits anew\n$/);
  t.same(changedIn(before, await pidsOf(supd, MEMBERS)), [], 'a plan changes nothing');
  t.match(await supd.told('reread'), { stdout: 'g: changed\n' });
  t.match(await supd.told('update'), {
    status: 0,
    stdout: 'g:p3: restarted (command)\ng: updated process group\n',
  });
  t.same(changedIn(before, await pidsOf(supd, MEMBERS)), ['g:p3']);
  t.match(await supd.told('plan'), { status: 0, stdout: 'nothing to do\n' });
  t.match(await supd.told('update'), { status: 0, stdout: '' });
  t.match(await supd.told('reread'), { stdout: 'No config updates to processes\n' });
});

test('a new command that is not there: the plan says so, and an update that does it all the same fails', async (t) => {
  const supd = await startSupd(t, program('a', 'waits') + program('b', 'waits'));
  const { pid } = await supd.state('b', 'RUNNING');
  await supd.state('a', 'RUNNING');
  supd.configure(program('a', 'nowhere') + program('b', 'waits') + program('c', 'nowhere'));
  const wrong = String.raw`can't find command '\S*nowhere'`;
  t.match((await supd.told('plan')).stdout, new RegExp(`^a +restart +it would not start: ${wrong}$`, 'm'));
  t.match((await supd.told('plan')).stdout, new RegExp(`^c +start +new; it would not start: ${wrong}$`, 'm'));
  t.match(await supd.told('update'), {
    status: 1,
    stdout: new RegExp(`^a: ERROR \\(${wrong}\\)\\n[\\s\\S]*^c: ERROR \\(${wrong}\\)$`, 'm'),
  });
  t.equal((await supd.state('b', 'RUNNING')).pid, pid);
});

test('compat=strict restarts the whole group, as supervisord does', async (t) => {
  const supd = await startSupd(t, ten('', ''), { daemon: { compat: 'strict' } });
  const before = await pidsOf(supd, MEMBERS);
  supd.configure(ten('p3', '', { stopwaitsecs: 3 }));
  const { stdout } = await supd.told('plan');
  t.match(stdout, /^g \(group\) +whole +the group comes anew\n/);
  t.equal(stdout.match(/^g:p\d +restart /gm)?.length, 10);
  t.match(await supd.told('update'), { stdout: 'g: stopped\ng: updated process group\n' });
  t.equal(changedIn(before, await pidsOf(supd, MEMBERS)).length, 10);
});

test('numprocs 4, 6, 3: the right copies come and go', async (t) => {
  const copies = (count: number) =>
    program('w', 'waits', { numprocs: count, process_name: 'w%(process_num)d' });
  const names = (count: number) => Array.from({ length: count }, (_, n) => `w:w${n}`);
  const supd = await startSupd(t, copies(4));
  const four = await pidsOf(supd, names(4));
  supd.configure(copies(6));
  t.match(await supd.told('update'), {
    stdout: 'w:w4: started (new)\nw:w5: started (new)\nw: updated process group\n',
  });
  const six = await pidsOf(supd, names(6));
  t.same(changedIn(four, six), ['w:w4', 'w:w5']);
  supd.configure(copies(3));
  const { stdout } = await supd.told('update');
  t.match(stdout, /^(w:w[345]: stopped \(no longer configured\)\n){3}w: updated process group\n$/);
  t.same(changedIn(six, await pidsOf(supd, names(3))), []);
  t.same(
    (await supd.status()).map(({ name }) => name),
    ['w0', 'w1', 'w2'],
  );
  t.match(await supd.told('plan'), { stdout: 'nothing to do\n' });
  supd.configure(copies(4));
  t.match(await supd.told('update'), { stdout: 'w:w3: started (new)\nw: updated process group\n' });
  t.same(changedIn(six, await pidsOf(supd, names(4))), ['w:w3']);
});

test('what can change as it runs does: stops, restarts, logs, limits', async (t) => {
  const supd = await startSupd(t, program('a', 'waits'));
  const { pid } = await supd.state('a', 'RUNNING');
  const changed = program('a', 'waits', {
    stopwaitsecs: 3,
    stopsignal: 'INT',
    priority: 5,
    autorestart: 'true',
    limit_nofile: 123,
    limit_core: 0,
    stdout_logfile_maxbytes: 1000,
  });
  supd.configure(changed);
  t.match(
    (await supd.told('update')).stdout,
    /^a: changed without a restart \(.*\)\na: updated process group\n$/,
  );
  t.equal((await supd.state('a', 'RUNNING')).pid, pid);
  t.match(readFileSync(`/proc/${pid}/limits`, 'utf8'), /Max open files +123 +123/);
  t.match(await supd.told('plan'), { stdout: 'nothing to do\n' });
  t.match((await supd.told('why', 'a')).stdout, /autorestart=true/);
  process.kill(pid, 'SIGKILL');
  const again = await until('another pid', async () => {
    const one = await supd.state('a', 'RUNNING');
    return one.pid !== pid && one.pid;
  });
  t.match(readFileSync(`/proc/${again}/limits`, 'utf8'), /Max open files +123 +123/);
});

test('a log that goes elsewhere loses no line of what runs on', async (t) => {
  const at = (file: string) => program('a', 'counts %(here)s/pids', { stdout_logfile: `%(here)s/${file}` });
  const supd = await startSupd(t, at('one.out'));
  const { pid } = await supd.state('a', 'RUNNING');
  await until('some lines', () => supd.read('one.out').split('\n').length > 3);
  supd.configure(at('two.out'));
  await supd.told('update');
  await until('lines in the other file', () => supd.read('two.out').split('\n').length > 3);
  t.equal((await supd.state('a', 'RUNNING')).pid, pid);
  await supd.told('stop', 'a');
  const lines = `${supd.read('one.out')}${supd.read('two.out')}`.trimEnd().split('\n').map(Number);
  t.same(
    lines,
    lines.map((_, index) => index + 1),
  );
});

test('a bad configuration is told by plan and update, and nothing is half done', async (t) => {
  const supd = await startSupd(t, program('a', 'waits') + program('b', 'waits'));
  const before = await pidsOf(supd, ['a', 'b']);
  supd.configure(program('a', 'waits anew') + program('b', 'waits', { autorestart: 'perhaps' }));
  for (const command of ['plan', 'update']) {
    const { status, stdout, stderr } = await supd.told(command);
    t.equal(status, 1, command);
    t.match(`${stdout}${stderr}`, /autorestart.*perhaps/s);
  }
  t.same(changedIn(before, await pidsOf(supd, ['a', 'b'])), []);
});

test('who stopped a program finds it down after a change that needs no start', async (t) => {
  const supd = await startSupd(t, program('a', 'waits'));
  await supd.state('a', 'RUNNING');
  await supd.told('stop', 'a');
  supd.configure(program('a', 'waits', { stopwaitsecs: 3 }));
  t.match((await supd.told('update')).stdout, /^a: changed without a restart \(stopwaitsecs\)\n/);
  t.match(await supd.told('status', 'a'), { status: 3, stdout: /STOPPED/ });
});

test('jobs and those who are told change live, supd’s own sections wait for a reload', async (t) => {
  const conf = (schedule: string, command: string) =>
    section('job:j', { command: '/bin/true', schedule }) + section('notify:n', { command });
  const supd = await startSupd(t, conf('@daily', '/bin/cat'));
  supd.configure(conf('@hourly', '/bin/true'), { loglevel: 'debug' });
  const { stdout } = await supd.told('plan');
  t.match(stdout, /\[job:j\] +live +schedule: @daily -> @hourly\n/);
  t.match(stdout, /\[notify:n\] +live +command: \/bin\/cat -> \/bin\/true\n/);
  t.match(stdout, /\[supd\] +reload +.*reload.*\n +loglevel: info -> debug\n/);
  await supd.told('update');
  t.match((await supd.told('job', 'list')).stdout, /@hourly/);
  t.notMatch((await supd.told('plan')).stdout, /job:j|notify:n/);
});

test('values of the environment are in no plan', async (t) => {
  const supd = await startSupd(t, program('a', 'waits', { environment: 'PASSWORD="old-secret"' }));
  await supd.state('a', 'RUNNING');
  supd.configure(program('a', 'waits', { environment: 'PASSWORD="new-secret"' }));
  const plan = await supd.told('plan');
  t.match(plan.stdout, /^a +restart +environment PASSWORD: changed\n$/);
  t.notMatch(`${plan.stdout}${(await supd.told('plan', '--json')).stdout}`, /secret/);
});
