/** What a process slot reads and writes: its standard input, and where each of its outputs goes. */
import { closeSync, mkdirSync } from 'node:fs';
import path from 'node:path';
import { isSame } from '../core/change/options.js';
import type { ProcessSpec, StreamSpec } from '../core/program.js';
import type { SavedLogs } from '../core/saved.js';
import type { Growth } from '../logs/growth.js';
import { makeFifo, openForChild, openForWriting, ownerOfFifo, writeToFifo } from '../os/fifo.js';
import { requireRoom } from '../os/limits.js';
import { autoPath } from './autologs.js';
import { fileNameOf } from './fifodir.js';
import type { Keeper } from './keeper.js';
import type { Heard } from './output.js';
import { OutputStream, removeFifo } from './outputstream.js';
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
  readonly told: (level: 'error' | 'warn' | 'info', line: string) => void;
  /** Has a child pipes of its own, which an earlier one's rest can't be in? */
  readonly isListener: (spec: ProcessSpec) => boolean;
  readonly keeper: Keeper;
}

/** Descriptors to hand over as 0, 1 and 2, and to close once they are. */
export interface ChildFds {
  readonly stdin: number;
  readonly stdout: number;
  readonly stderr: number;
}

const CHANNELS = ['stdout', 'stderr'] as const;
const FIFO_NAMES = ['in', 'stdout', 'stderr'] as const;
/** The streams of one process slot, from its group's addition to its removal. */
export class ProcessStreams {
  readonly #spec: ProcessSpec;
  readonly #options: StreamsOptions;
  readonly #logs: SharedLogs;
  readonly #streams: Record<Channel, OutputStream>;
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
    for (const channel of CHANNELS) this.#streams[channel].resume();
    this.#owner ??= ownerOfFifo(this.#fifo('in'));
  }

  /** Its child is one of several that are to be started: their FIFOs are kept all at once. What fails, fails again then. */
  prepare(): void {
    if (this.#options.isListener(this.#spec)) return;
    try {
      mkdirSync(this.#options.fifoDir, { recursive: true, mode: 0o700 });
      for (const channel of CHANNELS) this.#streams[channel].prepare();
    } catch {
      // No room, no descriptor.
    }
  }

  /** Does this specification say of the output what these streams were made for? */
  isAsIn({ stdout, stderr, redirectStderr }: ProcessSpec): boolean {
    const own = this.#spec;
    return redirectStderr === own.redirectStderr && isSame(stdout, own.stdout) && isSame(stderr, own.stderr);
  }

  /** The log file's path, or undefined when the channel has none. */
  path(channel: Channel): string | undefined {
    return this.#streams[channel].path;
  }

  /** What tells of its growth, once it is open. */
  log(channel: Channel): Growth | undefined {
    return this.#streams[channel].growth;
  }

  /** Bytes ever written to its logs by way of supd; undefined: one is the child's own to write. */
  get written(): number | undefined {
    const { stdout, stderr } = this.#streams;
    return stdout.written === undefined || stderr.written === undefined
      ? undefined
      : stdout.written + stderr.written;
  }

  /** What is wrong with the logs just now, or ''. */
  get failure(): string {
    return this.#streams.stdout.failure ?? this.#streams.stderr.failure ?? '';
  }

  /** Has somebody removed what its output goes through? */
  get isSweptAway(): boolean {
    return CHANNELS.some((channel) => this.#streams[channel].isNameless);
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
      if (this.#owner === undefined) requireRoom();
      mkdirSync(this.#options.fifoDir, { recursive: true, mode: 0o700 });
      if (this.#options.isListener(this.#spec)) this.#removeFifos();
      else this.prepare();
      const stdin = socket ?? keep(this.#childEnd('in', uid, gid));
      const stdout = keep(this.#streams.stdout.openFor(uid, gid));
      const stderr = this.#spec.redirectStderr ? stdout : keep(this.#streams.stderr.openFor(uid, gid));
      this.#owner = uid;
      return { stdin, stdout, stderr };
    } catch (error) {
      for (const fd of opened) closeSync(fd);
      throw error;
    }
  }

  /** Goes on with FIFOs that somebody removed, by way of the process that writes them. */
  resumeFrom(pid: number): void {
    for (const channel of CHANNELS) this.#streams[channel].resumeFrom(pid);
  }

  /** Writes all that ended children left in the pipes. */
  drain(): void {
    for (const channel of CHANNELS) this.#streams[channel].drain();
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
    for (const channel of CHANNELS) this.#streams[channel].clear();
  }

  /** Descriptors that keep what is in the pipes when nobody else has them open. */
  hold(): readonly number[] {
    return CHANNELS.flatMap((channel) => this.#streams[channel].hold());
  }

  /** With `keepFifos` what is in use stays for another supd. */
  close(keepFifos = false): void {
    for (const channel of CHANNELS) this.#streams[channel].close(keepFifos);
    if (!keepFifos) this.#removeFifos();
  }

  #removeFifos(): void {
    removeFifo(this.#fifo('in'));
    for (const channel of CHANNELS) this.#streams[channel].removeFifo();
  }

  #plan(channel: Channel, spec: StreamSpec, autoLog: string | undefined): OutputStream {
    const unused = channel === 'stderr' && this.#spec.redirectStderr;
    const known = spec.file.kind === 'auto' ? autoLog : undefined;
    const path = unused ? undefined : (known ?? this.#filePath(channel, spec));
    const heard = unused ? undefined : this.#heardOf(channel, spec);
    const { stripAnsi, told, keeper } = this.#options;
    const fifo = this.#fifo(channel);
    return new OutputStream({
      name: this.#spec.name,
      spec,
      path,
      heard,
      fifo,
      channel,
      stripAnsi,
      warn: (line) => told('warn', line),
      logs: this.#logs,
      keeper: this.#isProtocol(channel) ? undefined : keeper,
    });
  }

  /** What a listener says on stdout is for supd alone, and half of an answer to one that is gone for nobody. */
  #isProtocol(channel: Channel): boolean {
    return channel === 'stdout' && this.#options.isListener(this.#spec);
  }

  #heardOf(channel: Channel, { syslog }: StreamSpec): Heard | undefined {
    const heard = this.#options.heardOf(this.#spec, channel);
    return syslog && !this.#isProtocol(channel) ? withSyslog(heard, this.#spec.name) : heard;
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
}
