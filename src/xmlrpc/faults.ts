/** supervisord's faults, and what a refusal of the api or a result comes to among them. */
import type { ResultCode } from '../api/api.js';
import { type Code, SupdError } from '../api/errors.js';

const FAULTS = {
  UNKNOWN_METHOD: 1,
  INCORRECT_PARAMETERS: 2,
  BAD_ARGUMENTS: 3,
  SIGNATURE_UNSUPPORTED: 4,
  SHUTDOWN_STATE: 6,
  BAD_NAME: 10,
  BAD_SIGNAL: 11,
  NO_FILE: 20,
  NOT_EXECUTABLE: 21,
  FAILED: 30,
  ABNORMAL_TERMINATION: 40,
  SPAWN_ERROR: 50,
  ALREADY_STARTED: 60,
  NOT_RUNNING: 70,
  ALREADY_ADDED: 90,
  STILL_RUNNING: 91,
  CANT_REREAD: 92,
} as const;

export type FaultName = keyof typeof FAULTS;

/** The status of a result that is no fault. */
export const SUCCESS = 80;

/** An answer that is a fault: its code, and the fault's name with what it is about. */
export class RpcFault extends Error {
  readonly code: number;

  constructor(name: FaultName, about?: string) {
    super(about === undefined ? name : `${name}: ${about}`);
    this.name = 'RpcFault';
    this.code = FAULTS[name];
  }
}

const OF_REFUSALS = {
  BAD_NAME: 'BAD_NAME',
  BAD_SIGNAL: 'BAD_SIGNAL',
  BAD_ARGUMENT: 'BAD_ARGUMENTS',
  BAD_CONFIG: 'CANT_REREAD',
  NOT_RUNNING: 'NOT_RUNNING',
  ALREADY_RUNNING: 'ALREADY_STARTED',
  ALREADY_ADDED: 'ALREADY_ADDED',
  STILL_RUNNING: 'STILL_RUNNING',
  NO_FILE: 'NO_FILE',
  SHUTTING_DOWN: 'SHUTDOWN_STATE',
  FORBIDDEN: 'FAILED',
  TOO_MUCH: 'FAILED',
  FAILED: 'FAILED',
} as const satisfies Record<Code, FaultName>;

/**
 * Calls the api.
 * @param about  what supervisord's fault would name, for the refusals whose own words it has no place for
 * @throws RpcFault instead of SupdError
 */
export function asking<T>(about: string | undefined, call: () => T): T {
  try {
    return call();
  } catch (error) {
    if (!(error instanceof SupdError)) throw error;
    const name = OF_REFUSALS[error.code];
    if (name === 'SHUTDOWN_STATE' || name === 'BAD_ARGUMENTS') throw new RpcFault(name);
    throw new RpcFault(name, name === 'CANT_REREAD' ? error.message : about);
  }
}

const OF_RESULTS = {
  STARTED: undefined,
  STOPPED: undefined,
  SIGNALLED: undefined,
  CLEARED: undefined,
  NO_SUCH_PROCESS: 'BAD_NAME',
  NO_SUCH_GROUP: 'BAD_NAME',
  ALREADY_STARTED: 'ALREADY_STARTED',
  NOT_RUNNING: 'NOT_RUNNING',
  NO_FILE: 'NO_FILE',
  NOT_EXECUTABLE: 'NOT_EXECUTABLE',
  SPAWN_ERROR: 'SPAWN_ERROR',
  ABNORMAL_TERMINATION: 'ABNORMAL_TERMINATION',
  FAILED: 'FAILED',
  SHUTTING_DOWN: 'SHUTDOWN_STATE',
  BAD_SIGNAL: 'BAD_SIGNAL',
} as const satisfies Record<ResultCode, FaultName | undefined>;

/** The fault of a result; undefined: it is a success. These three say why in supervisord too, the others whom. */
export function faultOf(code: ResultCode, message: string, about: string): RpcFault | undefined {
  const name = OF_RESULTS[code];
  if (name === undefined) return undefined;
  const saysWhy = name === 'NO_FILE' || name === 'NOT_EXECUTABLE' || name === 'FAILED';
  return new RpcFault(name, saysWhy ? message : about);
}
