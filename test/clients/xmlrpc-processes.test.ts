/** Python's xmlrpc.client: processes, their states, starts, stops and signals. */
import tap from 'tap';
import { program, section } from '../helpers/place.js';
import { DOWN, EVERY, HELD, HOLDING } from './held.js';
import { scenario } from './scenario.js';
import { asks, beginAsking, content, finished, holds, signals, states, writes } from './steps.js';

tap.jobs = 2;
tap.setTimeout(180_000);

scenario('every field of every state', {
  conf: HELD,
  steps: [
    HOLDING,
    asks('supervisor.getAllProcessInfo()', ...EVERY.map((name) => `supervisor.getProcessInfo('${name}')`)),
    asks(
      "supervisor.getProcessInfo('nobody')",
      "supervisor.getProcessInfo('running:running')",
      "supervisor.getProcessInfo('running:*')",
      "supervisor.getProcessInfo('running:')",
      "supervisor.getProcessInfo('nobody:*')",
      "supervisor.getProcessInfo('')",
      "supervisor.getProcessInfo(':')",
      "supervisor.getProcessInfo('running:nobody')",
      "supervisor.getProcessInfo(' running')",
    ),
  ],
});

scenario('starts and stops of one process', {
  conf:
    HELD +
    program('plain', '%(here)s/supervisord.conf', DOWN) +
    program('open', '"unclosed', DOWN) +
    program('directory', '/tmp', DOWN) +
    program('vanished', 'no-such-word', DOWN) +
    program('quits', 'exits-after 0 3', { ...DOWN, startsecs: 1000, startretries: 0 }) +
    program('slow', 'waits', { ...DOWN, startsecs: 100_000, startretries: 0 }),
  steps: [
    HOLDING,
    asks(
      ...EVERY.filter((name) => !/stopping|exited|failed|fatal/.test(name)).map(
        (name) => `supervisor.startProcess('${name}', False)`,
      ),
      ...['plain', 'open', 'directory', 'vanished', 'nobody', 'nobody:*'].map(
        (n) => `supervisor.startProcess('${n}')`,
      ),
      "supervisor.startProcess('quits')",
      "supervisor.startProcess('slow', False)",
      "supervisor.startProcess('slow')",
      "supervisor.startProcess('running:*')",
      "supervisor.startProcess('down:*')",
      "supervisor.startProcess('running:nobody')",
    ),
    states({ quits: 'FATAL', slow: 'STARTING', down: 'RUNNING', ended: 'RUNNING', fatal: 'FATAL' }),
    asks("[supervisor.getProcessInfo(x) for x in ('quits', 'plain', 'open', 'directory', 'vanished')]"),
    asks(
      ...[...EVERY, 'slow', 'nobody', 'nobody:*', 'running:nobody']
        .map((name) => `supervisor.stopProcess('${name}')`)
        .filter((line) => !/exited|failed|stopping/.test(line)),
      "supervisor.stopProcess('stopping')",
      "supervisor.stopProcess('stopping', False)",
      "supervisor.stopProcess('running:*')",
      "supervisor.stopProcess('down', False)",
    ),
    states({ down: 'STOPPED' }),
    beginAsking('start', "supervisor.startProcess('slow')"),
    states({ slow: 'STARTING' }),
    asks("supervisor.stopProcess('slow')"),
    finished('start'),
    beginAsking('start', "supervisor.startProcess('slow')"),
    states({ slow: 'STARTING' }),
    signals('slow', 'SIGKILL'),
    finished('start'),
    asks(
      "supervisor.getProcessInfo('slow')",
      "supervisor.startProcess('down')",
      "supervisor.startProcess('down', 1)",
    ),
    writes('go'),
    states({ stopping: 'STOPPED' }),
    asks("supervisor.getProcessInfo('stopping')", "supervisor.stopProcess('stopping')"),
  ],
});

const GROUPS =
  program('one', 'waits', { priority: 3 }) +
  program('two', 'waits', { priority: 1 }) +
  program('bad', '/nonexistent/program', { ...DOWN, startretries: 0, priority: 2 }) +
  program('alone', 'waits', { priority: 9 }) +
  program('copy', 'waits', {
    process_name: 'copy%(process_num)d',
    numprocs: 2,
    stdout_logfile: 'NONE',
    stderr_logfile: 'NONE',
  }) +
  section('group:g', { programs: 'one,two,bad', priority: 5 }) +
  section('group:empty', { programs: '' });

