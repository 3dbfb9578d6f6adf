/** Options of the daemon itself, its gRPC server, and supctl. */
import type { Table } from './row.js';

/** [supd], also written [supervisord]. */
export const SUPD = {
  logfile: {
    type: 'main log',
    default: 'supervisord.log',
    doc: 'main log; relative to where supd is started',
  },
  logfile_maxbytes: {
    type: 'bytes',
    default: '50MB',
    doc: 'size at which the main log is rotated; 0: never',
  },
  logfile_backups: { type: 'count', default: '10', doc: 'rotated main logs kept; 0: none' },
  loglevel: { type: 'loglevel', default: 'info', doc: 'least level that is logged' },
  log_format: {
    type: 'choice',
    choices: ['text', 'json'],
    default: 'text',
    doc: "lines of the main log: supervisord's, or one JSON object each",
  },
  pidfile: { type: 'path', default: 'supervisord.pid', doc: 'file that holds the pid of the daemon' },
  umask: {
    type: 'octal',
    default: '022',
    doc: 'umask of the daemon and, unless they set it, of its children',
  },
  directory: { type: 'directory', doc: 'directory the daemon changes to', example: '/' },
  user: { type: 'user', doc: 'user the daemon becomes when started as root', example: 'root' },
  nodaemon: { type: 'bool', default: 'false', doc: 'stay in the foreground' },
  silent: { type: 'bool', default: 'false', doc: 'in the foreground, do not repeat the main log on stdout' },
  minfds: { type: 'count', default: '1024', doc: 'file descriptors that must be available' },
  minprocs: { type: 'count', default: '200', doc: 'processes that must be available' },
  nocleanup: { type: 'bool', default: 'false', doc: 'keep AUTO logs of earlier runs' },
  strip_ansi: { type: 'bool', default: 'false', doc: 'take escape sequences out of child logs' },
  childlogdir: {
    type: 'directory',
    otherwise: '$TMPDIR or /tmp',
    doc: 'directory of AUTO logs',
    example: '/tmp',
  },
  environment: {
    type: 'environment',
    secret: true,
    default: '',
    doc: 'variables of every child: KEY="value",KEY2="value2"',
    example: 'LANG="C.UTF-8"',
    twice: true,
  },
  identifier: { type: 'text', default: 'supervisor', doc: 'name of this daemon in events and AUTO logs' },
  rundir: {
    type: 'loose path',
    otherwise: '/run/supd/<instance>, or below $XDG_RUNTIME_DIR',
    doc: 'directory of sockets and FIFOs',
    example: '/run/supd/example',
  },
  statedir: {
    type: 'loose path',
    otherwise: '/var/lib/supd/<instance>, or below $XDG_STATE_HOME',
    doc: 'directory of state and of the journal of runs',
    example: '/var/lib/supd/example',
  },
  compat: {
    type: 'choice',
    choices: ['supd', 'strict'],
    default: 'supd',
    doc: 'strict: as supervisord even where supd does better',
  },
  strict_permissions: {
    type: 'bool',
    default: 'false',
    doc: 'as root, refuse a configuration that others than root can write',
  },
} as const satisfies Table;

/** [include]. */
export const INCLUDE = {
  files: {
    type: 'text',
    doc: "files to read as well: patterns relative to this file's directory, separated by blanks",
    example: 'conf.d/*.conf',
  },
} as const satisfies Table;

/** [grpc_server]. */
export const GRPC_SERVER = {
  socket: { type: 'path', otherwise: '<rundir>/supd.sock', doc: 'control socket', example: '/run/supd.sock' },
  mode: { type: 'octal', default: '0700', doc: 'mode of the control socket' },
  owner: {
    type: 'owner',
    otherwise: 'who runs supd',
    doc: 'user:group of the control socket',
    example: 'root:root',
  },
  readonly_socket: {
    type: 'path',
    doc: 'second socket, which only answers questions',
    example: '/run/supd-ro.sock',
  },
  readonly_mode: { type: 'octal', default: '0700', doc: 'mode of the read-only socket' },
  readonly_owner: {
    type: 'owner',
    otherwise: 'who runs supd',
    doc: 'user:group of the read-only socket',
    example: 'root:root',
  },
  listen: {
    type: 'address',
    doc: 'host:port, by TLS with client certificates only',
    example: '127.0.0.1:9443',
  },
  tls_cert: { type: 'file', doc: 'certificate of the server, PEM', example: '/etc/supd/server.pem' },
  tls_key: { type: 'file', doc: 'its key, PEM', example: '/etc/supd/server.key' },
  tls_client_ca: { type: 'file', doc: 'authority of the clients, PEM', example: '/etc/supd/clients.pem' },
} as const satisfies Table;

/** [supctl], also written [supervisorctl]. */
export const SUPCTL = {
  serverurl: {
    type: 'text',
    default: 'http://localhost:9001',
    doc: 'where supervisorctl finds its daemon; supctl where supd has no control socket',
  },
  username: { type: 'text', doc: 'user name of the HTTP server', example: 'admin' },
  password: { type: 'text', secret: true, doc: 'password of the HTTP server', example: 'secret' },
  prompt: { type: 'text', default: 'supervisor', doc: 'prompt of the interactive mode' },
  history_file: {
    type: 'loose path',
    doc: 'where the interactive mode keeps its lines',
    example: '~/.supctl_history',
  },
} as const satisfies Table;
