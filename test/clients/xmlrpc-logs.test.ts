/** Python's xmlrpc.client: reading, tailing and clearing logs. */
import tap from 'tap';
import { program } from '../helpers/place.js';
import { DOWN } from './held.js';
import { scenario } from './scenario.js';
import { appends, asks, content, departing, holds, removes, signals, states, writes } from './steps.js';

tap.jobs = 2;
tap.setTimeout(180_000);

/** offset, length */
const PIECES = [
  ...['0, 0', '0, 5', '3, 4', '5, 0', '35, 0', '36, 0', '36, 5', '100, 0', '100, 5', '30, 100', '0, 100000'],
  ...[
    '-5, 0',
    '-36, 0',
    '-100, 0',
    '-1, 0',
    '-5, 5',
    '-5, -5',
    '0, -1',
    '5, -5',
    '-5, 1',
    '2147483647, 1',
    '0, 36',
  ],
];
const CLIENT_TYPES = ["'3', '4'", '3.9, 4.2', 'True, False', "' 3 ', 1", "'+3', 1", "'-5', 0"];
const WRITERS =
  program('a', 'prints-again') +
  program('none', 'prints-both', { stdout_logfile: 'NONE', stderr_logfile: 'NONE' }) +
  program('joined', 'prints-both', { redirect_stderr: true }) +
  program('auto', 'waits', { ...DOWN, stdout_logfile: 'AUTO', stderr_logfile: 'AUTO' }) +
  program('down', 'waits', DOWN);
const ALPHABET = 'abcdefghijklmnopqrstuvwxyz\n01234567\n';
const WRITTEN = [
  states({ a: 'RUNNING', none: 'RUNNING', joined: 'RUNNING' }),
  holds('a.out', 'ready'),
  holds('joined.out', 'to stderr'),
  writes('a.out', ALPHABET),
  writes('a.err', ALPHABET.toUpperCase()),
];

scenario('read with every offset and length', {
  conf: WRITERS,
  steps: [
    WRITTEN,
    asks(...PIECES.map((piece) => `supervisor.readProcessStdoutLog('a', ${piece})`)),
    asks(...PIECES.map((piece) => `supervisor.readProcessStderrLog('a', ${piece})`)),
    asks(...CLIENT_TYPES.map((types) => `supervisor.readProcessLog('a', ${types})`)),
    asks(
      ...['none', 'auto', 'down', 'nobody', 'a:*', 'a:a', 'nobody:*'].flatMap((name) => [
        `supervisor.readProcessStdoutLog('${name}', 0, 5)`,
        `supervisor.readProcessStderrLog('${name}', 0, 5)`,
        `supervisor.readProcessLog('${name}', -5, 0)`,
        `supervisor.readProcessLog('${name}', -5, 5)`,
      ]),
      "supervisor.readProcessStderrLog('joined', 0, 0)",
      "supervisor.readProcessStdoutLog('joined', 0, 0)",
    ),
    removes('a.out'),
    asks("supervisor.readProcessStdoutLog('a', 0, 0)", "supervisor.readProcessStdoutLog('a', -5, 5)"),
  ],
});

scenario('tail with every offset and length', {
  conf: WRITERS,
  steps: [
    WRITTEN,
    asks(
      ...PIECES.filter((p) => !p.includes('2147483647')).map(
        (piece) => `supervisor.tailProcessStdoutLog('a', ${piece})`,
      ),
    ),
    asks(
      ...['0, 10', '36, 10', '26, 10', '25, 10', '0, 0', '36, 0'].map(
        (p) => `supervisor.tailProcessStderrLog('a', ${p})`,
      ),
    ),
    appends('a.out', 'more\n'),
    asks("supervisor.tailProcessLog('a', 36, 10)", "supervisor.tailProcessLog('a', 36, 3)"),
    asks(
      ...['none', 'auto', 'down', 'nobody', 'a:*', 'a:a', 'nobody:*', 'joined'].flatMap((name) => [
        `supervisor.tailProcessStdoutLog('${name}', 0, 500)`,
        `supervisor.tailProcessStderrLog('${name}', 0, 5)`,
      ]),
    ),
    removes('a.out'),
    asks("supervisor.tailProcessLog('a', 0, 10)"),
  ],
});

scenario('the main log is read in the same way', {
  conf: WRITERS,
  steps: [
    WRITTEN,
    writes('main.log', ALPHABET),
    asks(...PIECES.map((piece) => `supervisor.readLog(${piece})`), 'supervisor.readMainLog(0, 0)'),
    asks('supervisor.clearLog()'),
    holds('main.log', /^/),
    writes('main.log', ALPHABET),
    asks('supervisor.readLog(-5, 0)'),
    removes('main.log'),
    asks('supervisor.readLog(0, 0)', 'supervisor.clearLog()'),
  ],
});

scenario('logs are cleared', {
  conf: WRITERS,
  steps: [
    WRITTEN,
    asks(
      ...['a', 'none', 'auto', 'down', 'nobody', 'a:*', 'a:a', 'joined'].map(
        (n) => `supervisor.clearProcessLogs('${n}')`,
      ),
      "supervisor.readProcessLog('a', 0, 0)",
      "supervisor.clearProcessLog('a')",
    ),
    signals('a', 'SIGUSR1'),
    holds('a.out', 'line 1'),
    asks('supervisor.clearAllProcessLogs()', "supervisor.readProcessLog('a', 0, 0)"),
    signals('a', 'SIGUSR1'),
    holds('a.out', 'line 2'),
    content('a.out'),
  ],
});

scenario('what is in a log comes as text', {
  conf: WRITERS,
  steps: [
    WRITTEN,
    writes('a.out', 'a < b & c > d "e" \'f\' ]]> &amp; äöü € 😀\n\ttab\n\n'),
    asks(
      "supervisor.readProcessLog('a', 0, 0)",
      "supervisor.tailProcessLog('a', 0, 1000)",
      "multi(['supervisor.readProcessLog', 'a', 0, 20])",
    ),
    writes('a.err', Buffer.from([0x61, 0xff, 0xfe, 0x62, 0x0a])),
    departing('read of bytes that are no UTF-8', asks("supervisor.readProcessStderrLog('a', 0, 0)")),
    departing('tail of bytes that are no UTF-8', asks("supervisor.tailProcessStderrLog('a', 0, 100)")),
    writes('a.err', 'esc \u001b[1mbold\u001b[0m nul \u0000 bell \u0007\n'),
    departing('read of control characters', asks("supervisor.readProcessStderrLog('a', 0, 0)")),
    writes('a.err', 'cr \r\n alone \r end\n'),
    departing('read of carriage returns', asks("supervisor.readProcessStderrLog('a', 0, 0)")),
  ],
});
