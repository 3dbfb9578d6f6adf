import { test } from 'tap';
import { importCrontab } from '../../src/config/crontab.js';
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
});

test('in /etc/crontab the sixth field is the user, known or not; MAILTO="" tells nobody', async (t) => {
  const text = imported('MAILTO=""\n1 2 * * * nobody42 /bin/true\n', '/etc/crontab');
  t.match(text, /^user=nobody42$/m);
  t.match(text, /^command=\/bin\/true$/m);
  t.match(text, /^notify=$/m);
});
