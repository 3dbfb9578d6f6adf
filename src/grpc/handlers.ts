/** What each call of the contract is in the api: a method without a handler does not compile. */
import type { Api } from '../api/api.js';
import type { StreamHandler, UnaryHandler } from './calls.js';
import type { methods, Rpc } from './methods.js';
import { daemonHandlers } from './services/daemon.js';
import { jobHandlers } from './services/jobs.js';
import { processHandlers } from './services/processes.js';

type Handler<Method> =
  Method extends Rpc<infer _Given, infer Request, infer Answer, infer _Read, infer Stream>
    ? Stream extends true
      ? StreamHandler<Request, Answer>
      : UnaryHandler<Request, Answer>
    : never;

export type Handlers = { readonly [Name in keyof typeof methods]: Handler<(typeof methods)[Name]> };

/** The handlers of all methods. */
export function handlersOf(api: Api): Handlers {
  return { ...daemonHandlers(api), ...processHandlers(api), ...jobHandlers(api) };
}
