/** Following a log file as it grows, through rotation and truncation: the file is the buffer for every reader. */
import fs from 'node:fs';
import { promisify } from 'node:util';
import { type Files, plainFiles } from './files.js';
import { cutBefore, type Generation, isPresent, newest, nextAfter } from './generations.js';
import type { Growth } from './growth.js';

export { readLog } from './read.js';

const read = promisify(fs.read);

const CHUNK_BYTES = 65536;
/** Without anybody who tells of growth. */
const POLL_MS = 100;
/** With somebody: a program taken out and added again writes through another LogFile. */
const LOOK_MS = 1000;

/**
 * The end of a log and everything that is added to it, until `signal`. Nothing is lost or repeated when the file
 * is rotated; a reader that lags goes on in `.1`, `.2` … as long as they exist. Emptied in place, it starts again
 * at 0. A file that isn't there yet is waited for. Chunks are read when they are asked for, at most 64 KiB each.
 * @param fromEndBytes  how much of the present file comes first
 * @param source        tells of growth; undefined: the file is looked at every 100 ms
 * @throws the system's error when the file exists and can't be read (EACCES, EINVAL for a pipe)
 */
export async function* follow(
  path: string,
  fromEndBytes: number,
  source?: Growth,
  options: { readonly signal?: AbortSignal; readonly files?: Files } = {},
): AsyncGenerator<Buffer, void, void> {
  const { signal, files = plainFiles } = options;
  const alarm = new Alarm(source, signal);
  let file: Generation | undefined;
  let position = 0;
  let truncations = source?.truncations;
  let [cuts = 0, taken = 0] = [source?.cuts, source?.takenBytes];
  try {
    while (source?.isCutting && !signal?.aborted) await alarm.ring();
    [cuts = 0, taken = 0] = [source?.cuts, source?.takenBytes];
    file = newest(path, files);
    if (file) position = Math.max(0, sizeOf(file) - fromEndBytes);
    while (!signal?.aborted) {
      if (truncations !== source?.truncations) {
        truncations = source?.truncations;
        position = 0;
      }
      if (source?.isCutting) {
        await alarm.ring();
        continue;
      }
      const { cuts: newCuts = 0, takenBytes: newTaken = 0 } = source ?? {};
      if (file && newCuts !== cuts && isPresent(path, file)) {
        // What was not read yet is in a file of its own by now, at the same place.
        const older = position < newTaken - taken ? cutBefore(path, newCuts - cuts, files) : undefined;
        if (older) {
          fs.closeSync(file.fd);
          file = older;
        } else position = Math.max(0, position - (newTaken - taken));
      }
      [cuts, taken] = [newCuts, newTaken];
      file ??= newest(path, files);
      const size = file ? sizeOf(file) : 0;
      if (file && size > position) {
        const chunk = Buffer.allocUnsafe(Math.min(CHUNK_BYTES, size - position));
        const { bytesRead } = await read(file.fd, chunk, 0, chunk.length, position);
        // Emptied meanwhile: this may be a mixture of old and new.
        if (truncations !== source?.truncations || source?.isCutting || cuts !== (source?.cuts ?? 0))
          continue;
        position += bytesRead;
        if (bytesRead > 0 && !signal?.aborted) yield chunk.subarray(0, bytesRead);
        continue;
      }
      const next = file && nextAfter(path, file, files);
      if (file && next) {
        // A rotation moves an unfinished line to the new file: what was read of it already is passed over.
        position = Math.max(0, position - size);
        fs.closeSync(file.fd);
        file = next;
      } else if (position > size) position = 0;
      else await alarm.ring();
    }
  } finally {
    alarm.close();
    if (file) fs.closeSync(file.fd);
  }
}

function sizeOf(file: Generation): number {
  return fs.fstatSync(file.fd).size;
}

/** Remembers that it rang while nobody waited. */
class Alarm {
  readonly #lookMs: number;
  readonly #close: () => void;
  #rang = false;
  #wake: (() => void) | undefined;

  constructor(source: Growth | undefined, signal: AbortSignal | undefined) {
    this.#lookMs = source ? LOOK_MS : POLL_MS;
    const ring = () => this.#ring();
    const forget = source?.onGrowth(ring);
    signal?.addEventListener('abort', ring);
    this.#close = () => {
      forget?.();
      signal?.removeEventListener('abort', ring);
    };
  }

  /** Resolves at the next ring, or at once after one that was missed. */
  async ring(): Promise<void> {
    if (!this.#rang) {
      await new Promise<void>((resolve) => {
        const timer = setTimeout(resolve, this.#lookMs);
        this.#wake = () => {
          clearTimeout(timer);
          resolve();
        };
      });
    }
    this.#wake = undefined;
    this.#rang = false;
  }

  close(): void {
    this.#close();
  }

  #ring(): void {
    this.#rang = true;
    this.#wake?.();
  }
}
