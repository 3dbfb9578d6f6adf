/**
 * Configurations and command lines that supervisord refuses with status 2, one for every error of its. A line that
 * begins with `>` (which is taken off) is the one whose number, section and key supd must name.
 */
export interface Broken {
  readonly name: string;
  /** Behind a [supervisord] section that is in order; its options may follow at once. */
  readonly conf?: string;
  /** The whole file. */
  readonly file?: string;
  /** Files beside it. */
  readonly beside?: Readonly<Record<string, string>>;
  /** The file that has the marked line, when it is not the main one. */
  readonly at?: string;
  /** Words after those of the test; with them nothing need be named. */
  readonly args?: readonly string[];
  /** supd takes it all the same, for this reason. */
  readonly taken?: string;
  /** Where supd names no key, or none of the file's own. */
  readonly keyless?: true;
}

const program = (options: string) => `[program:p]\ncommand=/bin/true\n${options}\n`;
const one = (name: string, conf: string, more: Partial<Broken> = {}): Broken => ({ name, conf, ...more });
/** Bad values of an option of [supervisord]. */
const daemon = (key: string, ...values: string[]) =>
  values.map((value) => one(`[supervisord] ${key}=${value}`, `>${key}=${value}\n`));
/** Bad values of an option of a program. */
const option = (key: string, ...values: string[]) =>
  values.map((value) => one(`[program:x] ${key}=${value}`, program(`>${key}=${value}`)));
const flags = (...args: string[]) => one(`supervisord ${args.join(' ')}`, '', { args });

const INT = ['x', '1.5', '1s'];
const BOOL = ['', 'maybe'];
const BYTES = ['1K', '1.5MB', 'MB'];
const OCTAL = ['', '9', '0x1'];
const FORMATS = ['%(nope)s', '%', '%(here', '%(here)', '%(here)d', '%(here)y', '100% done'];

const DIALECT: readonly Broken[] = [
  { name: 'an empty file', file: '', keyless: true },
  { name: 'a file of comments', file: '; nothing\n# here\n', keyless: true },
  { name: 'no main section', file: '[program:p]\ncommand=/bin/true\n', keyless: true },
  { name: 'a main section in other letters', file: '[SUPERVISORD]\n', keyless: true },
  { name: 'a main section with blanks', file: '[ supervisord ]\n', keyless: true },
  { name: 'a line before the first section', file: '>x=1\n[supervisord]\n', keyless: true },
  { name: 'a byte order mark', file: '>\ufeff[supervisord]\n', keyless: true },
  one('a line without a delimiter', '>nothing\n', { keyless: true }),
  one('a line without a key', '>= 1\n', { keyless: true }),
  one('an empty header', '>[]\n', { keyless: true }),
  one('a comment sign inside quotes', program('environment=A="1 ;2"'), { taken: 'it is not a comment' }),
  one('an error behind a continuation', '[program:p]\ncommand=/bin/true\n  a\n>b\n', { keyless: true }),
];

