/**
 * What programs had when they were last looked at, for the black box. Looks wait while programs are being started and
 * take turns with everything else: nothing depends on the moment.
 */
import type { Facts } from '../core/death.js';
import type { Millis } from '../core/program.js';
import { readFacts } from '../os/facts.js';
import { countKillsOnMachine, type MemoryGroup, readMemoryGroup } from '../os/oom.js';
import { countDescendants } from '../os/tree.js';

/** After a start, beside the look as soon as there is time; then on and on. */
const LOOKS_MS: readonly Millis[] = [1000, 5000];
const LOOK_EVERY_MS: Millis = 30_000;
/** After the last start, and after the first that waits for its look. */
const QUIET_MS: Millis = 10;
const PATIENCE_MS: Millis = 500;
/** Looks of many at once: so long at a time, and a pause. */
const TURN_MS: Millis = 2;
const PAUSE_MS: Millis = 5;

export interface Look {
  readonly pid: number;
  facts?: Facts;
  /** Its memory cgroup as it was at the look before the last: one that is being killed still looks alive for a while. */
  group?: MemoryGroup;
  /** What had been killed on the machine for want of memory at that time. */
  machineKills: number;
  /** The same at the last look. */
  latest?: { readonly group: MemoryGroup | undefined; readonly machineKills: number };
  /** Bytes in its logs when it began; undefined: not known. */
  readonly written: number | undefined;
  timer?: NodeJS.Timeout;
}

export class Looks {
  readonly #looks = new Map<string, Look>();
  /** To be looked at soon. */
  readonly #due = new Set<Look>();
  #looking: NodeJS.Timeout | undefined;
  #machine = { time: Number.NEGATIVE_INFINITY, kills: 0 };
  #every: NodeJS.Timeout | undefined;
  #lastStart = 0;
  #waitingSince = 0;

  /** Looks at each again and again from now on. */
  start(): void {
    this.#every = setInterval(() => {
      for (const look of this.#looks.values()) this.#lookInTurn(look);
    }, LOOK_EVERY_MS).unref();
  }

  begin(id: string, pid: number, written: number | undefined): void {
    this.#lastStart = performance.now();
    clearTimeout(this.#looks.get(id)?.timer);
    const look: Look = { pid, machineKills: this.#machineKills(), written };
    this.#looks.set(id, look);
    this.#lookInTurn(look);
    this.#lookSoon(look, 0);
  }

  /** It has ended. @returns what was seen of it */
  end(id: string): Look | undefined {
    const look = this.#looks.get(id);
    clearTimeout(look?.timer);
    this.#looks.delete(id);
    if (look) this.#due.delete(look);
    return look;
  }

  close(): void {
    for (const { timer } of this.#looks.values()) clearTimeout(timer);
    clearInterval(this.#every);
    clearTimeout(this.#looking);
  }

  #lookSoon(look: Look, nth: number): void {
    const wait = LOOKS_MS[nth];
    if (wait === undefined) return;
    look.timer = setTimeout(() => {
      this.#lookInTurn(look);
      this.#lookSoon(look, nth + 1);
    }, wait).unref();
  }

  #lookInTurn(look: Look): void {
    if (this.#due.size === 0) this.#waitingSince = performance.now();
    this.#due.add(look);
    this.#looking ??= setTimeout(() => this.#lookAtDue(), QUIET_MS).unref();
  }

  #lookAtDue(): void {
    const now = performance.now();
    const isBusy = now - this.#lastStart < QUIET_MS && now - this.#waitingSince < PATIENCE_MS;
    if (!isBusy) this.#lookUntil(now + TURN_MS);
    const wait = isBusy ? QUIET_MS : PAUSE_MS;
    this.#looking = this.#due.size > 0 ? setTimeout(() => this.#lookAtDue(), wait).unref() : undefined;
  }

  #lookUntil(end: number): void {
    for (const look of this.#due) {
      this.#due.delete(look);
      this.#lookAt(look);
      if (performance.now() >= end) return;
    }
  }

  /** A reading of /proc/vmstat for all that start together. */
  #machineKills(): number {
    const time = performance.now();
    if (time - this.#machine.time > 100) this.#machine = { time, kills: countKillsOnMachine() };
    return this.#machine.kills;
  }

  /** The cgroup is looked at each time: a program may be put into another one after its start. */
  #lookAt(look: Look): void {
    const machineKills = this.#machineKills();
    const facts = readFacts(look.pid);
    if (!facts) return;
    look.facts = { time: Date.now(), ...facts, descendants: countDescendants(look.pid) };
    const group = readMemoryGroup(look.pid);
    const { latest } = look;
    const isOther = group?.file !== look.group?.file;
    if (latest) look.machineKills = latest.machineKills;
    if (isOther && group) look.group = group;
    else if (latest?.group?.file === group?.file && latest?.group) look.group = latest.group;
    look.latest = { group, machineKills };
  }
}
