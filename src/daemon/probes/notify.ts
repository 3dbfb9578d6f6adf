/**
 * Programs that say themselves how they are: sd_notify(3). Each has a socket of its own while it lives, and is believed
 * only what it or one of its descendants says; of one that has ended meanwhile, the user must be right.
 */
import { createHash } from 'node:crypto';
import type { ProcessSpec } from '../../core/program.js';
import { readStat, readStatus } from '../../os/proc.js';
import { type Report, Reports } from '../../os/reports.js';
import { Snapshot } from '../../os/tree.js';

/** What `status` shows of a text. */
const MOST_CHARACTERS = 200;

interface Wait {
  /** READY of a start, WATCHDOG of health. */
  readonly word: 'READY' | 'WATCHDOG';
  readonly met: () => void;
  readonly said: (text: string) => void;
}

interface Line {
  readonly reports: Reports;
  /** A stranger has been told of. */
  isWarned: boolean;
  pid: number;
  wait: Wait | undefined;
}

/** Has this program a socket to say so? */
export function isTold({ ready, health }: ProcessSpec): boolean {
  return ready?.probe.kind === 'notify' || health?.probe.kind === 'notify';
}

export class Notifications {
  readonly #instance: string;
  readonly #told: (level: 'warn', line: string) => void;
  readonly #lines = new Map<string, Line>();

  constructor(instance: string, told: (level: 'warn', line: string) => void) {
    this.#instance = instance;
    this.#told = told;
  }

  /** What a program that is about to be started finds in its environment. */
  variablesOf(spec: ProcessSpec): Readonly<Record<string, string>> {
    if (!isTold(spec)) return {};
    this.#open(spec);
    const { health } = spec;
    const watchdog: Readonly<Record<string, string>> =
      health?.probe.kind === 'notify' ? { WATCHDOG_USEC: String(Math.round(health.timeoutMs * 1000)) } : {};
    return { NOTIFY_SOCKET: `@${this.#nameOf(spec)}`, ...watchdog };
  }

  /** Calls `met` when the process says the word; a later wait takes the place of this one. */
  wait(spec: ProcessSpec, pid: number, wait: Wait): void {
    const line = this.#open(spec);
    if (!line) return wait.said('its socket could not be opened');
    line.pid = pid;
    line.wait = wait;
  }

  forget(id: string): void {
    const line = this.#lines.get(id);
    if (line) line.wait = undefined;
  }

  /** The process has ended. */
  close(id: string): void {
    this.#lines.get(id)?.reports.close();
    this.#lines.delete(id);
  }

  closeAll(): void {
    for (const id of [...this.#lines.keys()]) this.close(id);
  }

  /** The same in every life of this supd, so that a program of an earlier one is still heard. */
  #nameOf({ id }: ProcessSpec): string {
    const slot = createHash('sha256').update(id).digest('hex').slice(0, 16);
    return `supd/${this.#instance}/${slot}`;
  }

  #open(spec: ProcessSpec): Line | undefined {
    const known = this.#lines.get(spec.id);
    if (known) return known;
    try {
      const reports = new Reports(this.#nameOf(spec), (report) => this.#heard(spec, report));
      const line: Line = { reports, isWarned: false, pid: 0, wait: undefined };
      this.#lines.set(spec.id, line);
      return line;
    } catch (error) {
      this.#told('warn', `${spec.name}: no socket for notify: ${(error as Error).message}`);
      return undefined;
    }
  }

  #heard({ id, name }: ProcessSpec, { sender, assignments }: Report): void {
    const line = this.#lines.get(id);
    if (!line?.wait) return;
    if (!belongs(sender, line.pid)) {
      const words = 'is none of its processes; what it says of it counts for nothing';
      if (!line.isWarned) this.#told('warn', `${name}: pid ${sender.pid} ${words}`);
      line.isWarned = true;
      return;
    }
    const status = assignments.get('STATUS');
    if (status !== undefined && line.wait.word === 'READY')
      line.wait.said(status.replace(/\p{Cc}/gu, ' ').slice(0, MOST_CHARACTERS));
    if (assignments.get(line.wait.word) !== '1') return;
    const { met } = line.wait;
    line.wait = undefined;
    met();
  }
}

function belongs(sender: Report['sender'], pid: number): boolean {
  if (pid <= 0) return false;
  if (sender.pid === pid) return true;
  const stat = readStat(sender.pid);
  if (stat === undefined) return sender.uid === readStatus(pid)?.uid;
  return stat.pgid === pid || new Snapshot().descendants(pid).some((member) => member.pid === sender.pid);
}
