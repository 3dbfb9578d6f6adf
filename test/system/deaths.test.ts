/** Real deaths of every kind: `why` tells who brought each about, and what is kept of it outlives supd. */
import { existsSync, mkdirSync, readFileSync, rmdirSync, writeFileSync } from 'node:fs';
import { type Test, test } from 'tap';
import type { DeathView, EventView } from '../../src/grpc/client.js';
import { job, makePlace, program } from '../helpers/place.js';
import { type Supd, startIn, startSupd } from '../helpers/start-supd.js';
import { until } from '../helpers/until.js';

async function why(supd: Supd, name: string): Promise<string> {
  const { status, stdout } = await supd.told('why', name);
  if (status !== 0) throw new Error(stdout);
  return stdout;
}

async function lastDeath(supd: Supd, name: string): Promise<DeathView> {
  return until(`a death of ${name}`, async () => (await supd.client.explainProcess({ name })).deaths[0]);
}

test('an exit: its status, that it came by itself, and what it wrote last', async (t) => {
  const supd = await startSupd(
    t,
    program('a', `sh -c 'echo working; echo "no such table" >&2; exit 3'`, { autorestart: false }),
  );
  await supd.state('a', 'EXITED');
  const told = await why(supd, 'a');
  t.match(told, /^a is EXITED, since /);
  t.match(told, /^It ended with exit status 3: it ended by itself, which was not expected\.$/m);
  t.match(told, /^It wrote last:\n {4}\| no such table\n/m);
  t.match(told, /^Next: nothing until somebody starts it\.$/m);
  t.match(await lastDeath(supd, 'a'), { exitStatus: 3, exitSignal: '', cause: 'own', expected: false });
});

test('ends too soon, again and again: when the next try is, and that FATAL needs a person', async (t) => {
  const quick = (name: string, startretries: number) =>
    program(name, 'exits-after 0 7', { startsecs: 60, startretries });
  const supd = await startSupd(t, quick('a', 50) + quick('b', 0));
  await supd.state('b', 'FATAL');
  t.match(
    await why(supd, 'b'),
    /exit status 7: it ended by itself\)\.\n(.*\n)*Next: nothing until somebody starts it/,
  );
  const told = await until('a pause of a', async () => {
    const text = await why(supd, 'a');
    return text.startsWith('a is BACKOFF') && text;
  });
  t.match(told, /Exited too quickly .*exit status 7: it ended by itself\)\.\n(.*\n)*Next: try \d+ of 51 in/);
});

test('a signal from outside: supd tells that it was not supd', async (t) => {
  const supd = await startSupd(t, program('a', 'waits', { autorestart: true }));
  const { pid } = await supd.state('a', 'RUNNING');
  process.kill(pid, 'SIGKILL');
  const death = await lastDeath(supd, 'a');
  t.match(death, { pid, exitSignal: 'SIGKILL', cause: 'own', expected: false });
  t.match(death.reason, /^terminated by SIGKILL: supd did not send SIGKILL, and nobody asked it to/);
  await supd.state('a', 'RUNNING');
  t.match(await why(supd, 'a'), /^Before that, pid \d+ was terminated by SIGKILL at .*: supd did not send/m);
});

test('a crash that it has come back from: what it wrote last is still told; not so of a stop', async (t) => {
  const crashes = `sh -c 'test -e %(here)s/again || { echo "no such table"; >%(here)s/again; sleep 0.3; exit 3; }; exec sleep 1000'`;
  const supd = await startSupd(t, program('a', crashes, { startsecs: 0, autorestart: true }));
  await until('the second', async () => (await supd.client.getProcess({ name: 'a' })).restarts === 1);
  await supd.state('a', 'RUNNING');
  t.match(
    await why(supd, 'a'),
    /^Before that, pid \d+ ended with exit status 3 .*\nIt wrote last:\n {4}\| no such table\n/m,
  );
  await supd.told('restart', 'a');
  t.notMatch(await why(supd, 'a'), /It wrote last/);
});

test('a crash: which one, and whether there is a core', async (t) => {
  const supd = await startSupd(
    t,
    program('a', `sh -c 'kill -SEGV $$'`, { autorestart: false, limit_core: 0 }),
  );
  await supd.state('a', 'EXITED');
  t.match(await why(supd, 'a'), /It was terminated by SIGSEGV: it touched memory that is not its own/);
  t.equal((await lastDeath(supd, 'a')).coreDumped, false);
});

test('a request: what was asked, by whom, at which door, and why', async (t) => {
  const supd = await startSupd(t, program('a', 'waits', { autorestart: true }));
  await supd.state('a', 'RUNNING');
  await supd.told('restart', 'a', '--reason', 'new release');
  const door = 'by uid \\d+ \\(pid \\d+\\) at supd\\.sock';
  t.match(
    (await lastDeath(supd, 'a')).reason,
    new RegExp(`^terminated by SIGTERM: restart was asked for ${door}: new release$`),
  );
  await supd.told('signal', 'INT', 'a');
  const death = await until('a death by SIGINT', async () => {
    const one = await lastDeath(supd, 'a');
    return one.exitSignal === 'SIGINT' && one;
  });
  t.match(death, { cause: 'request', reason: /signal SIGINT was asked for by uid/ });
  await supd.told('stop', 'a');
  t.match(
    await why(supd, 'a'),
    /^a is STOPPED, since .*\n(.*\n)*It was terminated by SIGTERM: stop was asked for by uid/,
  );
});

