/**
 * A program that serves visitors: before a stop that somebody asks for it leaves (`pre_stop`, drained in HAProxy); after
 * a start it is warmed up while it is STARTING, and arrives (`post_start`, made ready in HAProxy) when it is RUNNING. A
 * crash leaves nobody the time to leave. What is done is the shell's; here is when.
 */
import { running } from './health.js';
import { type Context, enter, type In, type Of, type Step, stopping, to } from './moves.js';
import type { Millis, Next, ProcessEffect, ProcessSpec, ProcessState } from './program.js';

/** A server of HAProxy, by its admin socket. */
export interface HaproxySpec {
  readonly socket: string;
  readonly backend: string;
  readonly server: string;
}

export interface TrafficSpec {
  readonly haproxy?: HaproxySpec;
  /** Commands, run as the program is. */
  readonly preStop?: string;
  readonly postStart?: string;
  readonly warmup: readonly string[];
  /** Longest time from the request to stop to the stop signal. */
  readonly drainMs: Millis;
  /** Longest time that all of warmup may take. */
  readonly warmupMs: Millis;
}

/** What a RUNNING process still has before it. Absent: nothing. */
export type Arrival =
  | {
      readonly name: 'asked';
      readonly at: Millis;
      /** Its rolling restart ended before its stop, and why: its visitors come back to the same process. */
      readonly kept?: string;
    }
  /** Of a rolling restart: no visitors are sent to it. */
  | { readonly name: 'failed'; readonly why: string };

type Live = In<'STARTING' | 'RUNNING'>;

/** The shell keeps the times; past them by this much, its answer is not waited for any more. */
const LOST_MS = 5000;

/** Of one that answers nobody, or eats the machine's memory: what it has will hardly end, new visitors go elsewhere. */
const SHORT_DRAIN_MS = 5000;

/** A stop that somebody asked for: visitors first. */
export function leaving(s: Live, _e: Of<'stop'>, c: Context): Step {
  return leave(s, c, 'stay', c.isUrgent === true);
}

/** supd restarts it, since it is not well: its visitors go elsewhere meanwhile. */
export function recycling(s: In<'RUNNING'>, { why }: Of<'recycle'>, c: Context): Step {
  return c.mayRestart ? leave(s, c, 'start', true, why) : to(s);
}

function leave(s: Live, c: Context, next: Next, isShort: boolean, why?: string): Step {
  const { traffic } = c.spec;
  if (!traffic || (traffic.haproxy === undefined && traffic.preStop === undefined))
    return stopping(s, c, { next }, why);
  const asked = c.now.mono;
  const withinMs = isShort ? Math.min(SHORT_DRAIN_MS, traffic.drainMs) : traffic.drainMs;
  const deadline = asked + withinMs + LOST_MS;
  const isRolled = c.isRolled === true && !isShort;
  const ran = s.name === 'RUNNING' && isRolled ? { ran: s.since } : {};
  const state: ProcessState = { name: 'STOPPING', pid: s.pid, next, leaving: asked, ...ran, deadline };
  const { effects } = enter(s, state, { pid: s.pid, ...(why === undefined ? {} : { why }) });
  return to(state, ...effects, { type: 'leave', pid: s.pid, asked, withinMs, isRolled });
}

/**
 * Nobody needs it any more, or it took too long: it is asked to end. Where its visitors could not be sent elsewhere, a
 * rolling restart leaves it running; if somebody else wants its stop by now, it is tried as for any stop.
 */
export function left(s: In<'STOPPING'>, c: Context, why?: string): Step {
  const { spec, now } = c;
  const { leaving: _, ran, ...rest } = s;
  const kill = { type: 'kill', pid: s.pid, signal: spec.stopSignal, group: spec.stopAsGroup } as const;
  if (why === undefined || ran === undefined)
    return to({ ...rest, deadline: now.mono + spec.stopWaitMs }, kill);
  if (c.isRolled && s.next === 'start') return goesOn(s, ran, why, c);
  const asked = now.mono;
  const withinMs = spec.traffic?.drainMs ?? 0;
  const state: ProcessState = { ...rest, leaving: asked, deadline: asked + withinMs + LOST_MS };
  return to(state, { type: 'leave', pid: s.pid, asked, withinMs, isRolled: false });
}

