/**
 * Where supd answers otherwise than supervisord, on purpose. A scenario names the step; every other step must be
 * equal. What strict restores are answers: where supervisord fails (500, a traceback), nobody can have relied on it.
 */
export interface Departure {
  readonly why: string;
  readonly supervisord: string | RegExp;
  readonly supd: string | RegExp;
  /** What compat=strict makes of it. */
  readonly strict: 'as supervisord' | 'as supd';
  /** A piece of its line in README's "Where supd departs from supervisord". */
  readonly readme: string;
}

const HTTP_500 = /ProtocolError.*500.*Internal Server Error/;
const WRONG_TYPE = {
  why: 'a wrong type is the fault of the call, not a failure of the server',
  supervisord: HTTP_500,
  supd: /\nFault 2 'INCORRECT_PARAMETERS'\n/,
  strict: 'as supd',
  readme: 'A parameter of a wrong type is fault 2',
} as const satisfies Departure;
const ANY_BYTES = {
  why: 'programs write what they like',
  supervisord: HTTP_500,
  strict: 'as supd',
  readme: 'bytes that are no UTF-8 as U+FFFD',
} as const;
const PLACES = {
  why: 'who reads it wants to know where',
  strict: 'as supd',
  readme: 'says file and line',
} as const;

export const DEPARTURES = {
  version: {
    why: 'clients compare versions; people want to know what runs',
    supervisord: /4\.2\.5(?!\+)/,
    supd: /4\.2\.5\+supd\.\d/,
    strict: 'as supervisord',
    readme: '`getSupervisorVersion` is `4.2.5+supd.VERSION`',
  },
  'stop all in reverse': {
    why: 'what others need is stopped last; issue #217',
    supervisord: /^first +STOPPING *\nsecond +STOPPING *\n/,
    supd: /^first +RUNNING .*\nsecond +STOPPING *\n/,
    strict: 'as supervisord',
    readme: '`stop all` and the shutdown go in reverse order and wait',
  },
  'start during a stop': {
    why: 'a start that is asked for is made',
    supervisord: 'stopping: ERROR (abnormal termination)\n[7]',
    supd: 'stopping: started\n[0]',
    strict: 'as supervisord',
    readme: 'A start during STOPPING waits for the end',
  },
  'stopped before it ever ran': {
    why: 'supervisord’s time of death is the epoch',
    supervisord: /^retrying +STOPPED +DATE\n/,
    supd: /^retrying +STOPPED +Not started\n/,
    strict: 'as supervisord',
    readme: 'dead since 1970',
  },
  'a refused stop in one line': {
    why: 'a traceback of Python is no message',
    supervisord:
      /^FAILED: unknown problem killing alien \(PID\):Traceback[\s\S]*PermissionError[\s\S]*\n\[1\]$/,
    supd: /^FAILED: alien \(pid \d+\) can't be stopped: EPERM\n\[1\]$/,
    strict: 'as supd',
    readme: 'A stop that the kernel refuses',
  },
  'clear of a stopped process': {
    why: 'what is said to be cleared is empty; issue #804',
    supervisord: 'to stdout\n\n[0]',
    supd: '\n[0]',
    strict: 'as supervisord',
    readme: 'clear works on stopped programs',
  },
  'tail of binary output': { ...ANY_BYTES, supd: /␀␁␂[\s\S]* !"#\$%&'[\s\S]*\uFFFD\n\[0\]$/ },
  'tail of cut characters': { ...ANY_BYTES, supd: '\uFFFDäöüäöüäöü\n\n[0]' },
  'read of bytes that are no UTF-8': { ...ANY_BYTES, supd: /'a\uFFFD\uFFFDb\\n'/ },
  'tail of bytes that are no UTF-8': { ...ANY_BYTES, supd: /\['a\uFFFD\uFFFDb\\n', 5, False\]/ },
  'read of control characters': {
    why: 'colours in a log are common',
    supervisord: /ExpatError not well-formed/,
    supd: /'esc ␛\[1mbold␛\[0m nul ␀ bell ␇\\n'/,
    strict: 'as supd',
    readme: 'a control character as its',
  },
  'read of carriage returns': {
    why: 'what was written is shown',
    supervisord: /'cr \\n alone \\n end\\n'/,
    supd: /'cr \\r\\n alone \\r end\\n'/,
    strict: 'as supervisord',
    readme: 'A carriage return stays one',
  },
  'a wrong type': WRONG_TYPE,
  'places in errors of reread': {
    ...PLACES,
    supervisord: /^ERROR: CANT_REREAD: value 'SIGTREM' is not a valid signal name in section 'program:a'/,
    supd: /^ERROR: CANT_REREAD: DIR\/supervisord\.conf:\d+: \[program:a\] stopsignal: "SIGTREM" .*SIGTERM\?\n\[1\]$/,
  },
  'places in errors of update': {
    ...PLACES,
    supervisord: /^error: <class 'xmlrpc.client.Fault'>, <Fault 92: "CANT_REREAD: value 'SIGTREM' is not/,
    supd: /^error: <class 'xmlrpc.client.Fault'>, <Fault 92: 'CANT_REREAD: DIR\/supervisord\.conf:\d+: \[program:a\]/,
  },
  'places in errors of XML-RPC': {
    ...PLACES,
    supervisord:
      /Fault 92 "CANT_REREAD: (?:Source contains parsing errors|invalid literal for int\(\) with base 10: 'soon')/,
    supd: /Fault 92 'CANT_REREAD: DIR\/supervisord\.conf:\d+: /,
  },
  'reload with a broken configuration': {
    why: 'supervisord stops everything, then ends with an error that nobody sees',
    supervisord: 'Restarted supervisord\n[0]',
    supd: /^error: <class 'xmlrpc.client.Fault'>, <Fault 92: 'CANT_REREAD: not reloaded: .*SIGTREM.*>: .*\n\[1\]$/,
    strict: 'as supd',
    readme: '`restart` with a broken configuration is fault 92',
  },
} as const satisfies Readonly<Record<string, Departure>>;

export type DepartureName = keyof typeof DEPARTURES;
