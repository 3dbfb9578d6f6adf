/** Where each program's output goes: its FIFOs, the pumps that read them, the log files they fill. */

import { createHash } from 'node:crypto';
import { closeSync, constants, mkdirSync, openSync, unlinkSync } from 'node:fs';
import path from 'node:path';
import type { ProcessSpec, StreamSpec } from '../core/program.js';
import type { SavedLogs } from '../core/saved.js';
import type { LogFile } from '../logs/logfile.js';
import { Pump } from '../logs/pump.js';
import {
  enlargePipe,
  makeFifo,
  moveToEnd,
  openForChild,
  openForPump,
  openForWriting,
  ownerOfFifo,
  readFifo,
  writeToFifo,
} from '../os/fifo.js';
import { autoPath } from './autologs.js';
import { type Heard, makeOutput, type Output } from './output.js';
import type { SharedLogs } from './sharedlogs.js';
import { withSyslog } from './syslogcopy.js';

export type Channel = 'stdout' | 'stderr';

export interface StreamsOptions {
  readonly fifoDir: string;
  readonly childLogDir: string;
  readonly identifier: string;
  readonly stripAnsi: boolean;
  /** Who else is told of what a process writes; undefined: nobody. */
  readonly heardOf: (spec: ProcessSpec, channel: Channel) => Heard | undefined;
  /** Has a child pipes of its own, which an earlier one's rest can't be in? */
  readonly isListener: (spec: ProcessSpec) => boolean;
}

/** Descriptors to hand over as 0, 1 and 2, and to close once they are. */
export interface ChildFds {
  readonly stdin: number;
  readonly stdout: number;
  readonly stderr: number;
}

/** What a dead child may have left in one pipe is its size; more is a grandchild's and not waited for. */
const DRAIN_MAX_BYTES = 1 << 20;
const CHANNELS = ['stdout', 'stderr'] as const;
const FIFO_NAMES = ['in', 'stdout', 'stderr'] as const;
/** A file name takes 255 bytes. */
const NAME_MAX_BYTES = 200;

interface Stream {
  readonly spec: StreamSpec;
  /** The file's path once it is known; undefined: no file. */
  readonly path: string | undefined;
  readonly heard: Heard | undefined;
  log: LogFile | undefined;
  pump: Pump | undefined;
  output: Output | undefined;
}

/** The streams of one process slot, from its group's addition to its removal. */
export class ProcessStreams {
  readonly #spec: ProcessSpec;
  readonly #options: StreamsOptions;
  readonly #logs: SharedLogs;
  readonly #streams: Record<Channel, Stream>;
  #owner: number | undefined;

  /** @param autoLogs  names that another supd gave to AUTO logs of this slot */
  constructor(spec: ProcessSpec, options: StreamsOptions, logs: SharedLogs, autoLogs: SavedLogs = {}) {
    this.#spec = spec;
    this.#options = options;
    this.#logs = logs;
    const plan = (channel: Channel) => this.#plan(channel, spec[channel], autoLogs[channel]);
    this.#streams = { stdout: plan('stdout'), stderr: plan('stderr') };
  }

