/** Logs: read by method, followed by supervisord's own path for that. */
import type { Channel, ReadAnswer } from '../../api/answers.js';
import type { CallOptions } from '../../api/client.js';
import { CallFailure } from '../../api/failure.js';
import { asArray, asNumber, asText, type Rpc } from './rpc.js';
import type { HttpTransport } from './transport.js';

export interface Log {
  /** Absent: the daemon's own. */
  readonly name?: string;
  readonly channel?: Channel;
}

/** How much there is of a process's log; of the daemon's own nothing tells it, and what was read must do. */
export async function readLog(
  rpc: Rpc,
  {
    name,
    channel = 'stdout',
    offset = 0,
    length = 0,
  }: Log & { readonly offset?: number; readonly length?: number },
  options?: CallOptions,
): Promise<ReadAnswer> {
  if (name === undefined) {
    const content = Buffer.from(asText(await rpc.call('readLog', [offset, length], options)));
    return { content, size: content.length };
  }
  const which = channel === 'stdout' ? 'Stdout' : 'Stderr';
  const text = asText(await rpc.call(`readProcess${which}Log`, [name, offset, length], options));
  const content = Buffer.from(text);
  if (offset !== -1) return { content, size: content.length };
  const [, size] = asArray(await rpc.call(`tailProcess${which}Log`, [name, 0, 0], options));
  return { content, size: asNumber(size) };
}

/** The last 1024 bytes and what is added, whatever history was asked for: the server decides. */
export async function* followLog(
  rpc: Rpc,
  transport: HttpTransport,
  { name, channel = 'stdout' }: Log,
  options?: CallOptions,
): AsyncGenerator<Uint8Array, void, void> {
  const path = name === undefined ? '/mainlogtail' : `/logtail/${encodeURIComponent(name)}/${channel}`;
  try {
    yield* transport.get(path, options);
  } catch (error) {
    if (!(error instanceof CallFailure && error.code === 'NO_FILE')) throw error;
    // Not found is a process or a log. This one says which.
    if (name !== undefined) await rpc.call('getProcessInfo', [name], options);
    throw new CallFailure('NO_FILE', 'no log file');
  }
}