const EXPANSION: readonly Broken[] = [
  ...FORMATS.map((value) => one(`[supervisord] identifier=${value}`, `>identifier=${value}\n`)),
  ...FORMATS.map((value) => one(`[program:x] command=${value}`, `[program:p]\n>command=${value}\n`)),
  ...['%(nope)s', '100% done'].flatMap((value) => [
    ...['user', 'directory', 'stderr_logfile', 'stdout_logfile', 'serverurl'].flatMap((key) =>
      option(key, value),
    ),
    one(`[program:x] process_name=${value}`, program(`>process_name=${value.replace(' ', '')}`)),
    one(`[program:x] environment=A="${value}"`, program(`>environment=A="${value}"`)),
    one(`[supervisord] environment=A="${value}"`, `>environment=A="${value}"\n`),
    one(`[include] files=${value}`, `[include]\n>files=${value}\n`),
    one(`[fcgi-program:x] socket=${value}`, `[fcgi-program:f]\ncommand=/bin/true\n>socket=${value}\n`),
    one(`[unix_http_server] file=${value}`, `[unix_http_server]\n>file=${value}\n`),
    one(`[inet_http_server] port=${value}`, `[inet_http_server]\n>port=${value}\n`),
    one(`[group:x] priority=${value}`, `[group:g]\nprograms=\n>priority=${value}\n`),
    one(`[eventlistener:x] events=${value}`, `[eventlistener:e]\ncommand=/bin/true\n>events=${value}\n`),
  ]),
  one('an unknown variable', program('>environment=A="%(ENV_NO_SUCH)s"')),
  one('the number of a copy in an option of all', program('>startsecs=%(process_num)d')),
  one('a program’s own variable in its environment', program('>environment=A="1",B="%(ENV_A)s"')),
  one('the name of a program in [supervisord]', '>identifier=%(program_name)s\n'),
  one(
    'a variable that only a program sets',
    '>identifier=%(ENV_A)s\n[program:p]\ncommand=x\nenvironment=A="1"\n',
  ),
  one('%(here)s in a port', '[inet_http_server]\n>port=%(here)s\n'),
  one(
    '%(here)s in a user name',
    '[inet_http_server]\nport=127.0.77.9:47921\nusername=%(here)s\npassword=x\n',
    {
      taken: '%(here)s can be used everywhere',
    },
  ),
];

const TYPES: readonly Broken[] = [
  ...option('startretries', '', '0x10', '1 2', '--1', '1__2'),
  ...option('stdout_logfile_maxbytes', '', 'x', '1M', '1B', '1TB'),
  ...option('umask', '08', 'rwx', '1.0'),
  ...option('autostart', '2', 'tru', 'yes!'),
  ...['minfds', 'minprocs', 'logfile_backups'].flatMap((key) => daemon(key, ...INT)),
  ...['nodaemon', 'silent', 'nocleanup', 'strip_ansi'].flatMap((key) => daemon(key, ...BOOL)),
  ...daemon('logfile_maxbytes', ...BYTES),
  ...daemon('umask', ...OCTAL),
  ...daemon('loglevel', '', 'warning', 'chatty', '10'),
  ...daemon('directory', '', '/no/such/directory', '/bin/true'),
  ...daemon('childlogdir', '', '/no/such/directory', '/bin/true'),
  ...daemon('logfile', '/no/such/directory/log'),
  ...daemon('pidfile', '/no/such/directory/pid'),
  ...daemon('user', 'nobody-knows', '987654321', ''),
  ...daemon('environment', 'A', 'A=', 'A=1,B', 'A="1', "A='1", '=1'),
  ...['numprocs', 'numprocs_start', 'priority', 'startretries'].flatMap((key) => option(key, ...INT)),
  ...['stdout_logfile_backups', 'stderr_logfile_backups'].flatMap((key) => option(key, ...INT)),
  ...['startsecs', 'stopwaitsecs'].flatMap((key) => option(key, ...INT.filter((value) => value !== '1s'))),
  one('[program:x] startsecs=1s', program('startsecs=1s'), { taken: 'times take s, m, h, d' }),
  ...['autostart', 'stopasgroup', 'killasgroup', 'redirect_stderr', 'stdout_events_enabled'].flatMap((key) =>
    option(key, ...BOOL),
  ),
  ...['stderr_events_enabled', 'stdout_syslog', 'stderr_syslog'].flatMap((key) => option(key, ...BOOL)),
  ...['stdout_logfile_maxbytes', 'stderr_logfile_maxbytes', 'stdout_capture_maxbytes'].flatMap((key) =>
    option(key, ...BYTES),
  ),
  ...option('stderr_capture_maxbytes', ...BYTES),
  ...option('autorestart', '', 'sometimes', 'expected'),
  ...option('exitcodes', 'x', '256', '-1', '0,,1', '0,', '1.0'),
  ...option('stopsignal', '', 'TREM', 'SIGSIG', '99', '-1', '32', '33'),
  ...option('user', '', 'nobody-knows', '987654321'),
  ...option('umask', ...OCTAL),
  ...option('stdout_logfile', '/no/such/directory/log'),
  ...option('stderr_logfile', '/no/such/directory/log'),
  ...option('environment', 'A', 'A=', 'A=1,B', 'A="1', "A='1", '=1', 'A:1'),
];

