import { test } from 'tap';
import type { Problem } from '../../src/config/config.js';
import type { Departure } from '../../src/config/departures.js';
import { call } from './outside.js';

const departure: Departure = {
  name: 'stopasgroup',
  different: 'it is so without it',
  advice: 'may stay',
  strict: true,
  places: [
    { file: 's.conf', line: 3, section: 'program:x', key: 'stopasgroup' },
    { file: 's.conf', line: 7, section: 'program:y' },
  ],
};

function outside(departures: readonly Departure[] | undefined, errors: readonly Problem[] = []) {
  return {
    findDepartures: async () => departures,
    loadConfiguration: async () => ({ ok: false, problems: errors }) as const,
  };
}

test('check --from-supervisord tells each departure with its places, and what to do', async (t) => {
  const error = { severity: 'error', file: 's.conf', line: 9, message: 'odd' } as const;
  const { out, exit } = await call(
    {},
    ['check', '--from-supervisord', 's.conf'],
    outside([departure], [error]),
  );
  t.equal(
    out,
    [
      's.conf:9: odd',
      's.conf:3: [program:x] stopasgroup',
      's.conf:7: [program:y]',
      '    it is so without it.',
      '    May stay. compat=strict in [supd] undoes it.',
      '',
      's.conf: supd does not take it; 1 departure from supervisord',
      '',
    ].join('\n'),
  );
  t.equal(exit, 2);
});

test('check --from-supervisord --json is one array', async (t) => {
  const { out } = await call({}, ['check', '--from-supervisord', '--json'], outside([departure]));
  t.same(JSON.parse(out), [departure]);
});
