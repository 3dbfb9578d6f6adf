// The whole run of `status`, with both daemons idle beside each other, and what starting Node alone takes.
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { control, sleepers, start, untilShown } from '../daemons.mjs';
import { less, none } from '../goals.mjs';
import { endAtOnce } from '../place.mjs';

export const status = {
  rows: [
    { name: 'status', title: 'status of 100 programs', unit: 'ms', goal: less },
    { name: 'status-floor', title: '  node -e 0 (floor)', unit: 'ms', goal: none },
  ],
  async run(bench) {
    const daemons = bench.daemons.map((which) => start(which, bench.dir, sleepers(100)));
    for (const daemon of daemons) await untilShown(daemon, 100);
    for (let round = bench.quick ? 5 : 21; round > 0; round -= 1) {
      for (const daemon of daemons) {
        const begin = performance.now();
        await control(daemon, 'status');
        bench.record('status', daemon.which, performance.now() - begin);
      }
      const { NODE_EXTRA_CA_CERTS: _, ...env } = process.env;
      const begin = performance.now();
      await once(spawn(process.execPath, ['-e', '0'], { env, stdio: 'ignore' }), 'close');
      bench.record('status-floor', bench.daemons[0], performance.now() - begin);
    }
    for (const daemon of daemons) await endAtOnce(daemon.child);
  },
};