function goesOn(s: In<'STOPPING'>, since: Millis, kept: string, { spec, now }: Context): Step {
  const at = now.mono;
  const state = { ...running(s.pid, since, spec, at), arrival: { name: 'asked', at, kept } } as const;
  const { effects } = enter(s, state, { pid: s.pid, why: kept });
  return to(state, ...effects, { type: 'arrive', pid: s.pid, asked: at, isRolled: false });
}

/** It is up and ready: it is warmed up, or RUNNING if there is nothing to warm. */
export function comeUp(s: In<'STARTING'>, c: Context): Step {
  const { traffic } = c.spec;
  if (!traffic || traffic.warmup.length === 0) return run(s, c);
  const asked = c.now.mono;
  const state: ProcessState = { ...s, warming: asked, deadline: asked + traffic.warmupMs + LOST_MS };
  return to(state, { type: 'warmUp', pid: s.pid, asked });
}

/** A cold one runs, too: a site whose warm-up page is gone is better than none. Only a rolling restart ends there. */
export function warmed(s: In<'STARTING'>, e: Of<'warmed'>, c: Context): Step {
  return e.pid === s.pid && e.asked === s.warming ? run(s, c, e.why) : to(s);
}

/** Its time to warm up is over, and nobody has said so. */
export function overdue(s: In<'STARTING'>, c: Context): Step {
  return run(s, c, 'its warm-up did not end');
}

export function arrived(s: In<'RUNNING'>, e: Of<'arrived'>): Step {
  const { arrival, ...rest } = s;
  if (arrival?.name !== 'asked' || e.pid !== s.pid || arrival.at !== e.asked) return to(s);
  return to(e.why === undefined ? rest : { ...rest, arrival: { name: 'failed', why: e.why } });
}

/** What another supd had asked for when it died. Whether it rolled is forgotten: nobody stays drained for that. */
export function trafficOf(state: ProcessState): ProcessEffect | undefined {
  if (state.name === 'STOPPING' && state.leaving !== undefined)
    return { type: 'leave', pid: state.pid, asked: state.leaving, withinMs: leftOf(state), isRolled: false };
  if (state.name === 'STARTING' && state.warming !== undefined)
    return { type: 'warmUp', pid: state.pid, asked: state.warming };
  if (state.name === 'RUNNING' && state.arrival?.name === 'asked')
    return { type: 'arrive', pid: state.pid, asked: state.arrival.at, isRolled: false };
  return undefined;
}

/** The whole time again: that much at most it was given, and its deadline bounds it. */
function leftOf({ leaving: since = 0, deadline }: In<'STOPPING'>): Millis {
  return Math.max(0, deadline - since - LOST_MS);
}

/** Has it something to do with HAProxy or `post_start` once it runs? */
function arrives({ traffic }: ProcessSpec): boolean {
  return traffic?.haproxy !== undefined || traffic?.postStart !== undefined;
}

function run(s: In<'STARTING'>, c: Context, cold?: string): Step {
  const at = c.now.mono;
  const begun = running(s.pid, at, c.spec, at);
  const state = c.spec.backoff ? { ...begun, attempt: s.attempt } : begun;
  if (cold !== undefined && c.isRolled)
    return enter(s, { ...state, arrival: { name: 'failed', why: cold } }, { pid: s.pid });
  if (!arrives(c.spec)) return enter(s, state, { pid: s.pid });
  const entered = enter(s, { ...state, arrival: { name: 'asked', at } }, { pid: s.pid });
  return to(entered.state, ...entered.effects, {
    type: 'arrive',
    pid: s.pid,
    asked: at,
    isRolled: c.isRolled === true,
  });
}
