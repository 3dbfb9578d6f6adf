/** Every command while the daemon shuts down or restarts, and after it is gone. */
import tap from 'tap';
import { program } from '../helpers/place.js';
import { scenario } from './scenario.js';
import {
  begin,
  ctl,
  ctls,
  daemonEnds,
  finished,
  holds,
  signalsDaemon,
  startsDaemon,
  states,
  writes,
} from './steps.js';

tap.jobs = 2;
tap.setTimeout(180_000);

const SLOW =
  program('slow', 'ends-once go', { stopwaitsecs: 100_000, priority: 2 }) +
  program('other', 'waits', { priority: 1 });
const UP = [states({ slow: 'RUNNING', other: 'RUNNING' }), holds('slow.out', 'ready')];
const EVERY_COMMAND = [
  ...[
    'status',
    'status slow',
    'start slow',
    'start other:*',
    'start all',
    'stop slow',
    'stop all',
    'restart slow',
  ],
  ...[
    'signal HUP slow',
    'signal HUP all',
    'pid',
    'pid slow',
    'pid all',
    'tail slow',
    'tail -f slow',
    'maintail',
  ],
  ...[
    'maintail -f',
    'clear slow',
    'clear all',
    'fg slow',
    'add slow',
    'remove slow',
    'reread',
    'update',
    'update all',
  ],
  ...['avail', 'version', 'reload', 'shutdown', 'start', 'tail', 'help version', 'nonsense'],
];

scenario('while it shuts down every command says so', {
  conf: SLOW,
  steps: [
    UP,
    ctls('shutdown x', 'shutdown'),
    holds('slow.out', 'asked to end'),
    ctls(...EVERY_COMMAND),
    writes('go'),
    daemonEnds,
    ctls(...EVERY_COMMAND),
  ],
});

scenario('while it restarts every command says so', {
  conf: SLOW,
  steps: [
    UP,
    ctl('reload'),
    holds('slow.out', 'asked to end'),
    ctls(...EVERY_COMMAND),
    writes('go'),
    states({ slow: 'RUNNING', other: 'RUNNING' }),
    ctl('status'),
    ctl('stop all', { sorted: true }),
  ],
});

scenario('who waits for a start or a stop hears of the shutdown', {
  conf: SLOW + program('starting', 'waits', { autostart: false, startsecs: 100_000, priority: 3 }),
  steps: [
    UP,
    begin('start', 'start starting'),
    states({ starting: 'STARTING' }),
    ctl('shutdown'),
    finished('start'),
    writes('go'),
    daemonEnds,
  ],
});

scenario('a daemon that was killed leaves a socket that refuses', {
  conf: SLOW,
  steps: [UP, writes('go'), signalsDaemon('SIGKILL'), daemonEnds, ctls(...EVERY_COMMAND)],
});

scenario('a signal shuts it down too, and the next one serves again', {
  conf: SLOW,
  steps: [
    UP,
    writes('go'),
    signalsDaemon('SIGTERM'),
    daemonEnds,
    ctl('status'),
    startsDaemon,
    states({ slow: 'RUNNING', other: 'RUNNING' }),
    ctls('status'),
  ],
});
