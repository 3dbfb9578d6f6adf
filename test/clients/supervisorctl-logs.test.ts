/** tail, maintail and clear. */
import tap from 'tap';
import { program } from '../helpers/place.js';
import { scenario } from './scenario.js';
import {
  appends,
  begin,
  calls,
  content,
  ctl,
  ctls,
  departing,
  holds,
  removes,
  shown,
  shows,
  signals,
  states,
  writes,
} from './steps.js';

tap.jobs = 2;
tap.setTimeout(180_000);

const down = { autostart: false };
const WRITERS =
  program('both', 'prints-both') +
  program('lines', 'prints-lines 300') +
  program('again', 'prints-again') +
  program('joined', 'prints-both', { redirect_stderr: true }) +
  program('none', 'prints-both', { stdout_logfile: 'NONE', stderr_logfile: 'NONE' }) +
  program('own', 'prints-both', { stdout_logfile: 'AUTO', stderr_logfile: 'AUTO' }) +
  program('silent', 'waits', down);
const WRITTEN = [
  states({
    both: 'RUNNING',
    lines: 'RUNNING',
    again: 'RUNNING',
    none: 'RUNNING',
    joined: 'RUNNING',
    own: 'RUNNING',
  }),
  holds('both.err', 'to stderr'),
  holds('lines.out', 'line 000000300'),
  holds('again.out', 'ready'),
  holds('joined.out', 'to stderr'),
];

scenario('tail shows the end of a log', {
  conf: WRITERS,
  steps: [
    WRITTEN,
    ctls(
      'tail both',
      'tail both stdout',
      'tail both stderr',
      'tail both STDERR',
      'tail lines',
      'tail -100 lines',
    ),
    ctls('tail -0 lines', 'tail -5 lines', 'tail --4190 lines', 'tail -99999 both', 'tail -1 again stdout'),
    ctls(
      'tail joined',
      'tail joined stderr',
      'tail none',
      'tail none stderr',
      'tail silent',
      'tail silent stderr',
    ),
    ctls('tail nobody', 'tail nobody stderr', 'tail both:*', 'tail both:both', 'tail nobody:both'),
    ctls(
      'tail',
      'tail -f',
      'tail both stdlog',
      'tail -x both',
      'tail both stdout stderr',
      'tail -5 both stdout x',
    ),
    ctls('tail - both', 'tail -5', 'tail both lines', 'tail -f both stdlog'),
    removes('both.out'),
    ctls('tail both', 'tail both stderr'),
  ],
});

scenario('tail -f follows', {
  conf: WRITERS,
  steps: [
    WRITTEN,
    begin('tail', 'tail -f again'),
    shows('tail', 'ready\n'),
    signals('again', 'SIGUSR1'),
    shows('tail', 'line 1\n'),
    signals('again', 'SIGUSR1'),
    shown('tail', 'line 2\n'),
    begin('tail', 'tail -f lines stdout'),
    shown('tail', 'line 000000300\n'),
    begin('tail', 'tail -f both stderr'),
    shown('tail', 'to stderr\n'),
    // The log begins anew below the follower.
    begin('tail', 'tail -f again'),
    shows('tail', 'line 2\n'),
    calls('supervisor.clearProcessLogs', 'again'),
    signals('again', 'SIGUSR1'),
    shown('tail', 'line 3\n'),
    ctls('tail -f nobody', 'tail -f none', 'tail -f nobody stderr', 'tail -f both:*', 'tail -f none stderr'),
    removes('both.out'),
    ctl('tail -f both'),
  ],
});

scenario('the main log is shown in the same way', {
  conf: WRITERS,
  steps: [
    WRITTEN,
    writes(
      'main.log',
      Array.from({ length: 300 }, (_, index) => `2026-01-01 00:00:00,${index} INFO line\n`).join(''),
    ),
    ctls('maintail', 'maintail -10', 'maintail -0', 'maintail --9000', 'maintail -99999'),
    ctls('maintail -x', 'maintail 10', 'maintail -f -f', 'maintail - 10', 'maintail -'),
    writes('main.log', 'first\n'),
    begin('tail', 'maintail -f'),
    shows('tail', 'first\n'),
    appends('main.log', 'second\n'),
    shown('tail', 'second\n'),
    removes('main.log'),
    ctls('maintail', 'maintail -10'),
    ctl('maintail -f'),
  ],
});

scenario('clear empties the logs', {
  conf: WRITERS + program('hushed', 'prints-both', { ...down, autorestart: false }),
  steps: [
    WRITTEN,
    ctls(
      'clear both',
      'tail both',
      'tail both stderr',
      'clear none',
      'clear joined lines nobody',
      'tail lines',
    ),
    ctls('clear nobody', 'clear', 'clear nobody:*', 'clear both:*', 'clear both:both', 'clear nobody:both'),
    signals('again', 'SIGUSR1'),
    holds('again.out', 'line 1'),
    ctl('clear all', { sorted: true }),
    ctls('tail again', 'tail joined', 'clear silent'),
    signals('again', 'SIGUSR1'),
    holds('again.out', 'line 2'),
    content('again.out'),
    calls('supervisor.startProcess', 'hushed'),
    holds('hushed.out', 'to stdout'),
    calls('supervisor.stopProcess', 'hushed'),
    ctl('clear hushed'),
    departing('clear of a stopped process', ctl('tail hushed')),
  ],
});

scenario('any bytes can be tailed', {
  conf: program('binary', 'prints-binary') + program('umlaut', 'prints-umlauts'),
  steps: [
    states({ binary: 'RUNNING', umlaut: 'RUNNING' }),
    holds('umlaut.err', 'done'),
    ctls('tail umlaut', 'tail -21 umlaut'),
    departing('tail of cut characters', ctl('tail -20 umlaut')),
    departing('tail of binary output', ctl('tail binary')),
    begin('tail', 'tail -f umlaut'),
    shown('tail', 'ü\n'),
  ],
});
