/** Options of what holds or feeds programs: groups, event listeners, FastCGI programs. */
import type { Table } from './row.js';

/** [group:x]. */
export const GROUP = {
  programs: {
    type: 'names',
    default: '',
    doc: 'programs of the group, in starting order',
    example: 'example',
  },
  priority: { type: 'int', default: '999', doc: 'lower starts earlier and stops later' },
} as const satisfies Table;

/** [eventlistener:x], beside the options of a program. */
export const EVENT_LISTENER = {
  events: { type: 'names', required: true, doc: 'event types it is told of', example: 'TICK_60' },
  priority: { type: 'int', default: '-1', doc: 'of the whole pool: lower starts earlier and stops later' },
  buffer_size: { type: 'int', default: '10', doc: 'events kept while no listener is ready' },
  result_handler: {
    type: 'text',
    default: 'supervisor.dispatchers:default_handler',
    doc: 'Python entry point of supervisord; only the default can be served',
  },
  event_length: {
    type: 'choice',
    choices: ['characters', 'bytes'],
    default: 'characters',
    doc: "what an event's len counts",
  },
} as const satisfies Table;

/** [fcgi-program:x], beside the options of a program. */
export const FCGI_PROGRAM = {
  socket: {
    type: 'fcgi socket',
    required: true,
    doc: 'unix:///path or tcp://host:port',
    example: 'unix:///run/f.sock',
  },
  socket_owner: {
    type: 'owner',
    otherwise: 'the user',
    doc: 'user:group of a unix socket',
    example: 'root:root',
  },
  socket_mode: { type: 'octal', otherwise: '0700', doc: 'mode of a unix socket', example: '0700' },
  socket_backlog: {
    type: 'int',
    otherwise: "the system's",
    doc: 'connections that may wait, 1 to 65535',
    example: '128',
  },
} as const satisfies Table;
