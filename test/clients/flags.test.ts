/** Command lines that end before anything runs, given to supervisord and to supd: what they say and how they end. */
import { spawnSync } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import path from 'node:path';
import { test } from 'tap';
import { makePlace } from '../helpers/place.js';
import { requireStack } from '../helpers/require.js';

const root = path.resolve(import.meta.dirname, '../../..');

/** What it says, its own name as NAME; how it ends. */
function answer(program: string, words: readonly string[]): string {
  const { status, stdout, stderr } = spawnSync(program, words, { encoding: 'utf8', env: process.env });
  const text = `${stdout}${stderr}`.replaceAll(program, 'NAME').replaceAll(path.basename(program), 'NAME');
  return `${text}(${status})`;
}

const COMMON = ['-x', '--foo', '-c', '-c /nope', '-c /tmp', '-c a -c b'];
const DAEMON = [
  ...COMMON,
  '--log',
  '--c',
  '--nodaemon=1',
  'foo bar',
  '-e foo',
  '-m 9',
  '-d /nope',
  '-l /nope/x',
  '-y 5x',
  '-z a',
  '-j /nope/x',
  '-q /nope',
  '-a b',
  '--minprocs b',
  '-n -n',
  '-i x -c /nope',
  '-v',
  '--vers',
  '-nv',
  '-v -e foo',
  '--profile_options=calls -v',
];
const CLIENT = [
  ...COMMON,
  '--h=3',
  '-s foo',
  '-s http://',
  '-u a -u b',
  '-p a -p b',
  '-s unix:///nope status',
  '-s unix:///nope version',
  '-s unix:///nope pid x',
  '-s unix:///nope shutdown',
  '-s unix:///nope bogus',
  '-s unix:///nope help bogus',
  '-s unix:///nope open foo',
  '-s unix:///nope exit',
  '-i -s unix:///nope status',
];

for (const [program, lines] of [
  ['supervisord', DAEMON],
  ['supervisorctl', CLIENT],
] as const) {
  test(`bin/${program} takes and refuses what ${program} does, in its words`, async (t) => {
    if (!requireStack(t, ['supervisord'])) return;
    for (const line of lines) {
      const words = line.split(' ');
      const ours = answer(path.join(root, 'bin', program), words)
        // What helps more, on stderr.
        .replace(/^supctl: .*\n/gm, '')
        .replace(/^(Error: could not read config file \S+): E[A-Z]+: .*$/gm, '$1');
      t.equal(ours, answer(`/usr/bin/${program}`, words), line);
    }
  });
}

test('echo_supervisord_conf prints an example that supd takes', async (t) => {
  const place = makePlace(t, '');
  const { stdout, status } = spawnSync(path.join(root, 'bin/echo_supervisord_conf'), ['ignored'], {
    encoding: 'utf8',
  });
  t.equal(status, 0);
  writeFileSync(place.conf, stdout);
  t.same(await place.run(['--check', '-c', place.conf]), { status: 0, stdout: '', stderr: '' });
  t.equal((await place.run(['--help-config'])).stdout, stdout);
});
