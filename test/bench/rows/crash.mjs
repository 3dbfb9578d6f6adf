// From the kill of a running program until its successor is there.
import { sleepers, start, untilShown } from '../daemons.mjs';
import { less } from '../goals.mjs';
import { endAtOnce } from '../place.mjs';
import { childrenOf } from '../processes.mjs';
import { until } from '../until.mjs';

export const crashing = {
  rows: [{ name: 'crash', title: 'killed program runs again', unit: 'ms', goal: less }],
  async run(bench) {
    const programs = 10;
    await bench.alternate(bench.quick ? 1 : 3, async (which) => {
      const daemon = start(which, bench.dir, sleepers(programs));
      // Up for longer than startsecs: a crash, not a failed start.
      await untilShown(daemon, programs);
      for (const pid of childrenOf(daemon.pid)) {
        const before = new Set(childrenOf(daemon.pid));
        const begin = performance.now();
        process.kill(pid, 'SIGKILL');
        const isBack = () => childrenOf(daemon.pid).some((one) => !before.has(one));
        await until(`restart by ${which.name}`, isBack, { everyMs: 1 });
        bench.record('crash', which, performance.now() - begin);
      }
      await endAtOnce(daemon.child);
    });
  },
};
