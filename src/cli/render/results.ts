/** What became of each process, in supervisorctl's words and exit statuses. */
import type { ProcessResult, ResultCode } from '../../grpc/client.js';
import { fullName, groupOfTarget } from './names.js';

/** "x: started", "x: ERROR (no such process)". */
export function resultLine(result: ProcessResult): string {
  const name = fullName(result);
  switch (result.code) {
    case 'STARTED':
      return `${name}: started`;
    case 'STOPPED':
      return `${name}: stopped`;
    case 'SIGNALLED':
      return `${name}: signalled`;
    case 'CLEARED':
      return `${name}: cleared`;
    case 'NO_SUCH_GROUP':
      return `${groupOfTarget(name)}: ERROR (no such group)`;
    case 'FAILED':
      return `${name}: ERROR (${firstLine(result.message) || 'failed'})`;
    case 'NO_SUCH_PROCESS':
    case 'ALREADY_STARTED':
    case 'NOT_RUNNING':
    case 'NO_FILE':
    case 'NOT_EXECUTABLE':
    case 'SPAWN_ERROR':
    case 'ABNORMAL_TERMINATION':
    case 'SHUTTING_DOWN':
    case 'BAD_SIGNAL':
      return `${name}: ERROR (${errorWords[result.code]})`;
    default:
      return result.code satisfies never;
  }
}

/** Which command's exit statuses: what it need not do is no failure, and start has its own for an unknown group. */
type Action = 'start' | 'stop' | 'restart' | 'signal' | 'clear';

/**
 * The exit status after `result`, when it was `before`: the last failure counts, a success resets nothing. 7 for a
 * process that didn't do it, 1 for a request that can't be done.
 */
export function exitAfter(before: number, { code }: ProcessResult, action: Action): number {
  switch (code) {
    case 'STARTED':
    case 'STOPPED':
    case 'SIGNALLED':
    case 'CLEARED':
      return before;
    case 'ALREADY_STARTED':
      return starts(action) ? before : 1;
    case 'NOT_RUNNING':
      return action === 'stop' || action === 'restart' ? before : 7;
    case 'SPAWN_ERROR':
    case 'ABNORMAL_TERMINATION':
      return 7;
    case 'NO_SUCH_GROUP':
      return starts(action) ? 2 : 1;
    case 'NO_SUCH_PROCESS':
    case 'NO_FILE':
    case 'NOT_EXECUTABLE':
    case 'FAILED':
    case 'SHUTTING_DOWN':
    case 'BAD_SIGNAL':
      return 1;
    default:
      return code satisfies never;
  }
}

/** What the fixed words leave out, and what to look at next; undefined when there is nothing to add. */
export function resultHint(result: ProcessResult, again: (words: string) => string): string | undefined {
  const name = fullName(result);
  switch (result.code) {
    case 'NO_FILE':
    case 'NOT_EXECUTABLE':
    case 'SPAWN_ERROR':
    case 'ABNORMAL_TERMINATION': {
      const said = result.message.replace(`${errorWords[result.code]}: `, '');
      // A supervisord has no more to say than its fixed words, and knows no why.
      if (said === '' || said === errorWords[result.code])
        return `${name}: see: ${again(`tail ${name} stderr`)}`;
      return `${name}: ${said}; see: ${again(`why ${name}`)}`;
    }
    default:
      return undefined;
  }
}

type ErrorCode = Exclude<
  ResultCode,
  'STARTED' | 'STOPPED' | 'SIGNALLED' | 'CLEARED' | 'NO_SUCH_GROUP' | 'FAILED'
>;

const errorWords: Readonly<Record<ErrorCode, string>> = {
  NO_SUCH_PROCESS: 'no such process',
  ALREADY_STARTED: 'already started',
  NOT_RUNNING: 'not running',
  NO_FILE: 'no such file',
  NOT_EXECUTABLE: 'file is not executable',
  SPAWN_ERROR: 'spawn error',
  ABNORMAL_TERMINATION: 'abnormal termination',
  SHUTTING_DOWN: 'shutting down',
  BAD_SIGNAL: 'bad signal name',
};

function starts(action: Action): boolean {
  return action === 'start' || action === 'restart';
}

function firstLine(text: string): string {
  return text.split('\n', 1)[0] ?? '';
}
