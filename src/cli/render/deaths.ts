/** What is kept of the ends of a process, line by line. */
import type { DeathView } from '../../grpc/client.js';
import { spokenBytes } from './sizes.js';
import { localTime, spokenDuration } from './times.js';

/** `why --deaths`: each with what was kept of it, newest first. */
export function deathLines(deaths: readonly DeathView[]): readonly string[] {
  return deaths.flatMap((death) => {
    const { time, pid, startTime, facts, cpuMs, environment, expected } = death;
    const up = startTime === undefined ? '' : ` after ${spokenDuration(time - startTime)}`;
    const known: [string, string][] = [
      ['because', `${death.reason}${expected ? '' : '; not expected'}`],
      ['it had', facts ? `${factsText(facts)}, at ${localTime(facts.time)}` : ''],
      ['in all', cpuMs === undefined ? '' : `${spokenDuration(cpuMs)} of processor time`],
      ['environment', environment],
      ['it wrote last', outputText(death)],
    ];
    const told = known.filter(([, text]) => text !== '').map(([title, text]) => `  ${title}: ${text}`);
    return [`${localTime(time)}: pid ${pid} ended${up}`, ...told];
  });
}

/** Each line of what it wrote last on one of its own, or ''. */
export function outputText(death: DeathView | undefined): string {
  if (!death || death.output === '') return '';
  return death.output
    .split('\n')
    .map((line) => `\n    | ${line}`)
    .join('');
}

function factsText(facts: NonNullable<DeathView['facts']>): string {
  const { threads, openFiles, limitNofile, descendants } = facts;
  return [
    `${spokenBytes(facts.memoryBytes)} of memory (at most ${spokenBytes(facts.peakMemoryBytes)})`,
    `${spokenDuration(facts.cpuMs)} of processor time`,
    `${threads} ${threads === 1 ? 'thread' : 'threads'}`,
    `${openFiles} open files${limitNofile === undefined ? '' : ` of ${limitNofile}`}`,
    ...(descendants > 0 ? [`${descendants} ${descendants === 1 ? 'descendant' : 'descendants'}`] : []),
  ].join(', ');
}
