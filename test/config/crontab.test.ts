import { test } from 'tap';
import { countLeftOut, importCrontab } from '../../src/config/crontab.js';
import { configOf, problemsOf } from '../helpers/fake-surroundings.js';

function imported(text: string, file = '/tmp/crontab'): string {
  return importCrontab({ file, text, isUser: (name) => name === 'zope' });
}

test('a crontab becomes jobs that mean the same, and a right configuration', async (t) => {
  const text = imported(`# comment
SHELL=/bin/bash
MAILTO=root
PATH=/usr/bin:/bin
0 3 * * * zope /srv/bin/backup -q
*/15 * * * * /srv/bin/backup --small
30 2 * * 0 cd /srv && ./pack | logger ; date +\\%F
@reboot /srv/bin/start
@daily mail -s x root%Hello%It's me
61 * * * * /bin/true
`);
  t.same(problemsOf(`[supd]\n${text}`), []);
  const { jobs, notify } = configOf(`[supd]\n${text}`);
  t.same(
    jobs.map(({ name, schedule, action, notify: to }) => [
      name,
      schedule,
      action.kind === 'command' && [action.launch.command, action.launch.user],
      to,
    ]),
    [
      ['backup', '0 3 * * *', ['/srv/bin/backup -q', 'zope'], ['cron']],
      ['backup-2', '*/15 * * * *', ['/srv/bin/backup --small', undefined], ['cron']],
      ['srv', '30 2 * * 0', ["/bin/bash -c 'cd /srv && ./pack | logger; date +%F'", undefined], ['cron']],
      [
        'mail',
        '@daily',
        [
          `/bin/bash -c 'printf '\\''%s\\n'\\'' '\\''Hello'\\'' '\\''It'\\''\\'\\'''\\''s me'\\'' | mail -s x root'`,
          undefined,
        ],
        ['cron'],
      ],
    ],
  );
  const [first] = jobs;
  t.match(first?.action.kind === 'command' && first.action.launch.environment, { PATH: '/usr/bin:/bin' });
  t.match(notify, [{ name: 'cron', mail: { to: ['root'] } }]);
  t.match(text, /^; A job is run without a shell; this command needs one\.$/m);
  t.match(text, /^; @reboot is no time: .*\[program:x\]/m);
  t.match(text, /^; not taken over: .*"61".*0 to 59/m);
  t.match(text, /^; \/tmp\/crontab:5: 0 3/m);
  t.match(text, /^; "zope" was taken for the user it runs as/m);
  t.match(text, /^; cron ran these as their user, in his home: .*directory=/);
  t.equal(countLeftOut(text), 2, 'one is @reboot, one has a minute 61');
});

test('a command that is also the name of a user is a command when an option follows', async (t) => {
  const text = imported('0 3 * * * zope -q root\n');
  t.match(text, /^command=zope -q root$/m);
  t.notMatch(text, /^user=/m);
});

test('in /etc/crontab the sixth field is the user, known or not; MAILTO="" tells nobody', async (t) => {
  const text = imported('MAILTO=""\n1 2 * * * nobody42 /bin/true\n', '/etc/crontab');
  t.match(text, /^user=nobody42$/m);
  t.match(text, /^command=\/bin\/true$/m);
  t.match(text, /^notify=$/m);
});

test('whatever stands in a crontab, what comes of it is a right configuration, and says what is left out', async (t) => {
  const text = imported(`A="quo""te"
B='say "hi" now'
C=it's
D="
0 3 * * * $(rm -rf /); \`id\`
5 4 * * *
BAD LINE
[job:evil]
@daily
0 3 * * * echo "unclosed
0 3 * * * nul\0byte
0 3 * * * -rf
0 3 * * * cr\r
0 3 * * * echo %(here)s %% ; [job:evil]
MAILTO=50%@example.com
0 3 * * * last`);
  t.same(problemsOf(`[supd]\n${text}`), []);
  const { jobs, notify } = configOf(`[supd]\n${text}`);
  t.same(
    jobs.map(({ name, action }) => [name, action.kind === 'command' && action.launch.command]),
    [
      ['job', "/bin/sh -c '$(rm -rf /); `id`'"],
      ['echo', `/bin/sh -c 'echo "unclosed'`],
      ['job-2', '-rf'],
      ['cr', 'cr'],
      ['echo-2', jobs[4]?.action.kind === 'command' && jobs[4].action.launch.command],
      ['last', 'last'],
    ],
  );
  const [first] = jobs;
  t.match(first?.action.kind === 'command' && first.action.launch.environment, {
    A: 'quo""te',
    B: 'say "hi" now',
    C: "it's",
  });
  t.match(notify, [{ mail: { to: ['50%@example.com'] } }]);
  t.match(text, /^; D is left out: its quotes can't be written in environment=\.$/m);
  t.match(
    text,
    /BAD LINE\n; not taken over: right is five fields \(minute hour day month weekday\), then a command/,
  );
  t.match(text, /@daily\n; not taken over: right is a command behind the time/);
  t.match(text, /; not taken over: a NUL character/);
});
