/** `/logtail/NAME[/stdout|/stderr]` and `/mainlogtail`: the end of a log, and all that is added to it. */
import type { ServerResponse } from 'node:http';
import type { Api, Channel } from '../api/api.js';
import { SupdError } from '../api/errors.js';
import type { Answers } from './answers.js';
import { RpcFault } from './faults.js';
import { findMember } from './names.js';

/** What comes first of a log that is there. */
const HISTORY_BYTES = 1024;

interface Wanted {
  /** '': the daemon's own. */
  readonly name: string;
  readonly channel: Channel;
}

/** Whose log this path means; undefined: nobody's. */
export function findLog(api: Api, path: string): Wanted | undefined {
  if (path.startsWith('/mainlogtail')) return { name: '', channel: 'stdout' };
  const [, name = '', channel = 'stdout', ...more] = path.replace(/^\/+/, '').split('/');
  if (more.length > 0 || (channel !== 'stdout' && channel !== 'stderr')) return undefined;
  try {
    return { name: findMember(api, name).id, channel };
  } catch (error) {
    if (error instanceof RpcFault) return undefined;
    throw error;
  }
}

/**
 * Sends it until the client leaves.
 * @returns whether there was anything to send; if not, nothing was
 */
export async function sendLog(
  api: Api,
  { name, channel }: Wanted,
  answers: Answers,
  response: ServerResponse,
  signal: AbortSignal,
): Promise<boolean> {
  const file = api.logFile(name, channel);
  if (!file || (file.modified === undefined && !file.isAuto)) return false;
  const pieces = api.followLog(name, channel, HISTORY_BYTES, signal);
  response.writeHead(200, {
    'Content-Type': 'text/plain;charset=utf-8',
    // A page from elsewhere can't make a script or a style of it.
    'X-Content-Type-Options': 'nosniff',
    'Cross-Origin-Resource-Policy': 'same-origin',
    'Last-Modified': new Date(file.modified ?? Date.now()).toUTCString(),
    // A proxy in between is not to collect it.
    ...(name === '' ? {} : { 'X-Accel-Buffering': 'no' }),
  });
  response.flushHeaders();
  try {
    for await (const piece of pieces) {
      if (response.destroyed) break;
      await answers.write(response, piece, signal);
    }
    response.end();
  } catch (error) {
    // The client has left, or the log can't be read on: either way this is the end of it.
    if (!signal.aborted && !(error instanceof SupdError)) throw error;
    response.destroy();
  }
  return true;
}
