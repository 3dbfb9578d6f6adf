/** supd's command line: supervisord's flags, each standing for an option of [supd], and a few of its own. */
import type { Overrides } from '../config/config.js';
import { pythonRepr } from '../config/expand.js';
import { getopt, type OptionName } from '../config/getopt.js';
import type { Check, Machine } from './flag-values.js';
import { checkBytes, checkDirectory, checkFile, checkInt, checkLevel, checkOctal } from './flag-values.js';

export interface SupdFlags {
  readonly configuration?: string;
  readonly action: 'run' | 'help' | 'version' | 'check' | 'help-config' | 'import-crontab';
  /** Of import-crontab. */
  readonly file?: string;
  readonly overrides: Overrides;
}

export type ReadFlags =
  | { readonly ok: true; readonly flags: SupdFlags }
  | { readonly ok: false; readonly message: string };

interface Row extends OptionName {
  readonly doc: string;
  /** The option of [supd] that it sets. */
  readonly sets?: string;
  readonly check?: Check;
}

const ROWS: readonly Row[] = [
  row('c', 'configuration', 'FILE', 'the configuration (searched at the default places otherwise)'),
  row('n', 'nodaemon', '', 'stay in the foreground', 'nodaemon'),
  row('s', 'silent', '', 'in the foreground, no log on stdout', 'silent'),
  row('h', 'help', '', 'this text'),
  row('?', 'help', '', ''),
  row('v', 'version', '', 'the version; called as supervisord, that of the supervisord it stands in for'),
  own('check', 'say everything that is wrong with the configuration; exit 2 on errors, else 0'),
  own('help_config', 'a commented example of a configuration'),
  row('', 'import_crontab', 'FILE', 'the lines of a crontab as sections of jobs, on stdout'),
  row('u', 'user', 'USER', 'run supd itself as this user', 'user'),
  row('m', 'umask', 'UMASK', 'of supd and its programs', 'umask', checkOctal),
  row('d', 'directory', 'DIR', 'change to it at the start', 'directory', checkDirectory),
  row('l', 'logfile', 'FILE', 'the main log', 'logfile', checkFile),
  row('y', 'logfile_maxbytes', 'BYTES', 'rotate it at this size', 'logfile_maxbytes', checkBytes),
  row('z', 'logfile_backups', 'COUNT', 'rotated main logs kept', 'logfile_backups', checkInt),
  row('e', 'loglevel', 'LEVEL', 'critical error warn info debug trace blather', 'loglevel', checkLevel),
  row('j', 'pidfile', 'FILE', "holds supd's pid", 'pidfile', checkFile),
  row('i', 'identifier', 'NAME', 'tells this supd from others', 'identifier'),
  row('q', 'childlogdir', 'DIR', 'of AUTO logs', 'childlogdir', checkDirectory),
  row('k', 'nocleanup', '', 'keep AUTO logs of earlier starts', 'nocleanup'),
  row('a', 'minfds', 'COUNT', 'open files that must be allowed', 'minfds', checkInt),
  row('t', 'strip_ansi', '', 'take terminal sequences out of logs', 'strip_ansi'),
  row('', 'minprocs', 'COUNT', 'processes that must be allowed', 'minprocs', checkInt),
  row('', 'profile_options', 'TEXT', "supervisord's; without effect"),
];

/**
 * Takes the flags one by one, as supervisord does: -h and -v count where they stand.
 * @returns the flags, or what follows `Error: `
 */
export function readFlags(argv: readonly string[], machine: Machine): ReadFlags {
  const parsed = getopt(argv, ROWS);
  if (!parsed.ok) return parsed;
  if (parsed.words.length > 0) {
    const words = parsed.words.map(pythonRepr).join(', ');
    return { ok: false, message: `positional arguments are not supported: [${words}]` };
  }
  const values = new Map<string, string>();
  for (const { option, written, value } of parsed.found) {
    const one = ROWS.find(({ long }) => long === option.long);
    const wrong = one?.check?.(value, machine);
    if (wrong !== undefined) {
      return { ok: false, message: `invalid value for ${written} ${pythonRepr(value)}: ${wrong}` };
    }
    if (values.has(option.long)) {
      return { ok: false, message: `conflicting command line option '${written}'` };
    }
    values.set(option.long, option.takesValue ? value : 'true');
    if (option.long === 'help' || option.long === 'version') break;
  }
  const overrides: Record<string, string> = {};
  for (const one of ROWS) {
    const value = one.sets === undefined ? undefined : values.get(one.long);
    if (one.sets !== undefined && value !== undefined) overrides[one.sets] = value;
  }
  const configuration = values.get('configuration');
  const file = values.get('import_crontab');
  return {
    ok: true,
    flags: {
      action: actionOf(values),
      overrides,
      ...(configuration === undefined ? {} : { configuration }),
      ...(file === undefined ? {} : { file }),
    },
  };
}

/** What -h prints. `program`: the name that it was called by. */
export function helpText(program: string): string {
  const lines = ROWS.filter((one) => one.doc !== '').map((one) => {
    const short = one.short === '' ? '    ' : `-${one.short}, `;
    const long = one.long.replace(/^(help|import)_/, '$1-');
    return `  ${`${short}--${long}${one.takesValue ? '=…' : ''}`.padEnd(28)} ${one.doc}`;
  });
  return `${program}: supervises programs, runs jobs\n\nUsage: ${program} [options]\n\n${lines.join('\n')}\n`;
}

function actionOf(values: ReadonlyMap<string, string>): SupdFlags['action'] {
  if (values.has('help')) return 'help';
  if (values.has('version')) return 'version';
  if (values.has('help_config')) return 'help-config';
  if (values.has('import_crontab')) return 'import-crontab';
  return values.has('check') ? 'check' : 'run';
}

function row(short: string, long: string, value: string, doc: string, sets?: string, check?: Check): Row {
  const more = { ...(sets === undefined ? {} : { sets }), ...(check === undefined ? {} : { check }) };
  return { short, long, takesValue: value !== '', doc, ...more };
}

/** Not of supervisord, so that `--he` and `--ch` mean what they mean there. */
function own(long: string, doc: string): Row {
  return { short: '', long, takesValue: false, doc, own: true };
}
