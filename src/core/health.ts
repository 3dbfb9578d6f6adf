/**
 * Whether a program that is RUNNING is well (`health`). One probe after the other; so many failures in a row are
 * unhealthy. A program that does not answer while it works is busy, not dead: that never counts; when it lasts, a person
 * is told.
 */
import { type Context, type In, type Of, type Step, to } from './moves.js';
import type { HealthSpec, ProbeOutcome } from './probe.js';
import type { Millis, ProcessEffect, ProcessSpec, ProcessState } from './program.js';

export type HealthStatus = 'starting' | 'healthy' | 'busy' | 'unhealthy';

export interface Health {
  readonly status: HealthStatus;
  readonly probe: /** It was asked at that time, which is the probe's name. */
  { readonly name: 'asked'; readonly at: Millis } | { readonly name: 'pause'; readonly next: Millis };
  /** In a row, that count. */
  readonly failures: number;
  /** Of the last probe that failed; gone with one that didn't. */
  readonly why?: string;
  /** It has worked at each look since then (monotonic), and not answered. */
  readonly busy?: { readonly since: Millis; readonly looks: number };
}

/** Of one processor, while it did not answer. A process that only waits takes next to nothing. */
const BUSY = 0.1;
/** So many times `retries` looks that found it busy are told: it may be in a loop without end. */
const LONG_BUSY = 10;
/** What the shell may take beyond a probe's own time until it is asked again. */
const LOST_MS = 10_000;

type Running = In<'RUNNING'>;

/** The state of a process that is RUNNING from now on; its first probe is due. */
export function running(pid: number, since: Millis, { health }: ProcessSpec, now: Millis): Running {
  if (health === undefined) return { name: 'RUNNING', pid, since };
  const begun: Health = { status: 'starting', probe: { name: 'pause', next: now }, failures: 0 };
  return { name: 'RUNNING', pid, since, deadline: now, health: begun };
}

/** Health as users know it; "" of a program that nobody asks. */
export function healthOf(state: ProcessState, { health }: ProcessSpec): HealthStatus | '' {
  if (health === undefined) return '';
  switch (state.name) {
    case 'RUNNING':
      return state.health?.status ?? '';
    case 'WAITING':
    case 'SPAWNING':
    case 'STARTING':
      return 'starting';
    default:
      return '';
  }
}

/** The probe that is under way, to be made again where its shell is gone. */
export function healthProbeOf({ pid, health }: Running, spec: ProcessSpec): readonly ProcessEffect[] {
  const probe = health?.probe;
  return spec.health && probe?.name === 'asked' ? [effectOf(pid, spec.health, probe.at)] : [];
}

/** A probe is due, or its answer is. */
export function runningDeadline(s: Running, _e: Of<'deadline'>, { spec, now }: Context): Step {
  if (s.health === undefined || spec.health === undefined) {
    const { deadline: _, ...rest } = s;
    return to(rest);
  }
  const { probe } = s.health;
  const due = probe.name === 'pause' ? probe.next : lostAt(probe.at, spec.health);
  if (now.mono < due) return to({ ...s, deadline: due });
  const health: Health = { ...s.health, probe: { name: 'asked', at: now.mono } };
  return to(
    { ...s, health, deadline: lostAt(now.mono, spec.health) },
    effectOf(s.pid, spec.health, now.mono),
  );
}

/** A probe has ended. */
export function runningProbed(s: Running, e: Of<'probed'>, { spec, now }: Context): Step {
  if (s.health === undefined || spec.health === undefined) return to(s);
  const { probe, status } = s.health;
  if (e.pid !== s.pid || probe.name !== 'asked' || probe.at !== e.asked) return to(s);
  const isYoung = now.mono < s.since + spec.health.startPeriodMs;
  const judged = judge(s.health, e.outcome, spec.health, isYoung, now.mono);
  const next = now.mono + spec.health.intervalMs;
  const health: Health = { ...judged, probe: { name: 'pause', next } };
  const state = { ...s, health, deadline: next };
  const isLongBusy = health.busy?.looks === LONG_BUSY * spec.health.retries && health.busy !== s.health.busy;
  if (health.status === status && !isLongBusy) return to(state);
  return to(state, {
    type: 'health',
    from: status,
    to: health.status,
    ...(health.why === undefined ? {} : { why: health.why }),
    ...(isLongBusy && health.busy ? { busyMs: now.mono - health.busy.since } : {}),
  });
}

type Judged = Omit<Health, 'probe'>;

function judge(
  { status, failures, busy }: Health,
  outcome: ProbeOutcome,
  { retries }: HealthSpec,
  isYoung: boolean,
  now: Millis,
): Judged {
  if (outcome.ok) return { status: 'healthy', failures: 0 };
  const { why, work = 0 } = outcome;
  if (work >= BUSY) {
    const so = { since: busy?.since ?? now, looks: (busy?.looks ?? 0) + 1 };
    const is = status === 'unhealthy' ? status : 'busy';
    return { status: is, failures, why: `${why}, but it works`, busy: so };
  }
  const rest = busy === undefined ? { why } : { why, busy };
  if (isYoung) return { status, failures, ...rest };
  const isOver = failures + 1 >= retries;
  return { status: isOver ? 'unhealthy' : status, failures: failures + 1, ...rest };
}

function lostAt(asked: Millis, { timeoutMs }: HealthSpec): Millis {
  return asked + timeoutMs + LOST_MS;
}

function effectOf(pid: number, { probe, timeoutMs }: HealthSpec, asked: Millis): ProcessEffect {
  return { type: 'probe', pid, asked, probe, timeoutMs, isHealth: true };
}
