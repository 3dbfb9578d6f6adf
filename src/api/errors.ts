/** What a client can be refused for. Each wire maps these codes with `satisfies Record<Code, …>`. */
export type Code =
  | 'BAD_NAME'
  | 'BAD_SIGNAL'
  | 'BAD_ARGUMENT'
  | 'BAD_CONFIG'
  | 'NOT_RUNNING'
  | 'ALREADY_RUNNING'
  | 'ALREADY_ADDED'
  | 'STILL_RUNNING'
  | 'NO_FILE'
  | 'SHUTTING_DOWN'
  | 'FORBIDDEN'
  | 'TOO_MUCH'
  | 'FAILED';

/** A refusal, in words that a person can act on. `field` names the argument that is wrong. */
export class SupdError extends Error {
  readonly code: Code;
  readonly field: string | undefined;
  /** More lines, such as every problem of a configuration. */
  readonly details: readonly string[];

  constructor(code: Code, message: string, more: { field?: string; details?: readonly string[] } = {}) {
    super(message);
    this.name = 'SupdError';
    this.code = code;
    this.field = more.field;
    this.details = more.details ?? [];
  }
}
