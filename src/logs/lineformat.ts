/** What `log_format` makes of each line of a log. A line is formatted when it is whole; the time is that moment's. */
import { Lines } from './lines.js';

export interface LineFormat {
  /** The lines that this ends, formatted; a line that has begun is held back. */
  take(bytes: Buffer): Buffer;
  /** What is held back, as a line of its own: nobody will end it. */
  end(): Buffer;
  /** What is held back, as it came, for somebody else to go on with. */
  rest(): Buffer;
}

/** A longer line is several: what is held back stays bounded. */
const LINE_MAX_BYTES = 65536;
const NEWLINE = Buffer.from('\n');

/**
 * `text`: time and a blank before each line, its bytes as they are. `json`: an object on a line of its own, with what
 * is no UTF-8 as U+FFFD. Times are RFC 3339, in UTC, with milliseconds.
 * @param now  wall clock, epoch ms
 */
export function makeLineFormat(
  format: 'text' | 'json',
  program: string,
  stream: 'stdout' | 'stderr',
  now: () => number = Date.now,
): LineFormat {
  const names = `","program":${JSON.stringify(program)},"stream":"${stream}","text":`;
  let stamp = Buffer.alloc(0);
  let pieces: Buffer[] = [];
  const lines = new Lines((line) => {
    if (format === 'text') pieces.push(stamp, line, NEWLINE);
    else pieces.push(stamp, Buffer.from(`${JSON.stringify(line.toString('utf8'))}}\n`));
  }, LINE_MAX_BYTES);
  const taken = (work: () => void): Buffer => {
    const time = new Date(now()).toISOString();
    stamp = Buffer.from(format === 'text' ? `${time} ` : `{"time":"${time}${names}`);
    work();
    const all = Buffer.concat(pieces);
    pieces = [];
    return all;
  };
  return {
    take: (bytes) => taken(() => lines.take(bytes)),
    end: () => taken(() => lines.end()),
    rest: () => lines.rest(),
  };
}
