import { test } from 'tap';
import { NOTICE_WORDS } from '../../src/core/notice.js';
import { configOf, problemsOf } from '../helpers/fake-surroundings.js';

function faultsOf(options: string): readonly string[] {
  return problemsOf(`[supd]\n[notify:ops]\n${options}`).map((line) => line.replace(/^supd\.conf:\d+: /, ''));
}

test('every option of [notify:x] arrives', async (t) => {
  const [ops] = configOf(`[supd]
[notify:ops]
mail=root@localhost, admin@example.com
smtp=mail.example.com:465
smtp_user=supd
smtp_password=secret
smtp_tls=true
from=supd@example.com
webhook=https://chat.example.com/x
command=/bin/cat -n
on=failed, Recovered
every=1h
`).notify;
  t.same(ops, {
    name: 'ops',
    on: ['failed', 'recovered'],
    everyMs: 3_600_000,
    mail: {
      to: ['root@localhost', 'admin@example.com'],
      from: 'supd@example.com',
      smtp: { host: 'mail.example.com', port: 465, tls: true, user: 'supd', password: 'secret' },
    },
    webhook: 'https://chat.example.com/x',
    command: '/bin/cat -n',
  });
});

test('without `on` everything is told, without smtp by sendmail', async (t) => {
  const [ops] = configOf('[supd]\n[notify:ops]\nmail=root\n').notify;
  t.same(ops, { name: 'ops', on: NOTICE_WORDS, everyMs: 0, mail: { to: ['root'] } });
});

test('words that nobody knows are an error with the list, and the nearest one', async (t) => {
  const [fault = ''] = faultsOf('command=cat\non=failed,recoverd\n');
  t.match(fault, /on: "recoverd" is none of failed, degraded, .*recovered/);
  t.match(fault, /did you mean .*recovered/);
  t.match(faultsOf('command=cat\non=\n'), [/on: is empty; right are some of failed/]);
});

test('what could never be delivered is an error', async (t) => {
  t.match(faultsOf('on=failed\n'), [/tells nobody; give mail, webhook or command/]);
  t.match(faultsOf('webhook=ftp://x/\n'), [/webhook: "ftp:\/\/x\/" is no place to post to/]);
  t.match(faultsOf('mail=-oQ/tmp@x\n'), [/mail: "-oQ\/tmp@x" is no mail address/]);
  t.match(faultsOf("mail=a'b@x\n"), [/mail: .* is no mail address/]);
  t.match(faultsOf('mail=a@x\nfrom=nobody here\n'), [/from: "nobody here" is no mail address/]);
  t.match(faultsOf('mail=a@x\nsmtp=:25\n'), [/smtp: names no mail server/]);
  t.match(faultsOf('mail=a@x\nsmtp=m:25\nsmtp_user=u\n'), [/smtp_user: needs smtp_password too/]);
  t.match(faultsOf('command="x\n'), [/command: No closing quotation/]);
  t.match(faultsOf('webhook=http://x/\nsmtp=m:25\n'), [/smtp: has no effect without mail/]);
});

test('a job may name sections, nobody, or leave it at all of them', async (t) => {
  const jobs = configOf(
    '[supd]\n[notify:ops]\ncommand=cat\n[job:a]\ncommand=a\nnotify=ops\n[job:b]\ncommand=b\nnotify=\n[job:c]\ncommand=c\n',
  ).jobs;
  t.same(
    jobs.map(({ notify }) => notify),
    [['ops'], [], undefined],
  );
});
