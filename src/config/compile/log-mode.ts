/** logfile_mode: who writes a stream's log. What supd has to read can't be the child's own to write. */
import type { GroupSpec, ProcessSpec, StreamSpec } from '../../core/program.js';
import type { PROGRAM } from '../options/program.js';
import type { Values } from '../options/row.js';
import type { ProblemLog } from '../problems.js';
import { placeOf, type Reading, textOf } from '../reader.js';
import type { Section } from '../sections.js';

type Common = Values<typeof PROGRAM>;
type Channel = 'stdout' | 'stderr';

/** What of log_format and logfile_mode concerns one stream. With an option that needs the pump, `auto` is that. */
export function compileMode(
  reading: Reading,
  section: Section,
  channel: Channel,
  common: Common,
  stream: StreamSpec,
): StreamSpec {
  const format = common.log_format === 'raw' ? {} : { format: common.log_format };
  if (stream.file.kind === 'none' || common.logfile_mode === 'pump') return { ...stream, ...format };
  const reasons = reasonsToPump(reading, section, channel, common, stream);
  if (reasons.length === 0)
    return { ...stream, direct: common.logfile_mode === 'direct' ? 'always' : 'ifPossible' };
  if (common.logfile_mode === 'direct')
    for (const reason of reasons)
      reading.problems.error(
        placeOf(section, 'logfile_mode'),
        `direct keeps the output from supd, and ${reason}; right is auto or pump`,
      );
  return { ...stream, ...format };
}

function reasonsToPump(
  reading: Reading,
  section: Section,
  channel: Channel,
  { log_format: format }: Common,
  { eventsEnabled, captureMaxBytes, syslog }: StreamSpec,
): readonly string[] {
  const isHeard = (probe: 'ready' | 'health') => {
    const entry = section.entries.get(probe);
    return entry !== undefined && textOf(entry, reading).startsWith('log:');
  };
  const found: readonly (readonly [boolean, string])[] = [
    [section.kind === 'eventlistener' && channel === 'stdout', 'an event listener speaks on stdout'],
    [eventsEnabled, `${channel}_events_enabled makes events of it`],
    [captureMaxBytes > 0, `${channel}_capture_maxbytes captures from it`],
    [syslog, `${channel}_syslog sends it on`],
    [format !== 'raw', `log_format=${format} changes it`],
    [isHeard('ready'), 'ready looks for a line of it'],
    [isHeard('health'), 'health looks for a line of it'],
  ];
  return found.flatMap(([isSo, why]) => (isSo ? [why] : []));
}

/**
 * What only shows with the rest of the configuration: strip_ansi, and files that another program's output is pumped
 * into, which is rotated in another way.
 */
export function settleModes(
  groups: readonly GroupSpec[],
  sections: readonly Section[],
  stripAnsi: boolean,
  problems: ProblemLog,
): readonly GroupSpec[] {
  const all = groups.flatMap(({ processes }) => processes);
  if (!all.some(({ stdout, stderr }) => stdout.direct ?? stderr.direct)) return groups;
  const pumped = new Set(
    all
      .flatMap((spec) => [spec.stdout, spec.stderr])
      .flatMap((one) => (one.direct ? [] : (pathOf(one) ?? []))),
  );
  const settle = (spec: ProcessSpec, stream: StreamSpec): StreamSpec => {
    const path = pathOf(stream);
    if (!stream.direct) return stream;
    const why = stripAnsi
      ? 'strip_ansi changes it'
      : path !== undefined && pumped.has(path)
        ? `what supd reads of another program goes to ${path} too`
        : undefined;
    if (why === undefined) return stream;
    const section = sections.find(({ kind, name }) => name === spec.program && KINDS.includes(kind));
    if (stream.direct === 'always' && section)
      problems.error(
        placeOf(section, 'logfile_mode'),
        `direct keeps the output from supd, and ${why}; right is auto or pump`,
      );
    const { direct: _, ...rest } = stream;
    return rest;
  };
  return groups.map((group) => ({
    ...group,
    processes: group.processes.map((spec) => ({
      ...spec,
      stdout: settle(spec, spec.stdout),
      stderr: settle(spec, spec.stderr),
    })),
  }));
}

const KINDS: readonly string[] = ['program', 'eventlistener', 'fcgi-program'];

function pathOf({ file }: StreamSpec): string | undefined {
  return file.kind === 'path' ? file.path : undefined;
}
