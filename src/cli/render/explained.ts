/** `why`: a process, why it is as it is, and what happens next, line by line. */
import type { DeathView, Explained, ProcessView } from '../../grpc/client.js';
import { spokenBytes } from './sizes.js';
import { localTime, spokenDuration } from './times.js';

type Rights = NonNullable<ProcessView['identity']>;

/** One fact a line. @param now  epoch milliseconds */
export function explainedLines(
  { process, since, cause, lastAsked, next, deaths }: Explained,
  now: number,
): string[] {
  const name = process.name === process.group ? process.name : `${process.group}:${process.name}`;
  const begun = since === undefined ? '' : ` since ${localTime(since)} (${spokenDuration(now - since)})`;
  const lines: [string, string][] = [
    [name, `${process.state}${begun}`],
    ['pid', process.pid > 0 ? `${process.pid}, up ${spokenDuration(process.uptimeMs)}` : ''],
    ['because', cause],
    ['last end', lastEnd(process, deaths[0])],
    ['it wrote last', cause === '' ? '' : outputText(deaths[0])],
    ['restarts', process.restarts > 0 ? `${process.restarts} since it was last asked for` : ''],
    ['asked', lastAsked ? askedLine(lastAsked) : 'nobody asked for anything since supd started'],
    ['rolling restart', process.rolling],
    ['runs as', process.identity ? rightsLine(process.identity) : ''],
    ['limits', process.identity ? limitsLine(process.identity.limits) : ''],
    ['logs', process.logFailure],
    ['next', next],
  ];
  return lines.filter(([, text]) => text !== '').map(([title, text]) => `${title}: ${text}`);
}

function askedLine({ what, by, reason, time }: NonNullable<Explained['lastAsked']>): string {
  return `${what} at ${localTime(time)} by ${by}${reason === '' ? '' : `: ${reason}`}`;
}

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

function outputText(death: DeathView | undefined): string {
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
    ...(descendants > 0 ? [`${descendants} descendants`] : []),
  ].join(', ');
}

function lastEnd({ exitStatus, exitSignal, stopTime }: ProcessView, death: DeathView | undefined): string {
  if (death && (stopTime === undefined || Math.abs(stopTime - death.time) < 1000)) {
    const [how = '', ...more] = death.reason.split(': ');
    return `${how} at ${localTime(death.time)}: ${more.join(': ')}`;
  }
  if (exitStatus === undefined) return '';
  const how = exitSignal === '' ? `exit status ${exitStatus}` : `terminated by ${exitSignal}`;
  return stopTime === undefined ? how : `${how} at ${localTime(stopTime)}`;
}

function rightsLine({ uids, gids, groups, ...rights }: Rights): string {
  // Root has them all: a list says nothing then.
  const all = uids[1] === 0 && rights.capabilities.length > 20;
  const capabilities = all ? 'all' : rights.capabilities.join(',') || 'none';
  return [
    `uid ${uids[1]}`,
    `gid ${gids[1]}`,
    `groups ${groups.join(',') || 'none'}`,
    `capabilities ${capabilities}`,
    `no_new_privileges ${rights.noNewPrivileges ? 'yes' : 'no'}`,
    `nice ${rights.nice}`,
    `umask ${rights.umask.toString(8).padStart(3, '0')}`,
  ].join(', ');
}

function limitsLine(limits: Rights['limits']): string {
  const shown = (value: number) => (Number.isFinite(value) ? String(value) : 'unlimited');
  return Object.entries(limits)
    .map(
      ([name, { soft, hard }]) => `${name} ${soft === hard ? shown(soft) : `${shown(soft)}-${shown(hard)}`}`,
    )
    .join(', ');
}
