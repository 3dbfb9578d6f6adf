/** Where the output of a process goes. */
import type { StreamSpec } from '../../core/program.js';
import type { PROGRAM, PROGRAM_COPY } from '../options/program.js';
import type { Values } from '../options/row.js';
import { placeOf, type Reading } from '../reader.js';
import type { Section } from '../sections.js';
import { compileMode } from './log-mode.js';

type Common = Values<typeof PROGRAM>;
type Copy = Values<typeof PROGRAM_COPY>;

export function compileStdout(reading: Reading, section: Section, common: Common, copy: Copy): StreamSpec {
  const stream = compileStream(reading, section, 'stdout', {
    logfile: copy.stdout_logfile,
    maxBytes: copy.stdout_logfile_maxbytes,
    backups: copy.stdout_logfile_backups,
    captureMaxBytes: common.stdout_capture_maxbytes,
    eventsEnabled: common.stdout_events_enabled,
    syslog: copy.stdout_syslog,
  });
  return compileMode(reading, section, 'stdout', common, stream);
}

/** With redirect_stderr there is none: everything goes the way of stdout. */
export function compileStderr(reading: Reading, section: Section, common: Common, copy: Copy): StreamSpec {
  const options = {
    logfile: copy.stderr_logfile,
    maxBytes: copy.stderr_logfile_maxbytes,
    backups: copy.stderr_logfile_backups,
    captureMaxBytes: common.stderr_capture_maxbytes,
    eventsEnabled: common.stderr_events_enabled,
    syslog: copy.stderr_syslog,
  };
  if (!common.redirect_stderr) {
    const stream = compileStream(reading, section, 'stderr', options);
    return compileMode(reading, section, 'stderr', common, stream);
  }
  if (copy.stderr_logfile.kind === 'path') {
    const place = placeOf(section, 'stderr_logfile');
    reading.problems.warning(place, 'ignored, since redirect_stderr=true sends stderr to the log of stdout');
  }
  return { ...options, file: { kind: 'none' } };
}

interface StreamOptions {
  readonly logfile: Copy['stdout_logfile'];
  readonly maxBytes: number;
  readonly backups: number;
  readonly captureMaxBytes: number;
  readonly eventsEnabled: boolean;
  readonly syslog: boolean;
}

function compileStream(
  { problems }: Reading,
  section: Section,
  stream: 'stdout' | 'stderr',
  { logfile, ...rest }: StreamOptions,
): StreamSpec {
  const place = placeOf(section, `${stream}_logfile`);
  if (logfile.kind === 'auto' && rest.maxBytes === 0) {
    problems.warning(
      placeOf(section, `${stream}_logfile_maxbytes`),
      'the AUTO log is never rotated and may fill the disk; give a size above 0',
    );
  }
  if (logfile.kind !== 'syslog') return { ...rest, file: logfile };
  problems.warning(
    place,
    `syslog is the old way to say ${stream}_syslog=true and ${stream}_logfile=NONE, as which it counts`,
  );
  return { ...rest, syslog: true, file: { kind: 'none' } };
}
