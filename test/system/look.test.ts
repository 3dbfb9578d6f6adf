/** What looks at a running supd: health, wait, top, completion. */
import { execFileSync } from 'node:child_process';
import path from 'node:path';
import { test } from 'tap';
import { program, section } from '../helpers/place.js';
import { startSupd } from '../helpers/start-supd.js';

test('health, wait and top tell the same of a program that serves and one that does not', async (t) => {
  const supd = await startSupd(
    t,
    program('a', 'waits') + program('b', '/bin/false', { startsecs: 60, startretries: 0 }),
  );
  t.match(await supd.told('wait', 'a', '--timeout', '60'), { status: 0, stdout: '' });
  t.match(await supd.told('wait', 'b', '--timeout', '60'), { status: 1, stdout: /^b: FATAL \(/ });
  const health = await supd.told('health');
  t.match(health, { status: 1, stdout: /^supd +SERVING\na +SERVING +RUNNING.*\nb +NOT_SERVING +FATAL/ });
  t.equal((await supd.told('health', 'a')).status, 0);
  const top = await supd.told('top', '--once', '--sort', 'name');
  t.match(top, {
    status: 0,
    stdout: /^2 processes, 1 running: .*\nNAME .*\na +RUNNING +\d+ +[\d.]+ +[\d.]+ [KM]B /,
  });
  t.match(await supd.told('wait', 'nobody'), { status: 1, stdout: 'nobody: ERROR (no such process)\n' });
});

test('bash completes commands, names with colons, and asks the daemon that -c names', async (t) => {
  const supd = await startSupd(
    t,
    program('web1', 'waits') + program('web2', 'waits') + section('group:site', { programs: 'web1,web2' }),
  );
  await supd.state('site:web1', 'RUNNING');
  const script = (await supd.told('completion', 'bash')).stdout;
  const completed = (line: string) =>
    execFileSync(
      'bash',
      [
        '-c',
        `${script}\nCOMP_LINE=$1 COMP_POINT=${'$'}{#1}\n_supctl\nprintf '%s\\n' "${'$'}{COMPREPLY[@]}"`,
        'bash',
        line,
      ],
      { encoding: 'utf8', env: { ...process.env, PATH: `${path.resolve('bin')}:${process.env.PATH}` } },
    )
      .trim()
      .split('\n');
  t.same(completed('supctl rela'), ['']);
  t.same(completed('supctl reload-'), ['reload-program']);
  t.same(completed(`supctl -c ${supd.conf} why site:w`), ['web1', 'web2']);
  t.same(completed(`supctl -c ${supd.conf} stop si`), ['site:*', 'site:web1', 'site:web2']);
});
