/**
 * One output of one process slot: a FIFO that is pumped into a log, or the log itself in the child's hands. Which of
 * the two is decided at each start.
 */
import { constants, existsSync, openSync, readFileSync, unlinkSync, writeFileSync } from 'node:fs';
import type { StreamSpec } from '../core/program.js';
import { type DirectLog, NotDirect } from '../logs/directlog.js';
import type { Growth } from '../logs/growth.js';
import { type LineFormat, makeLineFormat } from '../logs/lineformat.js';
import type { LogFile } from '../logs/logfile.js';
import { Pump } from '../logs/pump.js';
import {
  enlargePipe,
  makeFifo,
  openForChild,
  openForPump,
  openNamelessForPump,
  ownerOfFifo,
  readFifo,
  splicing,
} from '../os/fifo.js';
import type { Keeper } from './keeper.js';
import { type Heard, makeOutput, type Output } from './output.js';
import type { SharedLogs } from './sharedlogs.js';

export interface OutputParts {
  /** Of the process. */
  readonly name: string;
  readonly spec: StreamSpec;
  /** The file's path; undefined: no file. */
  readonly path: string | undefined;
  readonly heard: Heard | undefined;
  readonly fifo: string;
  readonly channel: 'stdout' | 'stderr';
  readonly stripAnsi: boolean;
  readonly logs: SharedLogs;
  /** What the child left in its FIFO is not lost while no supd is there; undefined: it may be. */
  readonly keeper: Pick<Keeper, 'want' | 'keep' | 'forget'> | undefined;
  /** Something that is not as it was asked. */
  readonly warn: (line: string) => void;
}

/** What a dead child may have left in one pipe is its size; more is a grandchild's and not waited for. */
const DRAIN_MAX_BYTES = 1 << 20;

export class OutputStream {
  readonly #parts: OutputParts;
  #log: LogFile | undefined;
  #pump: Pump | undefined;
  #output: Output | undefined;
  #format: LineFormat | undefined;
  /** Instead of these: the child writes the file itself. */
  #direct: DirectLog | undefined;
  /** Why it does not, against its configuration. */
  #whyNotDirect: string | undefined;

  constructor(parts: OutputParts) {
    this.#parts = parts;
  }

  get path(): string | undefined {
    return this.#parts.path;
  }

  /** What tells of the log's growth, once it is open. */
  get growth(): Growth | undefined {
    return this.#direct ?? this.#log;
  }

  /** Bytes ever written to the log by way of supd; undefined: the child writes it itself. */
  get written(): number | undefined {
    return this.#direct ? undefined : (this.#log?.written ?? 0);
  }

  /** What is wrong with the log just now. */
  get failure(): string | undefined {
    return this.#direct?.failure ?? this.#log?.failure ?? this.#whyNotDirect;
  }

