/** The daemon's own log: pino's levels and lines, in supervisord's format or as JSON, through a LogFile. */
import { pino } from 'pino';
import type { Files } from './files.js';
import { LogFile } from './logfile.js';

/** supervisord's levels with its numbers and the words of its lines. */
const LEVELS = {
  critical: [50, 'CRIT'],
  error: [40, 'ERRO'],
  warn: [30, 'WARN'],
  info: [20, 'INFO'],
  debug: [10, 'DEBG'],
  trace: [5, 'TRAC'],
  blather: [3, 'BLAT'],
} as const;

type Level = keyof typeof LEVELS;

export interface MainLogOptions {
  readonly path: string;
  readonly maxBytes: number;
  readonly backups: number;
  readonly files?: Files;
  readonly level: Level;
  readonly format: 'text' | 'json';
  /** Every line goes to the daemon's stdout too. */
  readonly echo: boolean;
  /** Takes the lines instead of a file, without their newline, by syslog(3)'s severities (7: debug). */
  readonly syslog?: (severity: number, message: string) => void;
}

/** Of syslog(3), by our numbers. */
const SEVERITIES = { 50: 2, 40: 3, 30: 4, 20: 6 } as const;

/** Takes strings only, so that no object with a password in it is ever written. */
export interface MainLog extends Readonly<Record<Level, (message: string) => void>> {
  /** undefined: it goes to syslog. */
  readonly file: LogFile | undefined;
  reopen(): void;
  close(): void;
}

/**
 * Opens the main log. Lines are in the file when a call returns; a full disk is seen in `file.failure`.
 * @throws the system's error when the file can't be opened
 */
export function openMainLog(options: MainLogOptions): MainLog {
  const { syslog } = options;
  const file = syslog
    ? undefined
    : LogFile.open(options.path, { ...options, told: (level, line) => log[level](line) });
  const echo = options.echo && !file?.isOwnStdout ? openEcho() : undefined;
  const toLine = options.format === 'json' ? (line: string) => line : textLine;
  const log = pino<Level>(
    {
      base: null,
      level: options.level,
      customLevels: Object.fromEntries(
        Object.entries(LEVELS).map(([name, [number]]) => [name, number]),
      ) as Record<Level, number>,
      useOnlyCustomLevels: true,
      timestamp: options.format === 'json' ? pino.stdTimeFunctions.isoTime : pino.stdTimeFunctions.epochTime,
      formatters: { level: (level) => ({ level }) },
    },
    {
      write(line: string): void {
        const bytes = Buffer.from(toLine(line));
        file?.append(bytes);
        echo?.append(bytes);
        const lines = !syslog ? [] : options.format === 'json' ? [line] : linesOf(line);
        for (const one of lines) syslog?.(severityOf(line), one.trimEnd());
      },
    },
  );
  return {
    critical: (message) => log.critical(message),
    error: (message) => log.error(message),
    warn: (message) => log.warn(message),
    info: (message) => log.info(message),
    debug: (message) => log.debug(message),
    trace: (message) => log.trace(message),
    blather: (message) => log.blather(message),
    file,
    reopen: () => file?.reopen(),
    close() {
      file?.close();
      echo?.close();
    },
  };
}

/** No stdout is no reason not to start. */
function openEcho(): LogFile | undefined {
  try {
    return LogFile.open('/dev/stdout', { maxBytes: 0, backups: 0 });
  } catch {
    return undefined;
  }
}

interface Written {
  readonly level: Level;
  readonly time: number;
  readonly msg: string;
}

/** `2026-11-23 05:04:28,209 INFO message`, local time. */
function textLine(line: string): string {
  return format(JSON.parse(line) as Written);
}

/** Each line of the message as one of its own. */
function linesOf(line: string): readonly string[] {
  const written = JSON.parse(line) as Written;
  return written.msg.split('\n').map((msg) => format({ ...written, msg }));
}

function format({ level, time, msg }: Written): string {
  return `${stamp(new Date(time))} ${LEVELS[level][1]} ${msg}\n`;
}

function stamp(at: Date): string {
  const two = (part: number) => String(part).padStart(2, '0');
  const day = `${at.getFullYear()}-${two(at.getMonth() + 1)}-${two(at.getDate())}`;
  const clock = `${two(at.getHours())}:${two(at.getMinutes())}:${two(at.getSeconds())}`;
  return `${day} ${clock},${String(at.getMilliseconds()).padStart(3, '0')}`;
}

function severityOf(line: string): number {
  const { level } = JSON.parse(line) as { level: Level };
  const [number] = LEVELS[level];
  return number in SEVERITIES ? SEVERITIES[number as keyof typeof SEVERITIES] : 7;
}