test('a job that needs it down, and an update, are told as such', async (t) => {
  const j = job('j', 'true', { requires_stopped: 'a' });
  const supd = await startSupd(t, program('a', 'waits') + j);
  await supd.state('a', 'RUNNING');
  t.equal((await supd.told('job', 'run', 'j')).status, 0);
  t.match(await lastDeath(supd, 'a'), { cause: 'job', reason: /a job had it stopped: j, run \S+/ });
  supd.configure(program('a', 'waits anew') + j);
  await supd.told('update', '--reason', 'ticket 7');
  t.match((await lastDeath(supd, 'a')).reason, /update was asked for by .*: ticket 7/);
});

/** It is as long as somebody is in it. @throws EBUSY */
function isRemoved(group: string): boolean {
  rmdirSync(group);
  return true;
}

/** A memory cgroup of its own with a limit, gone after the test; undefined: this machine gives none. */
function limitedGroup(t: Test, bytes: number, suffix = ''): string | undefined {
  const [root, file] = existsSync('/sys/fs/cgroup/cgroup.controllers')
    ? ['/sys/fs/cgroup', 'memory.max']
    : ['/sys/fs/cgroup/memory', 'memory.limit_in_bytes'];
  const dir = `${root}/supd-test-${process.pid}${suffix}`;
  try {
    mkdirSync(dir);
    t.teardown(() => until('the cgroup to be empty', () => isRemoved(dir)));
    writeFileSync(`${dir}/${file}`, String(bytes));
    return dir;
  } catch {
    return undefined;
  }
}

test('the kernel, for a limit of memory: which one', async (t) => {
  const group = process.geteuid?.() === 0 ? limitedGroup(t, 20 << 20) : undefined;
  if (group === undefined) {
    t.plan(0, 'no memory cgroup can be made here');
    return;
  }
  const eats = `sh -c 'echo $$ > ${group}/cgroup.procs; until test -e %(here)s/go; do sleep 0.05; done; exec tail /dev/zero'`;
  const supd = await startSupd(t, program('a', eats, { autorestart: false }));
  await supd.state('a', 'RUNNING');
  await until('the cgroup to have it', () => readFileSync(`${group}/cgroup.procs`, 'utf8') !== '');
  await supd.told('status');
  writeFileSync(`${supd.dir}/go`, '');
  await supd.state('a', 'EXITED');
  const told = await why(supd, 'a');
  t.match(
    told,
    /It was terminated by SIGKILL: the kernel ended it for want of memory: .*, which was not expected\.\n/,
  );
  t.match(await lastDeath(supd, 'a'), { cause: 'outOfMemory', exitSignal: 'SIGKILL' });
});

test('the kernel is not blamed for what happened to others', async (t) => {
  const group = process.geteuid?.() === 0 ? limitedGroup(t, 20 << 20) : undefined;
  const own = group && limitedGroup(t, 1 << 30, '-own');
  if (group === undefined || own === undefined) {
    t.plan(0, 'no memory cgroup can be made here');
    return;
  }
  const within = (dir: string, then: string) => `sh -c 'echo $$ > ${dir}/cgroup.procs; exec ${then}'`;
  const supd = await startSupd(
    t,
    program('a', within(own, 'sleep 1000'), { autorestart: false }) +
      program('eats', within(group, 'tail /dev/zero'), { autorestart: false, autostart: false }),
  );
  const { pid } = await supd.state('a', 'RUNNING');
  await until('a to be looked at', async () => {
    const { stdout } = await supd.told('top', '--json');
    return stdout.includes('"a"') && readFileSync(`${own}/cgroup.procs`, 'utf8').includes(String(pid));
  });
  await supd.told('start', 'eats');
  t.match(await lastDeath(supd, 'eats'), { exitSignal: 'SIGKILL' });
  process.kill(pid, 'SIGKILL');
  t.match(await lastDeath(supd, 'a'), { cause: 'own', exitSignal: 'SIGKILL' });
});

