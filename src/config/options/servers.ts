/** Options of the HTTP servers and of plugins. */
import type { Table } from './row.js';

/** [unix_http_server]. */
export const UNIX_HTTP_SERVER = {
  file: { type: 'loose path', required: true, doc: 'path of the socket', example: '/run/supervisor.sock' },
  chmod: { type: 'octal', default: '0700', doc: 'mode of the socket' },
  chown: { type: 'owner', otherwise: 'who runs supd', doc: 'user:group of the socket', example: 'root:root' },
  username: { type: 'text', doc: 'user name that is asked for', example: 'admin' },
  password: {
    type: 'text',
    secret: true,
    doc: 'its password, plain or {SHA} and hexadecimal SHA-1',
    example: 'secret',
  },
} as const satisfies Table;

/** [inet_http_server]. */
export const INET_HTTP_SERVER = {
  port: {
    type: 'address',
    required: true,
    doc: 'host:port, :port or *:port, [IPv6]:port',
    example: '127.0.0.1:9001',
  },
  username: { type: 'text', doc: 'user name that is asked for', example: 'admin' },
  password: {
    type: 'text',
    secret: true,
    doc: 'its password, plain or {SHA} and hexadecimal SHA-1',
    example: 'secret',
  },
} as const satisfies Table;

/** [rpcinterface:x]. Further keys are the plugin's. */
export const RPC_INTERFACE = {
  'supervisor.rpcinterface_factory': {
    type: 'text',
    required: true,
    doc: 'entry point of supervisord; another than the usual one is an error',
    example: 'supervisor.rpcinterface:make_main_rpcinterface',
  },
} as const satisfies Table;

/** [ctlplugin:x]. Further keys are the plugin's. */
export const CTL_PLUGIN = {
  'supervisor.ctl_factory': {
    type: 'text',
    doc: 'Python entry point of supervisorctl; supctl loads none',
    example: 'module:factory',
  },
} as const satisfies Table;
