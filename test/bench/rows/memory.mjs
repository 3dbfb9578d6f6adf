// Resident memory of the daemon with 100 idle programs.
import { control, sleepers, start, untilShown } from '../daemons.mjs';
import { below } from '../goals.mjs';
import { endAtOnce } from '../place.mjs';
import { residentMegabytes } from '../processes.mjs';
import { pause } from '../until.mjs';

export const memory = {
  rows: [
    { name: 'memory', title: 'memory with 100 programs', unit: 'MB', goal: below(65) },
    { name: 'memory-asked', title: '  after 20 times status', unit: 'MB', goal: below(65) },
  ],
  async run(bench) {
    await bench.alternate(bench.quick ? 1 : 3, async (which) => {
      const daemon = start(which, bench.dir, sleepers(100));
      await untilShown(daemon, 100);
      await pause(2000);
      bench.record('memory', which, residentMegabytes(daemon.pid));
      for (let i = 0; i < 20; i += 1) await control(daemon, 'status');
      bench.record('memory-asked', which, residentMegabytes(daemon.pid));
      await endAtOnce(daemon.child);
    });
  },
};
