// From the execution of the daemon until all its programs have been executed.
import { sleepers, start } from '../daemons.mjs';
import { less } from '../goals.mjs';
import { endAtOnce } from '../place.mjs';
import { childrenOf, commandOf } from '../processes.mjs';
import { until } from '../until.mjs';

const row = (name, title) => ({ name, title, unit: 'ms', goal: less });

export const starting = {
  rows: [
    row('start-first', 'first of 100 programs runs'),
    row('start-100', '100 programs run'),
    row('start-500', '500 programs run'),
  ],
  async run(bench) {
    const rounds = bench.quick ? 2 : 7;
    if (bench.wants('start-first', 'start-100'))
      await bench.alternate(rounds, (which) => measure(bench, which, 100));
    if (bench.wants('start-500'))
      await bench.alternate(bench.quick ? 1 : 5, (which) => measure(bench, which, 500));
  },
};

async function measure(bench, which, count) {
  const daemon = start(which, bench.dir, sleepers(count));
  const running = new Set();
  let first;
  await until(`${count} programs of ${which.name} run`, () => {
    const pids = childrenOf(daemon.pid);
    // One look at the first tells that there is one; all are looked at when there are enough.
    const asked = pids.length < count ? pids.slice(0, first === undefined ? 1 : 0) : pids;
    for (const pid of asked) if (!running.has(pid) && commandOf(pid) === 'sleep') running.add(pid);
    if (running.size > 0) first ??= performance.now() - daemon.begin;
    return running.size >= count;
  });
  const all = performance.now() - daemon.begin;
  if (count === 100) bench.record('start-first', which, first);
  bench.record(`start-${count}`, which, all);
  await endAtOnce(daemon.child);
}
