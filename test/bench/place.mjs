// A directory on a real disk for one benchmark, and what runs in it. Both are gone afterwards, however it ends.
import { mkdtempSync, rmSync } from 'node:fs';
import path from 'node:path';
import { childrenOf, isAlive } from './processes.mjs';
import { until } from './until.mjs';

const dirs = new Set();
const daemons = new Set();

/** /var/tmp is a disk where /tmp may be memory. */
export function makeDir(above = '/var/tmp') {
  const dir = mkdtempSync(path.join(above, 'supd-bench-'));
  dirs.add(dir);
  return dir;
}

export function removeDir(dir) {
  rmSync(dir, { recursive: true, force: true });
  dirs.delete(dir);
}

/** Has this child of ours ended with all its children when the benchmark does. */
export function keepTrackOf(child) {
  daemons.add(child);
  child.once('exit', () => daemons.delete(child));
}

/** Ends a daemon and its children at once, with no regard to what is being measured, and waits until they are gone. */
export async function endAtOnce(child) {
  const pids = killAll(child);
  await until(`the end of ${pids.join(', ')}`, () => !pids.some(isAlive), { everyMs: 10 });
}

/** After a broken run: nothing of it goes on beside the next. */
export async function endAll() {
  for (const child of [...daemons]) await endAtOnce(child);
}

/** Stopped first: it starts nothing between our look at its children and its end. */
function killAll(child) {
  if (!daemons.has(child)) return [];
  kill(child.pid, 'SIGSTOP');
  const pids = [...childrenOf(child.pid), child.pid];
  for (const pid of pids) kill(pid, 'SIGKILL');
  return pids;
}

function kill(pid, signal) {
  try {
    process.kill(pid, signal);
  } catch {
    // It has ended by itself.
  }
}

process.once('exit', () => {
  for (const child of [...daemons]) killAll(child);
  for (const dir of [...dirs]) removeDir(dir);
});
for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP']) process.once(signal, () => process.exit(130));
