/** Options of programs. Two tables, because those of the second are filled in for each copy of a program. */
import type { Table } from './row.js';

/** [program:x]: the same for all copies. */
export const PROGRAM = {
  numprocs: { type: 'int', default: '1', doc: 'copies of the process' },
  numprocs_start: { type: 'int', default: '0', doc: 'number of the first copy' },
  priority: { type: 'int', default: '999', doc: 'lower starts earlier and stops later' },
  autostart: { type: 'bool', default: 'true', doc: 'start with the daemon' },
  autorestart: {
    type: 'autorestart',
    default: 'unexpected',
    doc: 'start again after an exit: true, false, or unexpected (status not in exitcodes)',
  },
  startsecs: { type: 'duration', default: '1', doc: 'time it must stay up to count as RUNNING' },
  startretries: { type: 'count', default: '3', doc: 'further attempts after a failed start' },
  exitcodes: { type: 'exitcodes', default: '0', doc: 'exit statuses that are expected' },
  stopsignal: { type: 'signal', default: 'TERM', doc: 'signal that asks it to end' },
  stopwaitsecs: { type: 'duration', default: '10', doc: 'time from stopsignal to SIGKILL' },
  stopasgroup: { type: 'bool', default: 'false', doc: 'send stopsignal to the process group' },
  killasgroup: {
    type: 'bool',
    otherwise: 'as stopasgroup',
    doc: 'send SIGKILL to the process group',
    example: 'true',
  },
  redirect_stderr: { type: 'bool', default: 'false', doc: 'write stderr to the log of stdout' },
  user: { type: 'user', otherwise: "the daemon's", doc: 'user it runs as', example: 'root' },
  umask: { type: 'octal', otherwise: "the daemon's", doc: 'umask of the process', example: '022' },
  serverurl: { type: 'text', default: 'AUTO', doc: 'SUPERVISOR_SERVER_URL of the child' },
  stdout_capture_maxbytes: {
    type: 'bytes',
    default: '0',
    doc: 'buffer of PROCESS_COMMUNICATION; 0: off',
  },
  stdout_events_enabled: {
    type: 'bool',
    default: 'false',
    doc: 'make stdout PROCESS_LOG events',
  },
  stderr_capture_maxbytes: {
    type: 'bytes',
    default: '0',
    doc: 'buffer of PROCESS_COMMUNICATION; 0: off',
  },
  stderr_events_enabled: {
    type: 'bool',
    default: 'false',
    doc: 'make stderr PROCESS_LOG events',
  },
  supplementary_groups: {
    type: 'groups',
    otherwise: "the user's own",
    doc: 'further groups, separated by commas',
    example: 'root',
  },
  capabilities: {
    type: 'capabilities',
    default: '',
    doc: 'ambient capabilities it keeps',
    example: 'net_bind_service',
  },
  no_new_privileges: { type: 'bool', default: 'false', doc: 'it and its children can never gain privileges' },
  nice: { type: 'nice', otherwise: "the daemon's", doc: 'nice value, -20 to 19', example: '10' },
  limit_nofile: {
    type: 'limit',
    otherwise: "the daemon's",
    doc: 'open files, or unlimited',
    example: '8192',
  },
  limit_nproc: {
    type: 'limit',
    otherwise: "the daemon's",
    doc: "the user's processes, or unlimited",
    example: '500',
  },
  limit_core: {
    type: 'size limit',
    otherwise: "the daemon's",
    doc: 'size of a core file, or unlimited',
    example: '0',
  },
  limit_memlock: {
    type: 'size limit',
    otherwise: "the daemon's",
    doc: 'locked memory, or unlimited',
    example: '64KB',
  },
  depends_on: {
    type: 'dependencies',
    doc: 'programs that it waits for: name, or name:started, name:ready, name:completed',
    example: 'zeo:ready',
  },
  ready_timeout: { type: 'span', default: '10m', doc: 'time it has to become ready; 0: any' },
  health_interval: { type: 'span', default: '10s', doc: 'time between two checks' },
  health_timeout: { type: 'span', default: '5s', doc: 'time a check may take' },
  health_retries: { type: 'whole', default: '3', doc: 'failed checks in a row that make it unhealthy' },
  health_start_period: {
    type: 'span',
    default: '0',
    doc: 'time after a start in which no failed check counts',
  },
  max_memory: {
    type: 'bytes',
    doc: 'memory of its tree above which it is restarted, when others can do its work',
    example: '1GB',
  },
  quiet_hours: {
    type: 'hours',
    otherwise: 'any time',
    doc: 'local hours of little traffic: only then it is restarted for max_memory',
    example: '22:00-06:00',
  },
  restart_delay: {
    type: 'span',
    otherwise: "supervisord's rule",
    doc: 'first pause before a restart, then twice as long each time; never FATAL but by restart_window',
    example: '1s',
  },
  restart_delay_max: {
    type: 'span',
    otherwise: '60s',
    doc: 'longest pause before a restart; alone, the first is 1s',
    example: '5m',
  },
  restart_window: {
    type: 'span',
    otherwise: '60s',
    doc: 'time up after which failures are forgotten; set, more than startretries without it are FATAL',
    example: '10m',
  },
  drain_timeout: {
    type: 'span',
    default: '1m',
    doc: 'time for pre_stop and for requests to come to their end before a stop',
  },
  warmup_timeout: { type: 'span', default: '2m', doc: 'time in which all of warmup must have answered' },
  logfile_mode: {
    type: 'choice',
    choices: ['pump', 'direct', 'auto'],
    default: 'pump',
    doc: 'who writes the log: pump, supd; direct, the child itself; auto, the child where that works',
  },
  log_format: {
    type: 'choice',
    choices: ['raw', 'text', 'json'],
    default: 'raw',
    doc: 'what each line of the log becomes: raw, itself; text, with its time before it; json, an object',
  },
  essential: {
    type: 'bool',
    default: 'false',
    doc: 'when it has ended for good, the daemon ends too, with its status',
  },
} as const satisfies Table;

