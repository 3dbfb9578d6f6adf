/** Reading, following and clearing logs: of processes, and the daemon's own. */
import { statSync } from 'node:fs';
import type { Daemon } from '../daemon/daemon.js';
import { follow, readLog } from '../logs/follow.js';
import { tailLog } from '../logs/read.js';
import { guardedFiles } from '../os/rights.js';
import type { Api, Channel } from './api.js';
import { SupdError } from './errors.js';
import { result } from './result.js';
import { findProcess, findTargets } from './targets.js';
import { tellAsked } from './told.js';

export type Logs = Pick<Api, 'readLog' | 'tailLog' | 'logFile' | 'followLog' | 'clearLogs' | 'clearMainLog'>;

/** The most that one answer holds. */
const READ_MAX_BYTES = 1 << 20;

export function makeLogs(daemon: Daemon): Logs {
  return {
    readLog(name, channel, offset, length, mostBytes = READ_MAX_BYTES) {
      const path = pathOf(daemon, name, channel);
      const size = guardedFiles.at(path, () => statSync(path, { throwIfNoEntry: false }))?.size ?? 0;
      if (offset < 0 && length !== 0) {
        throw new SupdError('BAD_ARGUMENT', 'length must be 0 when offset is negative', { field: 'length' });
      }
      if (length < 0) throw new SupdError('BAD_ARGUMENT', 'length must not be negative', { field: 'length' });
      const from = offset < 0 ? Math.max(0, size + offset) : offset;
      const wanted = Math.max(0, length === 0 ? size - from : length);
      return { content: readPiece(name, path, from, Math.min(wanted, mostBytes)), size };
    },
    tailLog: (name, channel, offset, length) =>
      tailLog(pathOf(daemon, name, channel), offset, length, guardedFiles),
    logFile(name, channel) {
      const file = fileOf(daemon, name, channel);
      if (!file) return undefined;
      const found = guardedFiles.at(file.path, () => statSync(file.path, { throwIfNoEntry: false }));
      return { ...file, ...(found ? { modified: found.mtimeMs } : {}) };
    },
    followLog(name, channel, historyBytes, signal) {
      const path = pathOf(daemon, name, channel);
      return followed(
        name,
        follow(path, historyBytes, logOf(daemon, name, channel), { signal, files: guardedFiles }),
      );
    },
    clearLogs(targets, asked) {
      tellAsked(daemon, 'clear logs of', targets, asked);
      const { found, unknown } = findTargets(daemon.engine.world, targets);
      const cleared = found.map(({ process }) => {
        try {
          daemon.streamsOf(process.spec.id)?.clear();
          return result(process, 'CLEARED', '');
        } catch (error) {
          return result(process, 'FAILED', String((error as NodeJS.ErrnoException).code ?? error));
        }
      });
      return [...unknown, ...cleared];
    },
    clearMainLog(asked) {
      const file = daemon.parts.log.file;
      if (!file) throw new SupdError('NO_FILE', 'supd has no log file');
      file.clear();
      tellAsked(daemon, 'clear the main log', [], asked);
    },
  };
}

/** A log that was never written is empty; one that is a pipe can't be read again. */
function readPiece(name: string, path: string, from: number, length: number): Uint8Array {
  try {
    return length === 0 ? new Uint8Array() : readLog(path, from, length, guardedFiles);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return new Uint8Array();
    throw unreadable(name, error);
  }
}

async function* followed(name: string, pieces: AsyncIterable<Uint8Array>): AsyncGenerator<Uint8Array> {
  try {
    yield* pieces;
  } catch (error) {
    throw unreadable(name, error);
  }
}

function unreadable(name: string, error: unknown): SupdError {
  const code = (error as NodeJS.ErrnoException).code ?? String(error);
  const why = code === 'EINVAL' ? 'it is not a file that can be read again' : code;
  return new SupdError('NO_FILE', `the log of ${name || 'supd'} can't be read: ${why}`);
}

function pathOf(daemon: Daemon, name: string, channel: Channel): string {
  const file = fileOf(daemon, name, channel);
  if (file) return file.path;
  if (name === '') throw new SupdError('NO_FILE', 'supd has no log file');
  const { spec } = findProcess(daemon.engine.world, name);
  const hint = spec.redirectStderr && channel === 'stderr' ? ': it goes to stdout (redirect_stderr)' : '';
  throw new SupdError('NO_FILE', `${name} has no log file for ${channel}${hint}`);
}

function fileOf(
  daemon: Daemon,
  name: string,
  channel: Channel,
): { readonly path: string; readonly isAuto: boolean } | undefined {
  if (name === '') {
    const main = daemon.parts.log.file?.path;
    return main === undefined ? undefined : { path: main, isAuto: false };
  }
  const { spec } = findProcess(daemon.engine.world, name);
  const path = daemon.streamsOf(spec.id)?.path(channel);
  return path === undefined ? undefined : { path, isAuto: spec[channel].file.kind === 'auto' };
}

/** The open log, whose growth wakes a follower; undefined while the program was never started. */
function logOf(daemon: Daemon, name: string, channel: Channel) {
  if (name === '') return daemon.parts.log.file;
  return daemon.streamsOf(findProcess(daemon.engine.world, name).spec.id)?.log(channel);
}
