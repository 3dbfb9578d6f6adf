/** Each command on a process in each state. */
import tap from 'tap';
import { program } from '../helpers/place.js';
import { DOWN as down, EVERY, HELD, HOLDING } from './held.js';
import { scenario } from './scenario.js';
import {
  answered,
  begin,
  calls,
  closes,
  ctl,
  ctls,
  departing,
  finished,
  holds,
  shown,
  shows,
  signals,
  states,
  types,
  writes,
} from './steps.js';

tap.jobs = 2;
tap.setTimeout(180_000);

scenario('each state is shown, and can be asked for its pid', {
  conf: HELD,
  steps: [
    HOLDING,
    ctls('status', 'status all', ...EVERY.map((name) => `status ${name}`)),
    ctls('status running starting', 'status running down', 'status down nobody', 'status nobody running'),
    ctls(
      'status running:*',
      'status running:',
      'status running:running',
      'status nobody:*',
      'status running:nobody',
    ),
    ctls('pid', 'pid all', ...EVERY.map((name) => `pid ${name}`), 'pid nobody', 'pid running nobody down'),
    ctls('pid running:*', 'pid running:running', 'pid nobody:*'),
  ],
});

scenario('a signal reaches those that live', {
  conf: HELD,
  steps: [
    HOLDING,
    ctls(...EVERY.map((name) => `signal HUP ${name}`), 'signal HUP nobody', 'signal HUP running nobody down'),
    ctls(
      'signal USR1 running:*',
      'signal SIGUSR2 running:running',
      'signal HUP nobody:*',
      'signal hup running',
    ),
    ctls(
      'signal 1 running',
      'signal TREM running',
      'signal 99 running',
      'signal 0 running',
      'signal TREM nobody',
    ),
    ctls('signal TREM running:*', 'signal TREM nobody:*', 'signal TREM down'),
    ctl('signal USR1 all', { sorted: true }),
    ctl('signal TREM all', { sorted: true }),
    ctls('signal', 'signal HUP', 'signal running'),
  ],
});

scenario('what cannot be started says why', {
  conf:
    HELD +
    program('directory', '/tmp', down) +
    program('plain', '%(here)s/supervisord.conf', down) +
    program('open', '"unclosed', down) +
    program('quits', 'exits-after 0 3', { ...down, startsecs: 1000, startretries: 0 }) +
    program('slow', 'waits', { ...down, startsecs: 100_000, startretries: 0 }),
  steps: [
    HOLDING,
    ctls('start running', 'start starting', 'start retrying', 'start missing', 'start fatal', 'start nobody'),
    ctls(
      'start directory',
      'start plain',
      'start open',
      'start quits',
      'start nobody:*',
      'start running:nobody',
    ),
    ctls('start running:*', 'start running nobody missing', 'start nobody running', 'start'),
    states({ fatal: 'FATAL', quits: 'FATAL' }),
    ctls('status fatal quits missing directory plain open'),
    begin('starting', 'start slow'),
    states({ slow: 'STARTING' }),
    calls('supervisor.stopProcess', 'slow', false),
    finished('starting'),
    begin('starting', 'start slow'),
    states({ slow: 'STARTING' }),
    signals('slow', 'SIGKILL'),
    finished('starting'),
  ],
});

scenario('what runs can be stopped, started and restarted', {
  conf: HELD,
  steps: [
    HOLDING,
    ctls('start down', 'start ended', 'status down ended'),
    ctls(
      'stop nobody',
      'stop nobody:*',
      'stop running:nobody',
      'stop',
      'stop fatal',
      'stop missing',
      'stop stopping',
    ),
    ctls('stop exited', 'stop retrying', 'stop starting', 'stop running', 'stop down ended nobody'),
    departing('stopped before it ever ran', ctl('status retrying')),
    ctls('status running down ended starting', 'stop running', 'stop running:*', 'start running:running'),
    ctls(
      'restart running',
      'restart down',
      'restart nobody',
      'restart nobody:*',
      'restart',
      'restart missing',
    ),
    ctls('restart running down nobody', 'restart running:*'),
    writes('go'),
    states({ stopping: 'STOPPED' }),
    ctls('status stopping', 'start stopping', 'stop stopping'),
  ],
});

scenario('a start during a stop', {
  conf: HELD,
  steps: [
    HOLDING,
    begin('start', 'start stopping'),
    answered('start', /start .*stopping.* asked for/),
    writes('go'),
    departing('start during a stop', finished('start')),
  ],
});

scenario('what the kernel does not let stop is UNKNOWN', {
  needs: ['root', 'setpriv'],
  // Root without the right to signal other users' processes.
  as: ['setpriv', '--inh-caps=-kill', '--bounding-set=-kill'],
  conf: program('alien', 'waits', { user: 'nobody', autorestart: false }) + program('own', 'waits'),
  steps: [
    states({ alien: 'RUNNING', own: 'RUNNING' }),
    holds('alien.out', 'ready'),
    ctls('status alien', 'pid alien'),
    departing('a refused stop in one line', ctl('stop alien')),
    ctls(
      'status alien',
      'stop alien',
      'start alien',
      'restart alien',
      'signal HUP alien',
      'fg alien',
      'status',
      'pid all',
    ),
    ctl('stop all', { sorted: true }),
    ctl('start all', { sorted: true }),
  ],
});

scenario('fg shows what is written and sends what is typed', {
  conf: HELD + program('hears', 'reads-stdin', { autorestart: false }),
  steps: [
    HOLDING,
    ctls(...EVERY.filter((name) => name !== 'running').map((name) => `fg ${name}`)),
    ctls('fg', 'fg running starting', 'fg nobody', 'fg running:*', 'fg nobody:*'),
    holds('hears.out', 'ready'),
    begin('fg', 'fg hears'),
    shows('fg', 'Press Ctrl-C to exit'),
    shows('fg', 'ready'),
    types('fg', 'one\n'),
    shows('fg', 'heard one\n'),
    types('fg', 'two\n'),
    shows('fg', 'heard two\n'),
    signals('hears', 'SIGKILL'),
    states({ hears: 'EXITED' }),
    types('fg', 'three\n'),
    shown('fg', 'Exiting foreground'),
    begin('fg', 'fg running'),
    shows('fg', 'ready'),
    closes('fg'),
    shown('fg', 'Exiting foreground'),
  ],
});
