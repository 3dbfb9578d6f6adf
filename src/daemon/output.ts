/** From a pump to a log, and to those who are told of what is written. A plain log costs nothing beyond itself. */
import { AnsiFilter } from '../logs/ansi.js';
import { Capture } from '../logs/capture.js';
import type { Splice } from '../logs/diskfile.js';
import type { LineFormat } from '../logs/lineformat.js';
import type { LogFile } from '../logs/logfile.js';
import type { Move, Sink } from '../logs/pump.js';

/** Each takes its bytes before it returns. */
export interface Heard {
  /** A child's pump begins. */
  readonly begins?: () => void;
  /** All that is written, as it is. */
  readonly raw?: (bytes: Buffer) => void;
  /** What goes to the log. */
  readonly logged?: (bytes: Buffer) => void;
  /** The same, but never what is captured. */
  readonly written?: (bytes: Buffer) => void;
  /** The child is gone. */
  readonly ended?: () => void;
  readonly capture?: {
    readonly maxBytes: number;
    readonly captured: (bytes: Buffer) => void;
    /** What is inside the tags counts as logged, too. */
    readonly countsAsLogged: boolean;
  };
}

export interface Output {
  readonly sink: Sink;
  /** Where nobody looks at the bytes. */
  readonly move?: Move;
  /** The child is gone: gives away what was held back. */
  end(): void;
}

/**
 * @param log     undefined: nothing is written, but somebody may hear it
 * @param format  of the log's lines alone: who hears them hears what was written
 */
export function makeOutput(
  log: LogFile | undefined,
  heard: Heard | undefined,
  stripAnsi: boolean,
  splice: Splice,
  format?: LineFormat,
): Output {
  const filter = stripAnsi ? new AnsiFilter() : undefined;
  heard?.begins?.();
  if (format) return formattedOutput(log, heard, filter, format);
  if (heard === undefined) {
    const plain = { sink: plainSink(log, filter), end: () => {} };
    return log && !filter ? { ...plain, move: (fd, least) => log.moveFrom(fd, splice, least) } : plain;
  }
  return heardOutput(heard, filter, (bytes) => log?.append(bytes));
}

/** As any other, with what is to be logged going through the format. */
function formattedOutput(
  log: LogFile | undefined,
  heard: Heard | undefined,
  filter: AnsiFilter | undefined,
  format: LineFormat,
): Output {
  const output = heardOutput(heard ?? {}, filter, (bytes) => log?.append(format.take(bytes)));
  return {
    sink: output.sink,
    end() {
      output.end();
      log?.append(format.end());
    },
  };
}

function heardOutput(
  { raw, logged, written, ended, capture }: Heard,
  filter: AnsiFilter | undefined,
  append: (bytes: Buffer) => void,
): Output {
  const write = (bytes: Buffer): void => {
    append(bytes);
    logged?.(bytes);
    written?.(bytes);
  };
  const capturing = capture
    ? new Capture(capture.maxBytes, {
        log: write,
        capture: capture.captured,
        ...(capture.countsAsLogged && logged ? { inside: logged } : {}),
      })
    : undefined;
  return {
    sink(buffer, start, end) {
      const bytes = buffer.subarray(start, end);
      raw?.(bytes);
      const clean = filter ? filter.filter(bytes) : bytes;
      if (capturing) capturing.take(clean);
      else if (clean.length > 0) write(clean);
    },
    end() {
      capturing?.end();
      ended?.();
    },
  };
}

function plainSink(log: LogFile | undefined, filter: AnsiFilter | undefined): Sink {
  return (buffer, start, end) => {
    if (!filter) return log?.append(buffer, start, end - start);
    log?.append(filter.filter(buffer, start, end));
  };
}