test('the black box: what it had, who it was, what it wrote; at most five, and the next life has them', async (t) => {
  const place = makePlace(
    t,
    program('a', `sh -c 'echo "life $$"; read line; exit 4'`, {
      autorestart: true,
      environment: 'A="secret-word"',
    }),
  );
  const first = await startIn(t, place);
  let pid = 0;
  // Who dies at once is not looked at before.
  const wasLookedAt = async () => (await lastDeath(first, 'a')).facts !== undefined;
  for (let life = 0; life < 7 || !(await wasLookedAt()); life += 1) {
    pid = await until('another life', async () => {
      const one = await first.state('a', 'RUNNING');
      return one.pid !== pid && one.pid;
    });
    await first.says('a', `life ${pid}`);
    await first.told('status');
    await first.client.writeStdin({ name: 'a', chars: Buffer.from('\n') });
    await until('its death', async () => (await lastDeath(first, 'a')).pid === pid);
  }
  const { deaths } = await first.client.explainProcess({ name: 'a' });
  t.equal(deaths.length, 5);
  const [death] = deaths as [DeathView];
  t.match(death, { pid, exitStatus: 4, output: new RegExp(`life ${pid}$`), environment: /^[0-9a-f]{12}$/ });
  t.ok(
    (death.facts?.memoryBytes ?? 0) > 0 && (death.facts?.openFiles ?? 0) >= 3 && death.facts?.threads === 1,
  );
  t.equal(typeof death.cpuMs, 'number');
  t.ok((death.startTime ?? 0) <= death.time);
  t.notMatch(JSON.stringify(deaths), /secret-word/);
  await until('it to be on disk', () => place.read('state/deaths').includes(`"pid":${pid}`));
  await first.ended('SIGKILL');
  const second = await startIn(t, place);
  t.strictSame((await second.client.explainProcess({ name: 'a' })).deaths, deaths);
  const shown = await second.told('why', 'a', '--deaths');
  t.match(
    shown.stdout,
    /^\S+ \S+: pid \d+ ended after .*\n {2}because: exit status 4: it ended by itself; not expected\n {2}it had: .* of memory/,
  );
  t.equal(JSON.parse((await second.told('why', 'a', '--deaths', '--json')).stdout).length, 5);
});

test('what ended while supd was away is told as such', async (t) => {
  const place = makePlace(t, program('a', 'waits', { autorestart: false }));
  const first = await startIn(t, place);
  const { pid } = await first.state('a', 'RUNNING');
  await first.ended('SIGKILL');
  process.kill(pid, 'SIGKILL');
  const second = await startIn(t, place);
  await second.state('a', 'EXITED');
  const death = await lastDeath(second, 'a');
  t.match(death, {
    pid,
    reason: /(exit status unknown: it ended while supd was not running|terminated by SIGKILL)/,
  });
});

test('damaged records are left out, and keep nobody from dying', async (t) => {
  const place = makePlace(t, program('a', 'waits', { autorestart: false }));
  mkdirSync(`${place.dir}/state`, { recursive: true });
  writeFileSync(`${place.dir}/state/deaths`, '"a:a" {"time":"never"}\n"a:a" {"time":1,"pi');
  const supd = await startIn(t, place);
  await supd.state('a', 'RUNNING');
  await supd.told('stop', 'a');
  t.equal((await supd.client.explainProcess({ name: 'a' })).deaths.length, 1);
  await supd.logs(/state\/deaths: damaged records of a:a are left out \(2\)/);
});

test('events tell starts, ends with their cause, requests with their reason, and changes; from where one left', async (t) => {
  const supd = await startSupd(t, program('a', 'waits', { autorestart: true }));
  const { pid } = await supd.state('a', 'RUNNING');
  const watch = supd.client.watchEvents({ resumeToken: 'another-life-0' })[Symbol.asyncIterator]();
  const seen: EventView[] = [];
  const next = async (type: string) => {
    for (;;) {
      const { value } = await watch.next();
      if (value?.kind !== 'event') continue;
      seen.push(value.event);
      if (value.event.type === type) return value.event;
    }
  };
  await next('PROCESS_STATE_RUNNING');
  process.kill(pid, 'SIGKILL');
  t.match(await next('PROCESS_STATE_EXITED'), {
    name: 'a',
    details: { signal: 'SIGKILL', reason: /^terminated by SIGKILL: supd did not send/ },
  });
  const { resumeToken } = await next('PROCESS_STATE_RUNNING');
  await supd.told('restart', 'a', '--reason', 'new release');
  t.match(await next('REQUEST'), {
    details: {
      what: 'restart',
      targets: 'a',
      by: /^uid \d+ \(pid \d+\) at supd\.sock$/,
      reason: 'new release',
    },
  });
  t.match(await next('PROCESS_STATE_STOPPED'), {
    details: { reason: /restart was asked for by .*: new release/ },
  });
  supd.configure(program('a', 'waits', { autorestart: true, stopwaitsecs: 3 }));
  await supd.told('update');
  t.match(await next('PROCESS_CHANGED'), {
    name: 'a',
    details: { change: 'CHANGED', options: 'stopwaitsecs' },
  });
  await next('PROCESS_GROUP_UPDATED');
  await watch.return?.();
  const again: string[] = [];
  for await (const one of supd.client.watchEvents({ resumeToken })) {
    if (one.kind === 'event') again.push(one.event.resumeToken);
    if (again.at(-1) === seen.at(-1)?.resumeToken) break;
  }
  const at = seen.findIndex((one) => one.resumeToken === resumeToken);
  t.strictSame(
    again,
    seen.slice(at + 1).map((one) => one.resumeToken),
  );
});
