/** What tail and maintail share: the end of a log file, and what is added to it. */
import { CallFailure, type Channel } from '../grpc/client.js';
import { type Session, UsageError } from './command.js';
import { contentJson, document, ndjson } from './render/json.js';
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
  how: { readonly bytes: number | undefined; readonly follow: boolean; readonly json: boolean },
): Promise<number> {
  try {
    if (how.follow) await showGrowth(session, log, how.bytes ?? followedBytes, how.json);
    else await showEnd(session, log, how.bytes ?? defaultBytes, how.json);
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

async function showGrowth(session: Session, log: Log, historyBytes: number, json: boolean): Promise<void> {
  const { client, terminal, signal } = session;
  if (!json) terminal.line('==> Press Ctrl-C to exit <==');
  const stream = client().followLog({ ...log, historyBytes }, { signal });
  await drain(session, stream, (content) =>
    terminal.write(json ? `${ndjson(contentJson(content))}\n` : content),
  );
}

async function showEnd(session: Session, log: Log, bytes: number, json: boolean): Promise<void> {
  const pieces: Uint8Array[] = [];
  for await (const piece of endOf(session, log, bytes)) {
    if (json) pieces.push(piece);
    else await session.terminal.write(piece);
  }
  await session.terminal.write(json ? `${document(contentJson(Buffer.concat(pieces)))}\n` : '\n');
}

/** The most that one answer holds. */
const pieceBytes = 1024 * 1024;

async function* endOf(
  { client, signal }: Session,
  log: Log,
  bytes: number,
): AsyncGenerator<Uint8Array, void, void> {
  if (bytes === 0) return;
  if (bytes <= pieceBytes) {
    yield (await client().readLog({ ...log, offset: -bytes, length: 0 }, { signal })).content;
    return;
  }
  const { size } = await client().readLog({ ...log, offset: -1, length: 0 }, { signal });
  let offset = Math.max(0, size - bytes);
  while (offset < size) {
    const length = Math.min(pieceBytes, size - offset);
    const { content } = await client().readLog({ ...log, offset, length }, { signal });
    if (content.length === 0) return;
    yield content;
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
