/** What became of one process in a request that concerns several. */
import type { Process } from '../core/world.js';
import type { ProcessResult, ResultCode } from './api.js';

export function result({ spec }: Process, code: ResultCode, message: string): ProcessResult {
  return { name: spec.name, group: spec.group, code, message };
}

/** What is known at once, then the rest. */
export async function* chain(
  first: readonly ProcessResult[],
  rest: AsyncIterable<ProcessResult> | readonly ProcessResult[],
): AsyncGenerator<ProcessResult> {
  yield* first;
  yield* rest;
}