/** [program:x]: filled in for each copy, with %(process_num)d, %(numprocs)d and the program's own variables. */
export const PROGRAM_COPY = {
  command: {
    type: 'text',
    required: true,
    doc: 'what to run, split into words as a shell does',
    example: '/bin/cat',
  },
  process_name: {
    type: 'text',
    default: '%(program_name)s',
    doc: 'name of the process; needs %(process_num)d when numprocs is above 1',
  },
  ready: {
    type: 'probe',
    default: 'delay',
    doc: 'what tells that it is ready; until then, and until startsecs are over, it is STARTING',
    example: 'tcp://127.0.0.1:8080',
  },
  health: {
    type: 'probe',
    doc: 'what tells that it is well while it is RUNNING; unhealthy, it is restarted',
    example: 'http://127.0.0.1:8080/ok',
  },
  haproxy: {
    type: 'haproxy',
    doc: 'server drained before a stop and made ready after a start',
    example: '/run/haproxy/admin.sock app/app1',
  },
  pre_stop: { type: 'text', doc: 'command run before a stop that somebody asks for', example: '/bin/true' },
  post_start: { type: 'text', doc: 'command run when it is ready and warm', example: '/bin/true' },
  warmup: {
    type: 'urls',
    doc: 'URLs that must answer (status 200 to 399) before it is RUNNING',
    example: 'http://127.0.0.1:8080/',
  },
  directory: { type: 'loose directory', otherwise: "the daemon's", doc: 'working directory', example: '/' },
  stdout_logfile: {
    type: 'logfile',
    default: 'AUTO',
    doc: 'log of stdout: a path, AUTO or NONE',
    twice: true,
  },
  stdout_logfile_maxbytes: { type: 'bytes', default: '50MB', doc: 'size at which it is rotated; 0: never' },
  stdout_logfile_backups: { type: 'count', default: '10', doc: 'rotated files kept; 0: none' },
  stdout_syslog: { type: 'bool', default: 'false', doc: 'send stdout to syslog too, line by line' },
  stderr_logfile: {
    type: 'logfile',
    default: 'AUTO',
    doc: 'log of stderr: a path, AUTO or NONE',
    twice: true,
  },
  stderr_logfile_maxbytes: { type: 'bytes', default: '50MB', doc: 'size at which it is rotated; 0: never' },
  stderr_logfile_backups: { type: 'count', default: '10', doc: 'rotated files kept; 0: none' },
  stderr_syslog: { type: 'bool', default: 'false', doc: 'send stderr to syslog too, line by line' },
  reload_check: {
    type: 'text',
    doc: 'command that must exit 0 before `supctl reload-program` does anything',
    example: '/bin/true',
  },
  reload_signal: { type: 'signal', doc: 'signal that makes it read its files again', example: 'HUP' },
  reload_command: {
    type: 'text',
    doc: 'or the command that makes it do so',
    example: '/bin/true',
  },
} as const satisfies Table;

/** Read before the rest, because its variables can be used there. */
export const PROGRAM_ENVIRONMENT = {
  environment: {
    type: 'environment',
    secret: true,
    default: '',
    doc: 'variables over those of the daemon: KEY="value",KEY2="value2"',
    example: 'LANG="C.UTF-8"',
  },
  env_file: {
    type: 'loose path',
    doc: 'file of KEY=value lines; environment comes over it',
    example: '/etc/default/example',
  },
} as const satisfies Table;
