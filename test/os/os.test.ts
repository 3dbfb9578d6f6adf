/** The seam to Linux, on real processes. */
import { closeSync, mkdtempSync, readSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { test } from 'tap';
import type { Exit } from '../../src/core/program.js';
import { findAccount, findGroup } from '../../src/os/accounts.js';
import { closeInherited } from '../../src/os/exec.js';
import { Exits } from '../../src/os/exits.js';
import { makeFifo, openForChild, openForPump, writeToFifo } from '../../src/os/fifo.js';
import { withNofile } from '../../src/os/limits.js';
import { takeLock } from '../../src/os/lock.js';
import { readNofileLimit, readStat, readStatus } from '../../src/os/proc.js';
import { SpawnError, spawnProcess } from '../../src/os/spawn.js';
import { isAlive, Snapshot } from '../../src/os/tree.js';

const exits = new Exits();
// Waiting for a signal alone does not keep Node running.
const alive = setInterval(() => {}, 1000);
const scratch = mkdtempSync(path.join(tmpdir(), 'supd-os-'));
process.on('exit', () => rmSync(scratch, { recursive: true, force: true }));

/** Runs a shell script with its output in a FIFO; gives how it ended and what it wrote. */
async function sh(script: string, more: { directory?: string; umask?: number } = {}) {
  const fifo = path.join(scratch, `out${Math.random()}`);
  makeFifo(fifo, process.geteuid?.() ?? 0, process.getegid?.() ?? 0);
  const [read, write] = [openForPump(fifo), openForChild(fifo)];
  const pid = spawnProcess({
    file: '/bin/sh',
    argv: ['sh', '-c', script],
    env: ['PATH=/usr/bin:/bin', 'TAG=yes'],
    fds: [
      [0, write],
      [1, write],
      [2, write],
    ],
    ...more,
  });
  closeSync(write);
  const exit = await new Promise<Exit>((resolve) => exits.expect(pid, resolve));
  const buffer = Buffer.alloc(65536);
  let text = '';
  try {
    text = buffer.toString('utf8', 0, readSync(read, buffer));
  } catch {
    // Nothing was written.
  }
  closeSync(read);
  return { pid, exit, text };
}

test('a child gets what it is given and nothing else', async (t) => {
  // As supd does at its start: what its own parent left open is not for its children.
  closeInherited([]);
  const { text, exit, pid } = await sh('echo $TAG; umask; pwd; ls /proc/self/fd; cat /proc/self/stat', {
    directory: '/usr',
    umask: 0o27,
  });
  const [tag, mask, dir, ...rest] = text.split('\n');
  t.same([tag, mask, dir], ['yes', '0027', '/usr']);
  t.same(rest.slice(0, 4), ['0', '1', '2', '3'], 'the directory that ls reads is its fourth');
  t.equal(rest[4]?.split(' ')[4], String(pid), 'its own process group');
  t.same(exit, { code: 0 });
});

test('signals are at their defaults and none is blocked, whatever supd ignores', async (t) => {
  process.on('SIGINT', () => {});
  const { text } = await sh('grep -E "^Sig(Blk|Ign)" /proc/self/status');
  t.match(text, /SigBlk:\s0+\nSigIgn:\s0+\n/);
  process.removeAllListeners('SIGINT');
});

test('exits tell code or signal', async (t) => {
  t.same((await sh('exit 7')).exit, { code: 7 });
  t.match((await sh('kill -9 $$')).exit, { signal: 9 });
});

test('what can not be executed is told by its errno', async (t) => {
  const attempt = (file: string) => () => spawnProcess({ file, argv: [file], env: [], fds: [] });
  t.throws(attempt('/nonexistent'), new SpawnError('ENOENT'));
  t.throws(attempt('/etc/passwd'), new SpawnError('EACCES'));
});

test('orphans of a program come to supd and are found by its tag', async (t) => {
  const { pid } = await sh('setsid sh -c "sleep 1000 & echo \\$! > orphan" >/dev/null 2>&1 &  sleep 0.2', {
    directory: scratch,
  });
  const left = new Snapshot().leftover(
    pid,
    () => false,
    (orphan) => readStatus(orphan) !== undefined,
  );
  t.ok(left.length > 0, 'something is left');
  for (const member of left) process.kill(member.pid, 'SIGKILL');
  for (const member of left) while (isAlive(member)) await new Promise((resolve) => setImmediate(resolve));
});

test('a stream can be written and read through its FIFO, also when nobody else holds it', async (t) => {
  const fifo = path.join(scratch, 'in');
  makeFifo(fifo, process.geteuid?.() ?? 0, process.getegid?.() ?? 0);
  t.equal(statSync(fifo).mode & 0o777, 0o600);
  t.notOk(writeToFifo(fifo, Buffer.from('lost')), 'nobody reads');
  const fd = openForPump(fifo);
  t.ok(writeToFifo(fifo, Buffer.from('hello')));
  const buffer = Buffer.alloc(16);
  t.equal(buffer.toString('utf8', 0, readSync(fd, buffer)), 'hello');
  closeSync(fd);
});

test('accounts and groups are the system’s', async (t) => {
  t.match(findAccount('root'), { name: 'root', uid: 0, gid: 0, groups: [0] });
  t.equal(findAccount('0')?.name, 'root');
  t.equal(findAccount('no-such-user'), undefined);
  t.equal(findGroup('root'), 0);
  t.equal(findGroup('no-such-group'), undefined);
});

test('a lock is held by one at a time and ends with its descriptor', async (t) => {
  const file = path.join(scratch, 'lock');
  const first = takeLock(file);
  t.type(first, 'number');
  t.equal(takeLock(file), undefined);
  closeSync(first ?? -1);
  const second = takeLock(file);
  t.type(second, 'number');
  closeSync(second ?? -1);
});

test('children can have a lower limit of open files than supd', async (t) => {
  const own = readNofileLimit(process.pid);
  let text = '';
  const started = withNofile(512, () => sh('ulimit -n'));
  text = (await started).text;
  t.equal(text.trim(), '512');
  t.equal(readNofileLimit(process.pid), own, 'supd keeps its own');
});

test('the state of a process is read from the last parenthesis on', async (t) => {
  t.match(readStat(process.pid), { pid: process.pid, ppid: process.ppid });
  t.equal(readStat(2 ** 22 + 1), undefined);
});

test('closed, nobody waits for children any more', async (t) => {
  exits.close();
  clearInterval(alive);
  t.equal(process.listenerCount('SIGCHLD'), 0);
});