const INCLUDES: readonly Broken[] = [
  one('an include without files', '>[include]\n', { keyless: true }),
  one('a bad line in an included file', '[include]\nfiles=more.conf\n', {
    beside: { 'more.conf': '[program:p]\n>nothing\n' },
    at: 'more.conf',
    keyless: true,
  }),
  one('no section in an included file', '[include]\nfiles=more.conf\n', {
    beside: { 'more.conf': '>command=x\n' },
    at: 'more.conf',
    keyless: true,
  }),
  one('a bad value in an included file', '[include]\nfiles=*.inc\n', {
    beside: { 'a.inc': '[program:p]\ncommand=x\n', 'b.inc': '[program:q]\ncommand=x\n\n>startsecs=y\n' },
    at: 'b.inc',
  }),
];

const PROGRAMS: readonly Broken[] = [
  one('a program without a command', '>[program:p]\nautostart=true\n', { keyless: true }),
  one('a blank in a program’s name', '>[program:a b]\ncommand=x\n', { keyless: true }),
  one('a colon in a program’s name', '>[program:a:b]\ncommand=x\n', { keyless: true }),
  one('a slash in a program’s name', '>[program:a/b]\ncommand=x\n', { keyless: true }),
  ...option('process_name', 'a b', 'a:b', 'a/b', '%(program_name)s %(process_num)d'),
  one('copies without numbers', program('>numprocs=2')),
  one('copies without numbers in their name', program('numprocs=2\n>process_name=p%(program_name)s')),
  one('a stop of the group without its kill', program('stopasgroup=true\n>killasgroup=false')),
  one('a group of nobody', '[group:g]\n>programs=a,b\n'),
  one('a group with an empty member', '[program:p]\ncommand=x\n[group:g]\n>programs=p,\n'),
  one(
    'a group of an ambiguous name',
    `${program('')}[fcgi-program:p]\ncommand=x\nsocket=tcp://h:1\n[group:g]\n>programs=p\n`,
  ),
  one('a group of a listener', '[eventlistener:e]\ncommand=x\nevents=TICK_5\n[group:g]\n>programs=e\n'),
  one('a blank in a group’s name', '>[group:a b]\nprograms=\n', { keyless: true }),
  one('a priority of a group', '[group:g]\nprograms=\n>priority=high\n'),
];

const listener = (options: string) => `[eventlistener:e]\ncommand=/bin/true\n${options}\n`;
const fcgi = (options: string) => `[fcgi-program:f]\ncommand=/bin/true\n${options}\n`;
const FEEDERS: readonly Broken[] = [
  one('a listener without events', '>[eventlistener:e]\ncommand=x\n', { keyless: true }),
  one('a listener of no events', listener('>events=')),
  one('an unknown event', listener('>events=TICK_5,TICK_6')),
  one('an empty event', listener('>events=TICK_5,')),
  one('no buffer', listener('events=TICK_5\n>buffer_size=0')),
  one('a buffer of words', listener('events=TICK_5\n>buffer_size=many')),
  one('a result handler that is not there', listener('events=TICK_5\n>result_handler=no.such:handler')),
  one('a listener with redirect_stderr', listener('events=TICK_5\n>redirect_stderr=true')),
  one('a listener without a command', '>[eventlistener:e]\nevents=TICK_5\n', { keyless: true }),
  one('a blank in a listener’s name', '>[eventlistener:a b]\ncommand=x\nevents=TICK_5\n', { keyless: true }),
  one('a listener’s bad priority', listener('events=TICK_5\n>priority=x')),
  one('a FastCGI program without a socket', '>[fcgi-program:f]\ncommand=x\n', { keyless: true }),
  ...[
    'foo',
    'tcp://h',
    'tcp://h:x',
    'tcp://h:0',
    'tcp://h:65536',
    'tcp://:1',
    'unix://rel',
    'unix:',
    'http://h:1',
    '',
  ].map((value) => one(`a FastCGI socket ${value}`, fcgi(`>socket=${value}`))),
  one('a mode of a TCP socket', fcgi('socket=tcp://h:1\n>socket_mode=0700')),
  one('an owner of a TCP socket', fcgi('socket=tcp://h:1\n>socket_owner=root')),
  ...OCTAL.map((value) => one(`socket_mode=${value}`, fcgi(`socket=unix:///tmp/f\n>socket_mode=${value}`))),
  ...['nobody-knows', 'root:nobody-knows', ':', 'root:', '987654321', ''].map((value) =>
    one(`socket_owner=${value}`, fcgi(`socket=unix:///tmp/f\n>socket_owner=${value}`)),
  ),
  ...['0', '65536', '-1', 'x', ''].map((value) =>
    one(`socket_backlog=${value}`, fcgi(`socket=tcp://h:1\n>socket_backlog=${value}`)),
  ),
  one('a FastCGI program of nobody', fcgi('socket=tcp://h:1\n>user=nobody-knows')),
  one('a blank in a FastCGI program’s name', '>[fcgi-program:a b]\ncommand=x\nsocket=tcp://h:1\n', {
    keyless: true,
  }),
];

