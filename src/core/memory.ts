/**
 * Programs that use too much memory (`max_memory`) are restarted, one at a time, as in a rolling restart:
 *
 * 1. Three looks in a row must have found too much of the same process.
 * 2. Not while a job holds it, nor while another is being restarted so, nor within ten minutes of the last time.
 * 3. Only in `quiet_hours`, and only while another of its group, or of its backend in HAProxy, does their work. One that
 *    has no such others is restarted all the same.
 * 4. Past twice its limit the third rule is forgotten: the kernel would not ask either.
 */
import { holdsOn } from './holds.js';
import { isMate } from './mates.js';
import type { Millis } from './program.js';
import { isAvailable } from './rolling-member.js';
import type { Process, World } from './world.js';

/** `max_memory` */
export interface MemorySpec {
  /** Of the program's tree. */
  readonly maxBytes: number;
  /** Local minutes of the day between which it may be restarted; the end may be before the begin. Undefined: always. */
  readonly quiet?: { readonly from: number; readonly to: number };
}

/** What is known of one program's memory. */
export interface MemoryRecord {
  readonly pid: number;
  /** Looks in a row that found too much. */
  readonly over: number;
  readonly bytes: number;
  /** Of its last restart for this, monotonic. */
  readonly restarted?: Millis;
}

/** How many looks count. */
export const LOOKS = 3;
const REST_MS = 600_000;
const URGENT = 2;

/** The record after a look. */
export function looked(
  before: MemoryRecord | undefined,
  pid: number,
  bytes: number,
  { maxBytes }: MemorySpec,
): MemoryRecord {
  const same = before?.pid === pid ? before : { ...before, over: 0 };
  return { ...same, pid, bytes, over: bytes > maxBytes ? same.over + 1 : 0 };
}

/** Is there reason enough to restart it? */
export function isTooMuch({ over }: MemoryRecord): boolean {
  return over >= LOOKS;
}

/** Is it so much that nobody is waited for? */
export function isUrgent({ bytes }: MemoryRecord, { maxBytes }: MemorySpec): boolean {
  return bytes >= URGENT * maxBytes;
}

/**
 * What keeps it from being restarted just now, in words; undefined: nothing.
 * @param minutes  local, of the day
 */
export function whyNotNow(
  world: World,
  { spec }: Process,
  record: MemoryRecord,
  memory: MemorySpec,
  mono: Millis,
  minutes: number,
): string | undefined {
  if (world.mode !== 'running') return 'supd ends';
  if (world.rolling !== undefined) return 'a rolling restart is under way';
  const [hold] = holdsOn(world, [spec.id]);
  if (hold) return `${hold.job} (run ${hold.run}) holds it`;
  if (record.restarted !== undefined && mono - record.restarted < REST_MS)
    return 'it was restarted for that less than ten minutes ago';
  if (isUrgent(record, memory)) return undefined;
  if (memory.quiet && !isWithin(memory.quiet, minutes)) return 'it is not in its quiet_hours';
  const mates = [...world.processes.values()].filter((one) => isMate(one.spec, spec));
  if (mates.length === 0 || mates.some(isAvailable)) return undefined;
  return `none of ${mates.map((one) => one.spec.name).join(', ')} can do its work`;
}

/** "1.2 GB" */
export function formatSize(bytes: number): string {
  const [size, unit] = bytes >= 2 ** 30 ? [bytes / 2 ** 30, 'GB'] : [bytes / 2 ** 20, 'MB'];
  return `${size.toFixed(size < 10 ? 1 : 0)} ${unit}`;
}

function isWithin({ from, to }: NonNullable<MemorySpec['quiet']>, minutes: number): boolean {
  return from < to ? minutes >= from && minutes < to : minutes >= from || minutes < to;
}