  /** Goes on with what a supd that is gone left. @throws the system's error of the log file or the FIFO */
  resume(): void {
    const { path, heard, fifo } = this.#parts;
    if (this.#pump || (!path && !heard)) return;
    if (ownerOfFifo(fifo) !== undefined) {
      this.#parts.keeper?.want(fifo);
      this.#startPump(openForPump(fifo));
    } else if (path && existsSync(path)) this.#takeDirect();
  }

  /** Makes the FIFO of a child that is to be started soon. @throws the system's error */
  prepare(): void {
    const { path, heard, fifo, spec, keeper } = this.#parts;
    if (!keeper || spec.direct || (!path && !heard)) return;
    if (ownerOfFifo(fifo) === undefined) this.#makeFifo(process.geteuid?.() ?? 0, process.getegid?.() ?? 0);
    keeper.want(fifo);
  }

  #makeFifo(uid: number, gid: number): void {
    if (!makeFifo(this.#parts.fifo, uid, gid)) return;
    // The one that was read has been swept away: nobody can open it by name any more.
    this.#endPump();
    this.#parts.keeper?.forget(this.#parts.fifo);
  }

  /** The same as `resume` for a FIFO that somebody removed: by way of the process that writes it. */
  resumeFrom(pid: number): void {
    const { path, heard, fifo } = this.#parts;
    if (this.#pump || this.#direct || (!path && !heard)) return;
    const fd = openNamelessForPump(fifo, pid);
    if (fd !== undefined) this.#startPump(fd);
  }

  /** It is read, but nobody finds it by its name any more. */
  get isNameless(): boolean {
    return this.#pump !== undefined && ownerOfFifo(this.#parts.fifo) === undefined;
  }

  /** What a child of this user gets. @throws the system's error of the log file or the FIFO */
  openFor(uid: number, gid: number): number {
    const { path, heard, fifo } = this.#parts;
    if (!path && !heard) return openSync('/dev/null', constants.O_WRONLY);
    const direct = this.#openDirect();
    if (direct !== undefined) return direct;
    if (path) this.#takeLog(path);
    this.#makeFifo(uid, gid);
    this.#parts.keeper?.keep(fifo);
    if (!this.#pump) this.#startPump(openForPump(fifo));
    return openForChild(fifo);
  }

  /** Writes all that an ended child left in the pipe. */
  drain(): void {
    this.#pump?.drain(DRAIN_MAX_BYTES);
    this.#output?.end();
  }

  /** Empties the log, also that of a process that is not running. @throws the system's error */
  clear(): void {
    const { path } = this.#parts;
    if (!path) return;
    const direct = this.#takeDirect();
    if (direct) direct.clear();
    else this.#takeLog(path).clear();
  }

  /** A descriptor that keeps what is in the pipe when nobody else has it open. */
  hold(): readonly number[] {
    const { fifo } = this.#parts;
    return this.#pump && ownerOfFifo(fifo) !== undefined ? [openForPump(fifo)] : [];
  }

  /** The FIFO stays. With `isKept` another supd goes on with it, and with a line that has begun. */
  close(isKept: boolean): void {
    if (isKept) this.#keepRest();
    this.#endPump();
    this.#releaseLog();
    this.#releaseDirect();
  }

  /** The log itself for a child; undefined: it gets a FIFO. @throws the system's error of the log */
  #openDirect(): number | undefined {
    const log = this.#takeDirect();
    if (!log) return undefined;
    let fd: number;
    try {
      fd = log.openForChild();
    } catch (error) {
      this.#releaseDirect();
      if (!(error instanceof NotDirect)) throw error;
      return this.#pumpInstead(error.message);
    }
    // What the child before had: it may have been pumped.
    this.#endPump();
    this.#releaseLog();
    this.removeFifo();
    return fd;
  }

  /** The log as a child writes it, where it is to and can. @throws the system's error */
  #takeDirect(): DirectLog | undefined {
    const { spec, path, heard, stripAnsi, logs } = this.#parts;
    if (this.#direct || !spec.direct || !path) return this.#direct;
    const isRead = heard !== undefined || stripAnsi;
    const log = isRead ? 'supd has to read the output' : logs.direct.take(path, spec);
    if (typeof log === 'string') return this.#pumpInstead(log);
    this.#whyNotDirect = undefined;
    this.#direct = log;
    return log;
  }

  #pumpInstead(why: string): undefined {
    const { spec, path, name, warn } = this.#parts;
    if (spec.direct !== 'always') return;
    const words = `${path} is written by way of supd, not directly (logfile_mode): ${why}`;
    if (words !== this.#whyNotDirect) warn(`${name}: ${words}`);
    this.#whyNotDirect = words;
  }

  #takeLog(path: string): LogFile {
    this.#log ??= this.#parts.logs.take(path, this.#parts.spec);
    return this.#log;
  }

  #startPump(fd: number): void {
    const { path, heard, fifo, stripAnsi } = this.#parts;
    const log = path ? this.#takeLog(path) : undefined;
    const { spec, name, channel } = this.#parts;
    this.#format = spec.format && makeLineFormat(spec.format, name, channel);
    const output = makeOutput(log, heard, stripAnsi, splicing, this.#format);
    this.#output = output;
    if (this.#format) takeRest(fifo, this.#format, log);
    this.#pump = new Pump(fd, output.sink, {
      read: readFifo,
      ...(output.move ? { move: output.move } : {}),
      enlarge: enlargePipe,
      // A log that is a pipe whose reader lags: the program waits instead of losing what it says.
      ready: () => !log?.congested,
    });
  }

  removeFifo(): void {
    removeFifo(this.#parts.fifo);
    this.#parts.keeper?.forget(this.#parts.fifo);
  }

  #keepRest(): void {
    this.#pump?.drain(DRAIN_MAX_BYTES);
    const rest = this.#format?.rest();
    if (rest?.length) writeFileSync(restOf(this.#parts.fifo), rest, { mode: 0o600 });
  }

  #endPump(): void {
    this.#pump?.drain(DRAIN_MAX_BYTES);
    this.#pump?.close();
    this.#output?.end();
    this.#pump = undefined;
    this.#output = undefined;
  }

  #releaseLog(): void {
    if (this.#log) this.#parts.logs.release(this.#log);
    this.#log = undefined;
  }

  #releaseDirect(): void {
    if (this.#direct) this.#parts.logs.direct.release(this.#direct);
    this.#direct = undefined;
  }
}

/** What a supd that went orderly had read of a line and not written. */
function restOf(fifo: string): string {
  return `${fifo}.rest`;
}

function takeRest(fifo: string, format: LineFormat, log: LogFile | undefined): void {
  const file = restOf(fifo);
  if (!existsSync(file)) return;
  log?.append(format.take(readFileSync(file)));
  unlinkSync(file);
}

/** Never made, or swept away: gone is what is wanted. */
export function removeFifo(fifo: string): void {
  try {
    unlinkSync(fifo);
  } catch {
    // It is.
  }
}
