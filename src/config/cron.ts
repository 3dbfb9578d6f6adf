/** When a schedule falls due. The only place that knows cron-parser. */
import { CronExpressionParser } from 'cron-parser';
import { parseSchedule } from './schedule.js';

/**
 * The next time that `schedule` is due strictly after `afterWallMs`, both in epoch ms.
 *
 * Hours that are named go by the clock on the wall: a time that the change to summer time skips is due at the
 * first instant after the gap, one that happens twice is due the first time. With `*` for the hour the schedule
 * goes on by elapsed time, so that "every ten minutes" stays that in both hours of the night in autumn.
 * @param timezone  IANA name; undefined: the machine's
 * @returns Infinity when it never is
 * @throws Error when the schedule or the zone is none: both are checked when the configuration is read
 * @see crontab(5); Debian's cron treats clock changes the same way
 */
export function nextRun(schedule: string, afterWallMs: number, timezone: string | undefined): number {
  const read = parseSchedule(schedule);
  if (!read.ok) throw new Error(`schedule ${schedule}: ${read.why}`);
  const { expression, everyHour } = read.schedule;
  const zone = timezone ?? Intl.DateTimeFormat().resolvedOptions().timeZone;
  if (everyHour) return nextElapsed(expression, afterWallMs, zone);

  // The clock on the wall is followed as if it were a UTC clock, which has no gaps, and then translated.
  let wall = afterWallMs + offsetAt(afterWallMs, zone);
  const overlap = overlapBefore(afterWallMs, zone);
  if (overlap !== undefined) wall = Math.max(wall, overlap - 1);
  for (;;) {
    wall = firstAfter(expression, wall, 'UTC');
    if (wall === Number.POSITIVE_INFINITY) return wall;
    const instant = toInstant(wall, zone);
    if (instant > afterWallMs) return instant;
  }
}

/**
 * What a change of the clock does to a due time that nextRun gave, in words, or undefined: nothing. Times of a
 * schedule that goes by elapsed time are never moved.
 */
export function clockChangeAt(
  schedule: string,
  due: number,
  timezone: string | undefined,
): string | undefined {
  const read = parseSchedule(schedule);
  if (!read.ok || read.schedule.everyHour) return undefined;
  const zone = timezone ?? Intl.DateTimeFormat().resolvedOptions().timeZone;
  const before = offsetAt(due - 1, zone);
  const wall = due + offsetAt(due, zone);
  if (due + before < wall) {
    const meant = firstAfter(read.schedule.expression, due + before - 1, 'UTC');
    if (meant < wall)
      return `${clockOf(meant)} is skipped: the clock goes from ${clockOf(due + before)} to ${clockOf(wall)}`;
  }
  // Shown again later: by how much the clock is put back.
  const back = offsetAt(due, zone) - offsetAt(due + LONGEST_OVERLAP_MS, zone);
  if (back <= 0 || due + back + offsetAt(due + back, zone) !== wall) return undefined;
  return `${clockOf(wall)} comes twice: only the first counts`;
}

/** "03:00" of a wall clock that is taken for one of UTC. */
function clockOf(wall: number): string {
  return new Date(wall).toISOString().slice(11, 16);
}

const HOUR_MS = 3_600_000;
/** No zone changes its clock there and back in this time. */
const LOOK_MS = 7 * 24 * HOUR_MS;
/** No zone changes its clock twice in this time. */
const APART_MS = 36 * HOUR_MS;
/** No clock is put back by more. */
const LONGEST_OVERLAP_MS = 3 * HOUR_MS;

/** Each stretch between two changes of the clock for itself, so that nothing is lost where hours are not whole. */
function nextElapsed(expression: string, after: number, zone: string): number {
  let offset = offsetAt(after, zone);
  let from = after;
  let last = after;
  for (;;) {
    const wall = firstAfter(expression, last + offset, 'UTC');
    if (wall === Number.POSITIVE_INFINITY) return wall;
    const change = firstChange(from, wall - offset, zone);
    if (change === undefined) return wall - offset;
    offset = offsetAt(change, zone);
    from = change;
    // The change itself may be due.
    last = change - 1;
  }
}

/** The first change of the clock after `from` and not after `to`, or undefined. */
function firstChange(from: number, to: number, zone: string): number | undefined {
  for (let low = from; low < to; low += LOOK_MS) {
    const high = Math.min(low + LOOK_MS, to);
    if (offsetAt(high, zone) !== offsetAt(low, zone)) return findChange(low, high, zone);
  }
  return undefined;
}

function firstAfter(expression: string, afterMs: number, tz: string): number {
  return CronExpressionParser.parse(expression, { currentDate: new Date(afterMs), tz })
    .next()
    .getTime();
}

/** The instant at which the clock of the zone first shows `wall`, or the end of the gap that `wall` lies in. */
function toInstant(wall: number, zone: string): number {
  const before = offsetAt(wall - APART_MS, zone);
  const after = offsetAt(wall + APART_MS, zone);
  const fits = [wall - before, wall - after].filter((instant) => instant + offsetAt(instant, zone) === wall);
  if (fits.length > 0) return Math.min(...fits);
  return findChange(wall - after, wall - before, zone);
}

/** While the clock shows a time for the second time: the wall time at which that ends. */
function overlapBefore(instant: number, zone: string): number | undefined {
  const earlier = instant - LONGEST_OVERLAP_MS;
  const before = offsetAt(earlier, zone);
  const now = offsetAt(instant, zone);
  return before > now ? findChange(earlier, instant, zone) + before : undefined;
}

/** The first instant, in whole seconds, that has the offset of `to` and not that of `from`. */
function findChange(from: number, to: number, zone: string): number {
  const old = offsetAt(from, zone);
  let low = Math.floor(from / 1000);
  let high = Math.ceil(to / 1000);
  while (high - low > 1) {
    const middle = Math.floor((low + high) / 2);
    if (offsetAt(middle * 1000, zone) === old) low = middle;
    else high = middle;
  }
  return high * 1000;
}

const formats = new Map<string, Intl.DateTimeFormat>();

/** What the zone's clock is ahead of UTC at an instant, in ms. */
function offsetAt(instant: number, zone: string): number {
  let format = formats.get(zone);
  if (format === undefined) {
    format = new Intl.DateTimeFormat('en-US', {
      timeZone: zone,
      hourCycle: 'h23',
      year: 'numeric',
      month: 'numeric',
      day: 'numeric',
      hour: 'numeric',
      minute: 'numeric',
      second: 'numeric',
    });
    formats.set(zone, format);
  }
  const shown: Record<string, number> = {};
  for (const { type, value } of format.formatToParts(instant)) shown[type] = Number(value);
  const { year = 0, month = 1, day = 1, hour = 0, minute = 0, second = 0 } = shown;
  const wall = Date.UTC(year, month - 1, day, hour, minute, second);
  return wall - Math.floor(instant / 1000) * 1000;
}
