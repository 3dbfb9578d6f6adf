/** `why`: a process, why it is as it is, and what happens next, line by line. */
import type { Explained, ProcessView } from '../../grpc/client.js';
import { localTime, spokenDuration } from './times.js';

type Rights = NonNullable<ProcessView['identity']>;

/** One fact a line. @param now  epoch milliseconds */
export function explainedLines({ process, since, cause, lastAsked, next }: Explained, now: number): string[] {
  const name = process.name === process.group ? process.name : `${process.group}:${process.name}`;
  const begun = since === undefined ? '' : ` since ${localTime(since)} (${spokenDuration(now - since)})`;
  const lines: [string, string][] = [
    [name, `${process.state}${begun}`],
    ['pid', process.pid > 0 ? `${process.pid}, up ${spokenDuration(process.uptimeMs)}` : ''],
    ['because', cause],
    ['last end', lastEnd(process)],
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

function lastEnd({ exitStatus, exitSignal, stopTime }: ProcessView): string {
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
