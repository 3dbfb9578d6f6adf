/**
 * The event listeners of one [eventlistener:x] and the events that wait for them. The rule: an event is in the
 * buffer, or with one listener, or done, or lost with a line in the log; and it goes to one listener at a time.
 */
import { sentTypes } from './event-types.js';
import { hear, type Listener, newListener, type QueuedEvent } from './listener.js';
import type { GroupSpec, PoolSpec } from './program.js';

/** A process of the pool. */
interface Member {
  readonly id: string;
  readonly name: string;
  /** It is RUNNING. */
  readonly serving: boolean;
  /** It didn't take the last event that was written to it, or rejected it; asked again after a while. */
  readonly blocked: boolean;
  readonly listener: Listener;
}

export interface Pool {
  readonly name: string;
  readonly spec: PoolSpec;
  /** The types that it is told of. */
  readonly types: ReadonlySet<string>;
  /** Of the last event that it accepted, or -1. */
  readonly lastSerial: number;
  /** Oldest first. */
  readonly buffer: readonly QueuedEvent[];
  /** By priority, then name: who is asked first. */
  readonly members: readonly Member[];
  /** Whose event is being written just now. */
  readonly sending?: string;
}

export type PoolEvent =
  | { readonly type: 'accepted'; readonly event: Omit<QueuedEvent, 'poolSerial'> }
  /** Of the listener: its child is new; it is RUNNING; it no longer is; it wrote; it is gone. */
  | { readonly type: 'begun' | 'served' | 'ceased' | 'ended'; readonly id: string }
  | { readonly type: 'wrote'; readonly id: string; readonly bytes: Uint8Array }
  /** What became of the last `send`: taken (it may still be on its way), or not a byte of it. */
  | { readonly type: 'sent' | 'notSent' }
  /** A while has passed since `askLater`. */
  | { readonly type: 'askAgain' };

export type PoolEffect =
  /** Answered by `sent` or `notSent`. */
  | { readonly type: 'send'; readonly id: string; readonly event: QueuedEvent }
  | { readonly type: 'tell'; readonly level: 'debug' | 'warn' | 'error'; readonly text: string }
  | { readonly type: 'askLater' };

/** A pool that has accepted nothing yet. */
export function newPool({ name, processes }: GroupSpec, spec: PoolSpec): Pool {
  const members = processes.map((one) => ({
    id: one.id,
    name: one.name,
    serving: false,
    blocked: false,
    listener: newListener,
  }));
  return { name, spec, types: sentTypes(spec.events), lastSerial: -1, buffer: [], members };
}

/** Decides what one event does to a pool. Effects are done in order, before the next event. */
export function stepPool(
  pool: Pool,
  event: PoolEvent,
): { readonly pool: Pool; readonly effects: readonly PoolEffect[] } {
  const turn: Turn = { pool, effects: [] };
  apply(turn, event);
  sendNext(turn);
  return turn;
}

/** Nothing waits that anybody could still take: no event is being worked on, none can be given. */
export function isIdle({ buffer, members }: Pool): boolean {
  if (members.some(({ listener }) => listener.state.name === 'BUSY')) return false;
  return buffer.length === 0 || !members.some((one) => one.serving && one.listener.state.name !== 'UNKNOWN');
}

/** The mutable part of one step. */
interface Turn {
  pool: Pool;
  readonly effects: PoolEffect[];
}

function apply(turn: Turn, event: PoolEvent): void {
  switch (event.type) {
    case 'accepted': {
      const poolSerial = turn.pool.lastSerial + 1;
      turn.pool = { ...turn.pool, lastSerial: poolSerial };
      return buffer(turn, { ...event.event, poolSerial }, 'last');
    }
    case 'begun':
    case 'ended':
      return renew(turn, event.id);
    case 'served':
      return change(turn, event.id, { serving: true });
    case 'ceased':
      return change(turn, event.id, { serving: false });
    case 'wrote':
      return listen(turn, event.id, event.bytes);
    case 'sent':
      return endSending(turn);
    case 'notSent':
      return takeBack(turn);
    case 'askAgain':
      for (const { id, blocked } of turn.pool.members) if (blocked) change(turn, id, { blocked: false });
      return;
    default:
      return event satisfies never;
  }
}

function listen(turn: Turn, id: string, bytes: Uint8Array): void {
  const member = memberOf(turn, id);
  if (!member) return;
  const { listener, outcomes } = hear(member.listener, member.name, bytes);
  change(turn, id, { listener });
  for (const outcome of outcomes) {
    if (outcome.type === 'tell') {
      turn.effects.push(outcome);
      continue;
    }
    // Another one may do it now; this one would reject it again and again, as fast as it can be written.
    change(turn, id, { blocked: true });
    buffer(turn, outcome.event, 'first');
  }
}

/** Whatever child it had is gone, and with it what it was about to do. */
function renew(turn: Turn, id: string): void {
  const state = memberOf(turn, id)?.listener.state;
  change(turn, id, { serving: false, blocked: false, listener: newListener });
  if (state?.name === 'BUSY') buffer(turn, state.event, 'first');
}

function endSending(turn: Turn): void {
  const { sending: _, ...rest } = turn.pool;
  turn.pool = rest;
}

function takeBack(turn: Turn): void {
  const member = memberOf(turn, turn.pool.sending);
  endSending(turn);
  if (member?.listener.state.name !== 'BUSY') return;
  const { event } = member.listener.state;
  const text = `event ${event.serial} could not be written to listener ${member.name}, listener state unchanged`;
  tell(turn, 'debug', text);
  change(turn, member.id, { blocked: true, listener: { ...member.listener, state: { name: 'READY' } } });
  turn.pool = { ...turn.pool, buffer: [event, ...turn.pool.buffer] };
}

/** One at a time: who gets the next one depends on whether this one was taken. */
function sendNext(turn: Turn): void {
  const { members, sending } = turn.pool;
  const [event, ...rest] = turn.pool.buffer;
  if (event === undefined || sending !== undefined) return;
  const ready = members.filter(({ serving, listener }) => serving && listener.state.name === 'READY');
  const member = ready.find(({ blocked }) => !blocked);
  if (!member) {
    if (ready.length > 0) turn.effects.push({ type: 'askLater' });
    return;
  }
  turn.pool = { ...turn.pool, buffer: rest, sending: member.id };
  change(turn, member.id, { listener: { ...member.listener, state: { name: 'BUSY', event } } });
  turn.effects.push({ type: 'send', id: member.id, event });
}

/** Puts an event into the buffer; a full one loses its oldest. */
function buffer(turn: Turn, event: QueuedEvent, where: 'first' | 'last'): void {
  const { name, spec } = turn.pool;
  let kept = turn.pool.buffer;
  if (kept.length >= spec.bufferSize) {
    const [oldest, ...others] = kept;
    tell(turn, 'error', `pool ${name} event buffer overflowed, discarding event ${oldest?.serial}`);
    kept = others;
  }
  turn.pool = { ...turn.pool, buffer: where === 'first' ? [event, ...kept] : [...kept, event] };
}

function memberOf(turn: Turn, id: string | undefined): Member | undefined {
  return turn.pool.members.find((one) => one.id === id);
}

function change(turn: Turn, id: string, more: Partial<Member>): void {
  const members = turn.pool.members.map((one) => (one.id === id ? { ...one, ...more } : one));
  turn.pool = { ...turn.pool, members };
}

function tell(turn: Turn, level: 'debug' | 'warn' | 'error', text: string): void {
  turn.effects.push({ type: 'tell', level, text });
}
