// From the command until the daemon has ended, after its 100 programs.
import { once } from 'node:events';
import { control, sleepers, start, untilShown } from '../daemons.mjs';
import { less } from '../goals.mjs';
import { childrenOf, isAlive } from '../processes.mjs';

export const shuttingDown = {
  rows: [{ name: 'shutdown', title: 'shutdown of 100 programs', unit: 'ms', goal: less }],
  async run(bench) {
    await bench.alternate(bench.quick ? 1 : 5, async (which) => {
      const daemon = start(which, bench.dir, sleepers(100));
      await untilShown(daemon, 100);
      const pids = childrenOf(daemon.pid);
      const ended = once(daemon.child, 'exit').then(() => performance.now());
      const begin = performance.now();
      const told = control(daemon, 'shutdown');
      bench.record('shutdown', which, (await ended) - begin);
      await told;
      const left = pids.filter(isAlive);
      if (left.length > 0) throw new Error(`${which.name} left ${left.length} programs alive`);
    });
  },
};
