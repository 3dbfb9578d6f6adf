/** What the buttons do, and the words that tell it. */
import type { Api, Asked, ProcessResult } from '../api/api.js';
import { SupdError } from '../api/errors.js';
import { namespecOf } from '../xmlrpc/names.js';
import { findNamed } from './names.js';
import { localTime } from './times.js';

/** Of one process; `all` are the buttons above the table. */
export type Verb = 'start' | 'stop' | 'restart' | 'clearlog';
const DONE = { start: 'started', stop: 'stopped', restart: 'restarted', clearlog: 'cleared' } as const;
/** Named in one message; of further ones their number. */
const NAMED = 5;

/**
 * Does it, and waits for its end for so long; then it goes on by itself.
 * @param action  "stopall", "restartall", or a verb and, after a space, a name
 * @returns what was done, or why not
 */
export async function change(api: Api, action: string, asked: Asked, patienceMs: number): Promise<string> {
  const space = action.indexOf(' ');
  const [verb, name] = space < 0 ? [action, ''] : [action.slice(0, space), action.slice(space + 1)];
  try {
    if (verb === 'stopall' || verb === 'restartall')
      return await changeAll(api, verb === 'stopall' ? 'stop' : 'restart', asked, patienceMs);
    if (!isVerb(verb)) return `ERROR: "${verb}" is nothing that can be done here`;
    const found = findNamed(api, name);
    if (!found) return `No such process named ${name}`;
    if (verb === 'clearlog') return clearLog(api, found.id, namespecOf(found), asked);
    const outcome = await outcomeOf(asked, patienceMs, (bounded) => api[verb]([found.id], bounded));
    return tellOne(verb, namespecOf(found), outcome);
  } catch (error) {
    if (!(error instanceof SupdError)) throw error;
    return `ERROR: ${error.message}`;
  }
}

function isVerb(verb: string): verb is Verb {
  return Object.hasOwn(DONE, verb);
}

async function changeAll(
  api: Api,
  verb: 'stop' | 'restart',
  asked: Asked,
  patienceMs: number,
): Promise<string> {
  const outcome = await outcomeOf(asked, patienceMs, (bounded) => api[verb](['all'], bounded));
  const failed = outcome.results.flatMap((one) => {
    const why = failureOf(one);
    return why === undefined ? [] : [`${namespecOf(one)}: ${why}`];
  });
  const more = failed.length > NAMED ? `; and ${failed.length - NAMED} more` : '';
  const but = failed.length === 0 ? '' : `, but for ${failed.slice(0, NAMED).join('; ')}${more}`;
  if (!outcome.isOver) return `${titled(verb)} of all asked for; it goes on${but}`;
  return `All ${DONE[verb]} at ${localTime(Date.now())}${but}`;
}

function tellOne(verb: Exclude<Verb, 'clearlog'>, name: string, { results, isOver }: Outcome): string {
  const why = results.map(failureOf).find((one) => one !== undefined);
  if (why !== undefined) return `ERROR: Process ${name}: ${why}`;
  if (!isOver) return `${titled(verb)} of ${name} asked for; it goes on`;
  return results.length === 0 ? `ERROR: Process ${name}: nobody knows` : `Process ${name} ${DONE[verb]}`;
}

function clearLog(api: Api, id: string, name: string, asked: Asked): string {
  const [cleared] = api.clearLogs([id], asked);
  const why = cleared && failureOf(cleared);
  return why === undefined ? `Log for ${name} cleared` : `ERROR: Log for ${name}: ${why}`;
}

interface Outcome {
  readonly results: readonly ProcessResult[];
  readonly isOver: boolean;
}

/** What has been told of it until its end, or until patience is over. What a job holds is refused, not waited for. */
async function outcomeOf(
  asked: Asked,
  patienceMs: number,
  work: (bounded: Asked) => AsyncIterable<ProcessResult>,
): Promise<Outcome> {
  const waiting = new AbortController();
  const leave = () => waiting.abort();
  const timer = setTimeout(leave, patienceMs);
  asked.signal?.addEventListener('abort', leave);
  const results: ProcessResult[] = [];
  try {
    for await (const one of work({ ...asked, ifFree: true, signal: waiting.signal })) results.push(one);
    return { results, isOver: !waiting.signal.aborted };
  } finally {
    clearTimeout(timer);
    asked.signal?.removeEventListener('abort', leave);
  }
}

/** In supervisord's words, with what supd knows beside them; undefined: it was done. */
function failureOf({ code, message }: ProcessResult): string | undefined {
  const say = (words: string) =>
    message === '' || message.includes(words) ? message || words : `${words}: ${message}`;
  switch (code) {
    case 'STARTED':
    case 'STOPPED':
    case 'SIGNALLED':
    case 'CLEARED':
      return undefined;
    case 'NO_SUCH_PROCESS':
    case 'NO_SUCH_GROUP':
      return say('no such process');
    case 'ALREADY_STARTED':
      return 'already started';
    case 'NOT_RUNNING':
      return 'not running';
    case 'NO_FILE':
      return say('no such file');
    case 'NOT_EXECUTABLE':
      return say('file not executable');
    case 'SPAWN_ERROR':
      return say('spawn error');
    case 'ABNORMAL_TERMINATION':
      return say('abnormal termination');
    case 'FAILED':
      return message || 'failed';
    case 'SHUTTING_DOWN':
      return 'supd is shutting down';
    case 'BAD_SIGNAL':
      return 'bad signal name';
    default:
      return code satisfies never;
  }
}

function titled(verb: string): string {
  return verb.charAt(0).toUpperCase() + verb.slice(1);
}
