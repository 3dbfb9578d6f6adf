/** Supervisord's sentence about a process, as `status` shows it. */
import { formatDuration } from '../core/durations.js';
import type { Health } from '../core/health.js';
import type { Now } from '../core/program.js';
import { whyNotReady } from '../core/readiness.js';
import type { Arrival } from '../core/traffic.js';
import type { Process } from '../core/world.js';

const MONTHS = ['Jan', 'Feb', 'Mar', 'Apr', 'May', 'Jun', 'Jul', 'Aug', 'Sep', 'Oct', 'Nov', 'Dec'];

/**
 * "pid 123, uptime 0:00:05", a spawn error, a local time of death, or nothing.
 * @param waitsFor  what keeps it from its start, in words
 */
export function describeProcess(process: Process, now: Now, waitsFor: readonly string[] = []): string {
  const { state } = process;
  switch (state.name) {
    case 'RUNNING':
      return `pid ${state.pid}, uptime ${formatUptime(uptimeOf(process, now))}${absence(state.arrival)}${illness(state.health, now)}`;
    case 'BACKOFF':
    case 'FATAL':
      return process.spawnError ?? `unknown error (try "tail ${process.spec.name}")`;
    case 'STOPPED':
    case 'EXITED':
      return process.stopped === undefined || !process.started ? 'Not started' : formatDeath(process.stopped);
    case 'SWEEPING':
      return state.shown === 'BACKOFF' ? (process.spawnError ?? '') : '';
    case 'WAITING':
      return `waits for ${waitsFor.join(', ')}`;
    case 'STARTING':
      if (state.warming !== undefined) return `pid ${state.pid}, being warmed up`;
      return state.readiness ? notReady(state.pid, whyNotReady(state.readiness, process.spec, now.mono)) : '';
    case 'STOPPING':
      return state.leaving === undefined ? '' : `pid ${state.pid}, its visitors leave`;
    case 'SPAWNING':
    case 'UNKNOWN':
      return '';
    default:
      return state satisfies never;
  }
}

function notReady(pid: number, why: string | undefined): string {
  return `pid ${pid}, not ready yet${why === undefined ? '' : `: ${why}`}`;
}

/** It runs, and does nobody's work. */
function absence(arrival: Arrival | undefined): string {
  return arrival?.name === 'failed' ? `, without visitors: ${arrival.why}` : '';
}

/** What follows a line that is else supervisord's. */
function illness(health: Health | undefined, { mono }: Now): string {
  if (health?.status !== 'unhealthy' && health?.status !== 'busy') return '';
  const { status, why = '', busy } = health;
  return `, ${status}${busy && status === 'busy' ? ` for ${formatDuration(mono - busy.since)}` : ''}: ${why}`;
}

/** Since the spawn, by the monotonic clock. */
export function uptimeOf(process: Process, now: Now): number {
  return process.started ? Math.max(0, now.mono - process.started.mono) : 0;
}

/** As Python's timedelta prints itself: "0:00:05", "1 day, 2:03:04", "10 days, 0:00:00". */
export function formatUptime(ms: number): string {
  const seconds = Math.floor(ms / 1000);
  const days = Math.floor(seconds / 86400);
  const two = (value: number) => String(Math.floor(value)).padStart(2, '0');
  const time = `${Math.floor((seconds % 86400) / 3600)}:${two((seconds % 3600) / 60)}:${two(seconds % 60)}`;
  return days === 0 ? time : `${days} ${days === 1 ? 'day' : 'days'}, ${time}`;
}

/** `%b %d %I:%M %p`, local time: "Nov 23 05:04 AM". */
export function formatDeath(wall: number): string {
  const date = new Date(wall);
  const two = (value: number) => String(value).padStart(2, '0');
  const hour = date.getHours();
  const clock = `${two(hour % 12 === 0 ? 12 : hour % 12)}:${two(date.getMinutes())} ${hour < 12 ? 'AM' : 'PM'}`;
  return `${MONTHS[date.getMonth()]} ${two(date.getDate())} ${clock}`;
}