const SERVERS: readonly Broken[] = [
  one('a unix server without a file', '>[unix_http_server]\nchmod=0700\n', { keyless: true }),
  one('a port server without a port', '>[inet_http_server]\nusername=u\npassword=p\n', { keyless: true }),
  ...['', 'x', ':', '*:', '127.0.0.1:', '0', '65536', '-1', '127.0.0.1:x', '9001:', '1.5'].map((value) =>
    one(`port=${value}`, `[inet_http_server]\n>port=${value}\n`),
  ),
  ...OCTAL.map((value) => one(`chmod=${value}`, `[unix_http_server]\nfile=/tmp/x\n>chmod=${value}\n`)),
  ...['nobody-knows', 'root:nobody-knows', ''].map((value) =>
    one(`chown=${value}`, `[unix_http_server]\nfile=/tmp/x\n>chown=${value}\n`),
  ),
  one('a user without a password', '[inet_http_server]\nport=127.0.0.1:9\n>username=u\n'),
  one('a password without a user', '[unix_http_server:a]\nfile=/tmp/x\n>password=u\n'),
  one('an interface without a factory', '>[rpcinterface:supervisor]\n', { keyless: true }),
  one('an interface that is not there', '[rpcinterface:x]\n>supervisor.rpcinterface_factory=no.such:thing\n'),
  one(
    'a second server is checked too',
    '[inet_http_server]\nport=127.0.0.1:9\n[inet_http_server:b]\n>port=x\n',
  ),
];

const FLAGS: readonly Broken[] = [
  flags('--foo'),
  flags('-Z'),
  flags('-c'),
  flags('--log', 'x'),
  flags('--nodaemon=1'),
  flags('foo'),
  flags('-e', 'foo'),
  flags('-m', '9'),
  flags('-d', '/no/such/directory'),
  flags('-l', '/no/such/directory/log'),
  flags('-y', '1K'),
  flags('-z', 'x'),
  flags('-j', '/no/such/directory/pid'),
  flags('-q', '/no/such/directory'),
  flags('-a', 'x'),
  flags('--minfds=1.5'),
  flags('--minprocs', 'x'),
  flags('-u', 'nobody-knows'),
  flags('-n'),
  flags('-c', 'x', '-c', 'y'),
  flags('-i', 'a', '--identifier', 'b'),
  flags('--no'),
  flags('--min=1'),
  flags('--user'),
  flags('--ch'),
  flags('--c', 'x'),
  flags('-h', 'foo'),
];

export const BROKEN: Readonly<Record<string, readonly Broken[]>> = {
  'the dialect': DIALECT,
  'what is filled in': EXPANSION,
  types: TYPES,
  includes: INCLUDES,
  'programs and groups': PROGRAMS,
  'listeners and FastCGI programs': FEEDERS,
  'servers and interfaces': SERVERS,
  'the command line': FLAGS,
};
