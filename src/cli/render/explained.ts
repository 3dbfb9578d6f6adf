/** `why`: a process in sentences: its state and since when, how it came to that, who asked, what happens next. */
import type { DeathView, Explained, ProcessView } from '../../grpc/client.js';
import { outputText } from './deaths.js';
import { limitsLine, rightsLine } from './rights.js';
import { localTime, spokenDuration } from './times.js';

/** One matter a line. @param now  epoch milliseconds */
export function explainedLines(explained: Explained, now: number): string[] {
  const { process, since, cause, lastAsked, next, deaths } = explained;
  const { identity, rolling, logFailure, restarts } = process;
  const [last] = deaths;
  // The state itself tells of the last end, with the same words.
  const isTold = last !== undefined && cause.includes(last.reason);
  const before = isTold ? '' : lastEnd(process, last);
  // Of an end that somebody wanted, they would only be in the way.
  const isOdd = last !== undefined && !WANTED.includes(last.cause);
  const output = isTold || (before !== '' && isOdd) ? outputText(last) : '';
  return [
    `${headOf(process, since, now)}.`,
    cause === '' ? '' : sentence(clause(cause)),
    before,
    output === '' ? '' : `It wrote last:${output}`,
    restarts === 0 ? '' : `Since it was last asked for, supd has started it again ${times(restarts)}.`,
    lastAsked ? askedSentence(lastAsked) : 'Nobody has asked for anything since supd started.',
    rolling === '' ? '' : `A rolling restart is under way, and it is ${ROLES[rolling] ?? rolling}.`,
    identity ? `It runs as ${rightsLine(identity)}; its limits are ${limitsLine(identity.limits)}.` : '',
    logFailure === '' ? '' : `Its log: ${logFailure}`,
    `Next: ${next}.`,
  ].filter((line) => line !== '');
}

/** Causes of ends that were asked for. */
const WANTED: readonly string[] = ['request', 'job', 'shutdown'];

const ROLES: Readonly<Record<string, string>> = {
  waiting: 'waiting for its turn',
  warming: 'being warmed up',
  joining: 'getting its visitors back',
  failed: 'the one that failed',
  passed: 'left as it is',
  untouched: 'left as it was',
};

/** "instance1 (group zope) is RUNNING, pid 4711, since 2026-11-26 14:03:11 (2 h 5 min)". */
function headOf({ name, group, state, pid, uptimeMs }: ProcessView, since: number | undefined, now: number) {
  const of = group === name ? '' : ` (group ${group})`;
  const process = pid > 0 ? `, pid ${pid}` : '';
  const up = pid > 0 ? `, up ${spokenDuration(uptimeMs)}` : '';
  const begun = since === undefined ? up : `, since ${localTime(since)} (${spokenDuration(now - since)})`;
  return `${name}${of} is ${state}${process}${begun}`;
}

/** "It ended with exit status 3: …", "It was terminated by SIGKILL: …". */
function clause(cause: string): string {
  if (cause.startsWith('exit status ')) return `it ended with ${cause}`;
  return cause.startsWith('terminated by ') ? `it was ${cause}` : cause;
}

/** Of the process before this one, or of one that the state does not tell of. */
function lastEnd({ exitStatus, exitSignal, stopTime }: ProcessView, death: DeathView | undefined): string {
  if (death && (stopTime === undefined || Math.abs(stopTime - death.time) < 1000)) {
    const lived =
      death.startTime === undefined ? '' : ` after ${spokenDuration(death.time - death.startTime)}`;
    const [how = '', ...why] = death.reason.split(': ');
    const verb = how.startsWith('terminated') ? `was ${how}` : `ended with ${how}`;
    return `Before that, pid ${death.pid} ${verb} at ${localTime(death.time)}${lived}: ${why.join(': ')}.`;
  }
  if (exitStatus === undefined) return '';
  const how = exitSignal === '' ? `ended with exit status ${exitStatus}` : `was terminated by ${exitSignal}`;
  return `Before that it ${how}${stopTime === undefined ? '' : ` at ${localTime(stopTime)}`}.`;
}

function askedSentence({ what, by, reason, time }: NonNullable<Explained['lastAsked']>): string {
  const why = reason === '' ? '' : `: ${reason}`;
  return `Asked for last: ${what} at ${localTime(time)} by ${by}${why}.`;
}

function times(count: number): string {
  return count === 1 ? 'once' : `${count} times`;
}

function sentence(text: string): string {
  return `${text.charAt(0).toUpperCase()}${text.slice(1)}${/[.!?]$/.test(text) ? '' : '.'}`;
}
