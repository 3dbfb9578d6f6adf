/**
 * From its spawn to RUNNING. A process is up when it has lived for startsecs; with `ready` it must have answered, too,
 * and has until ready_timeout for that. Until then it is STARTING, whatever it does on the way: an end is a start that
 * has failed.
 */
import { type Context, type In, type Of, type Step, stopping, to } from './moves.js';
import { isAwaited, type ReadySpec } from './probe.js';
import type { Millis, ProcessEffect, ProcessSpec } from './program.js';
import { comeUp, overdue } from './traffic.js';

export interface Readiness {
  /** startsecs are over then. */
  readonly up: Millis;
  /** The start has failed then; undefined: never. */
  readonly until?: Millis;
  readonly probe: /** It was asked at that time, which is the probe's name. */
    | { readonly name: 'asked'; readonly at: Millis }
    | { readonly name: 'pause'; readonly next: Millis }
    | { readonly name: 'met' };
  /** What came of the last probe that failed. */
  readonly why?: string;
}

/** One probe of readiness; a Zope that loads its code accepts and is silent for long. */
const PROBE_MS = 10_000;
/** No answer of the shell by then: it is asked again. */
const LOST_MS = PROBE_MS + 5000;
/** A probe that takes longer is told as such, and no more what came of the one before. */
const SILENT_MS = 1000;
const DAY_MS = 86_400_000;

type Starting = In<'STARTING'>;

/** The state of a process that has just been spawned, and its first probe. */
export function starting(pid: number, attempt: number, { spec, now }: Context): Step {
  const up = now.mono + spec.startMs;
  if (spec.ready === undefined) return to({ name: 'STARTING', pid, attempt, deadline: up });
  return begun(pid, attempt, spec.ready, up, now.mono);
}

/** The same of a process that was found alive. @param since  when it was spawned */
export function startingSince(
  pid: number,
  attempt: number,
  { startMs, ready }: ProcessSpec,
  since: Millis,
  now: Millis,
): Starting {
  const up = since + startMs;
  if (ready === undefined) return { name: 'STARTING', pid, attempt, deadline: up };
  return begun(pid, attempt, ready, up, now).state as Starting;
}

/** The probe that is under way, to be made again where its shell is gone. */
export function probeOf(state: Starting, { ready }: ProcessSpec): readonly ProcessEffect[] {
  const probe = state.readiness?.probe;
  return ready && probe?.name === 'asked' ? [effectOf(state.pid, ready, probe.at)] : [];
}

/** Its next moment has come: startsecs are over, a probe is due, or its time is up. */
export function startingDeadline(s: Starting, _e: Of<'deadline'>, c: Context): Step {
  if (s.warming !== undefined) return overdue(s, c);
  const { readiness } = s;
  const { ready } = c.spec;
  const now = c.now.mono;
  if (readiness === undefined || ready === undefined) return comeUp(s, c);
  const { probe, until } = readiness;
  if (probe.name === 'met') return now >= readiness.up ? comeUp(s, c) : to(s);
  if (until !== undefined && now >= until) {
    const why = `not ready within ${ready.timeoutMs / 1000} s (ready_timeout)${readiness.why ? `: ${readiness.why}` : ''}`;
    return stopping(s, c, { failed: { attempt: s.attempt, why } });
  }
  const isDue =
    probe.name === 'pause' ? probe.next <= now : !isAwaited(ready.probe) && probe.at + LOST_MS <= now;
  if (!isDue) return to(withDeadline(s, readiness, ready, now));
  const asked: Readiness = { ...readiness, probe: { name: 'asked', at: now } };
  return to(withDeadline(s, asked, ready, now), effectOf(s.pid, ready, now));
}

/** A probe has ended. One of an earlier process, or one that was given up, says nothing. */
export function startingProbed(s: Starting, e: Of<'probed'>, c: Context): Step {
  const { spec, now } = c;
  const { readiness } = s;
  if (readiness === undefined || spec.ready === undefined) return to(s);
  const { probe } = readiness;
  if (e.pid !== s.pid || probe.name !== 'asked' || probe.at !== e.asked) return to(s);
  if (e.outcome.ok) {
    if (now.mono >= readiness.up) return comeUp(s, c);
    return to(withDeadline(s, { ...readiness, probe: { name: 'met' } }, spec.ready, now.mono));
  }
  return to(withDeadline(s, paused(readiness, e.outcome.why, spec, now.mono), spec.ready, now.mono));
}

/** What came of the last probe, or that one has been waiting for its answer for a while; undefined: nothing yet. */
export function whyNotReady(
  { probe, why }: Readiness,
  { ready }: ProcessSpec,
  now: Millis,
): string | undefined {
  if (probe.name !== 'asked' || (ready && isAwaited(ready.probe)) || now - probe.at < SILENT_MS) return why;
  return `no answer for ${Math.floor((now - probe.at) / 1000)} s`;
}

/** Is it RUNNING already, only that nobody has said so? Its end may be seen before the deadline's timer. */
export function hasStarted(s: Starting, now: Millis): boolean {
  if (s.warming !== undefined) return false;
  return s.readiness === undefined
    ? now >= s.deadline
    : s.readiness.probe.name === 'met' && now >= s.readiness.up;
}

function begun(pid: number, attempt: number, ready: ReadySpec, up: Millis, now: Millis): Step {
  const until = ready.timeoutMs > 0 ? { until: now + ready.timeoutMs } : {};
  const readiness: Readiness = { up, ...until, probe: { name: 'asked', at: now } };
  const state = withDeadline({ name: 'STARTING', pid, attempt, deadline: up }, readiness, ready, now);
  return to(state, effectOf(pid, ready, now));
}

/** Often at first; the longer it takes, the less a second matters. A command costs more than a connection. */
function paused(readiness: Readiness, why: string, { ready, startMs }: ProcessSpec, now: Millis): Readiness {
  // What is waited for may say how far it is.
  if (ready && isAwaited(ready.probe)) return { ...readiness, why };
  const age = now - (readiness.up - startMs);
  const least = ready?.probe.kind === 'exec' ? 500 : 100;
  const pause = Math.min(Math.max(least, age / 10), 1000);
  return { ...readiness, why, probe: { name: 'pause', next: now + pause } };
}

function withDeadline(s: Starting, readiness: Readiness, ready: ReadySpec, now: Millis): Starting {
  return { ...s, readiness, deadline: deadlineOf(readiness, ready, now) };
}

function deadlineOf({ probe, up, until }: Readiness, ready: ReadySpec, now: Millis): Millis {
  switch (probe.name) {
    case 'met':
      return up;
    case 'pause':
      return Math.min(probe.next, until ?? Number.POSITIVE_INFINITY);
    case 'asked':
      return Math.min(isAwaited(ready.probe) ? now + DAY_MS : probe.at + LOST_MS, until ?? now + DAY_MS);
    default:
      return probe satisfies never;
  }
}

function effectOf(pid: number, { probe }: ReadySpec, asked: Millis): ProcessEffect {
  return { type: 'probe', pid, asked, probe, timeoutMs: PROBE_MS };
}
