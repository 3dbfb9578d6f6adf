/** supervisord's fault codes as what a client is told. @see http://supervisord.org/api.html */
import type { ResultCode } from '../../api/answers.js';
import type { FailureCode } from '../../api/failure.js';

export const Faults = {
  UNKNOWN_METHOD: 1,
  BAD_NAME: 10,
  FAILED: 30,
  NOT_RUNNING: 70,
  SUCCESS: 80,
} as const;

/** Of a call that failed as a whole. */
export function failureOfFault(code: number): FailureCode {
  return failures[code] ?? 'FAILED';
}

/** Of one process among others. `done`: what code 80 says here. */
export function resultOfFault(code: number, done: ResultCode): ResultCode {
  return code === Faults.SUCCESS ? done : (results[code] ?? 'FAILED');
}

const failures: Readonly<Record<number, FailureCode>> = {
  1: 'NO_API',
  2: 'BAD_ARGUMENT',
  3: 'BAD_ARGUMENT',
  6: 'SHUTTING_DOWN',
  10: 'BAD_NAME',
  11: 'BAD_SIGNAL',
  20: 'NO_FILE',
  21: 'NO_FILE',
  60: 'ALREADY_RUNNING',
  70: 'NOT_RUNNING',
  90: 'ALREADY_ADDED',
  91: 'STILL_RUNNING',
  92: 'BAD_CONFIG',
};

const results: Readonly<Record<number, ResultCode>> = {
  6: 'SHUTTING_DOWN',
  10: 'NO_SUCH_PROCESS',
  11: 'BAD_SIGNAL',
  20: 'NO_FILE',
  21: 'NOT_EXECUTABLE',
  40: 'ABNORMAL_TERMINATION',
  50: 'SPAWN_ERROR',
  60: 'ALREADY_STARTED',
  70: 'NOT_RUNNING',
};
