import { readFileSync } from 'node:fs';
import { test } from 'tap';
import { findDepartures, RULES } from '../../src/config/departures.js';
import { surveyConfig } from '../../src/config/load.js';
import { formatPlace } from '../../src/config/problems.js';
import { fakeSurroundings } from '../helpers/fake-surroundings.js';

function departuresOf(text: string, files: Readonly<Record<string, string>> = {}) {
  const survey = surveyConfig('s.conf', fakeSurroundings({ files: { '/srv/s.conf': text, ...files } }));
  return survey ? findDepartures(survey) : [];
}

/** Of one rule, as they are shown, without the file. */
function placesOf(name: string, text: string, files?: Readonly<Record<string, string>>): readonly string[] {
  const found = departuresOf(text, files).find((departure) => departure.name === name);
  return (found?.places ?? []).map((place) => formatPlace(place).replace(/^s\.conf:/, ''));
}

const x = (options = '', command = '/bin/cat') => `[program:x]\ncommand=${command}\n${options}`;
const y = '[program:y]\ncommand=/bin/cat\n';
const listener = (name: string, events = 'TICK_60') =>
  `[eventlistener:${name}]\ncommand=/bin/cat\nevents=${events}\n`;
const includes = { '/srv/d/a.conf': '[supervisorctl]\nprompt=me\n' };

interface Case {
  readonly meets: string;
  /** Where, as far as it is written. */
  readonly at: readonly string[];
  readonly meetsNot: readonly string[];
  readonly files?: Readonly<Record<string, string>>;
}

const CASES: Readonly<Record<string, Case>> = {
  'stop-order': {
    meets: `${x('priority=1\n')}${y}priority=2\n`,
    at: ['3: [program:x] priority', '6: [program:y] priority'],
    meetsNot: [x(), x('priority=1\n'), `${x('priority=5\n')}${y}priority=5\n`, `${x()}${y}priority=999\n`],
  },
  'whole-tree': {
    meets: `${x()}${y}stopasgroup=true\n`,
    at: ['2: [program:x] command'],
    meetsNot: [x('stopasgroup=true\n'), '[supervisord]\n'],
  },
  stopasgroup: {
    meets: x('stopasgroup=true\n') + y,
    at: ['3: [program:x] stopasgroup'],
    meetsNot: [x('stopasgroup=false\n')],
  },
  pidproxy: {
    meets: x('', '/usr/bin/pidproxy /run/x.pid /usr/sbin/x'),
    at: ['2: [program:x] command'],
    meetsNot: [x('', '/usr/bin/other pidproxy x'), x('', '/usr/bin/mypidproxy a b')],
  },
  'group-priority': {
    meets: `[group:g]\nprograms=x,y\n${x('priority=2\n')}${y}priority=1\n`,
    at: ['2: [group:g] programs'],
    meetsNot: [
      `[group:g]\nprograms=y,x\n${x('priority=2\n')}${y}priority=1\n`,
      `[group:g]\nprograms=x,y\n${x()}${y}`,
    ],
  },
  'account-variables': {
    meets: x('user=zope\n'),
    at: ['3: [program:x] user'],
    meetsNot: [
      x(),
      x('user=zope\nenvironment=HOME="/h",USER="u"\n'),
      `[supervisord]\nuser=zope\n${x('user=zope\n')}`,
    ],
  },
  'relative-command': {
    meets: x('directory=/srv\n', 'bin/run it'),
    at: ['2: [program:x] command'],
    meetsNot: [x('', 'bin/run'), x('directory=/srv\n', '/bin/run'), x('directory=/srv\n', 'run a/b')],
  },
  foreground: {
    meets: '[supervisord]\nnodaemon=true\numask=022\ndirectory=/tmp\n',
    at: ['4: [supervisord] directory', '3: [supervisord] umask'],
    meetsNot: ['[supervisord]\numask=022\n', '[supervisord]\nnodaemon=true\n'],
  },
  'fcgi-in-group': {
    meets: '[group:g]\nprograms=f\n[fcgi-program:f]\ncommand=/bin/cat\nsocket=tcp://localhost:1\n',
    at: ['2: [group:g] programs'],
    meetsNot: [`[group:g]\nprograms=x\n${x()}[fcgi-program:f]\ncommand=/bin/cat\nsocket=tcp://localhost:1\n`],
  },
  rotation: {
    meets: `${x('stdout_logfile=/tmp/x.log\n')}${y}stderr_logfile_maxbytes=1MB\n`,
    at: ['6: [program:y] stderr_logfile_maxbytes', '3: [program:x] stdout_logfile'],
    meetsNot: [x('stdout_logfile=NONE\n'), x('stdout_logfile=/tmp/x.log\nstdout_logfile_maxbytes=0\n')],
  },
  'log-device': {
    meets: x('stdout_logfile=/dev/stdout\n'),
    at: ['3: [program:x] stdout_logfile'],
    meetsNot: [x('stdout_logfile=/dev/stdout\nstdout_logfile_maxbytes=0\n'), x('stdout_logfile=/tmp/x\n')],
  },
  syslog: {
    meets: x('stdout_syslog=true\nstderr_logfile=syslog\n'),
    at: ['3: [program:x] stdout_syslog', '4: [program:x] stderr_logfile'],
    meetsNot: [x('stdout_syslog=false\n')],
  },
  'main-syslog': {
    meets: '[supervisord]\nlogfile=syslog\n',
    at: ['2: [supervisord] logfile'],
    meetsNot: ['[supervisord]\nlogfile=/tmp/syslog\n'],
  },
  capture: {
    meets: x('stdout_capture_maxbytes=1MB\n'),
    at: ['3: [program:x] stdout_capture_maxbytes'],
    meetsNot: [x('stdout_capture_maxbytes=0\n'), x()],
  },
  'strip-ansi': {
    meets: '[supervisord]\nstrip_ansi=true\n',
    at: ['2: [supervisord] strip_ansi'],
    meetsNot: ['[supervisord]\nstrip_ansi=no\n'],
  },
  unknown: {
    meets: `${x('stopwaitsec=1\n')}[progam:z]\ncommand=a\n`,
    at: ['3: [program:x] stopwaitsec', '4: [progam:z]'],
    meetsNot: [x('stopwaitsecs=1\n'), '[rpcinterface:a]\nsupervisor.rpcinterface_factory=a:b\nanything=1\n'],
  },
  repeated: {
    meets: '[supervisord]\nenvironment=A=1\nenvironment=B=2\n',
    at: ['3: [supervisord] environment'],
    meetsNot: ['[supervisord]\nenvironment=A=1\n'],
  },
  'comment-in-quotes': {
    meets: x('', '/bin/sh -c "a ;b"'),
    at: ['2: [program:x] command'],
    meetsNot: [x('', '/bin/sh -c "a;b"'), x('', '/bin/sh ; a comment "')],
  },
  'environment-quoting': {
    meets: x('environment=A="a"b,C="d"\n'),
    at: ['3: [program:x] environment'],
    meetsNot: [x('environment=A="a",C=d\n')],
  },
  percent: {
    meets: x('stdout_logfile=/tmp/100%%%%.log\n'),
    at: ['3: [program:x] stdout_logfile'],
    meetsNot: [x('environment=A="%%%%"\n', '/bin/echo %%%%'), x('stdout_logfile=/tmp/%(program_name)s\n')],
  },
  'rpc-plugin': {
    meets: '[rpcinterface:twiddler]\nsupervisor.rpcinterface_factory=supervisor_twiddler.rpcinterface:make\n',
    at: ['2: [rpcinterface:twiddler] supervisor.rpcinterface_factory'],
    meetsNot: [
      '[rpcinterface:supervisor]\nsupervisor.rpcinterface_factory=supervisor.rpcinterface:make_main_rpcinterface\n',
    ],
  },
  'ctl-plugin': {
    meets: '[ctlplugin:quick]\nsupervisor.ctl_factory=supervisor_quick:make\n',
    at: ['1: [ctlplugin:quick]'],
    meetsNot: [x()],
  },
  'result-handler': {
    meets: `${listener('l')}result_handler=a:b\n`,
    at: ['4: [eventlistener:l] result_handler'],
    meetsNot: [`${listener('l')}result_handler=supervisor.dispatchers:default_handler\n`],
  },
  'events-once': {
    meets: listener('l', 'TICK,tick_5'),
    at: ['3: [eventlistener:l] events'],
    meetsNot: [listener('l', 'TICK_5,TICK_60'), listener('l', 'PROCESS_LOG,PROCESS_STATE')],
  },
  'rejected-events': {
    meets: listener('l') + listener('m'),
    at: ['1: [eventlistener:l]', '4: [eventlistener:m]'],
    meetsNot: [listener('l')],
  },
  'ctl-address': {
    meets: '[supervisorctl]\nserverurl=unix:///tmp/s.sock\n',
    at: ['2: [supervisorctl] serverurl'],
    meetsNot: ['[supervisorctl]\nprompt=a\n'],
  },
  'ctl-includes': {
    meets: '[include]\nfiles=d/*.conf\n',
    files: includes,
    at: ['d/a.conf:2: [supervisorctl] prompt'],
    meetsNot: ['[supervisorctl]\nprompt=me\n'],
  },
};

