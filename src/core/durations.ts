import type { Millis } from './program.js';

const UNITS: readonly (readonly [string, Millis])[] = [
  ['d', 86_400_000],
  ['h', 3_600_000],
  ['m', 60_000],
  ['s', 1000],
];

/** "4h", "1m 30s", "250ms": at most the two largest units, for people. */
export function formatDuration(ms: Millis): string {
  if (ms < 1000) return `${Math.max(0, Math.round(ms))}ms`;
  const parts: string[] = [];
  let rest = ms;
  for (const [name, size] of UNITS) {
    const count = Math.floor(rest / size);
    rest -= count * size;
    if (count > 0) parts.push(`${count}${name}`);
    // The second unit only next to the first: "1d 5s" would look exact and not be.
    else if (parts.length > 0) break;
    if (parts.length === 2) break;
  }
  return parts.join(' ');
}

/** "2026-11-23T03:00:00Z": UTC, whole seconds; out of a date's range, the bare number. */
export function formatStamp(wall: Millis): string {
  if (!(Math.abs(wall) <= 8.64e15)) return String(wall);
  return new Date(wall).toISOString().replace(/\.\d+Z$/, 'Z');
}
