/**
 * One event listener's side of the protocol: what its standard output says, wherever reads split it. What it says
 * costs bounded memory: a line that never ends is a violation, and of a result only the first bytes are kept.
 */
import { textOf } from './event-payload.js';

/** An event in a pool: what it is and what it is counted as. */
export interface QueuedEvent {
  /** Among all that pools accepted, from 0. */
  readonly serial: number;
  /** Among those of its pool, from 0. */
  readonly poolSerial: number;
  readonly type: string;
  readonly payload: string;
}

export type ListenerState =
  /** It has not said yet that it takes an event. */
  | { readonly name: 'ACKNOWLEDGED' }
  | { readonly name: 'READY' }
  /** It holds the event. `result` once it has begun to answer. */
  | { readonly name: 'BUSY'; readonly event: QueuedEvent; readonly result?: Result }
  /** It broke the protocol, and gets nothing until it is started again. */
  | { readonly name: 'UNKNOWN' };

/** An answer that is being read. */
interface Result {
  readonly length: number;
  readonly seen: number;
  /** Its begin; more is never looked at. */
  readonly head: string;
}

export interface Listener {
  readonly state: ListenerState;
  /** Bytes that no judgement is possible on yet, as Latin-1. */
  readonly heard: string;
}

export type Outcome =
  | { readonly type: 'tell'; readonly level: 'debug' | 'warn'; readonly text: string }
  /** An event that it did not do: somebody else must. */
  | { readonly type: 'returned'; readonly event: QueuedEvent };

/** One that was just started. */
export const newListener: Listener = { state: { name: 'ACKNOWLEDGED' }, heard: '' };

const READY = 'READY\n';
/** "RESULT ": supervisord looks at nothing but what is behind its place. */
const RESULT_START = 7;
const LINE_MAX_BYTES = 1024;
/** Of a line without an end, in the log. */
const SHOWN_BYTES = 100;
/** As Python's int() reads it. */
const INTEGER = /^\s*\+?(\d+(?:_\d+)*)\s*$/;

/** Takes what listener `name` wrote. */
export function hear(
  listener: Listener,
  name: string,
  bytes: Uint8Array,
): { readonly listener: Listener; readonly outcomes: readonly Outcome[] } {
  if (listener.state.name === 'UNKNOWN') return { listener, outcomes: [] };
  const talk: Talk = {
    name,
    state: listener.state,
    text: listener.heard + latin1Of(bytes),
    at: 0,
    outcomes: [],
  };
  while (talk.at < talk.text.length && judge(talk));
  const heard = talk.state.name === 'UNKNOWN' ? '' : talk.text.slice(talk.at);
  return { listener: { state: talk.state, heard }, outcomes: talk.outcomes };
}

/** The mutable part of one call of `hear`. */
interface Talk {
  readonly name: string;
  state: ListenerState;
  readonly text: string;
  at: number;
  readonly outcomes: Outcome[];
}

/** @returns whether something was taken, and the rest may be looked at */
function judge(talk: Talk): boolean {
  const { state } = talk;
  switch (state.name) {
    case 'ACKNOWLEDGED':
      if (talk.text.length - talk.at < READY.length) return false;
      if (!talk.text.startsWith(READY, talk.at)) return lose(talk);
      talk.at += READY.length;
      return become(talk, { name: 'READY' });
    case 'READY':
      return lose(talk);
    case 'BUSY':
      return state.result ? readResult(talk, state.event, state.result) : readResultLine(talk, state.event);
    case 'UNKNOWN':
      return false;
    default:
      return state satisfies never;
  }
}

function readResultLine(talk: Talk, event: QueuedEvent): boolean {
  const end = talk.text.indexOf('\n', talk.at);
  if ((end < 0 ? talk.text.length : end) - talk.at > LINE_MAX_BYTES) {
    return misunderstand(talk, event, talk.text.slice(talk.at, talk.at + SHOWN_BYTES), '…');
  }
  if (end < 0) return false;
  const line = talk.text.slice(talk.at, end);
  const length = INTEGER.exec(line.slice(RESULT_START))?.[1]?.replaceAll('_', '');
  if (length === undefined) return misunderstand(talk, event, line);
  talk.at = end + 1;
  const result = { length: Number(length), seen: 0, head: '' };
  // One without bytes is over with its line.
  if (result.length === 0) return readResult(talk, event, result);
  talk.state = { name: 'BUSY', event, result };
  return true;
}

function readResult(talk: Talk, event: QueuedEvent, { length, seen, head }: Result): boolean {
  const count = Math.min(length - seen, talk.text.length - talk.at);
  const more = head.length < 3 ? talk.text.slice(talk.at, talk.at + Math.min(count, 3 - head.length)) : '';
  talk.at += count;
  const result = { length, seen: seen + count, head: head + more };
  if (result.seen < length) {
    talk.state = { name: 'BUSY', event, result };
    return true;
  }
  const isAccepted = length === 2 && result.head === 'OK';
  if (isAccepted) tell(talk, 'debug', `${talk.name}: event was processed`);
  else tell(talk, 'warn', `${talk.name}: event was rejected`);
  become(talk, { name: 'ACKNOWLEDGED' });
  if (!isAccepted) talk.outcomes.push({ type: 'returned', event });
  return true;
}

function misunderstand(talk: Talk, event: QueuedEvent, line: string, more = ''): boolean {
  tell(talk, 'warn', `${talk.name}: bad result line: '${textOf(bytesOf(line))}${more}'`);
  lose(talk);
  talk.outcomes.push({ type: 'returned', event });
  return false;
}

/** What it says makes no sense any more. */
function lose(talk: Talk): false {
  become(talk, { name: 'UNKNOWN' });
  tell(
    talk,
    'warn',
    `${talk.name}: has entered the UNKNOWN state and will no longer receive events, this usually indicates the process violated the eventlistener protocol`,
  );
  return false;
}

function become(talk: Talk, state: ListenerState): true {
  tell(talk, 'debug', `${talk.name}: ${talk.state.name} -> ${state.name}`);
  talk.state = state;
  return true;
}

function tell(talk: Talk, level: 'debug' | 'warn', text: string): void {
  talk.outcomes.push({ type: 'tell', level, text });
}

function latin1Of(bytes: Uint8Array): string {
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString('latin1');
}

function bytesOf(latin1: string): Uint8Array {
  return Buffer.from(latin1, 'latin1');
}
