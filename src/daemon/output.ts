/** From a pump to a log, and to those who are told of what is written. A plain log costs nothing beyond itself. */
import { AnsiFilter } from '../logs/ansi.js';
import { Capture } from '../logs/capture.js';
import type { LogFile } from '../logs/logfile.js';
import type { Splice } from '../logs/mover.js';
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

/** @param log  undefined: nothing is written, but somebody may hear it */
export function makeOutput(
  log: LogFile | undefined,
  heard: Heard | undefined,
  stripAnsi: boolean,
  splice: Splice,
): Output {
  const filter = stripAnsi ? new AnsiFilter() : undefined;
  heard?.begins?.();
  if (heard === undefined) {
    const plain = { sink: plainSink(log, filter), end: () => {} };
    return log && !filter ? { ...plain, move: (fd) => log.moveFrom(fd, splice) } : plain;
  }
  const { raw, logged, written, ended, capture } = heard;
  const write = (bytes: Buffer): void => {
    log?.append(bytes);
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
