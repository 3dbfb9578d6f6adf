import { readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { test } from 'tap';
import { DEPARTURES, type Departure } from './departures.js';

const here = path.resolve('test/clients');

test('each departure that a client sees is in the README, and at a step of a scenario', async (t) => {
  const [, section = ''] =
    /## Where supd departs from supervisord\n([\s\S]*?)\n## /.exec(readFileSync('README.md', 'utf8')) ?? [];
  const words = section.replace(/\s+/g, ' ');
  const scenarios = readdirSync(here)
    .filter((name) => /^(supervisorctl|xmlrpc)-.*\.test\.ts$/.test(name))
    .map((name) => readFileSync(path.join(here, name), 'utf8'))
    .join('');
  for (const [name, { readme }] of Object.entries<Departure>(DEPARTURES)) {
    t.ok(words.includes(readme), `README: "${readme}"`);
    t.ok(scenarios.includes(`departing('${name}',`), `a scenario departs at '${name}'`);
  }
});
