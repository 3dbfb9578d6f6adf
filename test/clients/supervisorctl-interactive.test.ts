/** supervisorctl's shell, and its words that need no daemon's answer. */
import tap from 'tap';
import { program, section } from '../helpers/place.js';
import { RPC, scenario } from './scenario.js';
import { configures, ctl, ctls, daemonEnds, holds, states } from './steps.js';

tap.jobs = 2;
tap.setTimeout(180_000);

const CONF =
  program('a', 'waits') +
  program('b', 'waits', { autostart: false }) +
  section('inet_http_server', { port: '@HOST@', username: 'admin', password: 'secret' });
const COMMANDS =
  'add avail clear exit fg maintail open pid quit reload remove reread restart shutdown signal start status stop tail update version help EOF nonsense';

/** What is typed, line by line. */
const typed = (flags: string, ...lines: readonly string[]) =>
  ctl(flags, { input: lines.map((l) => `${l}\n`).join('') });

scenario('the shell answers line by line, and always ends with 0', {
  conf: CONF,
  steps: [
    states({ a: 'RUNNING' }),
    holds('a.out', 'ready'),
    ctl(''),
    typed('', 'quit'),
    typed('', 'exit'),
    typed('-i', 'stop a', 'start a b', 'stop nobody', '', 'nonsense', 'status b', 'pid b', 'quit'),
    typed(
      '-i',
      'stop b',
      'tail a',
      'avail',
      'reread',
      'signal CONT a',
      'signal',
      'add a',
      'remove a',
      'clear a',
      'help',
    ),
    ctl('-i status'),
    typed('', 'restart a', 'start', 'stop', 'fg', 'fg b', '?', '! ls', 'status a; status b', 'Status'),
    typed('', 'open http://@HOST@', 'admin', 'secret', 'status a', 'quit'),
    typed(
      '',
      'open nonsense',
      'open unix://@DIR@/nothing.sock',
      'status',
      'open unix://@DIR@/ctl.sock',
      'quit',
    ),
    typed('-s http://@HOST@', 'admin', 'secret', 'stop a', 'status', 'quit'),
    typed('-s http://@HOST@', 'admin', 'wrong', 'admin', 'secret', 'quit'),
    typed('-s http://@HOST@ -u admin -p secret', 'start a', 'quit'),
  ],
});

scenario('the shell asks before it shuts down or restarts', {
  conf: CONF,
  steps: [
    states({ a: 'RUNNING' }),
    typed('', 'reload', 'n', 'shutdown', '', 'shutdown x', 'reload x', 'status', 'quit'),
    configures(RPC + CONF + program('c', 'waits')),
    typed('', 'reload', 'y', 'quit'),
    states({ a: 'RUNNING', c: 'RUNNING' }),
    typed('', 'shutdown', 'Yes', 'quit'),
    daemonEnds,
    typed('', 'status', 'start a', 'shutdown', 'y', 'avail', 'quit'),
  ],
});

scenario('help and unknown words', {
  conf: CONF,
  steps: [
    ctls(
      'help',
      ...COMMANDS.split(' ').map((word) => `help ${word}`),
      'nonsense',
      'nonsense a b',
      '?',
      'quit',
      'exit',
    ),
    ctls('open', 'open ftp://x', 'open unix://@DIR@/ctl.sock', 'open http://@HOST@', 'version x', 'Status'),
  ],
});
