/** Times and durations as people read them. */

/** "2026-11-24 03:00:00" in the machine's zone. */
export function localTime(time: number): string {
  const at = new Date(time);
  const two = (value: number) => String(value).padStart(2, '0');
  const day = `${at.getFullYear()}-${two(at.getMonth() + 1)}-${two(at.getDate())}`;
  return `${day} ${two(at.getHours())}:${two(at.getMinutes())}:${two(at.getSeconds())}`;
}

/** "0.4 s", "3 s", "2 min 5 s", "3 h 12 min", "2 d 4 h". */
export function spokenDuration(durationMs: number): string {
  const ms = Math.max(0, durationMs);
  if (ms < 950) return `${(ms / 1000).toFixed(1)} s`;
  const seconds = Math.round(ms / 1000);
  if (seconds < 60) return `${seconds} s`;
  const units = [
    { seconds: 86_400, name: 'd' },
    { seconds: 3600, name: 'h' },
    { seconds: 60, name: 'min' },
    { seconds: 1, name: 's' },
  ];
  const first = units.findIndex((unit) => seconds >= unit.seconds);
  let left = seconds;
  const parts: string[] = [];
  for (const unit of units.slice(first, first + 2)) {
    const count = Math.floor(left / unit.seconds);
    left -= count * unit.seconds;
    if (count > 0) parts.push(`${count} ${unit.name}`);
  }
  return parts.join(' ');
}

/** RFC 3339 in UTC, or null. */
export function rfc3339(time: number | undefined): string | null {
  return time === undefined ? null : new Date(time).toISOString();
}
