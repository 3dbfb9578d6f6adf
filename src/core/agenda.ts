/**
 * When a job is due. Cron itself is the shell's (`schedule` is answered by `scheduled`); here is what to make of it:
 *
 * - A due time is dealt with once: run, or recorded as skipped. It is remembered on disk before its run starts, and
 *   the next one is looked for after it; so a clock that was set back repeats nothing, up to REWOUND_MS.
 * - A job that was never scheduled before, or not at these times, is not late: it waits for the next time.
 * - What came due more than LATE_MS ago was missed (supd was not running, the machine slept, the clock was set).
 *   Of all times missed the newest is run if it is at most `catchup` old. One record tells of those that were not.
 */
import { formatStamp } from './durations.js';
import type { JobSpec } from './job.js';
import type { JobsEffect, LastDue } from './job-events.js';
import type { Millis } from './program.js';

/** Later than this is missed, not just late: the timer is armed at most 30 s ahead. */
const LATE_MS: Millis = 60_000;
/** A last due time this far ahead comes from a clock that was wrong; waiting for it could take years. */
export const REWOUND_MS: Millis = 25 * 3_600_000;

export interface Agenda {
  /** Dealt with up to here. */
  readonly lastDue: Millis;
  /** The question that is open; answers to others are ignored. */
  readonly asked?: Millis;
  /** The next due time, to come. */
  readonly nextDue?: Millis;
  /** While the newest missed time is looked for. */
  readonly search?: Search;
  /** Why there may be missed times. */
  readonly gap: string;
}

/** The newest due time that is past lies in [low, high): low is one, none lies in [high, now]. */
interface Search {
  readonly first: Millis;
  readonly low: Millis;
  readonly high: Millis;
}

/** What to do now that an answer has come. */
export type Found =
  | { readonly kind: 'ask'; readonly agenda: Agenda }
  | { readonly kind: 'wait'; readonly agenda: Agenda }
  /** `last` is the newest of those missed since `first`. */
  | { readonly kind: 'missed'; readonly agenda: Agenda; readonly first: Millis; readonly last: Millis };

/** The schedule as remembered beside a due time: times of another schedule say nothing about this one. */
export function scheduleText(spec: JobSpec): string {
  return [spec.schedule ?? '', ...(spec.timezone === undefined ? [] : [spec.timezone])].join(' ');
}

/** Id of the run of a due time, or with `suffix` of one by hand: `20261123T030000Z-nightly`. */
export function runId(job: string, wall: Millis, suffix?: string): string {
  const stamp = formatStamp(wall).replace(/[-:]/g, '');
  return `${stamp}-${job}${suffix === undefined ? '' : `.${suffix}`}`;
}

/** Asks for the first due time after `after`. */
export function ask(agenda: Agenda, after: Millis): Agenda {
  const { nextDue: _, ...rest } = agenda;
  return { ...rest, asked: after };
}

/** The question as an effect, if one is open. */
export function question(spec: JobSpec, agenda: Agenda): readonly JobsEffect[] {
  if (agenda.asked === undefined || spec.schedule === undefined) return [];
  const zone = spec.timezone === undefined ? {} : { timezone: spec.timezone };
  return [{ type: 'schedule', job: spec.name, schedule: spec.schedule, ...zone, after: agenda.asked }];
}

/**
 * Takes the answer to the open question. Looking for the newest missed time halves the span at each question, so
 * that months of downtime cost some thirty questions, however often the job is due.
 */
export function answered(agenda: Agenda, due: Millis, wall: Millis): Found {
  const { asked = 0, search, ...rest } = agenda;
  if (search === undefined) {
    if (due === Number.POSITIVE_INFINITY) return { kind: 'wait', agenda: rest };
    if (!isLate(due, wall)) return { kind: 'wait', agenda: { ...rest, nextDue: due } };
    // Most often nothing else was missed: ask that first.
    return seek(rest, { first: due, low: due, high: wall }, due);
  }
  const past = due <= wall;
  if (!past && asked === search.low) return missed(rest, search);
  const closer = past ? { ...search, low: due } : { ...search, high: asked };
  if (closer.high - closer.low < 1000) return missed(rest, closer);
  return seek(rest, closer, Math.floor((closer.low + closer.high) / 2));
}

/** Looks for what was missed since `due`, which has passed. */
export function searchFrom(agenda: Agenda, due: Millis, wall: Millis, gap: string): Agenda {
  return seek({ ...agenda, gap }, { first: due, low: due, high: wall }, due).agenda;
}

/** Was `time` missed, rather than just a little late? */
export function isLate(time: Millis, wall: Millis): boolean {
  return wall - time >= LATE_MS;
}

/** A delay in [0, jitterMs), always the same for one job and due time (FNV-1a). */
export function jitterOf(spec: JobSpec, due: Millis): Millis {
  if (spec.jitterMs <= 0) return 0;
  let hash = 0x811c9dc5;
  for (const char of `${spec.name} ${due}`)
    hash = Math.imul(hash ^ (char.codePointAt(0) ?? 0), 0x01000193) >>> 0;
  return hash % spec.jitterMs;
}

/**
 * Where to go on after a start, an update or a clock step.
 * @param known     what was remembered; undefined: never scheduled before
 * @param mayMiss   times since then may have been missed; otherwise the job was not due before now
 */
export function resumeAgenda(
  spec: JobSpec,
  known: LastDue | undefined,
  wall: Millis,
  gap: string,
  mayMiss: boolean,
): Agenda {
  const usable = known !== undefined && known.due <= wall + REWOUND_MS;
  const goesOn = usable && mayMiss && known.schedule === scheduleText(spec);
  // Also a new schedule doesn't go back behind what was dealt with, when the clock was set back meanwhile.
  const lastDue = goesOn ? known.due : Math.max(wall, usable ? known.due : 0);
  return ask({ lastDue, gap }, lastDue);
}

function seek(agenda: Agenda, search: Search, after: Millis): Extract<Found, { kind: 'ask' }> {
  return { kind: 'ask', agenda: ask({ ...agenda, search }, after) };
}

function missed({ search: _, ...agenda }: Agenda, { first, low }: Search): Found {
  return { kind: 'missed', agenda, first, last: low };
}