scenario('starts and stops of groups and of all', {
  conf: GROUPS,
  steps: [
    states({
      'g:one': 'RUNNING',
      'g:two': 'RUNNING',
      alone: 'RUNNING',
      'copy:copy0': 'RUNNING',
      'copy:copy1': 'RUNNING',
    }),
    asks(
      'supervisor.getAllProcessInfo()',
      "supervisor.startProcessGroup('g')",
      "supervisor.startProcessGroup('nobody')",
      "supervisor.startProcessGroup('empty')",
      "supervisor.startProcessGroup('g:*')",
      "supervisor.startProcess('g:*')",
      "supervisor.startProcess('one')",
      "supervisor.getProcessInfo('one')",
      "supervisor.stopProcessGroup('nobody')",
      "supervisor.stopProcessGroup('empty')",
      "sorted(supervisor.stopProcessGroup('g'), key=str)",
      "supervisor.stopProcessGroup('g')",
      "supervisor.startProcessGroup('g')",
      "supervisor.stopProcessGroup('g', False)",
    ),
    states({ 'g:one': 'STOPPED', 'g:two': 'STOPPED' }),
    asks("supervisor.startProcessGroup('g', False)"),
    states({ 'g:one': 'RUNNING', 'g:two': 'RUNNING' }),
    asks(
      "sorted(supervisor.stopProcess('g:*'), key=str)",
      "supervisor.stopProcess('g:')",
      'sorted(supervisor.stopAllProcesses(), key=str)',
      'supervisor.stopAllProcesses()',
      'supervisor.startAllProcesses()',
      'supervisor.startAllProcesses(False)',
      'supervisor.stopAllProcesses(False)',
    ),
    states({
      'g:one': 'STOPPED',
      'g:two': 'STOPPED',
      alone: 'STOPPED',
      'copy:copy0': 'STOPPED',
      'copy:copy1': 'STOPPED',
    }),
    asks('supervisor.getAllProcessInfo()'),
  ],
});

scenario('signals', {
  conf: HELD + section('group:g', { programs: 'running,starting' }),
  steps: [
    HOLDING.slice(1, 5),
    states({ 'g:running': 'RUNNING', 'g:starting': 'STARTING', stopping: 'RUNNING' }),
    holds('running.out', 'ready'),
    holds('starting.out', 'ready'),
    asks(
      ...[
        'g:running',
        'stopping',
        'down',
        'exited',
        'fatal',
        'retrying',
        'nobody',
        'g:nobody',
        'nobody:*',
      ].map((name) => `supervisor.signalProcess('${name}', 'HUP')`),
      ...['hup', 'SIGHUP', 'sighup', '1', ' 1', '0', '99', '-1', 'TREM', '', 'SIG', 'SIGSIGHUP', '1.0'].map(
        (name) => `supervisor.signalProcess('g:running', '${name}')`,
      ),
      "supervisor.signalProcess('g:running', 1)",
      "supervisor.signalProcess('g:running', 999)",
      "supervisor.signalProcess('g:*', 'USR1')",
      "supervisor.signalProcess('g:*', 'TREM')",
      "supervisor.signalProcess('g:*', 1)",
      "supervisor.signalProcess('nobody', 'TREM')",
      "supervisor.signalProcess('down', 'TREM')",
      "supervisor.signalProcessGroup('g', 'USR2')",
      "supervisor.signalProcessGroup('g:*', 'USR2')",
      "supervisor.signalProcessGroup('down', 'USR2')",
      "supervisor.signalProcessGroup('down', 'TREM')",
      "supervisor.signalProcessGroup('nobody', 'USR2')",
      "supervisor.signalProcessGroup('g', 'TREM')",
      "supervisor.signalAllProcesses('USR1')",
      "supervisor.signalAllProcesses('TREM')",
      'supervisor.signalAllProcesses(10)',
    ),
    holds('running.out', 'got USR2'),
  ],
});

scenario('what is typed into a process', {
  conf: HELD + program('hears', 'reads-stdin') + program('deaf', 'closes-stdin'),
  steps: [
    HOLDING,
    states({ hears: 'RUNNING', deaf: 'RUNNING' }),
    holds('hears.out', 'ready'),
    holds('deaf.out', 'closed'),
    asks(
      "supervisor.sendProcessStdin('hears', 'one\\n')",
      "supervisor.sendProcessStdin('hears', 'öäü €\\n')",
      "supervisor.sendProcessStdin('hears:hears', Binary(b'two\\n'))",
      "supervisor.sendProcessStdin('hears', '')",
      "supervisor.sendProcessStdin('hears', 'a & b < c\\n')",
      ...['down', 'exited', 'fatal', 'retrying', 'nobody', 'hears:*', 'nobody:*', 'stopping', 'starting'].map(
        (name) => `supervisor.sendProcessStdin('${name}', 'x\\n')`,
      ),
      "supervisor.sendProcessStdin('hears', 1)",
      "supervisor.sendProcessStdin('hears', True)",
      "supervisor.sendProcessStdin('hears', ['a'])",
      "supervisor.sendProcessStdin('nobody', 1)",
    ),
    holds('hears.out', 'heard a & b < c'),
    content('hears.out'),
  ],
});
