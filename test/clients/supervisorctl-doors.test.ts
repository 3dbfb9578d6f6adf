/** Unix and inet sockets, with and without a password, and what is no supervisor behind them. */
import { createHash } from 'node:crypto';
import tap from 'tap';
import { program, section } from '../helpers/place.js';
import { RPC, scenario } from './scenario.js';
import { begin, ctl, ctls, departing, holds, shown, states, writes } from './steps.js';

tap.jobs = 2;
tap.setTimeout(180_000);

const hashed = (password: string) => `{SHA}${createHash('sha1').update(password).digest('hex')}`;
const ONE = program('a', 'prints-both');
const UP = [states({ a: 'RUNNING' }), holds('a.out', 'to stdout')];
const inet = (options = {}) => section('inet_http_server', { port: '@HOST@', ...options });
const COMMANDS = [
  'status',
  'pid',
  'start a',
  'stop nobody',
  'tail a',
  'avail',
  'reread',
  'signal HUP nobody',
];
const to = (flags: string, commands: readonly string[] = COMMANDS) =>
  ctls(...commands.map((one) => `${flags} ${one}`));

scenario('an inet socket without a password', {
  conf: ONE + inet(),
  steps: [
    UP,
    to('-s http://@HOST@'),
    departing('version', ctl('-s http://@HOST@ version')),
    to('-s http://@HOST@ -u somebody -p wrong', ['status']),
    to('-s http://@HOST@/ignored/path', ['status']),
    begin('tail', '-s http://@HOST@ tail -f a'),
    shown('tail', 'to stdout\n'),
    ctl('-s http://@HOST@ tail -f nobody'),
    ctl('-s http://@HOST@ shutdown'),
    ctls('-s http://@HOST@ status', '-s http://@HOST@ start a', '-s http://@HOST@ shutdown'),
  ],
});

for (const [kind, password] of [
  ['a plain', 'secret:with:colons'],
  ['a hashed', hashed('secret:with:colons')],
] as const) {
  scenario(`an inet socket with ${kind} password`, {
    conf: ONE + inet({ username: 'admin', password }),
    steps: [
      UP,
      to('-s http://@HOST@ -u admin -p secret:with:colons'),
      to('-s http://@HOST@', [
        ...COMMANDS,
        'shutdown',
        'reload',
        'update',
        'add a',
        'maintail',
        'fg a',
        'clear a',
      ]),
      to('-s http://@HOST@ -u admin -p wrong', ['status', 'stop a']),
      to('-s http://@HOST@ -u other -p secret:with:colons', ['status', 'stop a']),
      to(`-s http://@HOST@ -u admin -p ${password}`, ['status']),
      ctl('-s http://@HOST@ -u admin -p secret:with:colons tail -f nobody'),
      begin('tail', '-s http://@HOST@ -u admin -p secret:with:colons tail -f a'),
      shown('tail', 'to stdout\n'),
    ],
  });
}

scenario('a unix socket with a password, which supervisorctl’s section knows', {
  conf:
    ONE +
    section('unix_http_server:guarded', { file: '%(here)s/guarded.sock', username: 'u', password: 'p' }) +
    inet({ username: 'i', password: hashed('p') }),
  steps: [
    UP,
    to('-s unix://@DIR@/guarded.sock -u u -p p'),
    departing('version', ctl('version')),
    to('-s unix://@DIR@/guarded.sock', ['status', 'stop a']),
    to('-s unix://@DIR@/guarded.sock -u u -p x', ['status']),
    to('-s unix://@DIR@/guarded.sock -u i -p p', ['status']),
    writes('ctl.conf', '[supervisorctl]\nserverurl=unix:///guarded.sock\nusername=u\npassword=p\n'),
    to('-c ctl.conf -s unix://@DIR@/guarded.sock', ['status a']),
    ctls('-s unix://@DIR@/ctl.sock status', '-s http://@HOST@ -u i -p p status'),
  ],
});

scenario('without [rpcinterface:supervisor] there is nothing to talk to', {
  bare: true,
  conf: ONE,
  steps: [
    holds('a.out', 'to stdout'),
    ctls(...COMMANDS, 'update', 'add a', 'remove a', 'reload', 'shutdown', 'fg a'),
  ],
});

scenario('another name of the interface is another name of its methods', {
  bare: true,
  conf: ONE + RPC.replace('rpcinterface:supervisor', 'rpcinterface:other'),
  steps: [holds('a.out', 'to stdout'), ctls('status', 'pid', 'start a')],
});

scenario('where nobody listens the client says so', {
  conf: ONE,
  steps: [
    UP,
    to('-s unix://@DIR@/nothing.sock', [
      ...COMMANDS,
      'shutdown',
      'reload',
      'update',
      'add a',
      'remove a',
      'fg a',
    ]),
    to('-s http://@HOST@', [...COMMANDS, 'shutdown', 'reload', 'update', 'add a', 'remove a', 'fg a']),
    to('-s unix://@DIR@/ctl.sock', ['status']),
    ctls('-s ftp://@HOST@ status', '-s nonsense status', '--nonsense status', '-c @DIR@/nothing.conf status'),
  ],
});
