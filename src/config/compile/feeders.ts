/** [eventlistener:x] and [fcgi-program:x]: checked fully, for a later version to serve. */
import { didYouMean } from '../nearest.js';
import { EVENT_LISTENER, FCGI_PROGRAM } from '../options/groups.js';
import { quote } from '../problems.js';
import { placeOf, type Reading, readOptions } from '../reader.js';
import type { Section } from '../sections.js';
import { compileProgram } from './process.js';

type Environment = Readonly<Record<string, string>>;

const STATES = ['STARTING', 'RUNNING', 'BACKOFF', 'STOPPING', 'EXITED', 'STOPPED', 'FATAL', 'UNKNOWN'];
const EVENT_TYPES: readonly string[] = [
  'EVENT',
  'PROCESS_STATE',
  ...STATES.map((state) => `PROCESS_STATE_${state}`),
  'PROCESS_LOG',
  'PROCESS_LOG_STDOUT',
  'PROCESS_LOG_STDERR',
  'PROCESS_COMMUNICATION',
  'PROCESS_COMMUNICATION_STDOUT',
  'PROCESS_COMMUNICATION_STDERR',
  'REMOTE_COMMUNICATION',
  'SUPERVISOR_STATE_CHANGE',
  'SUPERVISOR_STATE_CHANGE_RUNNING',
  'SUPERVISOR_STATE_CHANGE_STOPPING',
  'TICK',
  'TICK_5',
  'TICK_60',
  'TICK_3600',
  'PROCESS_GROUP',
  'PROCESS_GROUP_ADDED',
  'PROCESS_GROUP_REMOVED',
];

export function checkEventListener(reading: Reading, section: Section, environment: Environment): void {
  const { problems } = reading;
  const values = readOptions(reading, section, EVENT_LISTENER);
  if (section.entries.has('events') && values.events?.length === 0) {
    problems.error(placeOf(section, 'events'), 'is empty: it must name an event type, such as TICK_60');
  }
  for (const event of values.events ?? []) {
    if (EVENT_TYPES.includes(event.toUpperCase())) continue;
    problems.error(
      placeOf(section, 'events'),
      `${quote(event)} is not an event type${didYouMean(event, EVENT_TYPES)}`,
    );
  }
  if (values.buffer_size < 1) {
    problems.error(placeOf(section, 'buffer_size'), `${values.buffer_size} is too small; right is 1 or more`);
  }
  if (values.result_handler !== EVENT_LISTENER.result_handler.default) {
    problems.warning(
      placeOf(section, 'result_handler'),
      'Python handlers are not served; the default is used',
    );
  }
  const { options } = compileProgram(reading, section, section.name ?? '', environment);
  if (options.redirect_stderr) {
    problems.error(
      placeOf(section, 'redirect_stderr'),
      'must not be true: stderr would disturb the protocol on stdout',
    );
  }
}

export function checkFcgiProgram(reading: Reading, section: Section, environment: Environment): void {
  checkFcgiOptions(reading, section);
  compileProgram(reading, section, section.name ?? '', environment);
}

/** Those that an ordinary program doesn't have. */
export function checkFcgiOptions(reading: Reading, section: Section): void {
  const { problems } = reading;
  const names = new Map([['program_name', section.name ?? '']]);
  const values = readOptions(reading, section, FCGI_PROGRAM, names);
  const backlog = values.socket_backlog;
  if (backlog !== undefined && (backlog < 1 || backlog > 65_535)) {
    problems.error(placeOf(section, 'socket_backlog'), `${backlog} does not do; right is 1 to 65535`);
  }
  for (const key of ['socket_owner', 'socket_mode']) {
    if (!section.entries.has(key) || values.socket?.startsWith('unix://') !== false) continue;
    problems.error(placeOf(section, key), 'only a unix:// socket has an owner and a mode');
  }
}
