/**
 * Which options of a process differ between two specifications, and whether a running process can take each over.
 * Values of `environment` are never told.
 */
import { formatDuration } from '../durations.js';
import type { Limits, ProcessSpec, SharedSocketSpec, StreamSpec } from '../program.js';
import { signalName } from '../signals.js';
import { type Compare, LIVE, type OptionChange, option, plain, RESTART } from './compare.js';
import {
  compareBackoff,
  compareHealth,
  compareMemory,
  compareReady,
  compareReloads,
  compareTraffic,
} from './nested.js';

export { isSame, type OptionChange, option } from './compare.js';

type Field = Exclude<keyof ProcessSpec, 'id' | 'name' | 'group' | 'program'>;
const HIDDEN = '(hidden)';

/** Every field of a specification: the compiler asks for a row for each that is new. */
const FIELDS: { readonly [F in Field]-?: Compare<ProcessSpec[F]> } = {
  command: option('command', RESTART),
  user: option('user', RESTART),
  supplementaryGroups: option('supplementary_groups', RESTART, listed),
  directory: option('directory', RESTART),
  umask: option('umask', RESTART, (umask) => (umask === undefined ? '' : octal(umask))),
  environment: variables,
  limits: compareLimits,
  nice: settable('nice'),
  capabilities: option('capabilities', RESTART, listed),
  noNewPrivileges: option('no_new_privileges', RESTART),
  priority: option('priority', LIVE),
  autostart: option('autostart', LIVE),
  autorestart: option(
    'autorestart',
    LIVE,
    (word) => ({ always: 'true', never: 'false', unexpected: word })[word],
  ),
  startMs: option('startsecs', LIVE, formatDuration),
  startRetries: option('startretries', LIVE),
  exitCodes: option('exitcodes', LIVE, listed),
  stopSignal: option('stopsignal', LIVE, signalName),
  stopWaitMs: option('stopwaitsecs', LIVE, formatDuration),
  stopAsGroup: option('stopasgroup', LIVE),
  killAsGroup: option('killasgroup', LIVE),
  redirectStderr: option('redirect_stderr', RESTART),
  ready: compareReady,
  health: compareHealth,
  backoff: compareBackoff,
  traffic: compareTraffic,
  memory: compareMemory,
  dependsOn: option(
    'depends_on',
    LIVE,
    (all) => all?.map(({ on, condition }) => `${on}:${condition}`).join(',') ?? '',
  ),
  essential: option('essential', LIVE, (essential) => String(essential ?? false)),
  stdout: (before, after) => compareStream('stdout', before, after),
  stderr: (before, after) => compareStream('stderr', before, after),
  reload: compareReloads,
  serverUrl: option('serverurl', RESTART, (url) => url ?? 'AUTO'),
  socket: option('socket', RESTART, urlOf),
};

/** In the order of the table. Equal by value: a specification that was kept on disk is still the same. */
export function compareOptions(before: ProcessSpec, after: ProcessSpec): readonly OptionChange[] {
  const changes = Object.entries(FIELDS).flatMap(([field, compare]) =>
    // Sound: FIELDS ties each function to its field; TypeScript can't follow it through Object.entries.
    (compare as Compare<unknown>)(before[field as Field], after[field as Field]),
  );
  // What is said of both streams at once is told once, and lives only if it lives for both.
  const told = new Map<string, OptionChange>();
  for (const one of changes) {
    const live = one.live && told.get(one.option)?.live !== false;
    told.set(one.option, { ...one, live });
  }
  return [...told.values()];
}

/** What can be set for a running process, but not made as if it had never been. */
function settable<V>(name: string): Compare<V | undefined> {
  return (before, after) => option<V | undefined>(name, after !== undefined)(before, after);
}

function compareLimits(before: Limits, after: Limits): readonly OptionChange[] {
  const names = ['nofile', 'nproc', 'core', 'memlock'] as const;
  return names.flatMap((name) => settable<number | string>(`limit_${name}`)(before[name], after[name]));
}

function variables(before: ProcessSpec['environment'], after: ProcessSpec['environment']): OptionChange[] {
  const shown = (value: string | undefined) => (value === undefined ? '' : HIDDEN);
  return [...new Set([...Object.keys(before), ...Object.keys(after)])]
    .filter((name) => before[name] !== after[name])
    .map((name) => ({
      option: `environment ${name}`,
      from: shown(before[name]),
      to: shown(after[name]),
      live: RESTART,
    }));
}

/** Options of a stream, and of both streams alike: each is one value of its specification. */
const STREAM: {
  readonly [F in keyof StreamSpec]-?: readonly [name: string, show?: (value: never) => string];
} = {
  file: [
    '%_logfile',
    (file: StreamSpec['file']) => (file.kind === 'path' ? file.path : file.kind.toUpperCase()),
  ],
  maxBytes: ['%_logfile_maxbytes'],
  backups: ['%_logfile_backups'],
  captureMaxBytes: ['%_capture_maxbytes'],
  eventsEnabled: ['%_events_enabled'],
  syslog: ['%_syslog'],
  direct: ['logfile_mode', (direct: StreamSpec['direct']) => modeOf(direct)],
  format: ['log_format', (format: StreamSpec['format']) => format ?? 'raw'],
};

/** The child's end is a pipe or nothing; who reads the pipe, and where that goes, is supd's alone. */
function compareStream(
  channel: 'stdout' | 'stderr',
  before: StreamSpec,
  after: StreamSpec,
): readonly OptionChange[] {
  // What a child writes to by itself it has open.
  const isDirect = before.direct !== undefined || after.direct !== undefined;
  const live = isRead(before) === isRead(after) && !isDirect;
  return (Object.keys(STREAM) as (keyof StreamSpec)[]).flatMap((field) => {
    const [name, show = plain] = STREAM[field];
    // Sound: STREAM ties each way of showing to its field.
    return option(
      name.replace('%', channel),
      live,
      show as (value: unknown) => string,
    )(before[field], after[field]);
  });
}

function modeOf(direct: StreamSpec['direct']): string {
  return direct === undefined ? 'pump' : direct === 'always' ? 'direct' : 'auto';
}

function isRead({ file, captureMaxBytes, eventsEnabled, syslog }: StreamSpec): boolean {
  return file.kind !== 'none' || captureMaxBytes > 0 || eventsEnabled || syslog;
}

function urlOf(socket: SharedSocketSpec | undefined): string {
  if (socket === undefined) return '';
  const url = socket.kind === 'unix' ? `unix://${socket.path}` : `tcp://${socket.host}:${socket.port}`;
  const { kind: _, ...rest } = socket;
  const more = Object.entries(rest).filter(([key]) => !['path', 'host', 'port'].includes(key));
  const shown = more.map(([key, value]) => `${key} ${key === 'mode' ? octal(Number(value)) : value}`);
  return [url, ...shown].join(', ');
}

function listed(values: readonly (string | number)[] | undefined): string {
  return values?.join(',') ?? '';
}

function octal(mode: number): string {
  return mode.toString(8).padStart(3, '0');
}