test('every rule has a case here, a text and an advice', async (t) => {
  t.same(RULES.map(({ name }) => name).sort(), Object.keys(CASES).sort());
  for (const { name, different, advice } of RULES) {
    t.ok(different.length > 20 && !different.endsWith('.') && !advice.endsWith('.'), name);
  }
});

for (const [name, { meets, at, meetsNot, files }] of Object.entries(CASES)) {
  test(`${name} is told where it is met, and only there`, async (t) => {
    t.same(placesOf(name, meets, files), at);
    for (const text of meetsNot) t.same(placesOf(name, text), [], text);
  });
}

test('a file that says nothing special meets nothing', async (t) => {
  t.same(
    departuresOf(
      '[supervisord]\nlogfile=/tmp/l\n[rpcinterface:supervisor]\nsupervisor.rpcinterface_factory=supervisor.rpcinterface:make_main_rpcinterface\n',
    ),
    [],
  );
  t.same(
    departuresOf(x('stopasgroup=true\n')).map(({ name }) => name),
    ['stopasgroup'],
  );
});

test('the supervisord.conf of a Plone server meets five', async (t) => {
  const text = readFileSync('test/fixtures/conf/plone-supervisord.conf', 'utf8');
  t.same(
    departuresOf(text).map(({ name, places }) => `${name} ${places.length}`),
    ['stop-order 6', 'whole-tree 10', 'account-variables 4', 'rejected-events 4', 'ctl-address 1'],
  );
});

test('a file that cannot be read has none', async (t) => {
  t.equal(surveyConfig('nope.conf', fakeSurroundings()), undefined);
});
