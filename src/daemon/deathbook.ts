/**
 * The deaths of programs on disk, so that they outlive this process: `<statedir>/deaths`, a line for each, the id and
 * what is known of it, both JSON. Many deaths at once are one write. Not synced: these need not outlive the machine.
 */
import { appendFileSync, readFileSync, renameSync, statSync, writeFileSync } from 'node:fs';
import type { Death } from '../core/death.js';
import type { Millis } from '../core/program.js';
import { isDeath } from './death-records.js';
import { parse, tryWriting } from './durable.js';

export interface DeathBookParts {
  readonly file: string;
  readonly isConfigured: (id: string) => boolean;
  readonly told: (line: string) => void;
}

/** Kept of each program. */
const KEPT = 5;
/** A program that dies again and again is written down this often; the first time at once, but after the restart. */
const WRITE_EVERY_MS: Millis = 1000;
const WRITE_SOON_MS: Millis = 20;
/** The file is made anew when it is as large, and twice what it was then. */
const COMPACT_BYTES = 512 << 10;
/** What can't be written waits, this many at most. */
const WAITING_MAX = 256;
/** What is left of programs that are not configured any more goes after this long. */
const FORGET_AFTER_MS: Millis = 7 * 86_400_000;

export class DeathBook {
  readonly #parts: DeathBookParts;
  /** Newest first. */
  readonly #known = new Map<string, readonly Death[]>();
  /** Those of which the file was looked through, too. */
  readonly #whole = new Set<string>();
  #unwritten: string[] = [];
  #writing: NodeJS.Timeout | undefined;
  #compacted = 0;
  #failure: string | undefined;

  constructor(parts: DeathBookParts) {
    this.#parts = parts;
  }

  add(id: string, death: Death): void {
    this.#known.set(id, [death, ...(this.#known.get(id) ?? [])].slice(0, KEPT));
    this.#unwritten.push(`${JSON.stringify(id)} ${JSON.stringify(death)}`);
    this.#writing ??= setTimeout(() => this.#write(), WRITE_SOON_MS).unref();
  }

  /** The newest of this life of supd, or of an earlier one. */
  last(id: string): Death | undefined {
    return this.#known.get(id)?.[0] ?? this.of(id)[0];
  }

  /** Newest first. */
  of(id: string): readonly Death[] {
    const known = this.#known.get(id) ?? [];
    if (this.#whole.has(id) || known.length >= KEPT) return known;
    const isNew = (one: Death) => !known.some(({ time, pid }) => time === one.time && pid === one.pid);
    const all = [...known, ...this.#read(id).filter(isNew)].slice(0, KEPT);
    this.#whole.add(id);
    this.#known.set(id, all);
    return all;
  }

  close(): void {
    clearTimeout(this.#writing);
    this.#write();
    clearTimeout(this.#writing);
  }

  /** What the file says of it, newest first. */
  #read(id: string): readonly Death[] {
    const found: Death[] = [];
    let damaged = 0;
    const start = `${JSON.stringify(id)} `;
    for (const line of this.#lines()) {
      if (!line.startsWith(start)) continue;
      const death = parse(line.slice(start.length));
      if (isDeath(death)) found.unshift(death);
      else damaged += 1;
    }
    if (damaged > 0)
      this.#parts.told(`${this.#parts.file}: damaged records of ${id} are left out (${damaged})`);
    return found;
  }

  #lines(): readonly string[] {
    try {
      return readFileSync(this.#parts.file, 'utf8').split('\n');
    } catch (error) {
      const { code, message } = error as NodeJS.ErrnoException;
      if (code !== 'ENOENT') this.#parts.told(`${this.#parts.file}: ${message}`);
      return [];
    }
  }

  #write(): void {
    this.#writing = undefined;
    if (this.#unwritten.length === 0) return;
    const { file, told } = this.#parts;
    const why = tryWriting(file, () => {
      // Begun with a line's end: what was there last may be half a line of a supd that was killed.
      appendFileSync(file, `\n${this.#unwritten.join('\n')}\n`, { mode: 0o600 });
      this.#unwritten = [];
      const { size } = statSync(file);
      if (size > Math.max(COMPACT_BYTES, 2 * this.#compacted)) this.#compact();
    });
    if (why !== undefined && this.#failure === undefined)
      told(`how programs ended could not be kept: ${why}`);
    this.#failure = why;
    this.#unwritten = this.#unwritten.slice(-WAITING_MAX);
    this.#writing = setTimeout(() => this.#write(), WRITE_EVERY_MS).unref();
  }

  /** The last few of each, and of those that are gone only what is new. @throws the system's error */
  #compact(): void {
    const kept = new Map<string, string[]>();
    for (const line of this.#lines()) {
      const start = line.slice(0, line.indexOf('" {') + 1);
      if (start === '') continue;
      const lines = kept.get(start) ?? [];
      kept.set(start, [...lines, line].slice(-KEPT));
    }
    for (const [start, lines] of kept) if (this.#isForgotten(start, lines.at(-1) ?? '')) kept.delete(start);
    const text = [...kept.values()].flat().join('\n');
    writeFileSync(`${this.#parts.file}.new`, `${text}\n`, { mode: 0o600 });
    renameSync(`${this.#parts.file}.new`, this.#parts.file);
    this.#compacted = text.length;
  }

  #isForgotten(start: string, newest: string): boolean {
    const id = parse(start);
    if (typeof id === 'string' && this.#parts.isConfigured(id)) return false;
    const death = parse(newest.slice(start.length));
    return !isDeath(death) || Date.now() - death.time > FORGET_AFTER_MS;
  }
}
