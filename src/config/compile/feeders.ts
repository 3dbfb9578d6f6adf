/** [eventlistener:x], and the sockets of [fcgi-program:x]. */
import { EVENT_TYPES } from '../../core/event-types.js';
import type { GroupSpec, SharedSocketSpec } from '../../core/program.js';
import { didYouMean } from '../nearest.js';
import { omitUndefined } from '../omit-undefined.js';
import { EVENT_LISTENER, FCGI_PROGRAM } from '../options/groups.js';
import { PROGRAM } from '../options/program.js';
import { quote } from '../problems.js';
import { forgiving, placeOf, type Reading, readOptions } from '../reader.js';
import type { Section } from '../sections.js';
import { compileProgram } from './process.js';

type Environment = Readonly<Record<string, string>>;

/** The pool of listeners as a group. A `priority` is that of its processes, too. */
export function compileEventListener(
  reading: Reading,
  section: Section,
  environment: Environment,
): GroupSpec {
  const { problems } = reading;
  const name = section.name ?? '';
  const values = readOptions(reading, section, EVENT_LISTENER);
  const events = (values.events ?? []).map((event) => event.toUpperCase());
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
    problems.error(
      placeOf(section, 'result_handler'),
      `a handler in Python can't be called; right is ${EVENT_LISTENER.result_handler.default}, or nothing`,
    );
  }
  const { options, processes } = compileProgram(reading, section, name, environment);
  if (options.redirect_stderr) {
    problems.error(
      placeOf(section, 'redirect_stderr'),
      'must not be true: stderr would disturb the protocol on stdout',
    );
  }
  for (const key of ['stdout_capture_maxbytes', 'stdout_events_enabled'] as const) {
    if (!options[key]) continue;
    problems.warning(placeOf(section, key), 'ignored: the stdout of an event listener is its protocol');
  }
  return {
    name,
    kind: 'eventlistener',
    priority: values.priority,
    pool: { events, bufferSize: values.buffer_size, eventLength: values.event_length },
    processes,
  };
}

/** The socket of a [fcgi-program:x]; undefined when it has none that could be served (which has been told then). */
export function compileSocket(reading: Reading, section: Section): SharedSocketSpec | undefined {
  const { problems } = reading;
  const names = new Map([['program_name', section.name ?? '']]);
  const values = readOptions(reading, section, FCGI_PROGRAM, names);
  const { socket, socket_backlog: backlog } = values;
  if (backlog !== undefined && (backlog < 1 || backlog > 65_535)) {
    problems.error(placeOf(section, 'socket_backlog'), `${backlog} does not do; right is 1 to 65535`);
  }
  if (socket === undefined) return undefined;
  if (socket.kind === 'unix') {
    const { user } = readOptions(forgiving(reading), section, { user: PROGRAM.user });
    const owner = values.socket_owner;
    const mode = values.socket_mode ?? 0o700;
    return {
      ...socket,
      mode,
      ...omitUndefined({ ...(owner === undefined ? { user } : { owner }), backlog }),
    };
  }
  for (const key of ['socket_owner', 'socket_mode']) {
    if (!section.entries.has(key)) continue;
    problems.error(placeOf(section, key), 'only a unix:// socket has an owner and a mode');
  }
  return { ...socket, ...omitUndefined({ backlog }) };
}
