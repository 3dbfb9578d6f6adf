/** What tail and maintail share: the end of a log file, and what is added to it. */
import { CallFailure, type Channel } from '../grpc/client.js';
import { type Session, UsageError } from './command.js';
import { drain } from './wait.js';

export interface Log {
  /** Absent: the daemon's own. */
  readonly name?: string;
  readonly channel?: Channel;
}

/** Bytes of history, as supervisorctl: without -f, and with it. */
const defaultBytes = 1600;
const followedBytes = 1024;

/**
 * @param word  `-N` as typed, or undefined
 * @returns bytes, or undefined for the default
 * @throws UsageError for anything but a number
 */
export function bytesOf(word: string | undefined): number | undefined {
  if (word === undefined) return undefined;
  if (!/^-\d+$/.test(word)) throw new UsageError(`Error: bad argument ${word}`);
  return Number(word.slice(1));
}

/** Prints the last bytes of the log and a line end, or with `follow` goes on until Ctrl-C. @returns the exit status */
export async function showLog(
  session: Session,
  log: Log,
  { bytes, follow }: { readonly bytes: number | undefined; readonly follow: boolean },
): Promise<number> {
  try {
    if (follow) {
      session.terminal.line('==> Press Ctrl-C to exit <==');
      const request = { ...log, historyBytes: bytes ?? followedBytes };
      const stream = session.client().followLog(request, { signal: session.signal });
      await drain(session, stream, (content) => session.terminal.write(content));
      return 0;
    }
    await printEnd(session, log, bytes ?? defaultBytes);
    await session.terminal.write('\n');
    return 0;
  } catch (error) {
    const words = refusal(error);
    if (words === undefined) throw error;
    session.terminal.line(`${log.name ?? 'supervisord'}: ERROR (${words})`);
    if (words === unknownError)
      session.terminal.hint(`supctl: ${error instanceof Error ? error.message : error}`);
    return 1;
  }
}

/** The most that one answer holds. */
const pieceBytes = 1024 * 1024;

async function printEnd({ client, terminal, signal }: Session, log: Log, bytes: number): Promise<void> {
  if (bytes === 0) return;
  if (bytes <= pieceBytes) {
    const { content } = await client().readLog({ ...log, offset: -bytes, length: 0 }, { signal });
    return terminal.write(content);
  }
  const { size } = await client().readLog({ ...log, offset: -1, length: 0 }, { signal });
  let offset = Math.max(0, size - bytes);
  while (offset < size) {
    const length = Math.min(pieceBytes, size - offset);
    const { content } = await client().readLog({ ...log, offset, length }, { signal });
    if (content.length === 0) return;
    await terminal.write(content);
    offset += content.length;
  }
}

const unknownError = 'unknown error reading log';

/** supervisorctl's words for a log that cannot be read; undefined: this is about something else. */
function refusal(error: unknown): string | undefined {
  if (!(error instanceof CallFailure)) return undefined;
  switch (error.code) {
    case 'BAD_NAME':
      return 'no such process name';
    case 'NO_FILE':
      return 'no log file';
    case 'FAILED':
      return unknownError;
    default:
      return undefined;
  }
}