  /** The names that were made up for AUTO logs. */
  get autoLogs(): SavedLogs {
    const auto = CHANNELS.filter((channel) => this.#spec[channel].file.kind === 'auto');
    return Object.fromEntries(auto.map((channel) => [channel, this.#streams[channel].path]));
  }

  /**
   * Goes on with the FIFOs that a supd that is gone left, with what is in them.
   * @throws the system's error of a log file or a FIFO
   */
  resume(): void {
    for (const channel of CHANNELS) {
      const stream = this.#streams[channel];
      if (stream.pump || ownerOfFifo(this.#fifo(channel)) === undefined) continue;
      if (!stream.path && !stream.heard) continue;
      if (stream.path) stream.log ??= this.#logs.take(stream.path, stream.spec);
      stream.pump = this.#startPump(channel, stream);
    }
    this.#owner ??= ownerOfFifo(this.#fifo('in'));
  }

  /** The log file's path, or undefined when the channel has none. */
  path(channel: Channel): string | undefined {
    return this.#streams[channel].path;
  }

  log(channel: Channel): LogFile | undefined {
    return this.#streams[channel].log;
  }

  /** What is wrong with the logs just now, or ''. */
  get failure(): string {
    return this.#streams.stdout.log?.failure ?? this.#streams.stderr.log?.failure ?? '';
  }

  /**
   * Opens what a child of this user needs; FIFOs and pumps outlive the child.
   * @param socket  a descriptor for its standard input instead of a FIFO; closed when this fails
   * @throws the system's error of a log file or a FIFO
   */
  openFor(uid: number, gid: number, socket?: number): ChildFds {
    const opened: number[] = socket === undefined ? [] : [socket];
    const keep = (fd: number): number => {
      opened.push(fd);
      return fd;
    };
    try {
      mkdirSync(this.#options.fifoDir, { recursive: true, mode: 0o700 });
      if (this.#options.isListener(this.#spec)) this.#removeFifos();
      const stdin = socket ?? keep(this.#childEnd('in', uid, gid));
      const stdout = keep(this.#outputEnd('stdout', uid, gid));
      const stderr = this.#spec.redirectStderr ? stdout : keep(this.#outputEnd('stderr', uid, gid));
      this.#owner = uid;
      return { stdin, stdout, stderr };
    } catch (error) {
      for (const fd of opened) closeSync(fd);
      throw error;
    }
  }

  /** Writes all that ended children left in the pipes. */
  drain(): void {
    for (const { pump, output } of Object.values(this.#streams)) {
      pump?.drain(DRAIN_MAX_BYTES);
      output?.end();
    }
  }

  /** An end to go on writing to the child through. @throws the system's error */
  openStdin(): number {
    return openForWriting(this.#fifo('in'));
  }

  /** @returns whether the process could take it */
  writeStdin(bytes: Uint8Array): boolean {
    return this.#owner !== undefined && writeToFifo(this.#fifo('in'), bytes);
  }

  /** Empties the logs, also those of a process that is not running. */
  clear(): void {
    for (const stream of Object.values(this.#streams)) {
      if (!stream.path) continue;
      const log = stream.log ?? this.#logs.take(stream.path, stream.spec);
      log.clear();
      stream.log ??= log;
    }
  }

  /** Descriptors that keep what is in the pipes when nobody else has them open. */
  hold(): readonly number[] {
    return CHANNELS.flatMap((channel) => {
      if (!this.#streams[channel].pump || ownerOfFifo(this.#fifo(channel)) === undefined) return [];
      return [openForPump(this.#fifo(channel))];
    });
  }

  /** With `keepFifos` what is in use stays for another supd. */
  close(keepFifos = false): void {
    for (const stream of Object.values(this.#streams)) {
      this.#endPump(stream);
      if (stream.log) this.#logs.release(stream.log);
      stream.log = undefined;
    }
    if (!keepFifos) this.#removeFifos();
  }

  #removeFifos(): void {
    for (const name of FIFO_NAMES) {
      try {
        unlinkSync(this.#fifo(name));
      } catch {
        // Never made, or swept away: gone is what was wanted.
      }
    }
  }

  #plan(channel: Channel, spec: StreamSpec, autoLog: string | undefined): Stream {
    const unused = channel === 'stderr' && this.#spec.redirectStderr;
    const known = spec.file.kind === 'auto' ? autoLog : undefined;
    const file = unused ? undefined : (known ?? this.#filePath(channel, spec));
    const heard = unused ? undefined : this.#heardOf(channel, spec);
    return { spec, path: file, heard, log: undefined, pump: undefined, output: undefined };
  }

  #heardOf(channel: Channel, { syslog }: StreamSpec): Heard | undefined {
    const heard = this.#options.heardOf(this.#spec, channel);
    // What a listener says on stdout is for supd alone.
    const isProtocol = channel === 'stdout' && this.#options.isListener(this.#spec);
    return syslog && !isProtocol ? withSyslog(heard, this.#spec.name) : heard;
  }

  #filePath(channel: Channel, { file }: StreamSpec): string | undefined {
    switch (file.kind) {
      case 'none':
        return undefined;
      case 'path':
        return file.path;
      case 'auto':
        return autoPath(this.#options, this.#spec.name, channel);
      default:
        return file satisfies never;
    }
  }

  /** What only this process and its descendants hold open. */
  fifos(): readonly string[] {
    return FIFO_NAMES.map((name) => this.#fifo(name));
  }

  #fifo(name: string): string {
    return path.join(this.#options.fifoDir, `${fileNameOf(this.#spec.id)}.${name}`);
  }

  #childEnd(name: string, uid: number, gid: number): number {
    makeFifo(this.#fifo(name), uid, gid);
    return openForChild(this.#fifo(name));
  }

  #outputEnd(channel: Channel, uid: number, gid: number): number {
    const stream = this.#streams[channel];
    if (!stream.path && !stream.heard) return openSync('/dev/null', constants.O_WRONLY);
    if (stream.path) stream.log ??= this.#logs.take(stream.path, stream.spec);
    const isNew = makeFifo(this.#fifo(channel), uid, gid);
    // The one that was read has been swept away: nobody can open it by name any more.
    if (isNew) this.#endPump(stream);
    stream.pump ??= this.#startPump(channel, stream);
    return openForChild(this.#fifo(channel));
  }

  #endPump(stream: Stream): void {
    stream.pump?.drain(DRAIN_MAX_BYTES);
    stream.pump?.close();
    stream.output?.end();
    stream.pump = undefined;
    stream.output = undefined;
  }

  #startPump(channel: Channel, stream: Stream): Pump {
    const { log } = stream;
    stream.output = makeOutput(log, stream.heard, this.#options.stripAnsi, moveToEnd);
    return new Pump(openForPump(this.#fifo(channel)), stream.output.sink, {
      read: readFifo,
      ...(stream.output.move ? { move: stream.output.move } : {}),
      enlarge: enlargePipe,
      // A log that is a pipe whose reader lags: the program waits instead of losing what it says.
      ready: () => !log?.congested,
    });
  }
}

/** An id as a file name: readable where it can be, never too long. */
function fileNameOf(id: string): string {
  const name = encodeURIComponent(id);
  if (name.length <= NAME_MAX_BYTES) return name;
  return createHash('sha256').update(id).digest('hex');
}

/** The directory of the FIFOs: the daemon's alone. A child opens its own again through /dev/stdout, without a path. */
export function makeFifoDir(rundir: string): string {
  const dir = path.join(rundir, 'fifo');
  mkdirSync(dir, { recursive: true, mode: 0o700 });
  return dir;
}
